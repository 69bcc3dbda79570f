//! Stamps that are taken back, as checkers learn of it: by a list that they bring, and by one that they fetch.

use std::fs;
use std::io::{Read, Write};
use std::process::Command;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::kit::Answer;
use crate::organisation::{Holder, LENIENT, Organisation, on_each_store};

/// A holder whose device has a stamp, `stamp.png`, and a checker's trust file beside it.
pub fn stamped(organisation: &Organisation) -> Option<Holder> {
    let holder = Holder::new()?;
    let policy = organisation.made("/api/v1/policies", &json!({ "policy": LENIENT }));
    organisation.made("/api/v1/assignments", &json!({ "unit": organisation.root(), "sequence": policy["sequence"] }));
    holder.does(&["enrol", &organisation.admin(&["enrolment"]), "--yes"]);
    holder.run(&["report"]);
    holder.does(&["report", "--stamp", "stamp.png"]);
    fs::write(holder.path("trust.toml"), organisation.trust()).unwrap();
    Some(holder)
}

/// What a check says of the stamp.
fn checked(holder: &Holder, arguments: &[&str]) -> (Value, i32) {
    let whole = [&["check", "stamp.png", "--trust", "trust.toml", "--format", "json"], arguments].concat();
    let (said, code) = holder.run(&whole);
    let said: Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}"));
    (said["stamps"][0].clone(), code)
}

/// The address of the list that the stamp names.
fn address(holder: &Holder) -> String {
    checked(holder, &[]).0["signed"]["status_list"]["uri"].as_str().unwrap().to_owned()
}

/// Fetches the list into `list.cwt`, with headers of one's own.
fn fetch(organisation: &Organisation, holder: &Holder, headers: &str) -> Answer {
    let address = address(holder);
    let path = &address[address.find("/status/").unwrap()..];
    let mut stream = organisation.server.connect();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Connection: close\r\n\r\n").unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    fs::write(holder.path("list.cwt"), &bytes[head..]).unwrap();
    crate::kit::answer(&bytes[..head])
}

#[track_caller]
fn stands(organisation: &Organisation, holder: &Holder) {
    fetch(organisation, holder, "");
    for look in [&["--online"][..], &["--status-list", "list.cwt"]] {
        let (stamp, code) = checked(holder, look);
        assert!(code == 0 && stamp["signed"]["status_list"]["cleared_by_list_of"].is_string(), "{look:?}: {stamp}");
    }
}

#[track_caller]
fn is_revoked(organisation: &Organisation, holder: &Holder) {
    assert_eq!(checked(holder, &[]).1, 0, "who does not look does not know");
    fetch(organisation, holder, "");
    for look in [&["--online"][..], &["--status-list", "list.cwt"]] {
        let (stamp, code) = checked(holder, look);
        assert!(code == 1 && stamp["refusal"]["code"] == "stamp-revoked", "{look:?}: {stamp}");
    }
}

fn device(organisation: &Organisation) -> Value {
    let root = organisation.root();
    organisation.get(&format!("/api/v1/devices?unit={root}&reason=audit")).json()["devices"][0]["device"].clone()
}

#[test]
fn a_device_that_is_revoked_has_no_stamp_any_more() {
    on_each_store(|organisation| {
        let Some(holder) = stamped(organisation) else { return };
        stands(organisation, &holder);
        let path = format!("/api/v1/devices/{}/revoke", device(organisation).as_str().unwrap());
        assert_eq!(organisation.post(&path, &json!({ "reason": "lost at sea" })).status(), 204);
        is_revoked(organisation, &holder);
    });
}

#[test]
fn nor_has_one_that_was_cloned() {
    on_each_store(|organisation| {
        let Some(holder) = stamped(organisation) else { return };
        let clone = Holder::new().unwrap();
        let copied = Command::new("cp").arg("-a").arg(holder.path("state")).arg(clone.path("state")).status().unwrap();
        assert!(copied.success());
        stands(organisation, &holder);
        holder.does(&["report"]);
        let (said, _) = clone.run(&["report"]);
        assert!(said.contains("error[device-forked]"), "{said}");
        is_revoked(organisation, &holder);
    });
}

#[test]
fn nor_has_one_that_left() {
    on_each_store(|organisation| {
        let Some(holder) = stamped(organisation) else { return };
        stands(organisation, &holder);
        holder.does(&["leave", "--yes"]);
        is_revoked(organisation, &holder);
    });
}

#[test]
fn nor_has_one_whose_place_another_took() {
    on_each_store(|organisation| {
        let Some(holder) = stamped(organisation) else { return };
        let (device, heir) = (device(organisation), Holder::new().unwrap());
        let (link, before) = (organisation.admin(&["enrolment"]), device.as_str().unwrap());
        heir.run(&["enrol", &link, "--yes", "--again", "--replaces", before]);
        stands(organisation, &holder);
        let root = organisation.root();
        let waiting = organisation.get(&format!("/api/v1/devices?unit={root}&state=waiting&reason=approval")).json();
        let path = format!("/api/v1/devices/{}/approve", waiting["devices"][0]["device"].as_str().unwrap());
        assert_eq!(organisation.post(&path, &json!({ "reason": "a new disk" })).status(), 204);
        is_revoked(organisation, &holder);
    });
}

#[test]
fn an_inspector_takes_one_stamp_back_and_the_holder_reads_why() {
    on_each_store(|organisation| {
        let Some(holder) = stamped(organisation) else { return };
        stands(organisation, &holder);
        let (device, id) = (device(organisation), checked(&holder, &[]).0["signed"]["id"].clone());
        let path = format!("/api/v1/devices/{}/stamps/{}/revoke", device.as_str().unwrap(), id.as_str().unwrap());
        organisation.post(&path, &json!({ "reason": " " })).is_problem(422, "reason-missing");
        assert_eq!(organisation.post(&path, &json!({ "reason": "sold with its disk" })).status(), 204);
        organisation.post(&path, &json!({ "reason": "again" })).is_problem(404, "not-found");
        is_revoked(organisation, &holder);
        let said = holder.does(&["ledger"]);
        assert!(said.contains("sold with its disk") && said.contains(id.as_str().unwrap()), "{said}");
        let shown = organisation.get(&format!("/api/v1/devices/{}?reason=look", device.as_str().unwrap())).json();
        let stamps = shown["stamps"].as_array().unwrap();
        assert!(stamps.iter().all(|stamp| stamp["in_force"] == (stamp["id"] != id)), "{shown}");
        holder.does(&["report", "--stamp", "stamp.png"]);
        stands(organisation, &holder);
    });
}

#[test]
fn a_list_is_fetched_once_and_kept_for_when_nobody_answers() {
    let organisation = Organisation::start("sqlite");
    let Some(holder) = stamped(&organisation) else { return };
    let list = fetch(&organisation, &holder, "");
    assert_eq!((list.status(), list.header("content-type")), (200, Some("application/statuslist+cwt")));
    assert_eq!(list.header("cache-control"), Some("public, max-age=300"));
    let tag = list.header("etag").unwrap();
    assert_eq!(fetch(&organisation, &holder, &format!("If-None-Match: {tag}\r\n")).status(), 304);
    stands(&organisation, &holder);
    let (stamp, _) = checked(&holder, &["--online"]);
    assert_eq!(stamp["not_fetched"], Value::Null, "the same list again: {stamp}");

    organisation.server.signal(Signal::KILL);
    let (said, code) = holder.run(&["check", "stamp.png", "--trust", "trust.toml", "--online"]);
    assert!(code == 0 && said.contains("status list NOT FETCHED"), "{said}");
    assert!(said.contains("not revoked by the list of") && said.contains("the list kept here is used"), "{said}");

    fs::remove_dir_all(holder.path("state/seaworthy/status-lists")).unwrap();
    let (said, code) = holder.run(&["check", "stamp.png", "--trust", "trust.toml", "--online"]);
    assert!(code == 0 && said.contains("the stamp is not looked up"), "{said}");
    let strict = fs::read_to_string(holder.path("trust.toml")).unwrap();
    let strict = strict.replacen("role = \"organisation\"", "role = \"organisation\"\nstatus_list_required = true", 1);
    fs::write(holder.path("trust.toml"), strict).unwrap();
    let (stamp, code) = checked(&holder, &["--online"]);
    assert!(code == 3 && stamp["refusal"]["code"] == "status-list-missing", "{stamp}");
}
