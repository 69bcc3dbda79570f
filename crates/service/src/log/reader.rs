//! The tiles of an organisation's log, read from where they are kept.

use std::sync::Arc;

use seaworthy_tlog::{BundlePath, Entries, Place, Tile, TileFault, TilePath, Tiles};

use crate::id::Id;
use crate::ports::{Fault, TileStore};

/// A reader of one log.
#[derive(Clone, Copy)]
pub struct LogReader<'a> {
    tiles: &'a dyn TileStore,
    organisation: Id,
}

/// Why a part of a log cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogUnread {
    /// It is not there.
    #[error("{0} is missing")]
    Missing(Place),
    /// It has another length than its place says.
    #[error(transparent)]
    Length(#[from] TileFault),
    /// The place of the tiles failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl<'a> LogReader<'a> {
    /// A reader of an organisation's log.
    pub fn new(tiles: &'a dyn TileStore, organisation: Id) -> LogReader<'a> {
        LogReader { tiles, organisation }
    }

    fn read(&self, place: Place) -> Result<Option<Vec<u8>>, LogUnread> {
        Ok(self.tiles.read(self.organisation, &place)?)
    }
}

impl Tiles for LogReader<'_> {
    type Error = LogUnread;

    fn hashes(&self, path: &TilePath) -> Result<Arc<Tile>, LogUnread> {
        for path in [*path, path.full()] {
            if let Some(bytes) = self.read(Place::Hashes(path))? {
                return Ok(Arc::new(Tile::parse(&path, &bytes)?));
            }
        }
        Err(LogUnread::Missing(Place::Hashes(*path)))
    }
}

impl Entries for LogReader<'_> {
    fn entries(&self, path: &BundlePath) -> Result<(BundlePath, Vec<u8>), LogUnread> {
        for path in [*path, path.full()] {
            if let Some(bytes) = self.read(Place::Entries(path))? {
                return Ok((path, bytes));
            }
        }
        Err(LogUnread::Missing(Place::Entries(*path)))
    }
}
