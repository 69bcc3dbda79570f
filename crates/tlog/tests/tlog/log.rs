//! A log in memory, and signers.

use std::collections::BTreeMap;
use std::sync::Arc;

use ring::signature::{Ed25519KeyPair, KeyPair};
use seaworthy_tlog::{
    Algorithm, BundlePath, Checkpoint, Entries, Hash, Note, Signer, Tile, TileFault, TilePath, Tiles, Tip, VerifierKey,
    plan,
};

/// Origin of the logs of the tests.
pub const ORIGIN: &str = "log.example/ours";

/// All files of a log, by their paths.
#[derive(Clone)]
pub struct Log {
    pub files: BTreeMap<String, Vec<u8>>,
    pub tip: Tip,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Absent {
    #[error("{0} is not there")]
    Absent(String),
    #[error(transparent)]
    Tile(#[from] TileFault),
}

impl Log {
    pub fn empty() -> Log {
        Log { files: BTreeMap::new(), tip: Tip::empty() }
    }

    /// A log with made entries, which came in batches of some size.
    pub fn of(size: u64, batch: usize) -> Log {
        let mut log = Log::empty();
        let entries: Vec<Vec<u8>> = (0..size).map(entry).collect();
        entries.chunks(batch).for_each(|batch| log.append(batch));
        log
    }

    pub fn append(&mut self, batch: &[Vec<u8>]) {
        let plan = plan(&self.tip, batch).unwrap();
        assert_eq!(plan.first, self.size());
        for write in plan.writes {
            let before = self.files.insert(write.place.to_string(), write.bytes);
            assert_eq!(before, None, "{} is written once", write.place);
        }
        self.tip = plan.tip;
    }

    pub fn size(&self) -> u64 {
        self.tip.edge().size()
    }

    pub fn root(&self) -> Hash {
        self.tip.edge().root()
    }

    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint::new(ORIGIN, self.size(), self.root())
    }

    pub fn note(&self) -> Note {
        self.checkpoint().sign(&Key::log(1)).unwrap()
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, Absent> {
        self.files.get(path).cloned().ok_or_else(|| Absent::Absent(path.to_owned()))
    }
}

impl Tiles for Log {
    type Error = Absent;

    fn hashes(&self, path: &TilePath) -> Result<Arc<Tile>, Absent> {
        let read = |path: TilePath| Ok(Arc::new(Tile::parse(&path, &self.read(&path.to_string())?)?));
        read(*path).or_else(|error| read(path.full()).map_err(|_: Absent| error))
    }
}

impl Entries for Log {
    fn entries(&self, path: &BundlePath) -> Result<(BundlePath, Vec<u8>), Absent> {
        let read = |path: BundlePath| Ok((path, self.read(&path.to_string())?));
        read(*path).or_else(|error| read(path.full()).map_err(|_: Absent| error))
    }
}

/// The entry at an index.
pub fn entry(index: u64) -> Vec<u8> {
    format!("entry {index}").into_bytes()
}

/// A signer.
pub struct Key {
    pair: Ed25519KeyPair,
    key: VerifierKey,
}

impl Key {
    pub fn new(name: &str, algorithm: Algorithm, seed: u8) -> Key {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
        let key = VerifierKey::new(name, algorithm, pair.public_key().as_ref()).unwrap();
        Key { pair, key }
    }

    pub fn log(seed: u8) -> Key {
        Key::new(ORIGIN, Algorithm::Ed25519, seed)
    }

    pub fn witness(seed: u8) -> Key {
        Key::new(&format!("witness.example/{seed}"), Algorithm::CosignatureV1, seed)
    }
}

impl Signer for Key {
    fn key(&self) -> &VerifierKey {
        &self.key
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.pair.sign(message).as_ref().try_into().unwrap()
    }
}
