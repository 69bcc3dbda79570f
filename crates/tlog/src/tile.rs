//! Tiles of hashes, and the port through which they are read.

use std::sync::Arc;

use crate::hash::{HASH_LENGTH, Hash};
use crate::path::{BundlePath, FULL, TilePath};

/// Height of a full tile's tree.
pub(crate) const TILE_HEIGHT: u32 = 8;

/// Where the tiles of a log are read from.
pub trait Tiles {
    /// Why a tile cannot be read.
    type Error: std::error::Error + 'static;

    /// Reads a tile. A partial tile may be gone once the full one is there: then the reader gives the full one. A tile
    /// MUST have at least the width of its path; it MAY come from a memory of tiles, which saves hashing it again.
    fn hashes(&self, path: &TilePath) -> Result<Arc<Tile>, Self::Error>;
}

/// Where the entries of a log are read from as well.
pub trait Entries: Tiles {
    /// Reads the bytes of a bundle, and tells which one was read: that of the path or, once that is gone, the full one.
    fn entries(&self, path: &BundlePath) -> Result<(BundlePath, Vec<u8>), Self::Error>;
}

impl<T: Tiles> Tiles for &T {
    type Error = T::Error;

    fn hashes(&self, path: &TilePath) -> Result<Arc<Tile>, T::Error> {
        T::hashes(self, path)
    }
}

impl<T: Entries> Entries for &T {
    fn entries(&self, path: &BundlePath) -> Result<(BundlePath, Vec<u8>), T::Error> {
        T::entries(self, path)
    }
}

/// Bytes are not the tile that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path} has {found} bytes in place of {}", usize::from(path.width()) * HASH_LENGTH)]
pub struct TileFault {
    /// The tile.
    pub path: TilePath,
    /// How many bytes were found.
    pub found: usize,
}

/// A tile: its hashes, and the nodes over them as far as their leaves are all there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    width: usize,
    /// Height by height, from the hashes of the tile itself up.
    nodes: Vec<Hash>,
}

impl Tile {
    /// Reads the bytes of a tile, which must have the width of the path. This hashes all nodes within: 255 of a full tile.
    pub fn parse(path: &TilePath, bytes: &[u8]) -> Result<Tile, TileFault> {
        let (hashes, rest) = bytes.as_chunks::<HASH_LENGTH>();
        if !rest.is_empty() || hashes.len() != usize::from(path.width()) {
            return Err(TileFault { path: *path, found: bytes.len() });
        }
        Ok(Tile::new(hashes.iter().copied().map(Hash::from_bytes)))
    }

    /// A tile of its hashes; what goes beyond 256 is dropped.
    pub fn new(hashes: impl IntoIterator<Item = Hash>) -> Tile {
        let mut nodes = Vec::with_capacity(2 * usize::from(FULL));
        nodes.extend(hashes.into_iter().take(FULL.into()));
        let width = nodes.len();
        for height in 0..TILE_HEIGHT {
            let below = start(width, height);
            for pair in 0..width >> (height + 1) {
                let Some([left, right]) = nodes.get(below + 2 * pair..).and_then(<[Hash]>::first_chunk) else { break };
                nodes.push(Hash::node(left, right));
            }
        }
        Tile { width, nodes }
    }

    /// How many hashes it has.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Its hashes.
    pub fn hashes(&self) -> &[Hash] {
        self.nodes.get(..self.width).unwrap_or_default()
    }

    /// The node at a height within the tile, counted from the left; none if the tile is too narrow for it.
    pub fn node(&self, height: u32, index: u64) -> Option<Hash> {
        let index = usize::try_from(index).ok().filter(|&index| index < self.width.checked_shr(height).unwrap_or(0))?;
        self.nodes.get(start(self.width, height) + index).copied()
    }

    /// The hash of a full tile in the level above.
    pub fn root(&self) -> Option<Hash> {
        self.node(TILE_HEIGHT, 0)
    }

    /// The bytes as they are stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        bytes_of(self.hashes())
    }

    /// The tile as it was when it had fewer hashes.
    pub(crate) fn narrowed(self: Arc<Tile>, width: u16) -> Option<Arc<Tile>> {
        if self.width == usize::from(width) {
            return Some(self);
        }
        Some(Arc::new(Tile::new(self.hashes().get(..width.into())?.iter().copied())))
    }
}

/// Where the nodes of a height begin in a tile of some width.
fn start(width: usize, height: u32) -> usize {
    (0..height).map(|below| width >> below).sum()
}

/// Hashes as a tile stores them.
pub(crate) fn bytes_of(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tile(width: u16) -> Tile {
        Tile::new((0..width).map(|index| Hash::leaf(&index.to_be_bytes())))
    }

    #[test]
    fn a_tile_has_the_width_of_its_path() {
        let path = TilePath::new(0, 0, 3).unwrap();
        let bytes = tile(3).to_bytes();
        assert_eq!(Tile::parse(&path, &bytes).unwrap(), tile(3));
        for wrong in [&bytes[..95], &bytes[..64], &[][..], &[bytes.clone(), vec![0; 32]].concat()] {
            let fault = Tile::parse(&path, wrong).unwrap_err();
            assert_eq!(fault.to_string(), format!("tile/0/000.p/3 has {} bytes in place of 96", wrong.len()));
        }
    }

    #[test]
    fn nodes_are_there_as_far_as_the_tile_is_wide() {
        let tile = tile(5);
        let pair = Hash::node(&Hash::leaf(&[0, 2]), &Hash::leaf(&[0, 3]));
        assert_eq!(tile.node(1, 1), Some(pair));
        assert!(tile.node(2, 0).is_some() && tile.node(1, 2).is_none() && tile.node(3, 0).is_none());
        assert!(tile.node(99, 0).is_none() && tile.node(0, u64::MAX).is_none() && tile.root().is_none());
        assert!(self::tile(256).root().is_some());
    }

    #[test]
    fn a_narrowed_tile_is_the_earlier_one() {
        for width in 1..=256 {
            assert_eq!(Arc::new(tile(256)).narrowed(width), Some(Arc::new(tile(width))));
        }
        assert_eq!(Arc::new(tile(3)).narrowed(4), None);
    }
}
