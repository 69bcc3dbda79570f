//! What the log commits to, of each kind: the vectors under `docs/spec/vectors/log/`. The hash is worked out here from the
//! page's words.

use std::fs;

use seaworthy_model::canonical;
use seaworthy_protocol::{
    AssignmentLeaf, CatalogLeaf, Digest, EntryLeaf, Field, KeyLeaf, LeafKind, LogDocument, LogEntry, Octets,
    ReportLeaf, RevocationLeaf, RevocationReason, Salt, SetReadLeaf, Successor, VERSION, open, record, seal,
};
use seaworthy_stamp::{Stamp, sha256};
use serde::Serialize;
use serde_json::{Value, json};

use crate::kinds::{self, id, public, t};
use crate::vectors::{folder, hex, hold_in};

/// The salt of each vector.
const SALT: [u8; 32] = [0x5a; 32];

fn report() -> ReportLeaf {
    ReportLeaf {
        device: id(&kinds::device()),
        message: Digest::of(b"a sealed envelope"),
        received_at: t("2026-11-24T09:05:02Z"),
        inspected_at: t("2026-11-24T09:05:00Z"),
        live: true,
    }
}

fn entry() -> EntryLeaf {
    EntryLeaf { device: id(&kinds::device()), entry: kinds::ledger().remove(1) }
}

/// The look that the third entry of the ledger tells of.
fn set_read() -> SetReadLeaf {
    let told = kinds::ledger().remove(2);
    SetReadLeaf {
        at: told.at,
        who: told.who,
        why: told.why,
        fields: vec![Field::Verdict],
        query: told.query.unwrap(),
        units: vec![Octets(vec![4; 16]), Octets(vec![6; 16])],
    }
}

fn assignment() -> AssignmentLeaf {
    AssignmentLeaf { unit: Octets(vec![4; 16]), since: t("2026-11-01T00:00:05Z"), sequence: 4 }
}

fn catalog() -> CatalogLeaf {
    CatalogLeaf { digest: Digest::of(b"a catalog"), since: t("2026-11-03T00:00:00Z") }
}

fn revocation() -> RevocationLeaf {
    RevocationLeaf {
        stamp: Octets(vec![9; 16]),
        list: "https://seaworthy.example/status/1325b850c2871916/1".into(),
        place: 70_000,
        at: t("2026-11-25T00:00:00Z"),
        reason: RevocationReason::Lost,
    }
}

fn key() -> KeyLeaf {
    let succession: Successor = kinds::succession();
    KeyLeaf {
        place: 1,
        key: public(&kinds::successor()),
        successor: seal(&succession, &kinds::organisation()).unwrap().into(),
        since: succession.since,
        revoked_at: None,
    }
}

/// A record of each kind: what it says, for people, and the bytes that are hashed.
fn records() -> Vec<(LeafKind, Value, Vec<u8>)> {
    fn of<R: Serialize>(kind: LeafKind, leaf: &R) -> (LeafKind, Value, Vec<u8>) {
        (kind, json!(leaf), record(leaf).unwrap())
    }
    let stamp = fs::read(folder("stamp").join("organisation.txt")).unwrap();
    let stamp = Stamp::read(&stamp).unwrap().to_be_signed().unwrap();
    let policy = seal(&kinds::policy(), &kinds::organisation()).unwrap();
    vec![
        (LeafKind::Stamp, json!("the Sig_structure of stamp/organisation.txt"), stamp),
        of(LeafKind::Report, &report()),
        of(LeafKind::Entry, &entry()),
        of(LeafKind::SetRead, &set_read()),
        (LeafKind::Policy, json!("messages/policy.cbor"), policy),
        of(LeafKind::Assignment, &assignment()),
        of(LeafKind::Catalog, &catalog()),
        of(LeafKind::Revocation, &revocation()),
        of(LeafKind::Key, &key()),
    ]
}

/// The entry by the words of the page.
fn entry_of(kind: u8, hashed: &[u8]) -> Vec<u8> {
    let preimage = [b"seaworthy log entry v1\0".as_slice(), &[kind], &SALT, hashed].concat();
    [[1].as_slice(), &sha256(&preimage)].concat()
}

#[test]
fn what_is_committed_is_what_the_vectors_say() {
    let records = records();
    let covered: Vec<LeafKind> = records.iter().map(|(kind, ..)| *kind).collect();
    assert_eq!(covered, LeafKind::ALL, "every kind has a vector");
    let told = records.into_iter().map(|(kind, says, hashed)| {
        let entry = LogEntry::of(kind, &Salt::from_bytes(SALT), &hashed);
        assert_eq!(entry.as_bytes().as_slice(), entry_of(kind.number(), &hashed), "{kind}");
        let (hashed, entry) = (hex(&hashed), hex(entry.as_bytes()));
        json!({ "kind": kind.name(), "number": kind.number(), "says": says, "record": hashed, "entry": entry })
    });
    let document = json!({ "salt": hex(&SALT), "entries": told.collect::<Vec<_>>() });
    let text = format!("{}\n", serde_json::to_string_pretty(&document).unwrap());
    hold_in("log", "entries.json", text.as_bytes());
}

#[test]
fn the_page_names_every_kind_by_its_number() {
    let page = include_str!("../../../../docs/spec/log.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" | `"));
    let rows = rows.filter_map(|(number, rest)| Some((number.parse::<u8>().ok()?, rest.split('`').next()?)));
    let named: Vec<(u8, &str)> = LeafKind::ALL.iter().map(|kind| (kind.number(), kind.name())).collect();
    assert_eq!(rows.collect::<Vec<_>>(), named);
}

#[test]
fn a_look_is_told_by_its_entry_alone() {
    let mut ledger = kinds::ledger();
    let (look, told) = (set_read(), ledger.remove(2));
    assert!(look.is_told_by(&told));
    assert!(!look.is_told_by(&ledger[1]));
    assert!(!SetReadLeaf { query: "state = pass".into(), ..look }.is_told_by(&told));
}

/// A log's document as the organisation's first key signs it.
pub fn log_document() -> LogDocument {
    LogDocument {
        version: VERSION,
        organisation: id(&kinds::organisation()),
        origin: "seaworthy.example/log/1325b850c2871916".into(),
        key: public(&kinds::key(11)),
        statuses: public(&kinds::key(12)),
        since: t("2026-11-01T00:00:01Z"),
    }
}

#[test]
fn a_log_is_believed_by_any_key_of_the_chain() {
    let (first, next, other) = (kinds::organisation(), kinds::successor(), kinds::device());
    let sealed = seal(&log_document(), &first).unwrap();
    let chain = [first.public(), next.public()];
    assert_eq!(LogDocument::read(&sealed, &chain), Ok(log_document()));
    assert_eq!(LogDocument::read(&sealed, &[next.public()]), open(&sealed, &next.public()));
    assert!(LogDocument::read(&seal(&log_document(), &other).unwrap(), &chain).is_err());
    let short = LogDocument { statuses: Octets(vec![1; 31]), ..log_document() };
    assert!(LogDocument::read(&seal(&short, &first).unwrap(), &chain).is_err());
    let spaced = LogDocument { origin: "two words".into(), ..log_document() };
    assert!(LogDocument::read(&seal(&spaced, &first).unwrap(), &chain).is_err());
    let canonical = canonical::encode(&log_document()).unwrap();
    assert!(LogDocument::read(&canonical, &chain).is_err(), "unsigned");
}
