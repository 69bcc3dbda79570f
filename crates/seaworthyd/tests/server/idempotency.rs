//! `Idempotency-Key`: a request under a key is done once and answered alike; on both stores.

use std::thread;
use std::time::SystemTime;

use seaworthy_model::Timestamp;
use seaworthy_testkit::postgres::Postgres;
use seaworthy_testkit::skip;
use serde_json::{Value, json};

use crate::kit::Answer;
use crate::organisation::Organisation;

const KEY: &str = "8e03978e-40d5-43dd-bc93-6894a57f9324";

fn sent(organisation: &Organisation, token: &str, key: &str, path: &str, body: &Value) -> Answer {
    let body = body.to_string();
    organisation.server.ask(&format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Idempotency-Key: {key}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    ))
}

fn units(organisation: &Organisation) -> usize {
    organisation.get("/api/v1/units").json()["units"].as_array().unwrap().len()
}

fn on_each_store(check: fn(&Organisation)) {
    check(&Organisation::start("sqlite"));
    match Postgres::shared() {
        Some(postgres) => check(&Organisation::start(&postgres.database())),
        None => skip("idempotency on PostgreSQL", "it is not installed"),
    }
}

#[test]
fn a_request_that_comes_twice_is_done_once() {
    on_each_store(|organisation| {
        let new = json!({ "parent": organisation.root(), "name": "Quay" });
        let ask = |key: &str, body: &Value| sent(organisation, &organisation.token, key, "/api/v1/units", body);
        let (first, second) = (ask(KEY, &new), ask(KEY, &new));
        assert_eq!((first.status(), second.status()), (201, 201), "{second:?}");
        assert_eq!(first.body, second.body);
        assert_eq!(second.header("content-type"), Some("application/json"));
        assert_eq!(units(organisation), 2);
        let other = json!({ "parent": organisation.root(), "name": "Pier" });
        ask(KEY, &other).is_problem(422, "idempotency-mismatch");
        ask("short", &other).is_problem(400, "request-syntax");
        assert_eq!(units(organisation), 2);
        // What was refused left no mark.
        let fresh = "5c8f2a44-9b4d-4f0a-8a53-1f6f6c1f7f11";
        ask(fresh, &json!({ "parent": "0".repeat(32), "name": "Pier" })).is_problem(404, "not-found");
        assert_eq!(ask(fresh, &other).status(), 201);
        // A key is the caller's own.
        let token = organisation.admin(&["token", "--role=administrator", "--name=Bea"]);
        let theirs =
            sent(organisation, &token, KEY, "/api/v1/units", &json!({ "parent": organisation.root(), "name": "Dock" }));
        assert_eq!(theirs.status(), 201, "{theirs:?}");
        assert_eq!(units(organisation), 4);
    });
}

#[test]
fn requests_that_come_at_once_are_done_once() {
    on_each_store(|organisation| {
        let new = json!({ "parent": organisation.root(), "name": "Quay" });
        let ask = || sent(organisation, &organisation.token, KEY, "/api/v1/units", &new);
        let answers: Vec<Answer> = thread::scope(|scope| {
            let asked: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
            asked.into_iter().map(|asked| asked.join().unwrap()).collect()
        });
        for answer in &answers {
            assert_eq!((answer.status(), &answer.body), (201, &answers[0].body), "{answer:?}");
        }
        assert_eq!(units(organisation), 2);
    });
}

/// What is shown once can be heard again by who asked, and is nowhere to be read.
#[test]
fn secrets_are_kept_sealed() {
    let organisation = Organisation::start("sqlite");
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let ends_at = Timestamp::from_seconds(i64::try_from(since).unwrap() + 86_400);
    let new = json!({ "name": "Bea", "role": "reviewer", "unit": organisation.root(), "ends_at": ends_at });
    let ask = || sent(&organisation, &organisation.token, KEY, "/api/v1/api-tokens", &new);
    let (first, second) = (ask().json(), ask().json());
    assert_eq!(first, second);
    let secret = first["secret"].as_str().unwrap().as_bytes();
    assert!(secret.len() > 32);
    for file in std::fs::read_dir(&organisation.data).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{}", path.display());
        }
    }
}
