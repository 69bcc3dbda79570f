//! What the log commits to. An entry of the log is a version byte and a salted hash of a record; who may see the record
//! gets the salt with it, and nobody else learns more than that something happened. `docs/spec/log.md` has the table.

use std::fmt;

use schemars::JsonSchema;
use seaworthy_model::canonical::{self, CanonicalError};
use seaworthy_model::{Timestamp, named};
use seaworthy_stamp::sha256;
use serde::{Deserialize, Serialize};

use crate::ledger::{Entry, Field, Who};
use crate::octets::{Digest, Octets};

named! {
    /// The kinds of records that the log commits to.
    LeafKind {
        /// A stamp: the `Sig_structure` that its signature covers (RFC 9052 §4.4).
        Stamp = "stamp",
        /// A report that was taken in: [`ReportLeaf`].
        Report = "report",
        /// An entry of a holder's ledger: [`EntryLeaf`].
        Entry = "entry",
        /// A look at a set of devices: [`SetReadLeaf`].
        SetRead = "set-read",
        /// A policy: the sealed `PolicyDocument`.
        Policy = "policy",
        /// A policy put in force: [`AssignmentLeaf`].
        Assignment = "assignment",
        /// A catalog put in force: [`CatalogLeaf`].
        Catalog = "catalog",
        /// A stamp that was revoked: [`RevocationLeaf`].
        Revocation = "revocation",
        /// A key of the organisation, made or revoked: [`KeyLeaf`].
        Key = "key",
    }
}

impl LeafKind {
    /// The number that is hashed.
    pub const fn number(self) -> u8 {
        match self {
            LeafKind::Stamp => 1,
            LeafKind::Report => 2,
            LeafKind::Entry => 3,
            LeafKind::SetRead => 4,
            LeafKind::Policy => 5,
            LeafKind::Assignment => 6,
            LeafKind::Catalog => 7,
            LeafKind::Revocation => 8,
            LeafKind::Key => 9,
        }
    }

    /// The kind of a number.
    pub fn of_number(number: u8) -> Option<LeafKind> {
        LeafKind::ALL.iter().copied().find(|kind| kind.number() == number)
    }
}

/// Version of the form of entries.
const ENTRY_VERSION: u8 = 1;
/// Bytes of an entry of the log.
pub const LOG_ENTRY: usize = 33;
/// What every hash begins with, so that it is no hash of anything else.
const CONTEXT: &[u8] = b"seaworthy log entry v1\0";

/// An entry of the log: the version and the salted hash.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LogEntry([u8; LOG_ENTRY]);

impl LogEntry {
    /// The entry of a record: version 1, then SHA-256 of context, number of the kind, salt and record.
    pub fn of(kind: LeafKind, salt: &Salt, record: &[u8]) -> LogEntry {
        let hashed = [CONTEXT, &[kind.number()], &salt.0, record].concat();
        let mut entry = [ENTRY_VERSION; LOG_ENTRY];
        for (place, byte) in entry.iter_mut().skip(1).zip(sha256(&hashed)) {
            *place = byte;
        }
        LogEntry(entry)
    }

    /// Takes bytes as they stand in the log, or `None` if no entry of ours has that form.
    pub fn from_bytes(bytes: &[u8]) -> Option<LogEntry> {
        let entry: [u8; LOG_ENTRY] = bytes.try_into().ok()?;
        (bytes.first() == Some(&ENTRY_VERSION)).then_some(LogEntry(entry))
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; LOG_ENTRY] {
        &self.0
    }
}

impl fmt::Debug for LogEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Octets(self.0.to_vec()), f)
    }
}

/// What keeps an entry from telling its record: 32 random bytes, destroyed when the record is erased.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt([u8; 32]);

impl Salt {
    /// Takes random bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Salt {
        Salt(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Never shown by accident.
impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a salt")
    }
}

/// What opens an entry, and where it is: its salt, the batch of records that it was put in line with, and its place in it.
/// Which entry of the log the batch begins with is known once the batch is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// The salt.
    pub salt: Salt,
    /// The batch: a random number.
    pub batch: u64,
    /// The place in the batch, from 0.
    pub offset: u32,
}

impl Leaf {
    /// 44 bytes: salt, batch and place, both with the highest byte first.
    pub fn to_bytes(self) -> [u8; 44] {
        let mut bytes = [0; 44];
        let parts = self.salt.0.into_iter().chain(self.batch.to_be_bytes()).chain(self.offset.to_be_bytes());
        bytes.iter_mut().zip(parts).for_each(|(place, byte)| *place = byte);
        bytes
    }

    /// Reads [`Leaf::to_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Option<Leaf> {
        let (salt, rest) = bytes.split_first_chunk()?;
        let (batch, rest) = rest.split_first_chunk()?;
        let offset = rest.try_into().ok()?;
        Some(Leaf { salt: Salt(*salt), batch: u64::from_be_bytes(*batch), offset: u32::from_be_bytes(offset) })
    }
}

impl Serialize for Leaf {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Octets(self.to_bytes().to_vec()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Leaf {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Leaf, D::Error> {
        let bytes = Octets::deserialize(deserializer)?;
        Leaf::from_bytes(&bytes.0).ok_or_else(|| serde::de::Error::custom("not the 44 bytes of a leaf"))
    }
}

impl JsonSchema for Leaf {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Leaf".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Octets::json_schema(generator)
    }
}

/// The bytes of a record that is hashed: its deterministic CBOR.
pub fn record<R: Serialize>(record: &R) -> Result<Vec<u8>, CanonicalError> {
    canonical::encode(record)
}

/// A report that was taken in. The envelope, which `message` names, names the body in turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportLeaf {
    /// SHA-256 of the device's key.
    pub device: Digest,
    /// SHA-256 of the sealed envelope.
    pub message: Digest,
    /// When it came in.
    pub received_at: Timestamp,
    /// The instant for which it is appraised.
    pub inspected_at: Timestamp,
    /// Its nonce was live.
    pub live: bool,
}

/// An entry of a holder's ledger. Looks at sets are committed to once, by [`SetReadLeaf`], and not again for each device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryLeaf {
    /// SHA-256 of the device's key.
    pub device: Digest,
    /// The entry.
    pub entry: Entry,
}

/// A look at a set of devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SetReadLeaf {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: Who,
    /// Why.
    pub why: String,
    /// What of each device.
    pub fields: Vec<Field>,
    /// The query.
    pub query: String,
    /// The ids of the units that it covered.
    pub units: Vec<Octets>,
}

impl SetReadLeaf {
    /// Whether this is the look that an entry of a holder's ledger tells of.
    pub fn is_told_by(&self, entry: &Entry) -> bool {
        entry.at == self.at
            && entry.who == self.who
            && entry.why == self.why
            && entry.fields == self.fields
            && entry.query.as_ref() == Some(&self.query)
    }
}

/// A policy document put in force for a unit and all below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignmentLeaf {
    /// The id of the unit.
    pub unit: Octets,
    /// From when on.
    pub since: Timestamp,
    /// The number of the document.
    pub sequence: u64,
}

/// A catalog put in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogLeaf {
    /// SHA-256 of its deterministic CBOR.
    pub digest: Digest,
    /// From when on.
    pub since: Timestamp,
}

named! {
    /// Why a stamp was revoked.
    RevocationReason {
        /// Its device was lost, or taken out of use.
        Lost = "lost",
        /// Its device's key was used twice.
        Cloned = "cloned",
        /// Its device left the organisation.
        Left = "left",
        /// Another device took its device's place.
        Replaced = "replaced",
        /// An inspector decided so; the ledger has the words.
        Inspector = "inspector",
    }
}

/// A stamp that was revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationLeaf {
    /// The stamp's id.
    pub stamp: Octets,
    /// The address of its status list.
    pub list: String,
    /// Its place in that.
    pub place: u64,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: RevocationReason,
}

/// A key that speaks for the organisation, or no longer does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyLeaf {
    /// Its place in the chain, from 0.
    pub place: u32,
    /// The key.
    pub key: Octets,
    /// The sealed `Successor`; empty for the first.
    pub successor: Octets,
    /// Since when.
    pub since: Timestamp,
    /// From when on nothing that it signed may be believed.
    pub revoked_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_numbers_of_their_own() {
        for (place, kind) in LeafKind::ALL.iter().enumerate() {
            assert_eq!(usize::from(kind.number()), place + 1);
            assert_eq!(LeafKind::of_number(kind.number()), Some(*kind));
        }
        assert_eq!(LeafKind::of_number(0), None);
    }

    #[test]
    fn an_entry_depends_on_all_that_it_commits_to() {
        let salt = Salt([7; 32]);
        let entry = LogEntry::of(LeafKind::Stamp, &salt, b"record");
        assert_eq!(LogEntry::from_bytes(entry.as_bytes()), Some(entry));
        assert_eq!(LogEntry::from_bytes(&[0; LOG_ENTRY]), None);
        assert_eq!(LogEntry::from_bytes(&[1; 32]), None);
        for other in [
            LogEntry::of(LeafKind::Report, &salt, b"record"),
            LogEntry::of(LeafKind::Stamp, &Salt([8; 32]), b"record"),
            LogEntry::of(LeafKind::Stamp, &salt, b"records"),
        ] {
            assert_ne!(other, entry);
        }
    }

    #[test]
    fn a_leaf_is_read_back() {
        let leaf = Leaf { salt: Salt([9; 32]), batch: u64::MAX - 1, offset: 70_000 };
        assert_eq!(Leaf::from_bytes(&leaf.to_bytes()), Some(leaf));
        assert_eq!(Leaf::from_bytes(&[0; 43]), None);
        assert_eq!(Leaf::from_bytes(&[0; 45]), None);
        let json = serde_json::to_string(&leaf).unwrap();
        assert_eq!(serde_json::from_str::<Leaf>(&json).unwrap(), leaf);
    }
}
