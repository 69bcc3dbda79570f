//! Webhooks, whole: events on their way through the outbox to a receiver that takes them, refuses them, or wants no more;
//! on both stores.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use seaworthy_http::webhooks::Signature;
use seaworthy_model::Timestamp;
use seaworthy_testkit::postgres::Postgres;
use seaworthy_testkit::skip;
use serde_json::{Value, json};

use crate::organisation::{Holder, Organisation};

/// A receiver that answers with these statuses, one after the other, and with the last one from then on.
struct Receiving {
    url: String,
    heard: Receiver<Heard>,
}

/// A delivery as it came in.
struct Heard {
    head: String,
    body: String,
}

impl Heard {
    fn field(&self, name: &str) -> &str {
        let fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.into_iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value).unwrap()
    }

    fn event(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Whether it is signed with this secret, as it was shown.
    fn is_signed_with(&self, secret: &str) -> bool {
        let secret = data_encoding::BASE64.decode(secret.strip_prefix("whsec_").unwrap().as_bytes()).unwrap();
        let at = Timestamp::from_seconds(self.field("webhook-timestamp").parse().unwrap());
        let expected = Signature::new(&secret, self.field("webhook-id"), at, self.body.as_bytes());
        self.field("webhook-signature") == expected.to_string()
    }
}

impl Receiving {
    fn start(statuses: &'static [u16]) -> Receiving {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/in", listener.local_addr().unwrap());
        let (tell, heard) = channel();
        thread::spawn(move || {
            let mut statuses = statuses.iter();
            let mut status = 200;
            for stream in listener.incoming() {
                status = statuses.next().copied().unwrap_or(status);
                let Some(one) = delivery(stream.unwrap(), status) else { continue };
                if tell.send(one).is_err() {
                    return;
                }
            }
        });
        Receiving { url, heard }
    }

    #[track_caller]
    fn next(&self) -> Heard {
        self.heard.recv_timeout(Duration::from_secs(20)).unwrap()
    }
}

fn delivery(mut stream: TcpStream, status: u16) -> Option<Heard> {
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut text = String::new();
    let mut buffer = [0; 4096];
    let whole = |text: &str| {
        let (head, body) = text.split_once("\r\n\r\n")?;
        let length =
            head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        (body.len() == length.unwrap_or(0)).then(|| Heard { head: head.to_owned(), body: body.to_owned() })
    };
    while whole(&text).is_none() {
        let read = stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
        text.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
    }
    write!(stream, "HTTP/1.1 {status} As told\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
    whole(&text)
}

fn on_each_store(arguments: &[&str], check: fn(&Organisation)) {
    check(&Organisation::start_with("sqlite", arguments));
    match Postgres::shared() {
        Some(postgres) => check(&Organisation::start_with(&postgres.database(), arguments)),
        None => skip("webhooks on PostgreSQL", "it is not installed"),
    }
}

/// Adds a webhook; its id and its secret.
fn added(organisation: &Organisation, url: &str, events: &[&str]) -> (String, String) {
    let made = organisation.made("/api/v1/webhooks", &json!({ "url": url, "events": events }));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&made["webhook"]["id"]), text(&made["secret"]))
}

/// Waits until deliveries in a state are as many as expected.
#[track_caller]
fn deliveries(organisation: &Organisation, state: &str, count: usize) -> Vec<Value> {
    let began = Instant::now();
    loop {
        let answer = organisation.get(&format!("/api/v1/deliveries?state={state}"));
        let found = answer.json()["deliveries"].as_array().unwrap().clone();
        if found.len() == count {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{state}: {found:?}");
        thread::sleep(Duration::from_millis(100));
    }
}

/// Waits until the metrics say it.
#[track_caller]
fn is_counted(organisation: &Organisation, line: &str) {
    let began = Instant::now();
    loop {
        let page = organisation.server.get("/metrics").body;
        if page.contains(line) {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{line}: {page}");
        thread::sleep(Duration::from_millis(200));
    }
}

fn put_in_force(organisation: &Organisation) {
    let unit = organisation.root();
    organisation.made("/api/v1/assignments", &json!({ "unit": unit, "sequence": 1 }));
}

const PRIVATE: &[&str] = &["--webhook-private-addresses"];

#[test]
fn what_was_not_taken_is_sent_again_and_signed_each_time() {
    on_each_store(PRIVATE, |organisation| {
        let receiving = Receiving::start(&[500, 200]);
        let (webhook, secret) = added(organisation, &receiving.url, &["policy-assigned"]);
        assert!(!organisation.get("/api/v1/webhooks").body.contains("whsec_"), "a secret is shown once");
        organisation.made("/api/v1/keys", &json!({}));
        put_in_force(organisation);
        let (first, second) = (receiving.next(), receiving.next());
        assert!(first.is_signed_with(&secret) && second.is_signed_with(&secret), "{}", first.head);
        assert_eq!(first.field("webhook-id"), second.field("webhook-id"));
        assert_eq!(first.body, second.body);
        let event = first.event();
        assert_eq!((&event["type"], &event["data"]["sequence"]), (&json!("policy-assigned"), &json!(1)));
        assert_eq!(event["data"]["unit"], organisation.root());
        let [delivered] = deliveries(organisation, "delivered", 1).try_into().unwrap();
        assert_eq!((&delivered["attempts"], &delivered["outcome"]), (&json!(2), &json!("HTTP 200")));
        assert_eq!(delivered["webhook"], webhook);
        assert_eq!(delivered.get("payload"), None, "what was sent is read in no other way");
    });
}

#[test]
fn a_receiver_that_wants_no_more_is_left_alone() {
    on_each_store(PRIVATE, |organisation| {
        let receiving = Receiving::start(&[410, 200]);
        let (webhook, _) = added(organisation, &receiving.url, &[]);
        put_in_force(organisation);
        receiving.next();
        let [dead] = deliveries(organisation, "dead", 1).try_into().unwrap();
        assert_eq!(dead["outcome"], "HTTP 410");
        is_counted(organisation, "seaworthyd_webhook_attempts_total{outcome=\"unwanted\"} 1\n");
        is_counted(organisation, "seaworthyd_webhook_attempts_total{outcome=\"taken\"} 0\n");
        is_counted(organisation, "seaworthyd_webhook_dead_letters 1\n");
        let listed = organisation.get("/api/v1/webhooks").json();
        assert!(listed["webhooks"][0]["disabled_at"].is_string(), "{listed}");
        organisation.made("/api/v1/keys", &json!({}));
        assert!(receiving.heard.recv_timeout(Duration::from_secs(2)).is_err(), "it was told of another event");
        let retry = |id: &str| organisation.post(&format!("/api/v1/deliveries/{id}/retry"), &json!({}));
        retry(&"0".repeat(32)).is_problem(404, "not-found");
        retry(dead["id"].as_str().unwrap()).is_problem(409, "already-there");
        let removed = organisation.server.ask(&format!(
            "DELETE /api/v1/webhooks/{webhook} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nConnection: \
             close\r\n\r\n",
            organisation.token
        ));
        assert_eq!(removed.status(), 204);
        deliveries(organisation, "dead", 0);
    });
}

#[test]
fn without_the_operators_word_nothing_on_this_machine_is_spoken_to() {
    let organisation = Organisation::start("sqlite");
    let receiving = Receiving::start(&[200]);
    added(&organisation, &receiving.url, &[]);
    put_in_force(&organisation);
    let began = Instant::now();
    while deliveries(&organisation, "waiting", 1)[0]["attempts"] == 0 {
        assert!(began.elapsed() < Duration::from_secs(10));
        thread::sleep(Duration::from_millis(100));
    }
    let [waiting] = deliveries(&organisation, "waiting", 1).try_into().unwrap();
    assert_eq!(waiting["outcome"], "its address is in a network that is not allowed");
    assert!(receiving.heard.try_recv().is_err());
    let retry = format!("/api/v1/deliveries/{}/retry", waiting["id"].as_str().unwrap());
    let again = organisation.post(&retry, &json!({}));
    assert_eq!((again.status(), &again.json()["attempts"]), (200, &json!(0)));
    for url in ["http://example.org/", "ftp://127.0.0.1/", "https://169.254.169.254/", "https://a:b@example.org/", "x"]
    {
        organisation.post("/api/v1/webhooks", &json!({ "url": url })).is_problem(422, "invalid-value");
    }
    organisation
        .post("/api/v1/webhooks", &json!({ "url": receiving.url, "events": ["all"] }))
        .is_problem(422, "request-invalid");
}

/// A webhook that is told of a device has read its record, and its holder sees that.
#[test]
fn whom_a_holder_is_told_of_they_see() {
    on_each_store(PRIVATE, |organisation| {
        let Some(holder) = Holder::new() else { return };
        let receiving = Receiving::start(&[200]);
        let (_, secret) = added(organisation, &receiving.url, &[]);
        holder.does(&["enrol", &organisation.admin(&["enrolment"]), "--yes", "--name", "the old laptop"]);
        let enrolled = receiving.next();
        assert!(enrolled.is_signed_with(&secret));
        assert_eq!(enrolled.event()["type"], "device-enrolled");
        assert!(!enrolled.body.contains("laptop"), "{}", enrolled.body);
        holder.run(&["report"]);
        let changed = receiving.next().event();
        assert_eq!((&changed["type"], &changed["data"]["before"]), (&json!("verdict-changed"), &Value::Null));
        assert!(["pass", "fail", "unknown"].contains(&changed["data"]["after"].as_str().unwrap()), "{changed}");
        holder.run(&["report"]);
        let said = holder.does(&["ledger"]);
        assert_eq!(said.matches("(webhook)").count(), 2, "the same verdict again is no event: {said}");
        assert!(said.contains("told of an event: verdict-changed"), "{said}");
        assert!(said.contains("the chain holds"), "{said}");
        holder.does(&["leave", "--yes"]);
        let left = receiving.next().event();
        assert_eq!((&left["type"], &left["data"]["device"]), (&json!("device-left"), &changed["data"]["device"]));
        let other = Holder::new().unwrap();
        other.does(&["enrol", &organisation.admin(&["enrolment", "--any"]), "--yes"]);
        let waiting = receiving.next().event();
        assert_eq!(waiting["type"], "device-waiting");
        let path = format!("/api/v1/devices/{}", waiting["data"]["device"].as_str().unwrap());
        for act in ["approve", "revoke"] {
            let answer = organisation.post(&format!("{path}/{act}"), &json!({ "reason": "a test" }));
            assert_eq!(answer.status(), 204, "{answer:?}");
            assert_eq!(receiving.next().event()["type"], format!("device-{act}d"));
        }
        assert_eq!(other.does(&["ledger"]).matches("(webhook)").count(), 3);
    });
}

/// The kinds of the next events and the devices they are of. Their order is not promised.
fn told(receiving: &Receiving, count: usize) -> Vec<(String, Value)> {
    let mut told: Vec<(String, Value)> = (0..count)
        .map(|_| {
            let event = receiving.next().event();
            (event["type"].as_str().unwrap().to_owned(), event["data"].clone())
        })
        .collect();
    told.sort_by(|(one, _), (other, _)| one.cmp(other));
    told
}

fn copied(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copied(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn a_device_that_takes_anothers_place_and_one_that_was_cloned_are_told_of() {
    on_each_store(PRIVATE, |organisation| {
        let Some(holder) = Holder::new() else { return };
        let kinds = ["device-waiting", "device-approved", "device-replaced", "device-forked"];
        let receiving = Receiving::start(&[200]);
        added(organisation, &receiving.url, &kinds);
        holder.does(&["enrol", &organisation.admin(&["enrolment"]), "--yes"]);
        holder.does(&["enrol", "--again", &organisation.admin(&["enrolment"]), "--yes"]);
        let waiting = receiving.next().event();
        let device = waiting["data"]["device"].as_str().unwrap();
        let reason = json!({ "reason": "reinstalled" });
        assert_eq!(organisation.post(&format!("/api/v1/devices/{device}/approve"), &reason).status(), 204);
        let [(approved, of), (replaced, old)] = told(&receiving, 2).try_into().unwrap();
        assert_eq!((approved.as_str(), &of["device"]), ("device-approved", &json!(device)));
        assert_eq!((replaced.as_str(), &old["by"]), ("device-replaced", &json!(device)));
        assert_ne!(old["device"], old["by"]);

        let clone = Holder::new().unwrap();
        copied(&holder.path("state"), &clone.path("state"));
        holder.run(&["report"]);
        clone.run(&["report"]);
        let [(forked, of)] = told(&receiving, 1).try_into().unwrap();
        assert_eq!((forked.as_str(), &of["device"]), ("device-forked", &json!(device)));
    });
}
