//! A store, tiles and a log.

use std::collections::BTreeMap;
use std::fs;
use std::mem;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use seaworthy_model::Timestamp;
use seaworthy_protocol::{Leaf, LeafKind, LogEntry};
use seaworthy_service::Id;
use seaworthy_service::log::{LogReader, LogWorks, Published, Publisher, Sequencer, Stepped};
use seaworthy_service::ports::{LogRecord, Organisation, SignedCheckpoint, Store, TileStore, read, write};
use seaworthy_store::migrations::{MIGRATIONS, migrate};
use seaworthy_store::tiles::FolderTiles;
use seaworthy_store::{Database, Settings, SqlStore};
use seaworthy_tlog::{Algorithm, Bundle, BundlePath, Checkpoint, Edge, Entries, Follow, Note, Place, Signer, Tree};
use tempfile::TempDir;

use super::key::Key;

/// When the world began.
const BEGAN: i64 = 1_800_000_000;
const ORIGIN: &str = "log.example/log/0011223344556677";

pub fn holder(number: u8) -> Id {
    Id::from_bytes([number; 16])
}

/// Everything of one log, and what is remembered of it from the outside.
pub struct World {
    pub folder: TempDir,
    pub store: SqlStore,
    pub tiles: FolderTiles,
    pub log: LogRecord,
    pub key: Key,
    clock: AtomicI64,
    restored: bool,
    enlisted: Mutex<Vec<(Vec<u8>, Leaf)>>,
    published: Mutex<Vec<Checkpoint>>,
}

impl World {
    /// A log in SQLite and a folder.
    pub fn new() -> World {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::sqlite(folder.path(), Settings::default()).unwrap();
        World::of(folder, database)
    }

    /// A log in a database that is empty.
    pub fn of(folder: TempDir, database: Database) -> World {
        migrate(&database, MIGRATIONS).unwrap();
        let key = Key::new(ORIGIN, Algorithm::Ed25519, 7);
        let log = LogRecord {
            organisation: holder(0xAA),
            origin: ORIGIN.into(),
            key: key.key().as_bytes().try_into().unwrap(),
            statuses: [8; 32],
            sealed: vec![1],
            since: Timestamp::from_seconds(BEGAN),
        };
        let store = SqlStore::new(database);
        write(&store, |records| {
            let name = "Ours".to_owned();
            records.add_organisation(&Organisation { id: log.organisation, name, created_at: log.since })?;
            records.add_log(&log)
        })
        .unwrap();
        let tiles = FolderTiles::new(&folder.path().join("log"));
        let clock = AtomicI64::new(BEGAN);
        World {
            folder,
            store,
            tiles,
            log,
            key,
            clock,
            restored: false,
            enlisted: Mutex::default(),
            published: Mutex::default(),
        }
    }

    /// An instant at which no lease of earlier ones holds any more.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_seconds(self.clock.fetch_add(100, Ordering::Relaxed))
    }

    pub fn works(&self) -> LogWorks<'_> {
        self.works_with(&self.store, &self.tiles)
    }

    pub fn works_with<'a>(&'a self, store: &'a dyn Store, tiles: &'a dyn TileStore) -> LogWorks<'a> {
        LogWorks { store, tiles, log: &self.log, key: &self.key }
    }

    /// Puts records in line, in batches of three.
    pub fn enlist(&self, count: usize) {
        let mut enlisted = self.enlisted.lock().unwrap();
        let first = enlisted.len();
        let records: Vec<Vec<u8>> = (first..first + count).map(|number| format!("record {number}").into()).collect();
        let leaves = write(&self.store, |store| {
            let mut leaves = Vec::new();
            for batch in records.chunks(3) {
                let batch: Vec<_> = batch.iter().map(|record| (LeafKind::Stamp, record.as_slice())).collect();
                leaves.extend(store.enlist(self.log.organisation, self.log.since, &batch)?);
            }
            Ok::<_, seaworthy_service::ports::Fault>(leaves)
        });
        enlisted.extend(records.into_iter().zip(leaves.unwrap()));
    }

    /// Takes in and publishes all that waits.
    pub fn settle(&self) {
        let (mut sequencer, mut publisher) = (Sequencer::new(holder(9), 1000), Publisher::new(holder(9)));
        self.settle_by(&mut sequencer, &mut publisher);
    }

    pub fn settle_by(&self, sequencer: &mut Sequencer, publisher: &mut Publisher) {
        while sequencer.step(&self.works(), self.now()).unwrap() != Stepped::Idle {}
        while publisher.step(&self.works(), None, self.now()).unwrap() != Published::Nothing {}
        self.verify();
        let state = self.works().state().unwrap();
        let all = self.enlisted.lock().unwrap().len() as u64;
        assert!(state.published.size >= all, "{state:?} of {all}");
    }

    /// A copy of the database as it is now.
    pub fn copy(&self, name: &str) -> std::path::PathBuf {
        let copy = self.folder.path().join(name);
        seaworthy_store::backup(self.folder.path(), &copy).unwrap();
        copy
    }

    /// The store of a copy.
    pub fn copied_store(&self, name: &str) -> SqlStore {
        let copy = self.copy(name);
        let folder = self.folder.path().join(format!("{name}.store"));
        fs::create_dir(&folder).unwrap();
        fs::rename(copy, folder.join(seaworthy_store::FILE)).unwrap();
        SqlStore::new(Database::sqlite(&folder, Settings::default()).unwrap())
    }

    /// A copy of the tiles as they are now.
    pub fn copied_tiles(&self, name: &str) -> FolderTiles {
        let target = self.folder.path().join(name);
        copy_folder(&self.folder.path().join("log"), &target);
        FolderTiles::new(&target)
    }

    /// Puts the store of a copy in place of ours. What was enlisted meanwhile is forgotten with it; what waited then may
    /// come in a second time.
    pub fn restore(&mut self, copy: SqlStore, enlisted: usize) {
        self.store = copy;
        self.enlisted.lock().unwrap().truncate(enlisted);
        self.restored = true;
    }

    /// Puts tiles in place of ours, and gives those. What was published is forgotten.
    pub fn restore_tiles(&mut self, copy: FolderTiles) -> FolderTiles {
        self.published.lock().unwrap().clear();
        mem::replace(&mut self.tiles, copy)
    }

    /// Checks all of it: sizes, signatures, every tile and entry, all that was published before, and the place of each
    /// entry that has one.
    pub fn verify(&self) {
        let state = self.works().state().unwrap();
        assert!(state.published.size <= state.signed.size && state.signed.size <= state.ordered, "{state:?}");
        let shown = self.tiles.read(self.log.organisation, &Place::Checkpoint).unwrap();
        let reader = LogReader::new(&self.tiles, self.log.organisation);
        let Some(signed) = self.checkpoint(&state.signed.note) else { return assert_eq!(shown, None) };
        assert_eq!(signed.size, state.signed.size);
        let follow = Follow::begin(&reader, Edge::empty(), signed.size).unwrap();
        follow.finish(&signed.root).unwrap();
        let mut tree = Tree::new(reader, signed.size);
        let mut published = self.published.lock().unwrap();
        for note in [Some(state.published.note), shown].into_iter().flatten() {
            published.extend(self.checkpoint(&note));
        }
        for old in published.iter() {
            assert!(old.size <= state.published.size);
            assert_eq!(tree.root(old.size).unwrap(), old.root, "what was published at {}", old.size);
        }
        self.verify_places(signed.size);
    }

    fn verify_places(&self, signed: u64) {
        let enlisted = self.enlisted.lock().unwrap();
        let mut batches: Vec<u64> = enlisted.iter().map(|(_, leaf)| leaf.batch).collect();
        batches.dedup();
        let places = read(&self.store, |records| records.places(self.log.organisation, &batches)).unwrap();
        let places: BTreeMap<u64, Option<u64>> = batches.into_iter().zip(places).collect();
        let entries = self.entries(signed);
        for (record, leaf) in enlisted.iter() {
            let Some(first) = places[&leaf.batch] else { continue };
            let entry = LogEntry::of(LeafKind::Stamp, &leaf.salt, record);
            let at: Vec<u64> = entries.get(entry.as_bytes().as_slice()).cloned().unwrap_or_default();
            let place = first + u64::from(leaf.offset);
            let once = if place < signed { at == [place] } else { at.is_empty() };
            let again = self.restored && (place >= signed || at.contains(&place));
            assert!(once || again, "{place} of {signed}: {at:?}");
        }
    }

    /// Where each entry stands.
    fn entries(&self, size: u64) -> BTreeMap<Vec<u8>, Vec<u64>> {
        let reader = LogReader::new(&self.tiles, self.log.organisation);
        let mut entries: BTreeMap<Vec<u8>, Vec<u64>> = BTreeMap::new();
        for path in BundlePath::all(0, size) {
            let (path, bytes) = reader.entries(&path).unwrap();
            let first = path.index() * 256;
            for (index, entry) in (first..size).zip(Bundle::parse(&path, bytes).unwrap().iter()) {
                entries.entry(entry.to_vec()).or_default().push(index);
            }
        }
        entries
    }

    fn checkpoint(&self, note: &[u8]) -> Option<Checkpoint> {
        let note = (!note.is_empty()).then(|| Note::parse(note).unwrap())?;
        assert!(note.signed_by(self.key.key()).unwrap().is_some());
        Some(note.text().parse().unwrap())
    }

    /// The checkpoint that all can see.
    pub fn shown(&self) -> Option<SignedCheckpoint> {
        let note = self.tiles.read(self.log.organisation, &Place::Checkpoint).unwrap()?;
        Some(SignedCheckpoint { size: self.checkpoint(&note).unwrap().size, note })
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
