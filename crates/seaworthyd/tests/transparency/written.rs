//! A real log in a folder, written as a sequencer writes it.

use std::fs;
use std::path::PathBuf;

use ring::signature::{Ed25519KeyPair, KeyPair};
use seaworthy_tlog::{Algorithm, Checkpoint, Edge, Hash, Note, Place, Request, Signer, Tip, VerifierKey, plan};
use tempfile::TempDir;

pub const ORIGIN: &str = "example.org/log/0123456789abcdef";

/// A key that signs notes.
pub struct Key {
    pair: Ed25519KeyPair,
    public: VerifierKey,
}

impl Key {
    pub fn new(name: &str, seed: u8) -> Key {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
        let public = VerifierKey::new(name, Algorithm::Ed25519, pair.public_key().as_ref()).unwrap();
        Key { pair, public }
    }

    pub fn log() -> Key {
        Key::new(ORIGIN, 1)
    }
}

impl Signer for Key {
    fn key(&self) -> &VerifierKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.pair.sign(message).as_ref().try_into().unwrap()
    }
}

/// An entry of as many bytes as those of Seaworthy.
pub fn entry(index: u64) -> Vec<u8> {
    [&[1][..], Hash::leaf(&index.to_be_bytes()).as_bytes()].concat()
}

/// A log that tells the truth until it is made to lie.
pub struct Log {
    pub folder: TempDir,
    tip: Tip,
    entries: Vec<Vec<u8>>,
}

impl Log {
    /// A log of so many entries, written at once.
    pub fn of(size: u64) -> Log {
        Log::with((0..size).map(entry).collect())
    }

    pub fn with(entries: Vec<Vec<u8>>) -> Log {
        let mut log = Log { folder: tempfile::tempdir().unwrap(), tip: Tip::empty(), entries: Vec::new() };
        log.append(entries);
        log
    }

    /// Appends, and publishes.
    pub fn append(&mut self, entries: Vec<Vec<u8>>) {
        let plan = plan(&self.tip, &entries).unwrap();
        for write in &plan.writes {
            let path = self.path(&write.place);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, &write.bytes).unwrap();
        }
        self.tip = plan.tip;
        self.entries.extend(entries);
        fs::write(self.path(&Place::Checkpoint), self.note().to_string()).unwrap();
    }

    /// Forgets its past, and writes another.
    pub fn rewrite(&mut self, entries: Vec<Vec<u8>>) {
        fs::remove_dir_all(self.folder.path().join("tile")).unwrap();
        (self.tip, self.entries) = (Tip::empty(), Vec::new());
        self.append(entries);
    }

    pub fn entries(&self) -> Vec<Vec<u8>> {
        self.entries.clone()
    }

    pub fn size(&self) -> u64 {
        self.tip.edge().size()
    }

    pub fn root(&self) -> Hash {
        self.tip.edge().root()
    }

    pub fn note(&self) -> Note {
        Checkpoint::new(ORIGIN, self.size(), self.root()).sign(&Key::log()).unwrap()
    }

    pub fn path(&self, place: &Place) -> PathBuf {
        self.folder.path().join(place.to_string())
    }

    pub fn at(&self) -> &str {
        self.folder.path().to_str().unwrap()
    }

    /// The request for a cosignature, by one who knows that the witness holds an older size.
    pub fn request(&self, old: u64) -> Request {
        let hashes: Vec<Hash> = self.entries.iter().map(|entry| Hash::leaf(entry)).collect();
        Request::new(old, consistency(&hashes, old as usize), self.note()).unwrap()
    }
}

/// RFC 6962 §2.1.2, to the letter.
fn consistency(leaves: &[Hash], old: usize) -> Vec<Hash> {
    if old == 0 || old >= leaves.len() { Vec::new() } else { below(leaves, old, true) }
}

fn below(leaves: &[Hash], old: usize, is_whole: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if is_whole { Vec::new() } else { vec![root(leaves)] };
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (mut proof, last) = if old <= left.len() {
        (below(left, old, is_whole), root(right))
    } else {
        (below(right, old - left.len(), false), root(left))
    };
    proof.push(last);
    proof
}

fn root(leaves: &[Hash]) -> Hash {
    let mut edge = Edge::empty();
    leaves.iter().for_each(|leaf| edge.push(*leaf));
    edge.root()
}
