//! Signing in with a password, over the API: the link, the session's cookie, and what is refused.

use serde_json::{Value, json};
use ureq::http::Response;
use ureq::{Agent, Body};

use crate::server::Server;

const GOOD: &str = "correct horse battery";

struct Visitor<'a> {
    server: &'a Server,
    agent: Agent,
    origin: String,
}

impl Visitor<'_> {
    fn of(server: &Server) -> Visitor<'_> {
        let agent = Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
        Visitor { server, agent, origin: server.origin.clone() }
    }

    fn post(&self, path: &str, cookie: &str, body: &Value) -> Response<Body> {
        let request = self.agent.post(format!("{}{path}", self.server.origin)).header("Origin", &self.origin);
        request.header("Content-Type", "application/json").header("Cookie", cookie).send(body.to_string()).unwrap()
    }

    fn me(&self, cookie: &str) -> u16 {
        let request = self.agent.get(format!("{}/api/v1/me", self.server.origin)).header("Cookie", cookie);
        request.call().unwrap().status().as_u16()
    }

    #[track_caller]
    fn refused(&self, path: &str, body: &Value, status: u16, code: &str) {
        let mut answer = self.post(path, "", body);
        let problem: Value = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
        assert_eq!((answer.status().as_u16(), &problem["code"]), (status, &code.into()), "{path}: {problem}");
        assert!(answer.headers().get("set-cookie").is_none());
    }
}

/// The cookie of an answer, as a browser sends it back.
#[track_caller]
fn cookie(answer: &Response<Body>) -> String {
    assert_eq!(answer.status(), 204);
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    cookie.split(';').next().unwrap().to_owned()
}

#[test]
fn by_password_from_the_link_to_signing_out() {
    let server = Server::start(&["--allow-passwords"]);
    let visitor = Visitor::of(&server);
    let link = json!({ "secret": server.link(), "name": "Ada", "sign_in_name": "Ada", "password": GOOD });
    let short = json!({ "secret": server.secret, "name": "Ada", "sign_in_name": "ada", "password": "too short" });
    visitor.refused("/api/v1/invitations/use", &short, 422, "invalid-value");
    let mut shown = visitor.post("/api/v1/invitations/show", "", &json!({ "secret": server.secret }));
    let shown: Value = serde_json::from_str(&shown.body_mut().read_to_string().unwrap()).unwrap();
    assert_eq!((&shown["organisation"], &shown["role"]), (&"Harbour".into(), &"administrator".into()));
    let first = cookie(&visitor.post("/api/v1/invitations/use", "", &link));
    assert_eq!(visitor.me(&first), 200);
    visitor.refused("/api/v1/invitations/use", &link, 403, "link-invalid");

    let right = json!({ "name": " ADA ", "password": GOOD });
    let second = cookie(&visitor.post("/api/v1/sign-in/password", "", &right));
    assert_eq!(visitor.me(&second), 200);
    assert_eq!(visitor.post("/api/v1/sign-out", &second, &json!({})).status(), 204);
    assert_eq!((visitor.me(&second), visitor.me(&first)), (401, 200), "the other session goes on");
}

#[test]
fn what_is_no_proof_is_refused_alike_and_not_often() {
    let server = Server::start(&["--allow-passwords"]);
    let visitor = Visitor::of(&server);
    let link = json!({ "secret": server.secret, "name": "Ada", "sign_in_name": "ada", "password": GOOD });
    cookie(&visitor.post("/api/v1/invitations/use", "", &link));
    let attempt = |name: &str| json!({ "name": name, "password": "wrong horse battery" });
    visitor.refused("/api/v1/sign-in/password", &attempt("nobody"), 403, "sign-in-refused");
    let elsewhere = Visitor { origin: "https://evil.example".to_owned(), ..Visitor::of(&server) };
    elsewhere.refused("/api/v1/sign-in/password", &attempt("ada"), 403, "not-allowed");
    for _ in 0..5 {
        visitor.refused("/api/v1/sign-in/password", &attempt("ada"), 403, "sign-in-refused");
    }
    visitor.refused("/api/v1/sign-in/password", &attempt("ADA "), 429, "too-many-requests");
    let right = json!({ "name": "ada", "password": GOOD });
    visitor.refused("/api/v1/sign-in/password", &right, 429, "too-many-requests");
    let garbage = json!({ "token": "AAAA", "answer": {} });
    visitor.refused("/api/v1/sign-in/passkey/finish", &garbage, 403, "sign-in-refused");
    visitor.refused("/api/v1/sign-in/openid/none", &json!({}), 403, "sign-in-refused");
    let back = visitor.agent.get(format!("{}/sign-in/openid/none?code=a&state=b", server.origin)).call().unwrap();
    assert_eq!(
        (back.status().as_u16(), &back.headers()["location"]),
        (303, &"/sign-in?refused=sign-in-refused".parse().unwrap())
    );
}

#[test]
fn passwords_are_off_unless_they_are_allowed() {
    let server = Server::start(&[]);
    let visitor = Visitor::of(&server);
    let link = json!({ "secret": server.secret, "name": "Ada", "sign_in_name": "ada", "password": GOOD });
    visitor.refused("/api/v1/invitations/use", &link, 422, "invalid-value");
    visitor.refused("/api/v1/sign-in/password", &json!({ "name": "ada", "password": GOOD }), 422, "invalid-value");
    let mut ways = visitor.agent.get(format!("{}/api/v1/sign-in", server.origin)).call().unwrap();
    let ways: Value = serde_json::from_str(&ways.body_mut().read_to_string().unwrap()).unwrap();
    assert_eq!(ways, json!({ "passkeys": true, "passwords": false, "providers": [] }));
}
