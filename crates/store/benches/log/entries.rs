//! Entries a second, in batches of 1,000, each durable and signed before the next: order in SQLite, tiles in a folder,
//! compare-and-swap in SQLite. Beside it, for each batch, one append of the same entries to one file, and one fsync.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use seaworthy_model::Timestamp;
use seaworthy_protocol::LeafKind;
use seaworthy_service::Id;
use seaworthy_service::log::{BATCH, LogWorks, Published, Publisher, Sequencer, Stepped};
use seaworthy_service::ports::{Fault, LogRecord, Organisation, read, write};
use seaworthy_stamp::SigningKey;
use seaworthy_store::migrations::{MIGRATIONS, migrate};
use seaworthy_store::tiles::FolderTiles;
use seaworthy_store::{Database, Settings, SqlStore};
use seaworthy_tlog::{Algorithm, Signer, VerifierKey};

use crate::{OURS, seconds};

/// Records of which one transaction of the intake puts as many in line.
const TOGETHER: usize = 4;
/// An entry in its bundle.
const ENTRY: usize = 35;

struct Key(SigningKey, VerifierKey);

impl Signer for Key {
    fn key(&self) -> &VerifierKey {
        &self.1
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign_note(message)
    }
}

/// A store with a log, tiles, and the log's key.
struct Made {
    store: SqlStore,
    tiles: FolderTiles,
    log: LogRecord,
    key: Key,
}

fn made(folder: &Path, origin: &str) -> Made {
    let database = Database::sqlite(folder, Settings::default()).unwrap();
    migrate(&database, MIGRATIONS).unwrap();
    let key = SigningKey::from_seed(&[7; 32]).unwrap();
    let public = VerifierKey::new(origin, Algorithm::Ed25519, key.public().as_bytes()).unwrap();
    let since = Timestamp::from_seconds(1_800_000_000);
    let log = LogRecord {
        organisation: OURS,
        origin: origin.into(),
        key: *key.public().as_bytes(),
        statuses: [8; 32],
        sealed: vec![1],
        since,
    };
    let store = SqlStore::new(database);
    write(&store, |records| {
        records.add_organisation(&Organisation { id: OURS, name: "Ours".into(), created_at: since })?;
        records.add_log(&log)
    })
    .unwrap();
    Made { store, tiles: FolderTiles::new(&folder.join("log")), log, key: Key(key, public) }
}

/// Measures `batches` batches, without publishing and with it.
pub fn run(batches: u64) {
    let count = batches * u64::from(BATCH);
    println!("{count} entries in batches of {BATCH}, {TOGETHER} records put in line together (not measured)");
    for publishing in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let made = made(folder.path(), "bench.example/log");
        enlist(&made.store, count);
        let (mut taken, mut bare) = (0.0, 0.0);
        let mut file = File::create(folder.path().join("bare")).unwrap();
        let mut keeper = Keeper::new(&made);
        // Turn by turn, so that both meet the same disk.
        for _ in 0..batches {
            taken += seconds(|| keeper.batch(publishing));
            bare += seconds(|| {
                file.write_all(&vec![7; ENTRY * BATCH as usize]).unwrap();
                file.sync_all().unwrap();
            });
        }
        keeper.must_have(count);
        let what = if publishing { "signed and published" } else { "signed" };
        let (ours, theirs) = (count as f64 / taken, count as f64 / bare);
        println!("{what}, durable: {ours:.0} entries/s, {:.2} ms a batch", taken * 1e3 / batches as f64);
        println!("bare: one append of {} bytes and one fsync a batch: {theirs:.0} entries/s", ENTRY * BATCH as usize);
        println!("ratio: {:.2}", ours / theirs);
    }
}

fn enlist(store: &SqlStore, count: u64) {
    let record = [7_u8; 120];
    let records: Vec<(LeafKind, &[u8])> = (0..TOGETHER).map(|_| (LeafKind::Stamp, record.as_slice())).collect();
    for _ in 0..count / 1000 {
        write(store, |store| {
            for _ in 0..1000 / TOGETHER {
                store.enlist(OURS, Timestamp::from_seconds(1_800_000_000), &records)?;
            }
            Ok::<_, Fault>(())
        })
        .unwrap();
    }
}

struct Keeper<'a> {
    works: LogWorks<'a>,
    sequencer: Sequencer,
    publisher: Publisher,
}

impl<'a> Keeper<'a> {
    fn new(made: &'a Made) -> Keeper<'a> {
        let works = LogWorks { store: &made.store, tiles: &made.tiles, log: &made.log, key: &made.key };
        let holder = Id::from_bytes([2; 16]);
        Keeper { works, sequencer: Sequencer::new(holder, BATCH), publisher: Publisher::new(holder) }
    }

    fn batch(&mut self, publishing: bool) {
        let now = self.works.log.since;
        let stepped = self.sequencer.step(&self.works, now).unwrap();
        assert!(matches!(stepped, Stepped::Signed { .. }), "{stepped:?}");
        if publishing {
            let published = self.publisher.step(&self.works, None, now).unwrap();
            assert!(matches!(published, Published::Tree { .. }), "{published:?}");
        }
    }

    fn must_have(&self, count: u64) {
        let state = read(self.works.store, |records| records.log_state(OURS)).unwrap();
        assert_eq!(state.signed.size, count);
    }
}
