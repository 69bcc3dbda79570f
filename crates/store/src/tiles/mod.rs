//! Where the tiles of logs are kept (`seaworthy_service::ports::TileStore`).

mod at_once;
mod bucket;
mod connector;
mod folder;

use seaworthy_service::ports::Fault;
use seaworthy_tlog::{Checkpoint, Note, Place};

pub use bucket::{BucketAddress, BucketTiles, Credentials};
pub use folder::FolderTiles;

/// What is published never gets smaller.
fn never_smaller(found: &[u8], new: &[u8]) -> Result<(), Fault> {
    match (size(found), size(new)) {
        (Some(found), Some(new)) if found > new => {
            Err(Fault::Conflict(format!("{found} entries are published, and not {new}")))
        }
        _ => Ok(()),
    }
}

/// Where the partial tiles or bundles are that a full one replaces.
fn partials(full: &Place) -> String {
    format!("{full}.p")
}

/// The size that a checkpoint says.
fn size(checkpoint: &[u8]) -> Option<u64> {
    let checkpoint: Checkpoint = Note::parse(checkpoint).ok()?.text().parse().ok()?;
    Some(checkpoint.size)
}
