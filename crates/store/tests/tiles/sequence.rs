//! A log whose tiles are in a bucket, from the records to what a monitor reads, while the server goes away in between.

use seaworthy_model::Timestamp;
use seaworthy_protocol::LeafKind;
use seaworthy_service::Id;
use seaworthy_service::log::{LogReader, LogWorks, Published, Publisher, Sequencer, Stepped};
use seaworthy_service::ports::{Fault, LogRecord, Organisation, TileStore, write};
use seaworthy_stamp::SigningKey;
use seaworthy_store::migrations::{MIGRATIONS, migrate};
use seaworthy_store::{Database, Settings, SqlStore};
use seaworthy_tlog::{Algorithm, Checkpoint, Edge, Follow, Note, Place, Signer, VerifierKey};

use crate::contract::OURS;
use crate::server::S3;

const AT: Timestamp = Timestamp::from_seconds(1_800_000_000);
const HOLDER: Id = Id::from_bytes([9; 16]);

struct Key(SigningKey, VerifierKey);

impl Signer for Key {
    fn key(&self) -> &VerifierKey {
        &self.1
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign_note(message)
    }
}

fn key() -> Key {
    let key = SigningKey::from_seed(&[7; 32]).unwrap();
    let public = VerifierKey::new("log.example/log/a", Algorithm::Ed25519, key.public().as_bytes()).unwrap();
    Key(key, public)
}

fn founded(folder: &std::path::Path, key: &Key) -> (SqlStore, LogRecord) {
    let database = Database::sqlite(folder, Settings::default()).unwrap();
    migrate(&database, MIGRATIONS).unwrap();
    let (origin, signs) = (key.1.name().to_owned(), key.1.as_bytes().try_into().unwrap());
    let log = LogRecord { organisation: OURS, origin, key: signs, statuses: [8; 32], sealed: vec![1], since: AT };
    let store = SqlStore::new(database);
    let made = write(&store, |records| {
        records.add_organisation(&Organisation { id: OURS, name: "Ours".into(), created_at: AT })?;
        records.add_log(&log)
    });
    made.unwrap();
    (store, log)
}

fn enlist(store: &SqlStore, count: usize) {
    let records: Vec<(LeafKind, &[u8])> = vec![(LeafKind::Stamp, b"a record"); count];
    write(store, |store| store.enlist(OURS, AT, &records).map(|_| ())).unwrap();
}

fn settle(works: &LogWorks<'_>) {
    let (mut sequencer, mut publisher) = (Sequencer::new(HOLDER, 1000), Publisher::new(HOLDER));
    while sequencer.step(works, AT).unwrap() != Stepped::Idle {}
    while publisher.step(works, None, AT).unwrap() != Published::Nothing {}
}

/// Reads all of it as a monitor does; how many entries there are.
fn followed(tiles: &dyn TileStore) -> u64 {
    let note = Note::parse(&tiles.read(OURS, &Place::Checkpoint).unwrap().unwrap()).unwrap();
    assert!(note.signed_by(&key().1).unwrap().is_some());
    let checkpoint: Checkpoint = note.text().parse().unwrap();
    let reader = LogReader::new(tiles, OURS);
    let follow = Follow::begin(&reader, Edge::empty(), checkpoint.size).unwrap();
    follow.finish(&checkpoint.root).unwrap();
    checkpoint.size
}

#[test]
fn a_log_in_a_bucket_grows_and_can_be_followed() {
    let (folder, key, mut server) = (tempfile::tempdir().unwrap(), key(), S3::start());
    let (store, log) = founded(folder.path(), &key);
    let tiles = server.tiles();
    let works = LogWorks { store: &store, tiles: &tiles, log: &log, key: &key };
    for (count, size) in [(3, 3), (300, 303), (1000, 1303)] {
        enlist(&store, count);
        settle(&works);
        assert_eq!(followed(&tiles), size);
    }
    enlist(&store, 500);
    server.stop();
    let failed = Sequencer::new(HOLDER, 1000).step(&works, AT).unwrap_err();
    assert!(matches!(failed, seaworthy_service::Error::Fault(Fault::Unavailable(_))), "{failed}");
    server.start_again();
    settle(&works);
    assert_eq!(followed(&tiles), 1803);
}
