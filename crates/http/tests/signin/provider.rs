//! The whole way with a real provider (npm's oidc-provider): to its pages, signing in there, and back.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use seaworthy_http::signin::{Arrival, Callback, Errand, OpenId, Provider, Refusal, Roots, Sealer, Site, Why};
use seaworthy_model::Timestamp;
use seaworthy_testkit::browser::Browser;
use seaworthy_testkit::openid;

use crate::draw;

const SITE: &str = "http://localhost:8080";
const PATH: &str = "/sign-in/openid/";
const CLIENTS: [&str; 3] = ["confidential", "public", "shared"];

/// The provider, told where its browsers come back to.
fn start() -> Option<openid::Provider> {
    let mut provider = openid::Provider::start()?;
    provider.returns_to(&CLIENTS.map(|client| format!("{SITE}{PATH}{client}")));
    Some(provider)
}

fn known(issuer: &str) -> OpenId {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, format!("{}\n", openid::SECRET)).unwrap();
    let providers = CLIENTS.map(|client| Provider {
        name: client.to_owned(),
        label: "Example".to_owned(),
        issuer: issuer.to_owned(),
        client_id: client.to_owned(),
        client_secret_file: (client != "public").then(|| secret.clone()),
    });
    OpenId::new(providers.into(), &Site::new(SITE).unwrap(), PATH, &Roots::System, Sealer::new([1; 32])).unwrap()
}

fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the provider reads the clock too")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_seconds(now.as_secs().try_into().unwrap())
}

/// Signs somebody in at the provider's own pages, and gives what it sends the browser back with.
fn at_the_provider(browser: &Browser, location: &str, login: &str) -> Callback {
    let page = openid::sign_in(browser, location, login, SITE);
    let mut query: BTreeMap<String, String> = page.address.query_pairs().into_owned().collect();
    assert!(query.contains_key("state"), "not sent back: {} {}", page.address, page.body);
    let mut part = |name: &str| query.remove(name);
    Callback { code: part("code"), state: part("state"), iss: part("iss"), error: part("error") }
}

fn arrival(openid: &OpenId, client: &str, bend: &dyn Fn(&str) -> String) -> Result<Arrival, Refusal> {
    let departure = openid.begin(client, Errand::SignIn, now(), &mut draw).unwrap();
    let callback = at_the_provider(&Browser::default(), &bend(&departure.location), "ada");
    openid.finish(client, &callback, Some(&departure.cookie), now())
}

#[test]
fn somebody_goes_there_and_comes_back() {
    let Some(provider) = start() else { return };
    let openid = known(&provider.issuer);
    let straight = |location: &str| location.to_owned();
    let handle = format!("{}\nada", provider.issuer).into_bytes();
    for client in ["confidential", "public"] {
        let arrived = arrival(&openid, client, &straight).unwrap();
        assert_eq!((&arrived.handle, arrived.errand), (&handle, Errand::SignIn), "{client}");
    }
    let refused = |why| Err(Refusal::Unproven(why));
    assert_eq!(arrival(&openid, "shared", &straight), refused(Why::IdToken), "an algorithm with a shared secret");
    let other = |location: &str| changed(location, "nonce", "another");
    assert_eq!(arrival(&openid, "public", &other), refused(Why::IdToken), "the nonce of somebody else");
    let other = |location: &str| changed(location, "code_challenge", &"A".repeat(43));
    assert_eq!(arrival(&openid, "public", &other), refused(Why::Provider), "the code of somebody else");
}

#[test]
fn a_way_back_is_good_once_and_not_for_long() {
    let Some(provider) = start() else { return };
    let openid = known(&provider.issuer);
    let errand = Errand::Invitation { secret: vec![5; 32], name: "Ada".to_owned() };
    let departure = openid.begin("public", errand.clone(), now(), &mut draw).unwrap();
    let callback = at_the_provider(&Browser::default(), &departure.location, "ada");
    let finish = |at| openid.finish("public", &callback, Some(&departure.cookie), at).map(|arrival| arrival.errand);
    assert_eq!(finish(now() + 300), Err(Refusal::Unproven(Why::Expired)));
    assert_eq!(finish(now()), Ok(errand));
    assert_eq!(finish(now()), Err(Refusal::Unproven(Why::Provider)), "it takes a code once");
}

#[test]
fn a_provider_that_goes_down_is_said_to_be_down() {
    let Some(mut provider) = start() else { return };
    let openid = known(&provider.issuer);
    let departure = openid.begin("public", Errand::SignIn, now(), &mut draw).unwrap();
    let callback = at_the_provider(&Browser::default(), &departure.location, "ada");
    provider.stop();
    let refused = openid.finish("public", &callback, Some(&departure.cookie), now());
    assert!(matches!(refused, Err(Refusal::Unreachable { .. })), "{refused:?}");
}

fn changed(location: &str, name: &str, value: &str) -> String {
    let mut location = url::Url::parse(location).unwrap();
    let pairs: Vec<(String, String)> = location.query_pairs().into_owned().collect();
    let pairs = pairs.into_iter().map(|(key, old)| if key == name { (key, value.to_owned()) } else { (key, old) });
    location.query_pairs_mut().clear().extend_pairs(pairs.collect::<Vec<_>>());
    location.into()
}
