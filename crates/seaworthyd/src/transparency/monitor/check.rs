//! Checks a log from an authenticated edge up to a checkpoint, and finds out what was changed where it does not fit.

use std::sync::Arc;

use seaworthy_tlog::{
    Bundle, BundlePath, Checkpoint, Edge, Entries, Follow, FollowFault, Hash, Mismatch, Place, ReadFault, Tile,
    TileFault, TilePath, Tiles, Tree, Verified,
};

use super::ahead::{Ahead, reading_ahead};
use super::finding::{Finding, entries_below, entries_of};
use super::source::{Source, SourceFault};

/// Why a look at a log did not end well.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The log was caught.
    #[error(transparent)]
    Caught(#[from] Finding),
    /// It could not be read: nothing is known.
    #[error("{0}")]
    Unknown(String),
}

/// Checks all entries from an edge on. `told` hears how far it has come. What it gives is the edge at the checkpoint.
pub fn check(source: &Source, from: Edge, checkpoint: &Checkpoint, told: &mut dyn FnMut(u64)) -> Result<Edge, Trouble> {
    let size = checkpoint.size;
    match reading_ahead(source, from.size(), size, |ahead| follow(ahead, from, checkpoint, told)) {
        Ok(edge) => Ok(edge),
        Err(FollowFault::Read(fault)) => Err(trouble(fault)),
        Err(FollowFault::Mismatch(Mismatch::Forked { held })) => {
            // If a tile was changed, a check from the beginning comes upon it.
            check(source, Edge::empty(), checkpoint, told)?;
            Err(Finding::Forked { held, size }.into())
        }
        Err(FollowFault::Mismatch(mismatch)) => Err(diagnosed(source, checkpoint, mismatch).into()),
    }
}

fn follow(
    log: &Ahead<'_>,
    from: Edge,
    checkpoint: &Checkpoint,
    told: &mut dyn FnMut(u64),
) -> Result<Edge, FollowFault<SourceFault>> {
    let mut follow = Follow::begin(log, from, checkpoint.size)?;
    while follow.step()? {
        told(follow.checked());
    }
    follow.finish(&checkpoint.root)
}

/// Whether the tree of a checkpoint continues one that was seen; nothing if its tiles cannot tell.
pub fn continues(source: &Source, checkpoint: &Checkpoint, seen: &Checkpoint) -> Option<bool> {
    let verified = Verified::open(source, checkpoint.size, &checkpoint.root).ok()?;
    let root = Tree::new(&verified, checkpoint.size).root(seen.size).ok()?;
    Some(root == seen.root)
}

/// What of two things that do not fit was changed: the one that the checkpoint does not commit to.
fn diagnosed(source: &Source, checkpoint: &Checkpoint, mismatch: Mismatch) -> Finding {
    let size = checkpoint.size;
    match mismatch {
        Mismatch::Rewound { held, size } => Finding::Rewound { held, size },
        Mismatch::Forked { held } => Finding::Forked { held, size },
        Mismatch::Entry { index, path } => entry(source, checkpoint, index, path),
        Mismatch::Bundle { path } => Finding::Bundle { path },
        Mismatch::Hash { path, first, end } if commits_to(source, checkpoint, &path) => {
            Finding::Replaced { path, entries: first..end.min(size) }
        }
        Mismatch::Hash { path, first, end } => Finding::Tile { path, entries: first..end.min(size) },
        Mismatch::Root { size } => Finding::Root { size },
    }
}

/// An entry does not hash to what its tile holds: if the checkpoint commits to the hashes that the entries make, it was
/// the tile that was changed.
fn entry(source: &Source, checkpoint: &Checkpoint, index: u64, path: BundlePath) -> Finding {
    match Remade::of(source, checkpoint, &path).filter(|remade| commits_to(remade, checkpoint, &remade.path)) {
        Some(Remade { path, .. }) => Finding::Tile { path, entries: index..index + 1 },
        None => Finding::Entry { index, path },
    }
}

/// Whether a tile is the one that the checkpoint commits to.
fn commits_to<T: Tiles>(log: T, checkpoint: &Checkpoint, path: &TilePath) -> bool {
    let verified = Verified::open(log, checkpoint.size, &checkpoint.root);
    verified.is_ok_and(|verified| verified.hashes(path).is_ok())
}

/// A log with one of its tiles made again from the entries below it.
struct Remade<'a> {
    source: &'a Source,
    path: TilePath,
    tile: Arc<Tile>,
}

impl Remade<'_> {
    fn of<'a>(source: &'a Source, checkpoint: &Checkpoint, bundle: &BundlePath) -> Option<Remade<'a>> {
        let path = TilePath::within(0, bundle.index(), checkpoint.size)?;
        let (read, bytes) = source.entries(bundle).ok()?;
        let entries = Bundle::parse(&read, bytes).ok()?;
        let hashes = entries.iter().take(path.width().into()).map(Hash::leaf);
        Some(Remade { source, path, tile: Arc::new(Tile::new(hashes)) })
    }
}

impl Tiles for Remade<'_> {
    type Error = SourceFault;

    fn hashes(&self, path: &TilePath) -> Result<Arc<Tile>, SourceFault> {
        if *path == self.path { Ok(Arc::clone(&self.tile)) } else { self.source.hashes(path) }
    }
}

/// What it means that a part of the log was not as it must be, or was not read at all.
fn trouble(fault: ReadFault<SourceFault>) -> Trouble {
    let changed = |path: TilePath| Trouble::Caught(Finding::Tile { path, entries: entries_below(&path) });
    match fault {
        ReadFault::Read(SourceFault::Unreachable(why)) => Trouble::Unknown(why),
        ReadFault::Read(SourceFault::Missing(place)) => missing(place),
        ReadFault::Read(SourceFault::TooLong(Place::Entries(path))) => Finding::Bundle { path }.into(),
        ReadFault::Read(SourceFault::TooLong(Place::Hashes(path)) | SourceFault::Tile(TileFault { path, .. })) => {
            changed(path)
        }
        ReadFault::Narrow(path) | ReadFault::Forged(path) => changed(path),
        ReadFault::Root(size) => Finding::Root { size }.into(),
        other => Trouble::Unknown(other.to_string()),
    }
}

fn missing(place: Place) -> Trouble {
    match place {
        Place::Checkpoint => Trouble::Unknown("there is no checkpoint".to_owned()),
        Place::Entries(path) => Finding::Missing { place, entries: entries_of(&path) }.into(),
        Place::Hashes(path) => Finding::Missing { place, entries: entries_below(&path) }.into(),
    }
}
