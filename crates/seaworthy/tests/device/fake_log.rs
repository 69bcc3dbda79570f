//! The log of a made organisation, up to 255 entries, and how it misbehaves.

use std::collections::BTreeMap;

use seaworthy_protocol::{
    BatchPlace, Digest, Entry, EntryLeaf, Leaf, LeafKind, LedgerProof, LogDocument, LogEntry, Octets, Salt, VERSION,
    record,
};
use seaworthy_stamp::{SigningKey, Stamp};
use seaworthy_tlog::{Algorithm, Checkpoint, Hash, Signer, Tile, TilePath, VerifierKey};

/// The log's name.
pub const ORIGIN: &str = "log.example/harbour";

/// A log.
pub struct Log {
    entries: Vec<LogEntry>,
    batches: BTreeMap<u64, u64>,
    ledger: BTreeMap<u64, Leaf>,
    /// It takes nothing in for now.
    pub is_slow: bool,
    /// It signs its checkpoints with another key than the one named.
    pub is_forged: bool,
    /// It says nothing of where entries of the ledger are.
    pub is_silent: bool,
    /// Since when there is a log.
    pub since: &'static str,
}

struct Key {
    public: VerifierKey,
    key: SigningKey,
}

impl Signer for Key {
    fn key(&self) -> &VerifierKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign_note(message)
    }
}

fn key(seed: u8) -> Key {
    let key = SigningKey::from_seed(&[seed; 32]).unwrap();
    Key { public: VerifierKey::new(ORIGIN, Algorithm::Ed25519, key.public().as_bytes()).unwrap(), key }
}

/// A policy of this log that asks for no witnesses.
pub fn policy() -> String {
    format!("log {}\nquorum none\n", key(9).public)
}

impl Log {
    pub fn new() -> Log {
        let entries = vec![LogEntry::of(LeafKind::Key, &Salt::from_bytes([0; 32]), b"an earlier record")];
        let (batches, ledger) = Default::default();
        Log { entries, batches, ledger, is_slow: false, is_forged: false, is_silent: false, since: "2020-01-01" }
    }

    pub fn commit_stamp(&mut self, stamp: &[u8]) -> Leaf {
        self.commit(LeafKind::Stamp, &Stamp::read(stamp).unwrap().to_be_signed().unwrap())
    }

    fn commit(&mut self, kind: LeafKind, record: &[u8]) -> Leaf {
        let index = self.entries.len() as u64;
        let leaf = Leaf { salt: Salt::from_bytes([index as u8; 32]), batch: 1_000_000 + index, offset: 0 };
        self.entries.push(LogEntry::of(kind, &leaf.salt, record));
        self.batches.insert(leaf.batch, index);
        leaf
    }

    pub fn commit_ledger(&mut self, ledger: &[Entry], device: Digest) -> Vec<LedgerProof> {
        for entry in ledger {
            if !self.ledger.contains_key(&entry.sequence) {
                let record = record(&EntryLeaf { device, entry: entry.clone() }).unwrap();
                let leaf = self.commit(LeafKind::Entry, &record);
                self.ledger.insert(entry.sequence, leaf);
            }
        }
        let proof = |(&sequence, &leaf)| LedgerProof { sequence, leaf, set_read: None };
        if self.is_silent { Vec::new() } else { self.ledger.iter().map(proof).collect() }
    }

    /// Puts another record in the place of an entry of the ledger.
    pub fn replace(&mut self, sequence: u64) {
        let index = self.batches[&self.ledger[&sequence].batch];
        self.entries[index as usize] = LogEntry::of(LeafKind::Entry, &Salt::from_bytes([1; 32]), b"another record");
    }

    pub fn document(&self, organisation: Digest) -> LogDocument {
        let key = Octets(key(9).public.as_bytes().to_vec());
        let since = self.since.parse().unwrap();
        LogDocument { version: VERSION, organisation, origin: ORIGIN.into(), statuses: key.clone(), key, since }
    }

    /// What stands at a path.
    pub fn read(&self, path: &str) -> Option<Vec<u8>> {
        let hashes: Vec<Hash> = self.entries.iter().map(|entry| Hash::leaf(entry.as_bytes())).collect();
        if let Some(batch) = path.strip_prefix("batch/") {
            let first = *self.batches.get(&u64::from_str_radix(batch, 16).ok()?).filter(|_| !self.is_slow)?;
            return Some(serde_json::to_vec(&BatchPlace { first }).unwrap());
        }
        if path == "checkpoint" {
            let signer = key(if self.is_forged { 10 } else { 9 });
            let checkpoint = Checkpoint::new(ORIGIN, hashes.len() as u64, root(&hashes));
            return Some(checkpoint.sign(&signer).unwrap().to_string().into_bytes());
        }
        let width = path.parse::<TilePath>().ok()?.width();
        Some(Tile::new(hashes.get(..width.into())?.iter().copied()).to_bytes())
    }
}

/// The root of a tree (RFC 6962 §2.1).
fn root(hashes: &[Hash]) -> Hash {
    if let [hash] = hashes {
        return *hash;
    }
    let (left, right) = hashes.split_at(hashes.len().next_power_of_two() / 2);
    Hash::node(&root(left), &root(right))
}
