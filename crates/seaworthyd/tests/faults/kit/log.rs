//! The log afterwards: every tile and entry against its checkpoint, every batch at its place, every stamp's entry.

use std::collections::BTreeMap;

use seaworthy_protocol::{Leaf, LeafKind, LogEntry};
use seaworthy_service::log::{LogReader, verifier_key};
use seaworthy_service::ports::{LogState, TileStore, read};
use seaworthy_store::SqlStore;
use seaworthy_store::tiles::FolderTiles;
use seaworthy_tlog::{
    Bundle, BundlePath, Checkpoint, Edge, Entries, Follow, Hash, Note, Place as At, Tree, VerifierKey,
};

use super::Fleet;
use crate::process::Place;

/// Checkpoints that were published, by size: no later tree may contradict them.
#[derive(Default)]
pub struct Published(BTreeMap<u64, Hash>);

/// Holds the log of a fleet's organisation to all that it said; how far it has come.
pub fn log_is_whole(place: &Place, store: &SqlStore, fleet: &Fleet, published: &mut Published) -> LogState {
    let organisation = fleet.view.organisation.id;
    let (log, state) = read(store, |records| {
        Ok::<_, seaworthy_service::ports::Fault>((records.log(organisation)?, records.log_state(organisation)?))
    })
    .unwrap();
    let key = verifier_key(&log.unwrap()).unwrap();
    let tiles = FolderTiles::new(&place.folder.path().join("log"));
    assert!(state.published.size <= state.signed.size && state.signed.size <= state.ordered, "{state:?}");
    let Some(signed) = checkpoint(&key, &state.signed.note) else { return state };
    let reader = LogReader::new(&tiles, organisation);
    Follow::begin(&reader, Edge::empty(), signed.size).unwrap().finish(&signed.root).unwrap();
    let shown = tiles.read(organisation, &At::Checkpoint).unwrap().unwrap_or_default();
    for checkpoint in [&state.published.note, &shown].into_iter().filter_map(|note| checkpoint(&key, note)) {
        assert!(checkpoint.size <= state.published.size, "more is shown than is written down");
        published.0.insert(checkpoint.size, checkpoint.root);
    }
    let mut tree = Tree::new(reader, signed.size);
    for (size, root) in &published.0 {
        assert_eq!(tree.root(*size).unwrap(), *root, "what was published at {size}");
    }
    let entries = entries(&reader, signed.size);
    batches_stand_side_by_side(store, state.ordered);
    stamps_are_in_it(store, organisation, &entries);
    state
}

fn checkpoint(key: &VerifierKey, note: &[u8]) -> Option<Checkpoint> {
    let note = (!note.is_empty()).then(|| Note::parse(note).unwrap())?;
    assert!(note.signed_by(key).unwrap().is_some());
    Some(note.text().parse().unwrap())
}

fn entries(reader: &LogReader<'_>, size: u64) -> Vec<Vec<u8>> {
    let mut entries = Vec::new();
    for path in BundlePath::all(0, size) {
        let (path, bytes) = reader.entries(&path).unwrap();
        entries.extend(Bundle::parse(&path, bytes).unwrap().iter().map(<[u8]>::to_vec));
    }
    entries.truncate(size.try_into().unwrap());
    entries
}

fn batches_stand_side_by_side(store: &SqlStore, ordered: u64) {
    let sql = "SELECT first, entries FROM log_batches ORDER BY first";
    let rows = store.database().read(|connection| connection.query(sql, &[])).unwrap();
    let end = rows.iter().fold(0, |end, row| {
        assert_eq!(row.number::<u64>(0).unwrap(), end);
        end + row.number::<u64>(1).unwrap()
    });
    assert_eq!(end, ordered);
}

/// Each stamp that has its place stands there, and nowhere else.
fn stamps_are_in_it(store: &SqlStore, organisation: seaworthy_service::Id, entries: &[Vec<u8>]) {
    let mut places: BTreeMap<&[u8], Vec<u64>> = BTreeMap::new();
    (0..).zip(entries).for_each(|(index, entry)| places.entry(entry).or_default().push(index));
    let sql = "SELECT signed, leaf FROM stamps WHERE leaf IS NOT NULL AND signed IS NOT NULL";
    let rows = store.database().read(|connection| connection.query(sql, &[])).unwrap();
    for row in &rows {
        let leaf = Leaf::from_bytes(row.blob(1).unwrap()).unwrap();
        let entry = LogEntry::of(LeafKind::Stamp, &leaf.salt, row.blob(0).unwrap());
        let first = read(store, |records| records.places(organisation, &[leaf.batch])).unwrap()[0];
        let place = first.map(|first| first + u64::from(leaf.offset));
        let expected: Vec<u64> = place.into_iter().filter(|place| *place < entries.len() as u64).collect();
        assert_eq!(places.get(entry.as_bytes().as_slice()).cloned().unwrap_or_default(), expected);
    }
}
