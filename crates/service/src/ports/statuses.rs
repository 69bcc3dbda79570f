//! Status lists, whose places stamps get as they are issued, and the stamps that were revoked.
//!
//! Places are handed out by counters: which place a counter stands for is the list's secret. A server reserves counters
//! in blocks, in transactions of their own, so that intake has no row that all replicas meet in. Counters that a server
//! reserved and lost stay unused.

use seaworthy_model::Timestamp;
use seaworthy_protocol::{Digest, Leaf, RevocationReason};

use super::{Fault, StampRecord, StatusPlace};
use crate::id::Id;

/// How many places a status list has.
pub const STATUS_PLACES: u32 = 1 << 20;
/// A list that has handed out so many counters hands out no more: the next one follows.
pub const STATUS_FULL: u32 = 900_000;

/// A status list of an organisation.
#[derive(Clone, PartialEq, Eq)]
pub struct StatusListRecord {
    /// Whose it is.
    pub organisation: Id,
    /// Its number, from 0.
    pub number: u32,
    /// Its address, by which stamps name it. It stays when the server's address changes.
    pub address: String,
    /// The secret that says which place each counter stands for, and which of the places left are decoys.
    pub seed: [u8; 32],
    /// How many counters are handed out.
    pub handed_out: u32,
    /// Since when.
    pub opened_at: Timestamp,
}

/// Without the secret.
impl std::fmt::Debug for StatusListRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let StatusListRecord { organisation, number, address, seed: _, handed_out, opened_at } = self;
        write!(f, "status list {number} of {organisation} at {address}: {handed_out} handed out since {opened_at}")
    }
}

/// A stamp that was revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// The organisation.
    pub organisation: Id,
    /// Where its status stands.
    pub status: StatusPlace,
    /// The address of that list, which keeps it.
    pub address: String,
    /// The stamp's id.
    pub stamp: Id,
    /// The device it was issued to.
    pub device: Digest,
    /// Why.
    pub reason: RevocationReason,
    /// When.
    pub at: Timestamp,
    /// Its leaf of the log.
    pub leaf: Option<Leaf>,
}

/// Status lists and revocations. Nothing here is shown to people, so that no look need be written down; what
/// [`StatusLists::stamps_in_force`] and [`StatusLists::stamp`] return serves to revoke stamps, and to say of stamps that
/// were read with an [`Access`](crate::access::Access) whether they are in force.
pub trait StatusLists {
    /// The list of the highest number.
    fn newest_status_list(&mut self, organisation: Id) -> Result<Option<StatusListRecord>, Fault>;
    /// All lists of an organisation, in the order of their numbers.
    fn status_lists(&mut self, organisation: Id) -> Result<Vec<StatusListRecord>, Fault>;
    /// Opens a list; one of the same number stays. Whoever opens one at the same time waits, so that reading the newest
    /// one afterwards tells both the same.
    fn open_status_list(&mut self, list: &StatusListRecord) -> Result<(), Fault>;
    /// Hands out so many counters of a list, and says the first of them; none where the list is not there, is full
    /// ([`STATUS_FULL`]), or has not so many left. No counter is handed out twice, whoever asks at the same time.
    fn reserve(&mut self, organisation: Id, number: u32, counters: u32) -> Result<Option<u32>, Fault>;
    /// Adds revocations; one of the same place stays.
    fn add_revocations(&mut self, revocations: &[Revocation]) -> Result<(), Fault>;
    /// The revocations of a list, in the order of places.
    fn revocations(&mut self, organisation: Id, list: u32) -> Result<Vec<Revocation>, Fault>;
    /// How many revocations a list has. There are never fewer.
    fn count_revocations(&mut self, organisation: Id, list: u32) -> Result<u32, Fault>;
    /// The stamps of a device that nobody has revoked and whose end is after an instant, oldest first.
    fn stamps_in_force(&mut self, organisation: Id, device: &Digest, at: Timestamp) -> Result<Vec<StampRecord>, Fault>;
    /// A stamp that a device was issued.
    fn stamp(&mut self, organisation: Id, device: &Digest, id: Id) -> Result<Option<StampRecord>, Fault>;
}
