//! Where the parts of a log lie: the paths of tlog-tiles (<https://c2sp.org/tlog-tiles>), each in its one form.

use std::fmt;
use std::str::FromStr;

use crate::line::decimal;

/// Hashes in a full tile, and entries in a full bundle.
pub const FULL: u16 = 256;
/// Highest level that a path may name.
const MAX_LEVEL: u8 = 63;

/// A text is no path of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a path of a log: checkpoint, tile/LEVEL/INDEX[.p/WIDTH] or tile/entries/INDEX[.p/WIDTH]")]
pub struct PathFault;

/// The path of a tile of hashes: level, index within the level, and how many hashes it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TilePath {
    level: u8,
    index: u64,
    width: u16,
}

impl TilePath {
    /// A path of its parts: levels 0 to 63, widths 1 to 256.
    pub fn new(level: u8, index: u64, width: u16) -> Option<TilePath> {
        (level <= MAX_LEVEL && (1..=FULL).contains(&width)).then_some(TilePath { level, index, width })
    }

    /// A tile as wide as a tree of some size has it; none where the tree does not reach.
    pub fn within(level: u8, index: u64, size: u64) -> Option<TilePath> {
        let hashes = size.checked_shr(8 * u32::from(level))?;
        TilePath::new(level, index, width(index, hashes)?)
    }

    /// The partial tiles at the right edge of a tree, from level 0 up: all that is needed to open it.
    pub fn edge(size: u64) -> impl Iterator<Item = TilePath> {
        levels(size).filter_map(move |(level, hashes)| {
            TilePath::within(level, hashes / u64::from(FULL), size).filter(|path| path.width < FULL)
        })
    }

    /// All tiles of a tree, from level 0 up and from left to right.
    pub fn all(size: u64) -> impl Iterator<Item = TilePath> {
        levels(size).flat_map(move |(level, hashes)| {
            let tiles = 0..hashes.div_ceil(u64::from(FULL));
            tiles.filter_map(move |index| TilePath::within(level, index, size))
        })
    }

    /// Level of the tile: 0 has the hashes of leaves.
    pub const fn level(&self) -> u8 {
        self.level
    }

    /// Index of the tile within its level.
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// How many hashes it has.
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// The full tile at this place, for readers that no longer find the partial one.
    #[must_use]
    pub const fn full(self) -> TilePath {
        TilePath { width: FULL, ..self }
    }
}

/// The levels of a tree's tiles, and how many hashes each has.
fn levels(size: u64) -> impl Iterator<Item = (u8, u64)> {
    (0..8_u8).map(move |level| (level, size >> (8 * u32::from(level)))).take_while(|&(_, hashes)| hashes > 0)
}

/// The path of a bundle of entries: index, and how many entries it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BundlePath {
    index: u64,
    width: u16,
}

impl BundlePath {
    /// A path of its parts: widths 1 to 256.
    pub fn new(index: u64, width: u16) -> Option<BundlePath> {
        (1..=FULL).contains(&width).then_some(BundlePath { index, width })
    }

    /// A bundle as wide as a tree of some size has it; none where the tree does not reach.
    pub fn within(index: u64, size: u64) -> Option<BundlePath> {
        BundlePath::new(index, width(index, size)?)
    }

    /// All bundles of a tree that have entries from a first one on.
    pub fn all(first: u64, size: u64) -> impl Iterator<Item = BundlePath> {
        let bundles = first / u64::from(FULL)..size.div_ceil(u64::from(FULL));
        bundles.filter_map(move |index| BundlePath::within(index, size))
    }

    /// Index of the bundle.
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// How many entries it has.
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// The full bundle at this place, for readers that no longer find the partial one.
    #[must_use]
    pub const fn full(self) -> BundlePath {
        BundlePath { width: FULL, ..self }
    }
}

/// The width of the tile at an index where its level has so many hashes.
fn width(index: u64, hashes: u64) -> Option<u16> {
    let before = index.checked_mul(u64::from(FULL))?;
    let width = hashes.checked_sub(before)?.min(u64::from(FULL));
    u16::try_from(width).ok().filter(|&width| width > 0)
}

/// Anything that a log serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// The checkpoint: the one place that changes.
    Checkpoint,
    /// A tile of hashes.
    Hashes(TilePath),
    /// A bundle of entries.
    Entries(BundlePath),
}

impl FromStr for Place {
    type Err = PathFault;

    fn from_str(text: &str) -> Result<Place, PathFault> {
        parse(text).ok_or(PathFault)
    }
}

impl FromStr for TilePath {
    type Err = PathFault;

    fn from_str(text: &str) -> Result<TilePath, PathFault> {
        if let Place::Hashes(path) = text.parse()? { Ok(path) } else { Err(PathFault) }
    }
}

impl FromStr for BundlePath {
    type Err = PathFault;

    fn from_str(text: &str) -> Result<BundlePath, PathFault> {
        if let Place::Entries(path) = text.parse()? { Ok(path) } else { Err(PathFault) }
    }
}

fn parse(text: &str) -> Option<Place> {
    if text == "checkpoint" {
        return Some(Place::Checkpoint);
    }
    let (level, rest) = text.strip_prefix("tile/")?.split_once('/')?;
    let (index, width) = match rest.split_once(".p/") {
        Some((index, width)) => (index, u16::try_from(decimal(width)?).ok().filter(|&width| width < FULL)?),
        None => (rest, FULL),
    };
    let index = parse_index(index)?;
    if level == "entries" {
        return BundlePath::new(index, width).map(Place::Entries);
    }
    TilePath::new(u8::try_from(decimal(level)?).ok()?, index, width).map(Place::Hashes)
}

/// Reads an index such as `x001/x234/067`: groups of three digits, none of zeroes in front.
fn parse_index(text: &str) -> Option<u64> {
    let (leading, last) = text.rsplit_once('/').map_or((None, text), |(leading, last)| (Some(leading), last));
    let mut index = 0;
    for group in leading.iter().flat_map(|leading| leading.split('/')) {
        index = appended(index, group.strip_prefix('x')?)?;
        if index == 0 {
            return None;
        }
    }
    appended(index, last)
}

fn appended(index: u64, group: &str) -> Option<u64> {
    let digits = group.len() == 3 && group.bytes().all(|byte| byte.is_ascii_digit());
    let group: u64 = if digits { group.parse().ok()? } else { return None };
    index.checked_mul(1000)?.checked_add(group)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Checkpoint => f.write_str("checkpoint"),
            Place::Hashes(path) => path.fmt(f),
            Place::Entries(path) => path.fmt(f),
        }
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile/{}/", self.level)?;
        write_place(f, self.index, self.width)
    }
}

impl fmt::Display for BundlePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tile/entries/")?;
        write_place(f, self.index, self.width)
    }
}

fn write_place(f: &mut fmt::Formatter<'_>, index: u64, width: u16) -> fmt::Result {
    // The largest index has seven groups of three digits.
    let leading = (1..7).rev().map(|group| index / 1000_u64.pow(group)).filter(|&above| above > 0);
    leading.into_iter().try_for_each(|above| write!(f, "x{:03}/", above % 1000))?;
    write!(f, "{:03}", index % 1000)?;
    if width < FULL { write!(f, ".p/{width}") } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_paths_of_the_specification() {
        let path = TilePath::new(3, 1_234_067, FULL).unwrap();
        assert_eq!(path.to_string(), "tile/3/x001/x234/067");
        assert_eq!(TilePath::new(0, 273, 112).unwrap().to_string(), "tile/0/273.p/112");
        assert_eq!(BundlePath::new(0, 1).unwrap().to_string(), "tile/entries/000.p/1");
        let edge: Vec<String> = TilePath::edge(70_000).map(|path| path.to_string()).collect();
        assert_eq!(edge, ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]);
        let all: Vec<String> = TilePath::all(256).map(|path| path.to_string()).collect();
        assert_eq!(all, ["tile/0/000", "tile/1/000.p/1"]);
        assert_eq!(TilePath::all(70_000).count(), 274 + 2 + 1);
        assert_eq!(TilePath::all(0).count(), 0);
        assert_eq!(BundlePath::all(256, 70_000).count(), 273);
    }

    #[test]
    fn other_spellings_are_refused() {
        let crafted = [
            "",
            "checkpoint/",
            "tile",
            "tile/",
            "tile/0",
            "tile/0/",
            "tile/8/0/000",
            "tile/64/000",
            "tile/00/000",
            "tile/0/0",
            "tile/0/0000",
            "tile/0/x000/001",
            "tile/0/x001/",
            "tile/0/001/002",
            "tile/0/x001",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/000.p/",
            "tile/0/000.p/999",
            "tile/0/-01",
            "tile/0/+01",
            "tile/-1/000",
            "tile/0/x999/x999/x999/x999/x999/x999/999",
            "/tile/0/000",
            "tile/0/000/",
            "tile/entries/",
            "tile/data/000",
            "tile/entries/000.p/1.p/1",
            "tile/0/٠٠٠",
            "tile/0/x00é/000",
        ];
        for text in crafted {
            assert_eq!(text.parse::<Place>(), Err(PathFault), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(level in 0_u8..64, index: u64, width in 1_u16..=256) {
            let path = TilePath::new(level, index, width).unwrap();
            prop_assert_eq!(path.to_string().parse(), Ok(path));
            let path = BundlePath::new(index, width).unwrap();
            prop_assert_eq!(path.to_string().parse(), Ok(path));
        }

        #[test]
        fn what_is_read_is_written(text in "tile/(entries|[0-9]{1,2})/(x[0-9]{3}/){0,3}[0-9]{3}(\\.p/[0-9]{1,3})?|\\PC*") {
            if let Ok(place) = text.parse::<Place>() {
                prop_assert_eq!(place.to_string(), text);
            }
        }

        #[test]
        fn any_size(size: u64, level: u8, index: u64) {
            let _ = TilePath::within(level, index, size);
            let _ = BundlePath::within(index, size);
            prop_assert!(TilePath::edge(size).count() <= 8);
            let _ = TilePath::all(size).take(3).count() + BundlePath::all(index, size).take(3).count();
        }
    }
}
