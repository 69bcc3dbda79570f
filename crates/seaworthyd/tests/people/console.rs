//! The console, whole, in a real browser: the first administrator comes by passkey, signs out and in, makes a link, and
//! lets a device in.

use std::path::Path;
use std::process::{Command, Stdio};

use seaworthy_testkit::skip;

use crate::browser::Browser;
use crate::server::Server;

#[test]
fn from_the_first_link_to_a_device_let_in() {
    let Some(browser) = Browser::start() else { return };
    let server = Server::start(&[]);
    browser.add_authenticator();
    comes_by_passkey(&browser, &server);
    signs_out_and_in(&browser, &server);
    let link = makes_a_link(&browser, &server);
    lets_a_device_in(&browser, &server, &link);
    every_page_fits_a_phone(&browser, &server);
}

fn comes_by_passkey(browser: &Browser, server: &Server) {
    browser.open(&server.link());
    browser.type_into("//*[@id='name-passkey']", "Ada");
    assert!(!browser.address().contains(&server.secret), "the secret stays out of the address");
    browser.click("//form[@id='passkey-register']//button");
    browser.arrives("Devices");
    assert!(browser.text("//header").contains("Ada"));
    browser.open(&server.link());
    browser.arrives("The one-time link is not valid");
}

fn signs_out_and_in(browser: &Browser, server: &Server) {
    browser.open(&server.origin);
    browser.click("//button[normalize-space()='Sign out']");
    browser.arrives("Sign in");
    browser.open(&format!("{}/people", server.origin));
    browser.arrives("Sign in");
    browser.click("//form[@id='passkey-sign-in']//button");
    browser.arrives("Devices");
}

fn makes_a_link(browser: &Browser, server: &Server) -> String {
    browser.open(&server.origin);
    browser.click("//a[normalize-space()='Harbour']");
    browser.arrives("Harbour");
    browser.click("//a[normalize-space()='Enrol devices']");
    browser.arrives("Enrol devices");
    browser.click("//option[@value='organisation']");
    browser.click("//button[normalize-space()='Make the link']");
    browser.arrives("Enrolment link");
    assert_eq!(browser.run("return document.querySelectorAll('svg.qr path').length"), 1);
    let command = browser.text("//*[@id='enrolment-link']");
    command.split('\'').nth(1).unwrap().to_owned()
}

fn lets_a_device_in(browser: &Browser, server: &Server, link: &str) {
    browser.open(&format!("{}/waiting", server.origin));
    let program = Path::new(env!("CARGO_BIN_EXE_seaworthyd")).with_file_name("seaworthy");
    if !program.exists() {
        return skip("a device at the console", "the device's program is not built; cargo test --workspace builds it");
    }
    let home = tempfile::tempdir().unwrap();
    let run = |words: &[&str]| {
        let mut command = Command::new(&program);
        command.args(words).env_clear().env("HOME", home.path()).env("XDG_STATE_HOME", home.path().join("state"));
        let said = command.stdin(Stdio::null()).output().unwrap();
        String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned()
    };
    let said = run(&["enrol", link, "--yes", "--name=laptop"]);
    assert!(said.contains("has to approve this device"), "{said}");
    browser.type_into("//*[@id='reason']", "new devices");
    browser.click("//button[normalize-space()='Show']");
    browser.text("//main//th[normalize-space()='laptop']");
    browser.click("//button[normalize-space()='Approve']");
    browser.text("//p[normalize-space()='No device waits.']");
    run(&["report"]);
    browser.open(&server.origin);
    browser.click("//a[normalize-space()='Harbour']");
    browser.type_into("//*[@id='reason']", "a look");
    browser.click("//form[.//*[@id='reason']]//button");
    browser.click("//a[normalize-space()='laptop']");
    browser.arrives("laptop");
    browser.text("//h2[normalize-space()='Findings']");
    browser.text("//th[normalize-space()='disk encryption']");
    browser.be_a_phone_in_the_dark();
    browser.picture("console-device.png");
    browser.click("//a[normalize-space()='Who looked at this device']");
    let ledger = browser.text("//table[.//th[.='Which parts']]");
    assert!(ledger.contains("approved") && ledger.contains("a look") && ledger.contains("Ada"), "{ledger}");
}

/// Nothing is wider than a phone but tables, which scroll by themselves; the browser refused no style and no script.
fn every_page_fits_a_phone(browser: &Browser, server: &Server) {
    browser.be_a_phone_in_the_dark();
    for path in [
        "/",
        "/waiting",
        "/policies",
        "/policies/1",
        "/people",
        "/tokens",
        "/webhooks",
        "/keys",
        "/sign-in",
        "/welcome",
        "/nothing",
    ] {
        browser.open(&format!("{}{path}", server.origin));
        let width = browser.run("return document.documentElement.scrollWidth").as_u64().unwrap();
        assert!(width <= 390, "{path} is {width} wide");
        assert_eq!(browser.run("return getComputedStyle(document.body).backgroundColor"), "rgb(16, 23, 29)", "{path}");
    }
    browser.open(&server.origin);
    browser.picture("console-home.png");
}
