//! The log's records: which log an organisation has, what waits to be taken into it, and how far it has come.
//!
//! A record is put in line ([`Logs::enlist`]) in the transaction that writes it, so that there is no record without its
//! leaf. The sequencer gives what waits its place ([`Logs::order`]); that is final before any tile is written, so that
//! whoever writes the tiles of a size, however late, writes the same bytes. Then come the tiles, then
//! [`Logs::advance`], and what is published comes last ([`Logs::publish`]).

use seaworthy_model::Timestamp;
use seaworthy_protocol::{Digest, Leaf, LeafKind, LogEntry};

use super::Fault;
use crate::id::Id;

/// The log of an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRecord {
    /// Whose it is.
    pub organisation: Id,
    /// Its name: the first line of its checkpoints. It stays when the server's address changes.
    pub origin: String,
    /// The Ed25519 key that signs its checkpoints.
    pub key: [u8; 32],
    /// The Ed25519 key that signs the organisation's status lists.
    pub statuses: [u8; 32],
    /// The sealed `LogDocument`.
    pub sealed: Vec<u8>,
    /// Since when.
    pub since: Timestamp,
}

/// A checkpoint as it is kept: the signed note and the size that it says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// How many entries the tree has.
    pub size: u64,
    /// The note, with its signatures.
    pub note: Vec<u8>,
}

/// How far a log has come. Sizes only grow: published ≤ signed ≤ ordered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogState {
    /// How many entries have their places.
    pub ordered: u64,
    /// The newest checkpoint that the log's key signed; of size 0 and without a note before the first.
    pub signed: SignedCheckpoint,
    /// The newest one that was published, with the witnesses' cosignatures.
    pub published: SignedCheckpoint,
}

/// A batch that has its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderedBatch {
    /// The batch.
    pub batch: u64,
    /// The index of its first entry.
    pub first: u64,
    /// Its entries.
    pub entries: Vec<LogEntry>,
}

/// How a record is called within its kind. Records are read in this order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordName {
    /// The device that it is of, if it is of one.
    pub device: Option<Digest>,
    /// Its number, or its instant in seconds.
    pub number: i64,
    /// What tells those of one number apart.
    pub id: Vec<u8>,
}

/// A record as an audit meets it: by what the log can tell, and nothing of what it says. So no look is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRecord {
    /// Its name.
    pub name: RecordName,
    /// How the log commits to it.
    pub commitment: Commitment,
}

/// How the log commits to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commitment {
    /// Not at all: it tells of a look that is committed to once, or it is what is left of an erased device.
    Nothing,
    /// It has no leaf; when it was written, as it says itself.
    Lacking(Timestamp),
    /// Its leaf, and the entry that it makes.
    Leaf(Leaf, LogEntry),
    /// It does not agree with itself any more.
    Broken,
}

/// Logs.
pub trait Logs {
    /// The log of an organisation.
    fn log(&mut self, organisation: Id) -> Result<Option<LogRecord>, Fault>;
    /// Adds a log. An organisation has one: a second is a [`Fault::Conflict`].
    fn add_log(&mut self, log: &LogRecord) -> Result<(), Fault>;
    /// Puts records in line, as one batch. The store draws the batch's number and a salt for each record from the
    /// system's random source; a leaf for each record, in their order. Without records nothing is written.
    fn enlist(&mut self, organisation: Id, at: Timestamp, records: &[(LeafKind, &[u8])]) -> Result<Vec<Leaf>, Fault>;
    /// How far the log has come.
    fn log_state(&mut self, organisation: Id) -> Result<LogState, Fault>;
    /// How many batches wait for their place.
    fn waiting(&mut self, organisation: Id) -> Result<u64, Fault>;
    /// Takes the right to sequence until an instant, for a holder that draws its own id; false where another holder
    /// has it at `at`. Only to save work: two that sequence at once do no harm.
    fn lease(&mut self, organisation: Id, holder: Id, at: Timestamp, until: Timestamp) -> Result<bool, Fault>;
    /// Gives batches that wait their places behind those that have one, those of earlier instants first, until at least
    /// `most` entries got one or none waits; how many entries have their places then. Two calls act one after the other.
    /// Without a log nothing gets a place: what waits goes on waiting.
    fn order(&mut self, organisation: Id, most: u32) -> Result<u64, Fault>;
    /// The batches that have entries from an index on and are not yet in a signed tree, in their order, up to at least
    /// `most` entries.
    fn ordered(&mut self, organisation: Id, from: u64, most: u32) -> Result<Vec<OrderedBatch>, Fault>;
    /// Compare-and-swap of the signed checkpoint: takes the new one if that of size `from` is still the newest, and drops
    /// the entries of the batches that lie wholly in it (their places stay known). Whether it did: never for one that is
    /// smaller, or that covers what has no place.
    fn advance(&mut self, organisation: Id, from: u64, to: &SignedCheckpoint) -> Result<bool, Fault>;
    /// Takes a published checkpoint if it is larger than the one before, or of the same size with other cosignatures.
    /// Whether it did: never for one that is larger than what is signed.
    fn publish(&mut self, organisation: Id, checkpoint: &SignedCheckpoint) -> Result<bool, Fault>;
    /// For a store that was restored and is behind the tiles: takes a checkpoint of the log's own key as signed,
    /// published and ordered, as far as it is ahead. Batches that have places below its size keep them.
    fn adopt(&mut self, organisation: Id, checkpoint: &SignedCheckpoint) -> Result<(), Fault>;
    /// The index of the first entry of each batch, where it has its place.
    fn places(&mut self, organisation: Id, batches: &[u64]) -> Result<Vec<Option<u64>>, Fault>;
    /// Which of these batches wait for their place.
    fn wait(&mut self, organisation: Id, batches: &[u64]) -> Result<Vec<bool>, Fault>;
    /// The records of a kind after one of them, in the order of their names, at most `limit`.
    fn kept(
        &mut self,
        organisation: Id,
        kind: LeafKind,
        after: Option<&RecordName>,
        limit: u32,
    ) -> Result<Vec<KeptRecord>, Fault>;
    /// The digests of the bodies after one of them, in their order, at most `limit`; and whether each is that of its bytes.
    fn kept_bodies(
        &mut self,
        organisation: Id,
        after: Option<&Digest>,
        limit: u32,
    ) -> Result<Vec<(Digest, bool)>, Fault>;
}
