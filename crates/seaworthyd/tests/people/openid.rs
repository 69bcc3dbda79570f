//! Signing in with an account at a real provider, through the whole server and as a browser goes.

use std::collections::BTreeMap;
use std::fs;

use seaworthy_testkit::browser::{Browser, Page};
use seaworthy_testkit::openid::{self, Provider};

use crate::browser::Browser as Chromium;
use crate::server::Server;

/// Where nobody is sent: whoever follows up to here follows to the end.
const NOWHERE: &str = "nowhere:";

/// A server that knows a provider twice: as it should, and with a secret that is not the one.
struct Harbour {
    provider: Provider,
    server: Server,
    _folder: tempfile::TempDir,
}

impl Harbour {
    fn start() -> Option<Harbour> {
        let mut provider = Provider::start()?;
        let folder = tempfile::tempdir().unwrap();
        let table = |name: &str, label: &str, secret: &str| {
            let file = folder.path().join(name);
            fs::write(&file, secret).unwrap();
            format!(
                "[[provider]]\nname = {name:?}\nlabel = {label:?}\nissuer = {:?}\nclient_id = \"confidential\"\n\
                 client_secret_file = {file:?}\n",
                provider.issuer
            )
        };
        let file = folder.path().join("openid.toml");
        let text = table("main", "Harbour accounts", openid::SECRET) + &table("wrong", "Mistyped", "another secret");
        fs::write(&file, text).unwrap();
        let server = Server::start(&[&format!("--openid={}", file.display())]);
        provider.returns_to(&["main", "wrong"].map(|name| format!("{}/sign-in/openid/{name}", server.origin)));
        Some(Harbour { provider, server, _folder: folder })
    }

    /// Sends one of our forms, which leads to the provider; signs in there; and gives the address to come back to.
    fn comes_back(&self, browser: &Browser, form: &str, fields: &[(&str, &str)], login: &str) -> String {
        let page = browser.submit(&format!("{}{form}", self.server.origin).parse().unwrap(), fields, NOWHERE);
        assert_eq!(page.status, 200, "{}", page.body);
        let place = page.body.split("<a href=\"").find(|rest| rest.starts_with(&self.provider.issuer));
        let place = place.unwrap().split('"').next().unwrap().replace("&amp;", "&");
        openid::sign_in(browser, &place, login, &self.server.origin).address.into()
    }

    fn comes_by_link(&self, browser: &Browser, login: &str) -> String {
        self.comes_back(browser, "/welcome/openid/main", &[("secret", &self.server.secret), ("name", "Ada")], login)
    }

    fn opens(&self, browser: &Browser, path: &str) -> Page {
        browser.follow(&format!("{}{path}", self.server.origin), NOWHERE)
    }

    #[track_caller]
    fn is_signed_in(&self, browser: &Browser, expected: bool) {
        let page = self.opens(browser, "/");
        let heading = if expected { "<h1>Devices</h1>" } else { "<h1>Sign in</h1>" };
        assert!(page.status == 200 && page.body.contains(heading), "{}", page.body);
    }

    /// Comes back, and is told on a page that it was in vain.
    #[track_caller]
    fn refuses(&self, browser: &Browser, address: &str, words: &str) {
        let page = browser.follow(address, NOWHERE);
        assert_eq!((page.status, page.address.path()), (200, "/sign-in"), "{}", page.body);
        assert!(page.body.contains("role=\"alert\"") && page.body.contains(words), "{}", page.body);
    }
}

#[test]
fn whoever_was_invited_comes_in_with_their_role() {
    let Some(harbour) = Harbour::start() else { return };
    let browser = Browser::default();
    let back = harbour.comes_by_link(&browser, "ada");
    let page = browser.follow(&back, NOWHERE);
    assert_eq!((page.status, page.address.path()), (200, "/"), "{}", page.body);
    assert!(page.body.contains("<h1>Devices</h1>") && page.body.contains("<span>Ada</span>"), "{}", page.body);
    assert!(harbour.opens(&browser, "/people").body.contains("administrator of Harbour"));
    browser.submit(&format!("{}/sign-out", harbour.server.origin).parse().unwrap(), &[], NOWHERE);
    harbour.is_signed_in(&browser, false);
    let elsewhere = Browser::default();
    let back = harbour.comes_back(&elsewhere, "/sign-in/openid/main", &[], "ada");
    assert_eq!(elsewhere.follow(&back, NOWHERE).address.path(), "/");
    harbour.is_signed_in(&elsewhere, true);
}

#[test]
fn a_code_is_good_once() {
    let Some(harbour) = Harbour::start() else { return };
    let browser = Browser::default();
    let back = harbour.comes_by_link(&browser, "ada");
    let thief = Browser::with_cookies(browser.cookies());
    browser.follow(&back, NOWHERE);
    harbour.refuses(&browser, &back, "sign-in was refused");
    harbour.is_signed_in(&browser, true);
    harbour.refuses(&thief, &back, "sign-in was refused");
    harbour.is_signed_in(&thief, false);
    harbour.refuses(&Browser::with_cookies(BTreeMap::new()), &back, "sign-in was refused");
}

#[test]
fn whom_nobody_invited_stays_outside() {
    let Some(harbour) = Harbour::start() else { return };
    let ada = Browser::default();
    ada.follow(&harbour.comes_by_link(&ada, "ada"), NOWHERE);
    let eve = Browser::default();
    harbour.refuses(&eve, &harbour.comes_back(&eve, "/sign-in/openid/main", &[], "eve"), "sign-in was refused");
    harbour.is_signed_in(&eve, false);
    let address = format!("{}/welcome/openid/main", harbour.server.origin).parse().unwrap();
    let page = eve.submit(&address, &[("secret", &harbour.server.secret), ("name", "Eve")], NOWHERE);
    assert!(page.status == 403 && page.body.contains("<h1>The one-time link is not valid</h1>"), "{}", page.body);
}

#[test]
fn a_secret_that_the_provider_does_not_know_lets_nobody_in() {
    let Some(harbour) = Harbour::start() else { return };
    let browser = Browser::default();
    let fields = [("secret", harbour.server.secret.as_str()), ("name", "Ada")];
    let back = harbour.comes_back(&browser, "/welcome/openid/wrong", &fields, "ada");
    harbour.refuses(&browser, &back, "sign-in was refused");
    harbour.is_signed_in(&browser, false);
    let another = Browser::default();
    let back = harbour.comes_by_link(&another, "ada");
    assert_eq!(another.follow(&back, NOWHERE).address.path(), "/", "the link is still good");
}

/// The content security policy, cookies across sites and the page between are a real browser's to judge.
#[test]
fn a_real_browser_goes_there_and_comes_back() {
    let (Some(browser), Some(harbour)) = (Chromium::start(), Harbour::start()) else { return };
    browser.open(&harbour.server.link());
    browser.type_into("//*[@id='name-provider-main']", "Ada");
    browser.click("//button[normalize-space()='Continue with Harbour accounts']");
    browser.type_into("//input[@name='login']", "ada");
    browser.type_into("//input[@name='password']", "x");
    browser.click("//button[@type='submit']");
    browser.click("//button[normalize-space()='Continue']");
    browser.arrives("Devices");
    assert!(browser.text("//header").contains("Ada"));
    browser.click("//button[normalize-space()='Sign out']");
    browser.arrives("Sign in");
    browser.click("//button[normalize-space()='Continue with Harbour accounts']");
    browser.arrives("Devices");
}
