//! Reads a log ahead of the one who checks it: bundles and the tiles over them come on a few threads, in order, and no
//! more of them than a few wait in memory.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use seaworthy_tlog::{BundlePath, Entries, Tile, TilePath, Tiles};

use super::source::{Source, SourceFault};

/// Threads that read.
const LANES: usize = 8;
/// Bundles that wait in each lane.
const DEPTH: usize = 2;

type Read<T> = Result<T, SourceFault>;

/// A bundle and the tile of its entries' hashes, as they were read.
struct Part {
    path: BundlePath,
    bundle: Read<(BundlePath, Vec<u8>)>,
    tile: Option<(TilePath, Read<Arc<Tile>>)>,
}

/// A log of which the next bundles are on their way. What is asked for out of turn is read when it is asked for.
pub struct Ahead<'a> {
    source: &'a Source,
    lanes: Vec<Receiver<Part>>,
    taken: Cell<usize>,
    /// The tile over the bundle that was taken last.
    tile: RefCell<Option<(TilePath, Read<Arc<Tile>>)>>,
}

/// Does work that reads the bundles of a log from an entry on, up to the log's size.
pub fn reading_ahead<R>(source: &Source, first: u64, size: u64, work: impl FnOnce(&Ahead<'_>) -> R) -> R {
    thread::scope(|scope| {
        let lane = |lane| {
            let (send, receive) = sync_channel(DEPTH);
            scope.spawn(move || read(source, BundlePath::all(first, size).skip(lane).step_by(LANES), size, &send));
            receive
        };
        let lanes = (0..LANES).map(lane).collect();
        // When this is dropped, the lanes have nobody to read for, and end.
        work(&Ahead { source, lanes, taken: Cell::new(0), tile: RefCell::new(None) })
    })
}

fn read(source: &Source, paths: impl Iterator<Item = BundlePath>, size: u64, lane: &SyncSender<Part>) {
    for path in paths {
        let tile = TilePath::within(0, path.index(), size).map(|path| (path, source.hashes(&path)));
        let part = Part { path, bundle: source.entries(&path), tile };
        if lane.send(part).is_err() {
            return;
        }
    }
}

impl Ahead<'_> {
    /// The next part of all.
    fn next(&self) -> Option<Part> {
        let taken = self.taken.replace(self.taken.get() + 1);
        self.lanes.get(taken % LANES)?.recv().ok()
    }
}

impl Tiles for Ahead<'_> {
    type Error = SourceFault;

    fn hashes(&self, path: &TilePath) -> Read<Arc<Tile>> {
        match self.tile.borrow_mut().take_if(|(taken, _)| taken == path) {
            Some((_, tile)) => tile,
            None => self.source.hashes(path),
        }
    }
}

impl Entries for Ahead<'_> {
    fn entries(&self, path: &BundlePath) -> Read<(BundlePath, Vec<u8>)> {
        match self.next() {
            Some(part) if part.path == *path => {
                self.tile.replace(part.tile);
                part.bundle
            }
            _ => self.source.entries(path),
        }
    }
}
