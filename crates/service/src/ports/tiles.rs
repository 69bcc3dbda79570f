//! Where a log's tiles are: a folder, or a bucket. The contract that every such place MUST keep:
//!
//! - When [`TileStore::write`] returns `Ok`, everything it was given is durable. When it fails, some of it may be there.
//! - Nobody sees a part of a file: it is absent, or whole.
//! - A tile is written again only with the same bytes; a place that can tell otherwise MUST answer [`Fault::Conflict`].
//! - [`TileStore::publish`] replaces the checkpoint in one step, durably.

use seaworthy_tlog::Place;

use super::Fault;
use crate::id::Id;

/// Where the tiles of logs are, each organisation's apart.
pub trait TileStore: Send + Sync {
    /// What stands at a place, if anything does.
    fn read(&self, organisation: Id, place: &Place) -> Result<Option<Vec<u8>>, Fault>;
    /// Writes tiles and bundles.
    fn write(&self, organisation: Id, files: &[(Place, Vec<u8>)]) -> Result<(), Fault>;
    /// Replaces the checkpoint.
    fn publish(&self, organisation: Id, checkpoint: &[u8]) -> Result<(), Fault>;
    /// Removes tiles and bundles that were never published; absent ones are no fault.
    fn remove(&self, organisation: Id, places: &[Place]) -> Result<(), Fault>;
    /// Removes the partial tiles and bundles that these full ones replaced, whatever there is of them.
    fn prune(&self, organisation: Id, full: &[Place]) -> Result<(), Fault>;
}
