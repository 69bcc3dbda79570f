//! Whether what is kept beside what the log commits to agrees with it: a record is committed to by its digest or its sealed
//! form, and other columns repeat what these say.

use seaworthy_model::canonical;
use seaworthy_protocol::{Digest, EvidenceEnvelope, PolicyDocument, digest_of};
use seaworthy_stamp::cose;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::ports::{PolicyRecord, Reading};

/// Whether a reading is that of its envelope.
pub fn of_reading(reading: &Reading) -> bool {
    let says = |envelope: EvidenceEnvelope| {
        Digest::of(&envelope.key.0) == reading.device
            && envelope.counter == reading.counter
            && envelope.inspected_at == reading.device_time
            && envelope.body == reading.body
    };
    Digest::of(&reading.envelope) == reading.message && said(&reading.envelope).is_some_and(says)
}

/// Whether a policy's record is that of its document.
pub fn of_policy(record: &PolicyRecord) -> bool {
    let says = |document: PolicyDocument| {
        let policy = document.policy.canonical_bytes().is_ok_and(|bytes| Digest::of(&bytes) == record.policy);
        policy
            && digest_of(&document) == Ok(record.digest)
            && document.sequence == record.sequence
            && document.issued_at == record.issued_at
            && document.policy.name == record.name
    };
    said(&record.sealed).is_some_and(says)
}

/// What a sealed message says. Its bytes are what the log commits to; whose signature they bear is asked elsewhere.
fn said<M: Serialize + DeserializeOwned>(sealed: &[u8]) -> Option<M> {
    let message = cose::Message::read(sealed).ok()?;
    canonical::decode(message.dangerous_unverified_payload()).ok()
}
