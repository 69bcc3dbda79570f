//! The vectors under `docs/spec/vectors/messages/`: what is read, and what is refused. `UPDATE_DOCS=1` writes them anew.

use std::fs;
use std::path::{Path, PathBuf};

use ciborium::Value;
use seaworthy_model::canonical;
use seaworthy_protocol::{
    Acknowledgement, DeviceRequest, Digest, Enrolment, Entry, EvidenceEnvelope, Ledger, Message, PolicyDocument,
    Report, Successor, open, seal,
};
use seaworthy_stamp::{PublicKey, SigningKey, cose};
use serde_json::json;

use crate::{kinds, leaves};

pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/spec/vectors").join(name)
}

/// Holds a file to what it must be, or writes it when told to.
#[expect(clippy::disallowed_methods, reason = "whoever runs the test says so by the environment")]
pub fn hold_in(of: &str, name: &str, content: &[u8]) {
    let path = folder(of).join(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(folder(of)).unwrap();
        fs::write(&path, content).unwrap();
    }
    let found = fs::read(&path).unwrap_or_default();
    assert!(found == content, "{} is out of date; run with UPDATE_DOCS=1", path.display());
}

fn hold(name: &str, content: &[u8]) {
    hold_in("messages", name, content);
}

fn hold_json(name: &str, value: &serde_json::Value) {
    hold(name, format!("{}\n", serde_json::to_string_pretty(value).unwrap()).as_bytes());
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn body() -> Vec<u8> {
    fs::read(folder("evidence").join("device.cbor")).unwrap()
}

/// Holds a sealed message to its vector, and reads it from there.
fn sealed<M: Message + PartialEq + std::fmt::Debug>(name: &str, message: &M, key: &SigningKey) -> Vec<u8> {
    let bytes = seal(message, key).unwrap();
    hold(&format!("{name}.cbor"), &bytes);
    let told = json!({
        "type": M::TYPE,
        "signed_by": hex(key.public().as_bytes()),
        "payload_sha256": Digest::of(&canonical::encode(message).unwrap()),
        "message_sha256": Digest::of(&bytes),
        "message": message,
    });
    hold_json(&format!("{name}.json"), &told);
    assert_eq!(&open::<M>(&bytes, &key.public()).unwrap(), message);
    bytes
}

#[test]
fn messages_are_what_the_vectors_say() {
    let (device, organisation) = (kinds::device(), kinds::organisation());
    sealed("enrolment", &kinds::enrolment(), &device);
    sealed("request", &kinds::request(), &device);
    sealed("policy", &kinds::policy(), &organisation);
    sealed("successor", &kinds::succession(), &organisation);
    sealed("log", &leaves::log_document(), &organisation);
    let envelope = sealed("evidence", &kinds::evidence(&body()), &device);
    sealed("acknowledgement", &kinds::acknowledgement(Digest::of(&envelope)), &kinds::successor());
    let report = Report::new(envelope, body()).encode().unwrap();
    hold("report.cbor", &report);
    assert_eq!(Report::decode(&report).unwrap().encode().unwrap(), report);
}

#[test]
fn the_ledger_is_what_the_vector_says() {
    let entries = kinds::ledger();
    let bytes = |entry: &Entry| hex(&canonical::encode(entry).unwrap());
    let told = |entry: &Entry| json!({ "entry": entry, "cbor": bytes(entry), "hash": entry.hash().unwrap() });
    let head = kinds::acknowledgement(Digest::ZERO).ledger;
    let document = json!({ "entries": entries.iter().map(told).collect::<Vec<_>>(), "head": head });
    hold_json("ledger.json", &document);
    assert_eq!(Ledger::verified(entries, head).unwrap().head(), head);
}

/// Bytes that must be refused: of which kind, why, and the bytes.
fn refused() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let (device, organisation) = (kinds::device(), kinds::organisation());
    let request = seal(&kinds::request(), &device).unwrap();
    let flipped = |at: usize| {
        let mut bytes = request.clone();
        bytes[at] ^= 1;
        bytes
    };
    let long = [request.clone(), vec![0]].concat();
    let other_type = cose::sign(&device, Enrolment::TYPE, &canonical::encode(&kinds::request()).unwrap());
    let other_version = seal(&DeviceRequest { version: 2, ..kinds::request() }, &device).unwrap();
    let no_counter = seal(&DeviceRequest { counter: 0, ..kinds::request() }, &device).unwrap();
    let short_token = Enrolment { token: vec![5; 16].into(), ..kinds::enrolment() };
    let two_lines = Enrolment { name: Some("one\ntwo".into()), ..kinds::enrolment() };
    let presenter = EvidenceEnvelope { presenter: vec![8; 31].into(), ..kinds::evidence(&body()) };
    vec![
        ("request", "nothing at all", vec![]),
        ("request", "a signature that was changed", flipped(request.len() - 1)),
        ("request", "a payload that was changed", flipped(request.len() - 80)),
        ("request", "a byte too much", long),
        ("request", "signed by another key than it names", seal(&kinds::request(), &organisation).unwrap()),
        ("request", "another type in the header", other_type),
        ("request", "version 2", other_version),
        ("request", "counter 0", no_counter),
        ("request", "a field outside the schema", with("browsing", Value::Array(vec![]))),
        ("request", "a word outside its set", with("ask", Value::Text("shell".into()))),
        ("request", "an absent field", without("device_time")),
        ("enrolment", "a token of 16 bytes", seal(&short_token, &device).unwrap()),
        ("enrolment", "a name of two lines", seal(&two_lines, &device).unwrap()),
        ("evidence", "a presenter's key of 31 bytes", seal(&presenter, &device).unwrap()),
        ("report", "version 2", frame(2)),
        ("policy", "a request in its place", request),
    ]
}

/// The request with a field set, signed as it is.
fn with(field: &str, value: Value) -> Vec<u8> {
    let Value::Map(mut fields) = Value::serialized(&kinds::request()).unwrap() else { unreachable!() };
    fields.retain(|(key, _)| *key != Value::Text(field.into()));
    fields.push((Value::Text(field.into()), value));
    signed(Value::Map(fields))
}

fn without(field: &str) -> Vec<u8> {
    let Value::Map(mut fields) = Value::serialized(&kinds::request()).unwrap() else { unreachable!() };
    fields.retain(|(key, _)| *key != Value::Text(field.into()));
    signed(Value::Map(fields))
}

fn signed(value: Value) -> Vec<u8> {
    let payload = canonical::to_bytes(&canonical::sorted(value).unwrap()).unwrap();
    cose::sign(&kinds::device(), DeviceRequest::TYPE, &payload)
}

fn frame(version: u32) -> Vec<u8> {
    let report = Report { version, envelope: vec![1].into(), body: vec![2].into() };
    report.encode().unwrap()
}

/// Whether bytes are refused as a message of this kind.
fn is_refused(kind: &str, bytes: &[u8]) -> bool {
    fn by<M: Message>(bytes: &[u8], key: &PublicKey) -> bool {
        open::<M>(bytes, key).is_err()
    }
    let (device, organisation) = (kinds::device().public(), kinds::organisation().public());
    match kind {
        "request" => by::<DeviceRequest>(bytes, &device),
        "enrolment" => by::<Enrolment>(bytes, &device),
        "evidence" => by::<EvidenceEnvelope>(bytes, &device),
        "report" => Report::decode(bytes).is_err(),
        "policy" => by::<PolicyDocument>(bytes, &organisation),
        "successor" => by::<Successor>(bytes, &organisation),
        "acknowledgement" => by::<Acknowledgement>(bytes, &organisation),
        other => panic!("no kind {other}"),
    }
}

#[test]
fn what_must_be_refused_is() {
    let refused = refused();
    let told: Vec<_> =
        refused.iter().map(|(kind, why, bytes)| json!({ "kind": kind, "why": why, "bytes": hex(bytes) })).collect();
    hold_json("refused.json", &serde_json::Value::Array(told));
    for (kind, why, bytes) in refused {
        assert!(is_refused(kind, &bytes), "{kind}: {why}");
    }
}
