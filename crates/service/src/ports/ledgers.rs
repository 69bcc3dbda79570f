//! The holders' ledgers, and the reads of whole sets that each covered device's ledger tells of later.

use seaworthy_model::Timestamp;
use seaworthy_protocol::{Digest, Entry, Field, Leaf, Who};

use super::Fault;
use crate::access::Access;
use crate::id::Id;

/// An entry of a device's ledger, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The device.
    pub device: Digest,
    /// The entry.
    pub entry: Entry,
    /// The number of the look at a set that it tells of, if it does; none for one that is older than the log.
    pub set_read: Option<u64>,
    /// Its leaf of the log; none for one that is older than the log, or that tells of a look at a set.
    pub leaf: Option<Leaf>,
}

/// A read of a set of devices. One record, with its query; told in the ledger of each device that it covered as soon as
/// the server next answers that device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetRead {
    /// The organisation.
    pub organisation: Id,
    /// Its number in the organisation, counted up from 1; 0 before it is stored.
    pub number: u64,
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
    /// The units that it covered.
    pub units: Vec<Id>,
    /// Its leaf of the log; none for one that is older than the log.
    pub leaf: Option<Leaf>,
}

/// Ledgers.
pub trait Ledgers {
    /// Adds entries behind the devices' ledgers. An entry of a number that exists is a [`Fault::Conflict`].
    fn add_entries(&mut self, organisation: Id, entries: &[LedgerEntry]) -> Result<(), Fault>;
    /// The entries of a device after a number, oldest first, at most `limit`.
    fn entries(&mut self, access: &Access, after: u64, limit: u32) -> Result<Vec<LedgerEntry>, Fault>;
    /// Adds a set read and returns its number.
    fn add_set_read(&mut self, read: &SetRead) -> Result<u64, Fault>;
    /// The set reads of an organisation after a number, oldest first, at most `limit`.
    fn set_reads(&mut self, organisation: Id, after: u64, limit: u32) -> Result<Vec<SetRead>, Fault>;
    /// The number of the newest set read; 0 without any.
    fn newest_set_read(&mut self, organisation: Id) -> Result<u64, Fault>;
}
