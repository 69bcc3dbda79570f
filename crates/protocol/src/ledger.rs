//! The holder's ledger: a numbered hash chain of who looked at a device's record, and of what was done with it.
//!
//! Each entry names the hash of the one before it, and each acknowledgement carries the signed head. So whoever drops,
//! changes or re-orders an entry is found out by the device that remembers a head.

use schemars::JsonSchema;
use seaworthy_model::canonical::{self, CanonicalError};
use seaworthy_model::{Timestamp, named};
use serde::{Deserialize, Serialize};

use crate::octets::Digest;

named! {
    /// What happened.
    EntryKind {
        /// The device was enrolled.
        Enrolled = "enrolled",
        /// Its enrolment was approved.
        Approved = "approved",
        /// Its record was read.
        Read = "read",
        /// It was among the devices that a query read.
        Listed = "listed",
        /// The holder took their data out.
        Exported = "exported",
        /// It was put into another unit.
        Moved = "moved",
        /// Another device took its place.
        Replaced = "replaced",
        /// It was revoked.
        Revoked = "revoked",
        /// One of its stamps was revoked; the device stays.
        StampRevoked = "stamp-revoked",
        /// Its key was used twice: a clone, or a restored snapshot.
        Forked = "forked",
        /// It left, and its data was erased.
        Left = "left",
    }
}

named! {
    /// The parts of a record that can be read.
    Field {
        /// Name and holder, as the holder typed them, unit and state.
        Identity = "identity",
        /// The verdict and when it turns.
        Verdict = "verdict",
        /// The findings.
        Findings = "findings",
        /// The claims of the newest body.
        Evidence = "evidence",
        /// Earlier reports and verdicts.
        History = "history",
        /// The stamps issued.
        Stamps = "stamps",
        /// This ledger.
        Ledger = "ledger",
    }
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Who {
    /// `person`, `token`, `device` or `server`, and its id.
    pub id: String,
    /// The name that people know it by.
    pub name: String,
    /// The role in which it acted.
    pub role: String,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    /// Its number; the first is 1.
    pub sequence: u64,
    /// When, by the server's clock.
    pub at: Timestamp,
    /// What happened.
    pub kind: EntryKind,
    /// Who did it.
    pub who: Who,
    /// Why, in the words of whoever did it.
    pub why: String,
    /// Which parts of the record.
    pub fields: Vec<Field>,
    /// The query, where a set of devices was read.
    pub query: Option<String>,
    /// The hash of the entry before; zeros before the first.
    pub previous: Digest,
}

impl Entry {
    /// Its hash: SHA-256 of its deterministic CBOR.
    pub fn hash(&self) -> Result<Digest, CanonicalError> {
        Ok(Digest::of(&canonical::encode(self)?))
    }
}

/// Where a ledger stands: the number and hash of its newest entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Head {
    /// Number of the newest entry; 0 for an empty ledger.
    pub sequence: u64,
    /// Its hash.
    pub hash: Digest,
}

impl Head {
    /// The head of an empty ledger.
    pub const EMPTY: Head = Head { sequence: 0, hash: Digest::ZERO };

    /// The head once this entry is written behind it.
    pub fn after(&self, entry: &Entry) -> Result<Head, Break> {
        let follows = entry.sequence == self.sequence.saturating_add(1) && entry.previous == self.hash;
        let hash = entry.hash().map_err(|_| Break::Entry(entry.sequence))?;
        if follows { Ok(Head { sequence: entry.sequence, hash }) } else { Err(Break::Entry(entry.sequence)) }
    }
}

/// Where a ledger does not hold together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Break {
    /// An entry is missing, was changed, or stands elsewhere.
    #[error("entry {0} does not follow the one before it")]
    Entry(u64),
    /// The ledger ends before a head that was signed earlier.
    #[error("the ledger ends at entry {has}, but entry {signed} was signed earlier")]
    Rewound {
        /// The newest entry there is.
        has: u64,
        /// The entry of the head that was signed.
        signed: u64,
    },
    /// The entry of a head that was signed earlier is another one now.
    #[error("entry {0} is not the one that was signed earlier")]
    Changed(u64),
}

/// A ledger that holds together. Only [`Ledger::verified`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    entries: Vec<Entry>,
    head: Head,
}

impl Ledger {
    /// Checks entries from the first on, against a head that an acknowledgement signed earlier.
    pub fn verified(entries: Vec<Entry>, signed: Head) -> Result<Ledger, Break> {
        let mut head = Head::EMPTY;
        let mut met = signed == Head::EMPTY;
        for entry in &entries {
            head = head.after(entry)?;
            if head.sequence == signed.sequence {
                met = head == signed;
            }
        }
        match met {
            true => Ok(Ledger { entries, head }),
            false if head.sequence < signed.sequence => {
                Err(Break::Rewound { has: head.sequence, signed: signed.sequence })
            }
            false => Err(Break::Changed(signed.sequence)),
        }
    }

    /// The entries, oldest first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The newest entry's number and hash.
    pub fn head(&self) -> Head {
        self.head
    }
}
