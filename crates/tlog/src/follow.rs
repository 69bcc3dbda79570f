//! The pure part of a monitor: every new entry against its tile, every tile against those below, the whole against the
//! checkpoint. From the empty edge this checks a whole log, and names the entry that was changed.

use crate::bundle::Bundle;
use crate::edge::Edge;
use crate::hash::Hash;
use crate::path::{BundlePath, FULL, TilePath};
use crate::tile::{Entries, TILE_HEIGHT};
use crate::tree::{ReadFault, Tree};

/// Where a log contradicts itself, or what was seen of it earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The checkpoint is of a smaller tree than was seen already.
    #[error("the log went back from {held} entries to {size}")]
    Rewound {
        /// The size that was seen.
        held: u64,
        /// The size of the checkpoint.
        size: u64,
    },
    /// An entry does not hash to what its tile holds, or is cut short.
    #[error("entry {index} in {path} does not hash to what its tile holds")]
    Entry {
        /// Index of the entry.
        index: u64,
        /// Where it stands.
        path: BundlePath,
    },
    /// A bundle has more entries or bytes than its path says.
    #[error("{path} has more in it than its path says")]
    Bundle {
        /// The bundle.
        path: BundlePath,
    },
    /// A tile of a higher level holds another hash than those below make.
    #[error("{path} does not hold the hash of entries {first} to {}", end - 1)]
    Hash {
        /// The tile.
        path: TilePath,
        /// First entry below the hash.
        first: u64,
        /// End of the entries below the hash.
        end: u64,
    },
    /// The tiles no longer make the root that was seen: another past was put in its place, or a tile at its edge was
    /// changed. A check from the beginning tells which.
    #[error("the log no longer holds the tree of {held} entries that was seen")]
    Forked {
        /// The size that was seen.
        held: u64,
    },
    /// All tiles agree, but the checkpoint has another root.
    #[error("the entries do not make the root that the checkpoint of size {size} has")]
    Root {
        /// The size of the checkpoint.
        size: u64,
    },
}

/// Why a log could not be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FollowFault<E: std::error::Error + 'static> {
    /// It could not be read: nothing is known.
    #[error(transparent)]
    Read(#[from] ReadFault<E>),
    /// It contradicts itself.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
}

/// A check of a log from an authenticated edge up to a checkpoint, bundle by bundle.
pub struct Follow<'a, T> {
    log: &'a T,
    tree: Tree<&'a T>,
    edge: Edge,
}

impl<'a, T: Entries> Follow<'a, T> {
    /// Begins where the edge ends, if the log still holds the tree of that edge. [`Edge::empty`] begins at the beginning.
    pub fn begin(log: &'a T, edge: Edge, size: u64) -> Result<Follow<'a, T>, FollowFault<T::Error>> {
        let held = edge.size();
        if held > size {
            return Err(Mismatch::Rewound { held, size }.into());
        }
        let mut tree = Tree::new(log, size);
        if tree.root(held)? == edge.root() {
            Ok(Follow { log, tree, edge })
        } else {
            Err(Mismatch::Forked { held }.into())
        }
    }

    /// How many entries are checked.
    pub const fn checked(&self) -> u64 {
        self.edge.size()
    }

    /// Checks the next bundle; whether there was one.
    pub fn step(&mut self) -> Result<bool, FollowFault<T::Error>> {
        let size = self.tree.size();
        let path = BundlePath::within(self.edge.size() / u64::from(FULL), size);
        let Some(path) = path.filter(|_| self.edge.size() < size) else { return Ok(false) };
        let (read, bytes) = self.log.entries(&path).map_err(ReadFault::Read)?;
        let (bundle, rest) = Bundle::scan(bytes);
        for position in 0..path.width() {
            let index = path.index() * u64::from(FULL) + u64::from(position);
            self.entry(index, bundle.get(position.into()).map(Hash::leaf), path)?;
        }
        let whole = rest == 0 && bundle.len() == usize::from(read.width());
        if whole { Ok(true) } else { Err(Mismatch::Bundle { path: read }.into()) }
    }

    /// Ends with the root of the checkpoint. What it gives is authenticated, and what the next check begins with.
    pub fn finish(mut self, root: &Hash) -> Result<Edge, FollowFault<T::Error>> {
        while self.step()? {}
        let agrees = self.edge.root() == *root;
        if agrees { Ok(self.edge) } else { Err(Mismatch::Root { size: self.tree.size() }.into()) }
    }

    fn entry(&mut self, index: u64, leaf: Option<Hash>, path: BundlePath) -> Result<(), FollowFault<T::Error>> {
        let (_, stored) = self.tree.stored(0, index)?;
        let leaf = leaf.filter(|leaf| *leaf == stored).ok_or(Mismatch::Entry { index, path })?;
        if index < self.edge.size() {
            return Ok(());
        }
        let mut completed = Vec::new();
        self.edge.push_noting(leaf, |height, hash| {
            if height > 0 && height % TILE_HEIGHT == 0 {
                completed.push((height, hash));
            }
        });
        completed.into_iter().try_for_each(|(height, hash)| self.node(height, index >> height, hash))
    }

    fn node(&mut self, height: u32, place: u64, hash: Hash) -> Result<(), FollowFault<T::Error>> {
        let (path, stored) = self.tree.stored(height / TILE_HEIGHT, place)?;
        let mismatch = Mismatch::Hash { path, first: place << height, end: (place + 1) << height };
        if stored == hash { Ok(()) } else { Err(mismatch.into()) }
    }
}
