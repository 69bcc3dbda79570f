//! OpenID Connect: what a provider may say, and everything that must not be believed of it.

use std::net::TcpListener;

use data_encoding::BASE64URL_NOPAD;
use seaworthy_http::signin::{
    Arrival, CEREMONY_SECONDS, Callback, Departure, Errand, OpenId, Provider, Refusal, Roots, Sealer, Site, Why,
};
use seaworthy_model::Timestamp;
use serde_json::{Value, json};
use url::Url;

use crate::forger::{Forger, key};
use crate::{AT, draw};

const CLIENT: &str = "seaworthy";

fn provider(name: &str, issuer: &str) -> Provider {
    Provider {
        name: name.to_owned(),
        label: format!("Sign in at {name}"),
        issuer: issuer.to_owned(),
        client_id: CLIENT.to_owned(),
        client_secret_file: None,
    }
}

fn openid(providers: Vec<Provider>) -> OpenId {
    let site = Site::new("https://seaworthy.example.org").unwrap();
    OpenId::new(providers, &site, "/back/", &Roots::System, Sealer::new([1; 32])).unwrap()
}

/// What the browser is sent along with.
fn asked(departure: &Departure, name: &str) -> String {
    let location = Url::parse(&departure.location).unwrap();
    location.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

fn back(departure: &Departure) -> Callback {
    Callback { code: Some("a code".to_owned()), state: Some(asked(departure, "state")), iss: None, error: None }
}

/// A token with everything as it must be.
fn sound(issuer: &str, nonce: &str) -> (Value, Value) {
    let at = AT.seconds();
    let claims = json!({
        "iss": issuer, "aud": CLIENT, "sub": "ada", "nonce": nonce, "iat": at, "exp": at + 300,
        "email": "somebody.else@example.org", "email_verified": true,
    });
    (json!({ "alg": "ES256", "kid": "one", "typ": "JWT" }), claims)
}

/// Signs in with a token that was bent.
fn bent(bend: &dyn Fn(&mut Value, &mut Value)) -> Result<Vec<u8>, Refusal> {
    let forger = Forger::start();
    let openid = openid(vec![provider("main", &forger.issuer)]);
    let departure = openid.begin("main", Errand::SignIn, AT, &mut draw).unwrap();
    let (mut header, mut claims) = sound(&forger.issuer, &asked(&departure, "nonce"));
    bend(&mut header, &mut claims);
    forger.hand_out(&forger.sign(&header, &claims));
    let arrival = openid.finish("main", &back(&departure), Some(&departure.cookie), AT);
    arrival.map(|arrival| {
        assert_eq!(arrival.handle, format!("{}\nada", forger.issuer).into_bytes());
        arrival.handle
    })
}

#[test]
fn the_browser_is_sent_with_everything_that_binds_it() {
    let forger = Forger::start();
    let departure =
        openid(vec![provider("main", &forger.issuer)]).begin("main", Errand::SignIn, AT, &mut draw).unwrap();
    assert!(departure.location.starts_with(&format!("{}/authorize?", forger.issuer)));
    let check = |name: &str, expected: &str| assert_eq!(asked(&departure, name), expected, "{name}");
    check("response_type", "code");
    check("client_id", CLIENT);
    check("scope", "openid");
    check("code_challenge_method", "S256");
    check("redirect_uri", "https://seaworthy.example.org/back/main");
    for name in ["state", "nonce", "code_challenge"] {
        assert_eq!(asked(&departure, name).len(), 43, "{name}");
        assert!(!departure.cookie.contains(&asked(&departure, name)), "{name} is sealed");
    }
}

#[test]
fn a_token_that_does_not_fit_is_refused() {
    let at = AT.seconds();
    let claim = |name: &str, value: Value, expected: bool| {
        let outcome = bent(&|_, claims| claims[name] = value.clone());
        let refused = outcome.err();
        assert_eq!(refused, (!expected).then_some(Refusal::Unproven(Why::IdToken)), "{name}: {value}");
    };
    claim("aud", json!(CLIENT), true);
    claim("aud", json!([CLIENT]), true);
    claim("aud", json!("another"), false);
    claim("aud", json!([CLIENT, "another"]), false);
    claim("aud", json!([]), false);
    claim("iss", json!("http://127.0.0.1:1"), false);
    claim("nonce", json!("another"), false);
    claim("nonce", Value::Null, false);
    claim("exp", json!(at - 59), true);
    claim("exp", json!(at - 60), false);
    claim("iat", json!(at + 60), true);
    claim("iat", json!(at + 61), false);
    claim("sub", json!(""), false);
    claim("sub", json!("a\nb"), false);
    claim("sub", json!("x".repeat(256)), false);
}

#[test]
fn a_token_that_is_not_the_providers_is_refused() {
    let header = |name: &str, value: Value| {
        let outcome = bent(&|header, _| header[name] = value.clone());
        assert!(outcome.is_err(), "{name}: {value}");
    };
    header("alg", json!("none"));
    header("alg", json!("HS256"));
    header("alg", json!("RS256"));
    header("alg", json!("XX999"));
    header("kid", json!("two"));
    header("crit", json!(["x"]));
}

/// Signs in with what the token endpoint answers.
fn answered(status: u16, body: &dyn Fn(&Forger, &str) -> String) -> Result<Arrival, Refusal> {
    let forger = Forger::start();
    let openid = openid(vec![provider("main", &forger.issuer)]);
    let departure = openid.begin("main", Errand::SignIn, AT, &mut draw).unwrap();
    let body = body(&forger, &asked(&departure, "nonce"));
    forger.says.lock().unwrap().token = (status, body);
    openid.finish("main", &back(&departure), Some(&departure.cookie), AT)
}

#[test]
fn an_answer_that_is_none_is_told_from_a_no() {
    let check = |status: u16, body: String, is_no: bool| {
        let refused = answered(status, &|_, _| body.clone()).unwrap_err();
        let no = refused == Refusal::Unproven(Why::Provider);
        assert!(no == is_no && (no || matches!(refused, Refusal::Unreachable { .. })), "{status}: {refused:?}");
    };
    check(400, json!({ "error": "invalid_grant" }).to_string(), true);
    check(500, String::new(), false);
    check(302, String::new(), false);
    check(200, String::new(), false);
    check(200, "[".repeat(100_000), false);
    check(200, " ".repeat(2 << 20), false);
    check(200, json!({ "access_token": "a", "token_type": "Bearer" }).to_string(), false);
    check(200, json!({ "access_token": "a", "token_type": "Bearer", "id_token": "a.b.c" }).to_string(), false);
}

#[test]
fn an_unsigned_or_broken_token_is_refused() {
    let with = |token: &dyn Fn(String) -> String| {
        let refused = answered(200, &|forger, nonce| {
            let (header, claims) = sound(&forger.issuer, nonce);
            let id_token = token(forger.sign(&header, &claims));
            json!({ "access_token": "a", "token_type": "Bearer", "id_token": id_token }).to_string()
        });
        refused.map(|_| ()).unwrap_err()
    };
    let signed = |token: String| token.rsplit_once('.').unwrap().0.to_owned();
    assert_eq!(
        with(&|token| format!("{}.{}", signed(token), BASE64URL_NOPAD.encode(&[7; 64]))),
        Refusal::Unproven(Why::IdToken)
    );
    with(&|token| format!("{}.", signed(token)));
    with(&|token| signed(token));
}

#[test]
fn hostile_tokens_do_no_harm() {
    let part = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
    let header = part(r#"{"alg":"ES256","kid":"one"}"#);
    let deep = [r#"{"a":"#, &"[".repeat(100_000), &"]".repeat(100_000), "}"].concat();
    let long = part(&format!(r#"{{"alg":"ES256","kid":"{}"}}"#, "x".repeat(500_000)));
    let huge = part(r#"{"exp":1e400,"iat":-1e400}"#);
    for token in [
        "..".to_owned(),
        "a.b.c.d".to_owned(),
        format!("{header}.{}.AAAA", part(&deep)),
        format!("{}.{}.AAAA", part(&deep), part("{}")),
        format!("{long}.{}.AAAA", part("{}")),
        format!("{header}.{huge}.AAAA"),
        format!("{header}.{}.{}", part(r#"{"exp":9223372036854775807,"iat":-9223372036854775808}"#), "A".repeat(86)),
    ] {
        let answer = json!({ "access_token": "a", "token_type": "Bearer", "id_token": token }).to_string();
        let refused = answered(200, &|_, _| answer.clone());
        assert!(refused.is_err());
    }
}

#[test]
fn the_way_back_is_the_way_there() {
    let forger = Forger::start();
    let openid = openid(vec![provider("main", &forger.issuer), provider("other", &forger.issuer)]);
    let departure = openid.begin("main", Errand::SignIn, AT, &mut draw).unwrap();
    let stranger = openid.begin("main", Errand::SignIn, AT, &mut draw).unwrap();
    let (header, claims) = sound(&forger.issuer, &asked(&departure, "nonce"));
    forger.hand_out(&forger.sign(&header, &claims));
    let finish = |name: &str, callback: Callback, cookie: Option<&str>, at: Timestamp| {
        openid.finish(name, &callback, cookie, at).map(|arrival| arrival.label)
    };
    let check = |name: &str, callback: Callback, cookie: Option<&str>, at, why| {
        assert_eq!(finish(name, callback, cookie, at), Err(Refusal::Unproven(why)));
    };
    let (good, cookie) = (back(&departure), Some(departure.cookie.as_str()));
    check("main", good.clone(), None, AT, Why::Token);
    check("main", good.clone(), Some(&departure.cookie[1..]), AT, Why::Token);
    check("main", good.clone(), Some(&stranger.cookie), AT, Why::State);
    check("other", good.clone(), cookie, AT, Why::Token);
    check("nobody", good.clone(), cookie, AT, Why::Unknown);
    check("main", good.clone(), cookie, AT + CEREMONY_SECONDS, Why::Expired);
    check("main", Callback { state: None, ..good.clone() }, cookie, AT, Why::State);
    check("main", Callback { state: Some("x".to_owned()), ..good.clone() }, cookie, AT, Why::State);
    check("main", Callback { iss: Some("http://127.0.0.1:1".to_owned()), ..good.clone() }, cookie, AT, Why::State);
    check("main", Callback { error: Some("access_denied".to_owned()), ..good.clone() }, cookie, AT, Why::Provider);
    check("main", Callback { code: None, ..good.clone() }, cookie, AT, Why::Form);
    check("main", Callback { code: Some("x".repeat(4096)), ..good.clone() }, cookie, AT, Why::Form);
    assert_eq!(forger.asked_for("/token"), 0, "nothing of this reached the provider");
    let named = Callback { iss: Some(forger.issuer.clone()), ..good.clone() };
    assert_eq!(finish("main", named, cookie, AT).as_deref(), Ok("Sign in at main"));
    let mark = |cookie| openid.finish("main", &good, cookie, AT).map(|arrival| arrival.mark);
    assert_eq!(mark(cookie), mark(cookie), "whoever makes the session tells that it comes again");
}

#[test]
fn new_keys_are_fetched_when_they_are_needed() {
    let forger = Forger::start();
    let openid = openid(vec![provider("main", &forger.issuer)]);
    let sign_in = |at: Timestamp| {
        let departure = openid.begin("main", Errand::SignIn, at, &mut draw).unwrap();
        let (header, claims) = sound(&forger.issuer, &asked(&departure, "nonce"));
        forger.hand_out(&forger.sign(&header, &claims));
        openid.finish("main", &back(&departure), Some(&departure.cookie), at).map(|_| ())
    };
    assert_eq!(sign_in(AT), Ok(()));
    forger.says.lock().unwrap().key = key();
    assert_eq!(sign_in(AT + 1), Err(Refusal::Unproven(Why::IdToken)), "it was asked just now");
    assert_eq!(forger.asked_for("/keys"), 1);
    assert_eq!(sign_in(AT + 20), Ok(()));
    assert_eq!(forger.asked_for("/keys"), 2);
    assert_eq!(sign_in(AT + 21), Ok(()));
    assert_eq!(forger.asked_for("/keys"), 2);
}

#[test]
fn a_provider_that_is_down_is_its_own_trouble() {
    let forger = Forger::start();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let openid = openid(vec![provider("main", &forger.issuer), provider("down", &format!("http://{nobody}"))]);
    let begin = |name: &str, at| openid.begin(name, Errand::SignIn, at, &mut draw).map(|_| ());
    for at in [AT, AT + 1, AT + 60] {
        assert!(matches!(begin("down", at), Err(Refusal::Unreachable { .. })));
        assert_eq!(begin("main", at), Ok(()));
    }
    assert_eq!(forger.asked_for("/.well-known/openid-configuration"), 1, "what it said is kept");
}

#[test]
fn a_provider_that_misleads_is_not_followed() {
    let check = |name: &str, value: &str| {
        let forger = Forger::start();
        forger.says.lock().unwrap().endpoints[name] = value.into();
        let openid = openid(vec![provider("main", &forger.issuer)]);
        let begun = openid.begin("main", Errand::SignIn, AT, &mut draw);
        let Ok(departure) = begun else {
            return assert!(matches!(begun, Err(Refusal::Unreachable { .. })), "{name}: {begun:?}");
        };
        let refused = openid.finish("main", &back(&departure), Some(&departure.cookie), AT);
        assert!(matches!(refused, Err(Refusal::Unreachable { .. })), "{name}: {refused:?}");
    };
    check("issuer", "https://id.example.org");
    check("jwks_uri", "http://192.0.2.1/keys");
    check("token_endpoint", "http://192.0.2.1/token");
    check("authorization_endpoint", "http://192.0.2.1/authorize");
    check("authorization_endpoint", "javascript:alert(1)");
}
