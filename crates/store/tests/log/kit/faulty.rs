//! A store and tiles of which one write, or all reads, go wrong in one way.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use seaworthy_service::Id;
use seaworthy_service::ports::{self, Store, TileStore, Work};
use seaworthy_store::SqlStore;
use seaworthy_store::tiles::FolderTiles;
use seaworthy_tlog::Place;

use super::world::World;

/// The writes of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// The transaction of this number: places, the signed checkpoint; then the lease and the published one.
    Transaction(usize),
    /// The tile of this number.
    Tile(usize),
    /// The checkpoint beside the tiles.
    Checkpoint,
}

/// How it goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Nothing is written, and an error told.
    Fails,
    /// All is written, and an error told.
    FailsButPersisted,
    /// It takes so long that another holder does the work meanwhile.
    Slow,
    /// Reads before it tell what was true before.
    Stale,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    pub write: Write,
    pub mode: Mode,
}

/// A world in which it does.
pub struct Faulty<'a> {
    world: &'a World,
    fault: Fault,
    meanwhile: Mutex<Option<Box<dyn FnOnce() + Send + 'a>>>,
    before: Option<(SqlStore, FolderTiles)>,
    transactions: AtomicUsize,
    tiles: AtomicUsize,
    met: AtomicUsize,
}

impl<'a> Faulty<'a> {
    pub fn new(world: &'a World, fault: Fault, meanwhile: impl FnOnce() + Send + 'a) -> Faulty<'a> {
        Faulty {
            world,
            fault,
            meanwhile: Mutex::new(Some(Box::new(meanwhile))),
            before: None,
            transactions: AtomicUsize::new(0),
            tiles: AtomicUsize::new(0),
            met: AtomicUsize::new(0),
        }
    }

    /// What stale reads tell.
    pub fn remembering(self, store: SqlStore, tiles: FolderTiles) -> Faulty<'a> {
        Faulty { before: Some((store, tiles)), ..self }
    }

    /// Whether it came to it.
    pub fn was_met(&self) -> bool {
        self.met.load(Ordering::Relaxed) > 0
    }

    /// How many transactions that write, and how many tiles there were.
    pub fn writes(&self) -> (usize, usize) {
        (self.transactions.load(Ordering::Relaxed), self.tiles.load(Ordering::Relaxed))
    }

    fn goes_wrong(&self, write: Write) -> Option<Mode> {
        (self.fault.write == write).then(|| {
            self.met.fetch_add(1, Ordering::Relaxed);
            self.fault.mode
        })
    }

    fn through(&self, write: Write, work: impl FnOnce() -> Result<(), ports::Fault>) -> Result<(), ports::Fault> {
        let told = || Err(ports::Fault::Unavailable(format!("{write:?} failed")));
        match self.goes_wrong(write) {
            Some(Mode::Fails) => told(),
            Some(Mode::FailsButPersisted) => {
                work()?;
                told()
            }
            Some(Mode::Slow) => {
                let meanwhile = self.meanwhile.lock().unwrap().take();
                if let Some(meanwhile) = meanwhile {
                    meanwhile();
                }
                work()
            }
            Some(Mode::Stale) | None => work(),
        }
    }

    /// Reads are stale until the write in question was made.
    fn is_stale(&self) -> bool {
        self.fault.mode == Mode::Stale && !self.was_met()
    }
}

impl Store for Faulty<'_> {
    fn write(&self, work: &mut Work<'_>) -> Result<(), ports::Fault> {
        let number = self.transactions.fetch_add(1, Ordering::Relaxed);
        self.through(Write::Transaction(number), || self.world.store.write(work))
    }

    fn read(&self, work: &mut Work<'_>) -> Result<(), ports::Fault> {
        match &self.before {
            Some((store, _)) if self.is_stale() => store.read(work),
            _ => self.world.store.read(work),
        }
    }

    fn is_ready(&self) -> bool {
        true
    }
}

impl TileStore for Faulty<'_> {
    fn read(&self, organisation: Id, place: &Place) -> Result<Option<Vec<u8>>, ports::Fault> {
        match &self.before {
            Some((_, tiles)) if self.is_stale() => tiles.read(organisation, place),
            _ => self.world.tiles.read(organisation, place),
        }
    }

    fn write(&self, organisation: Id, files: &[(Place, Vec<u8>)]) -> Result<(), ports::Fault> {
        for file in files {
            let number = self.tiles.fetch_add(1, Ordering::Relaxed);
            let write = || self.world.tiles.write(organisation, std::slice::from_ref(file));
            self.through(Write::Tile(number), write)?;
        }
        Ok(())
    }

    fn publish(&self, organisation: Id, checkpoint: &[u8]) -> Result<(), ports::Fault> {
        self.through(Write::Checkpoint, || self.world.tiles.publish(organisation, checkpoint))
    }

    fn remove(&self, organisation: Id, places: &[Place]) -> Result<(), ports::Fault> {
        self.world.tiles.remove(organisation, places)
    }

    fn prune(&self, organisation: Id, full: &[Place]) -> Result<(), ports::Fault> {
        self.world.tiles.prune(organisation, full)
    }
}
