//! The organisation's log, read over HTTP as anybody can (tlog-tiles): proofs are made here, of tiles that are checked
//! against a checkpoint. Nothing is believed but what the log's key signed, which the organisation's keys named.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use seaworthy_protocol::{BatchPlace, Leaf, LeafKind, LogDocument, Octets, ProofError, extra, prove};
use seaworthy_tlog::{
    Algorithm, Checkpoint, FULL, LogProof, MAX_NOTE, Note, Policy, ReadFault, Tile, TilePath, Tiles, Tree, Verified,
    VerifierKey,
};
use serde::Deserialize;

use super::client::Client;
use super::trouble::Trouble;

/// Longest description of an organisation.
const MAX_DESCRIPTION: u64 = 1 << 20;
/// Longest answer about a batch.
const MAX_PLACE: u64 = 1024;
/// A tile has at most 256 hashes of 32 bytes.
const MAX_TILE: u64 = 8192;
/// How long one answer may take.
const LIMIT: Duration = Duration::from_secs(10);

/// What everybody may know of an organisation, as far as it is of use here.
#[derive(Deserialize)]
struct Description {
    log: Option<DescribedLog>,
}

#[derive(Deserialize)]
struct DescribedLog {
    document: Octets,
}

/// The sealed document in which an organisation says which log is its own; none if it has none.
pub fn described(client: &Client, organisation: impl Display) -> Result<Option<Octets>, Trouble> {
    let path = format!("/api/v1/organisations/{organisation}");
    let Some(bytes) = client.get(&path, MAX_DESCRIPTION, LIMIT)? else { return Ok(None) };
    let description: Description = serde_json::from_slice(&bytes).map_err(other)?;
    Ok(description.log.map(|log| log.document))
}

/// The log of the organisation.
pub struct LogReader<'a> {
    client: &'a Client,
    base: String,
    document: LogDocument,
    /// Accepts what the log's key signed; witnesses are for those who check.
    policy: Policy,
    tiles: RefCell<BTreeMap<TilePath, Arc<Tile>>>,
    batches: RefCell<BTreeMap<u64, u64>>,
}

/// A checkpoint that the log's key signed.
pub struct Seen {
    note: Note,
    checkpoint: Checkpoint,
}

impl Seen {
    /// How many entries the log has.
    pub const fn size(&self) -> u64 {
        self.checkpoint.size
    }
}

/// How a record stands to the log.
pub enum Placed {
    /// It is there.
    Proved(LogProof),
    /// The log has not taken it in yet.
    NotYet,
    /// Something else is there.
    Other(ProofError),
}

impl<'a> LogReader<'a> {
    /// The log that a document names, which the organisation's keys signed.
    pub fn open(client: &'a Client, document: LogDocument) -> Result<LogReader<'a>, Trouble> {
        let organisation = document.organisation.to_string();
        let key = VerifierKey::new(&document.origin, Algorithm::Ed25519, &document.key.0).map_err(other)?;
        let policy = Policy::parse(format!("log {key}\nquorum none\n").as_bytes()).map_err(other)?;
        let base = format!("/log/{}", organisation.get(..16).unwrap_or_default());
        let (tiles, batches) = Default::default();
        Ok(LogReader { client, base, document, policy, tiles, batches })
    }

    /// What the organisation says of it.
    pub const fn document(&self) -> &LogDocument {
        &self.document
    }

    /// The newest checkpoint.
    pub fn checkpoint(&self) -> Result<Seen, Trouble> {
        let bytes = self.get("checkpoint", MAX_NOTE as u64)?;
        let bytes = bytes.ok_or_else(|| Trouble::unreachable("the organisation's log has no checkpoint yet"))?;
        let note = Note::parse(&bytes).map_err(other)?;
        let checkpoint = self.policy.check(&note).map_err(other)?.checkpoint;
        Ok(Seen { note, checkpoint })
    }

    /// Finds a record, and proves it against a checkpoint.
    pub fn place(&self, seen: &Seen, kind: LeafKind, record: &[u8], leaf: &Leaf) -> Result<Placed, Trouble> {
        let Some(index) = self.index(leaf)?.filter(|index| *index < seen.size()) else { return Ok(Placed::NotYet) };
        let tiles = Verified::open(self, seen.size(), &seen.checkpoint.root).map_err(unread)?;
        let hashes = Tree::new(&tiles, seen.size()).inclusion(index, seen.size()).map_err(unread)?;
        let proof = LogProof { extra: Some(extra(kind, &leaf.salt)), index, hashes, note: seen.note.clone() };
        match prove(kind, record, &proof, &self.policy) {
            Ok(_) => Ok(Placed::Proved(proof)),
            Err(error) => Ok(Placed::Other(error)),
        }
    }

    /// The index of an entry, once its batch has one.
    fn index(&self, leaf: &Leaf) -> Result<Option<u64>, Trouble> {
        let known = self.batches.borrow().get(&leaf.batch).copied();
        let first = match known {
            Some(first) => Some(first),
            None => self.first(leaf.batch)?,
        };
        Ok(first.and_then(|first| first.checked_add(leaf.offset.into())))
    }

    fn first(&self, batch: u64) -> Result<Option<u64>, Trouble> {
        let Some(bytes) = self.get(&format!("batch/{batch:016x}"), MAX_PLACE)? else { return Ok(None) };
        let place: BatchPlace = serde_json::from_slice(&bytes).map_err(other)?;
        self.batches.borrow_mut().insert(batch, place.first);
        Ok(Some(place.first))
    }

    fn get(&self, path: &str, most: u64) -> Result<Option<Vec<u8>>, Trouble> {
        self.client.get(&format!("{}/{path}", self.base), most, LIMIT)
    }

    fn fetch(&self, path: &TilePath) -> Result<Option<Tile>, Unread> {
        let bytes = self.get(&path.to_string(), MAX_TILE).map_err(|trouble| Unread(trouble.failure().what))?;
        let tile = bytes.map(|bytes| Tile::parse(path, &bytes)).transpose();
        tile.map_err(|fault| Unread(fault.to_string()))
    }
}

/// A tile that was not got.
#[derive(Debug, thiserror::Error)]
#[error("the organisation's log: {0}")]
pub struct Unread(String);

impl Tiles for LogReader<'_> {
    type Error = Unread;

    fn hashes(&self, path: &TilePath) -> Result<Arc<Tile>, Unread> {
        if let Some(tile) = self.tiles.borrow().get(path) {
            return Ok(Arc::clone(tile));
        }
        let tile = match self.fetch(path)? {
            None if path.width() < FULL => self.fetch(&path.full())?,
            found => found,
        };
        let tile = Arc::new(tile.ok_or_else(|| Unread(format!("{path} is not there")))?);
        self.tiles.borrow_mut().insert(*path, Arc::clone(&tile));
        Ok(tile)
    }
}

fn unread(fault: ReadFault<impl std::error::Error + 'static>) -> Trouble {
    match fault {
        ReadFault::Read(error) => Trouble::unreachable(error.to_string()),
        fault => other(fault),
    }
}

fn other(fault: impl Display) -> Trouble {
    Trouble::untrusted(format!("the organisation's log: {fault}"))
}
