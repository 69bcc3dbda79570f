//! One message of each kind, always the same.

use seaworthy_model::{Grants, Policy, Rule, RuleKind, Severity, Timestamp};
use seaworthy_protocol::{
    Acknowledgement, Ask, DeviceRequest, Digest, Enrolment, Entry, EntryKind, EvidenceEnvelope, Field, Head, Octets,
    PolicyDocument, Reception, Successor, VERSION, Who, digest_of,
};
use seaworthy_stamp::SigningKey;

pub fn t(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32]).unwrap()
}

/// The device's key.
pub fn device() -> SigningKey {
    key(7)
}

/// The organisation's first key.
pub fn organisation() -> SigningKey {
    key(1)
}

/// The key after it.
pub fn successor() -> SigningKey {
    key(2)
}

pub fn id(key: &SigningKey) -> Digest {
    key.public().id().into()
}

pub fn public(key: &SigningKey) -> Octets {
    Octets(key.public().as_bytes().to_vec())
}

pub fn enrolment() -> Enrolment {
    Enrolment {
        version: VERSION,
        organisation: id(&organisation()),
        token: Octets(vec![5; 32]),
        key: public(&device()),
        counter: 1,
        device_time: t("2026-11-24T09:00:00Z"),
        policy: digest_of(&policy()).unwrap(),
        name: Some("workshop 3".into()),
        holder: None,
        replaces: None,
    }
}

pub fn evidence(body: &[u8]) -> EvidenceEnvelope {
    EvidenceEnvelope {
        version: VERSION,
        organisation: id(&organisation()),
        key: public(&device()),
        counter: 2,
        inspected_at: t("2026-11-24T09:05:00Z"),
        nonce: Some(Digest::from_bytes([9; 32])),
        policy: digest_of(&policy()).unwrap(),
        body: Digest::of(body),
        presenter: public(&key(8)),
    }
}

pub fn request() -> DeviceRequest {
    DeviceRequest {
        version: VERSION,
        organisation: id(&organisation()),
        key: public(&device()),
        counter: 3,
        device_time: t("2026-11-24T09:10:00Z"),
        ask: Ask::Ledger,
    }
}

pub fn acknowledgement(answers: Digest) -> Acknowledgement {
    let ledger = ledger().iter().fold(Head::EMPTY, |head, entry| head.after(entry).unwrap());
    Acknowledgement {
        version: VERSION,
        device: id(&device()),
        answers,
        reception: Reception::Live,
        counter: 2,
        received_at: t("2026-11-24T09:05:02Z"),
        nonce: Digest::from_bytes([10; 32]),
        ledger,
        policy: digest_of(&policy()).unwrap(),
    }
}

pub fn policy() -> PolicyDocument {
    let rules = vec![
        Rule { kind: RuleKind::Catalog { max_age_days: 7 }, severity: Severity::Major },
        Rule { kind: RuleKind::Firewall, severity: Severity::Minor },
    ];
    PolicyDocument {
        version: VERSION,
        organisation: id(&organisation()),
        sequence: 4,
        issued_at: t("2026-11-01T00:00:00Z"),
        policy: Policy {
            name: "house-rules".into(),
            version: 2,
            title: "What our devices are held to".into(),
            source: "https://example.org/rules".into(),
            cadence_days: 30,
            rules,
        },
        grants: Grants { update_names: false },
    }
}

pub fn succession() -> Successor {
    let since = t("2026-11-02T00:00:00Z");
    Successor { version: VERSION, before: id(&organisation()), key: public(&successor()), since }
}

/// Three entries that follow each other.
pub fn ledger() -> Vec<Entry> {
    let device = id(&device());
    let holder = Who { id: format!("device:{device}"), name: "holder".into(), role: "holder".into() };
    let reviewer = Who { id: "person:12".into(), name: "Rita Reviewer".into(), role: "reviewer".into() };
    let query = Some("state = fail".to_owned());
    let mut entries = vec![
        entry(EntryKind::Enrolled, "2026-11-24T09:00:01Z", holder, "enrolled", &[], None),
        entry(EntryKind::Read, "2026-11-24T09:01:00Z", reviewer.clone(), "a call", &[Field::Findings], None),
        entry(EntryKind::Listed, "2026-11-24T09:02:00Z", reviewer, "weekly look", &[Field::Verdict], query),
    ];
    let mut head = Head::EMPTY;
    for entry in &mut entries {
        (entry.sequence, entry.previous) = (head.sequence + 1, head.hash);
        head = head.after(entry).unwrap();
    }
    entries
}

fn entry(kind: EntryKind, at: &str, who: Who, why: &str, fields: &[Field], query: Option<String>) -> Entry {
    let (fields, why) = (fields.to_vec(), why.to_owned());
    Entry { sequence: 0, at: t(at), kind, who, why, fields, query, previous: Digest::ZERO }
}
