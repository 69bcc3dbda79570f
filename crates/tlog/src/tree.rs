//! A tree as its tiles hold it: roots, and proofs of inclusion and consistency (RFC 6962 §2.1, RFC 9162 §2.1).

use std::ops::Range;
use std::sync::Arc;

use crate::edge::{Edge, fold};
use crate::hash::Hash;
use crate::line::MAX_NUMBER;
use crate::path::{FULL, TilePath};
use crate::tile::{TILE_HEIGHT, Tile, Tiles};

/// Levels of tiles that the largest tree has.
const LEVELS: usize = 8;

/// Why a tree cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadFault<E: std::error::Error + 'static> {
    /// The reader failed.
    #[error(transparent)]
    Read(E),
    /// The reader gave a tile that is narrower than its path.
    #[error("{0} is narrower than its path says")]
    Narrow(TilePath),
    /// A tile is not the one that the checkpoint commits to.
    #[error("{0} is not the tile that the checkpoint commits to")]
    Forged(TilePath),
    /// The tiles at the right edge do not make the root of the checkpoint.
    #[error("the tiles at the right edge of the tree of size {0} do not make the root of its checkpoint")]
    Root(u64),
    /// The entry does not hash to what the tile holds.
    #[error("entry {0} does not hash to what its tile holds")]
    Entry(u64),
    /// What is asked for lies beyond the tree.
    #[error("beyond the tree of size {0}")]
    Beyond(u64),
}

/// A tree of some size whose tiles are at hand. It remembers the last tile of each level.
pub struct Tree<T> {
    tiles: T,
    size: u64,
    held: [Option<(TilePath, Arc<Tile>)>; LEVELS],
}

impl<T: Tiles> Tree<T> {
    /// The tree of a size. Nothing is read yet.
    pub fn new(tiles: T, size: u64) -> Tree<T> {
        Tree { tiles, size: size.min(MAX_NUMBER), held: Default::default() }
    }

    /// How many leaves the tree has.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The hash of a leaf.
    pub fn leaf(&mut self, index: u64) -> Result<Hash, ReadFault<T::Error>> {
        if index >= self.size {
            return Err(ReadFault::Beyond(self.size));
        }
        self.node(0, index)
    }

    /// The edge of the tree when it had some size.
    pub fn edge(&mut self, size: u64) -> Result<Edge, ReadFault<T::Error>> {
        self.reach(size)?;
        let peaks = self.peaks(0..size)?;
        Edge::from_peaks(size, peaks).ok_or(ReadFault::Beyond(self.size))
    }

    /// The root of the tree when it had some size.
    pub fn root(&mut self, size: u64) -> Result<Hash, ReadFault<T::Error>> {
        Ok(self.edge(size)?.root())
    }

    /// The proof that a leaf is in the tree when it had some size: hashes from the leaf's sibling up.
    pub fn inclusion(&mut self, index: u64, size: u64) -> Result<Vec<Hash>, ReadFault<T::Error>> {
        self.reach(size)?;
        if index >= size {
            return Err(ReadFault::Beyond(size));
        }
        let (beside, _) = way(size, index + 1, |span| span.end - span.start == 1);
        beside.into_iter().map(|span| self.range(span)).collect()
    }

    /// The proof that the tree of some size continues the one of an older size.
    pub fn consistency(&mut self, old: u64, size: u64) -> Result<Vec<Hash>, ReadFault<T::Error>> {
        self.reach(size)?;
        if old > size {
            return Err(ReadFault::Beyond(size));
        }
        if old == 0 {
            return Ok(Vec::new());
        }
        let (mut spans, reached) = way(size, old, |span| span.end == old);
        if reached.start != 0 {
            spans.insert(0, reached);
        }
        spans.into_iter().map(|span| self.range(span)).collect()
    }

    fn reach(&self, size: u64) -> Result<(), ReadFault<T::Error>> {
        if size <= self.size { Ok(()) } else { Err(ReadFault::Beyond(self.size)) }
    }

    /// The hash over a span of leaves that begins at a multiple of a power of two which is not shorter.
    fn range(&mut self, span: Range<u64>) -> Result<Hash, ReadFault<T::Error>> {
        Ok(fold(&self.peaks(span)?))
    }

    /// The roots of the perfect trees that a span of leaves consists of.
    fn peaks(&mut self, mut span: Range<u64>) -> Result<Vec<Hash>, ReadFault<T::Error>> {
        let mut peaks = Vec::new();
        while let Some(height) = (span.end - span.start).checked_ilog2() {
            peaks.push(self.node(height, span.start >> height)?);
            span.start += 1 << height;
        }
        Ok(peaks)
    }

    /// The root of a perfect tree: its height, and its index among those of this height.
    fn node(&mut self, height: u32, index: u64) -> Result<Hash, ReadFault<T::Error>> {
        let (level, within) = (height / TILE_HEIGHT, height % TILE_HEIGHT);
        let per_tile = u64::from(FULL) >> within;
        let (path, tile) = self.tile(level, index / per_tile)?;
        tile.node(within, index % per_tile).ok_or(ReadFault::Narrow(path))
    }

    fn tile(&mut self, level: u32, index: u64) -> Result<(TilePath, Arc<Tile>), ReadFault<T::Error>> {
        let beyond = ReadFault::Beyond(self.size);
        let path = u8::try_from(level).ok().and_then(|level| TilePath::within(level, index, self.size));
        let path = path.ok_or(beyond)?;
        let held = usize::try_from(level).ok().and_then(|level| self.held.get_mut(level));
        if let Some(Some((held, tile))) = &held
            && *held == path
        {
            return Ok((path, Arc::clone(tile)));
        }
        let tile = self.tiles.hashes(&path).map_err(ReadFault::Read)?;
        if let Some(held) = held {
            *held = Some((path, Arc::clone(&tile)));
        }
        Ok((path, tile))
    }

    /// The hash at a place of a level, as the tile there holds it.
    pub(crate) fn stored(&mut self, level: u32, place: u64) -> Result<(TilePath, Hash), ReadFault<T::Error>> {
        let (path, tile) = self.tile(level, place / u64::from(FULL))?;
        let hash = tile.node(0, place % u64::from(FULL)).ok_or(ReadFault::Narrow(path))?;
        Ok((path, hash))
    }
}

/// Goes down from the root towards the leaf before an end, until it has arrived: the spans that are left beside the way,
/// from below up, and the one that was reached.
fn way(size: u64, end: u64, arrived: impl Fn(&Range<u64>) -> bool) -> (Vec<Range<u64>>, Range<u64>) {
    let mut span = 0..size;
    let mut beside = Vec::new();
    while !arrived(&span) {
        let middle = span.start + (span.end - span.start).next_power_of_two() / 2;
        let (left, right) = (span.start..middle, middle..span.end);
        let (onwards, left_behind) = if end <= middle { (left, right) } else { (right, left) };
        beside.push(left_behind);
        span = onwards;
    }
    beside.reverse();
    (beside, span)
}

/// Tiles that are checked against a checkpoint before anybody sees them.
pub struct Verified<T> {
    tiles: T,
    size: u64,
    /// The partial tiles at the right edge, which the root covers.
    edge: Vec<(TilePath, Arc<Tile>)>,
}

impl<T: Tiles> Verified<T> {
    /// Reads the right edge of a tree and checks it against the root of its checkpoint.
    pub fn open(tiles: T, size: u64, root: &Hash) -> Result<Verified<T>, ReadFault<T::Error>> {
        let mut edge = Vec::new();
        for path in TilePath::edge(size) {
            let tile = tiles.hashes(&path).map_err(ReadFault::Read)?;
            edge.push((path, tile.narrowed(path.width()).ok_or(ReadFault::Narrow(path))?));
        }
        let opened = Verified { tiles, size, edge };
        let found = Tree::new(&opened, size).root(size);
        if found.is_ok_and(|found| found == *root) { Ok(opened) } else { Err(ReadFault::Root(size)) }
    }

    fn full(&self, path: &TilePath) -> Result<Arc<Tile>, ReadFault<T::Error>> {
        let tile = self.tiles.hashes(path).map_err(ReadFault::Read)?;
        let above = TilePath::within(path.level() + 1, path.index() / u64::from(FULL), self.size);
        let above = self.hashes(&above.ok_or(ReadFault::Beyond(self.size))?)?;
        let committed = above.node(0, path.index() % u64::from(FULL));
        if committed.is_some() && tile.root() == committed { Ok(tile) } else { Err(ReadFault::Forged(*path)) }
    }
}

impl<T: Tiles> Tiles for Verified<T> {
    type Error = ReadFault<T::Error>;

    fn hashes(&self, path: &TilePath) -> Result<Arc<Tile>, Self::Error> {
        // An earlier width is answered with the tile as the checkpoint has it.
        let path = TilePath::within(path.level(), path.index(), self.size).ok_or(ReadFault::Beyond(self.size))?;
        if path.width() == FULL {
            return self.full(&path);
        }
        let held = self.edge.iter().find(|(held, _)| *held == path);
        held.map(|(_, tile)| Arc::clone(tile)).ok_or(ReadFault::Beyond(self.size))
    }
}
