//! The sequencer's planner: what must be written so that a batch of entries is in the log. Whoever carries a plan out
//! writes all of it durably before the checkpoint of the new size is signed; a plan that failed leaves the old tip good.

use crate::bundle::{Bundle, BundleFault, append_entry};
use crate::edge::Edge;
use crate::hash::Hash;
use crate::path::{BundlePath, FULL, Place, TilePath};
use crate::tile::{Entries, TILE_HEIGHT, bytes_of};
use crate::tree::{ReadFault, Tree};

/// What a sequencer keeps in memory between batches: the right edge, and all that is not yet full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tip {
    edge: Edge,
    /// The hashes of the partial tile of each level, from level 0 up.
    rows: Vec<Vec<Hash>>,
    /// The bytes of the partial bundle.
    bundle: Vec<u8>,
}

impl Tip {
    /// The tip of the log without entries.
    pub const fn empty() -> Tip {
        Tip { edge: Edge::empty(), rows: Vec::new(), bundle: Vec::new() }
    }

    /// Reads the tip of a log of some size, and checks it against the root of its checkpoint: at most eight tiles and one
    /// bundle, whatever the size.
    pub fn open<T: Entries>(log: &T, size: u64, root: &Hash) -> Result<Tip, ReadFault<T::Error>> {
        let edge = Tree::new(log, size).edge(size)?;
        if edge.root() != *root {
            return Err(ReadFault::Root(size));
        }
        let mut rows = Vec::new();
        for path in TilePath::edge(size) {
            let tile = log.hashes(&path).map_err(ReadFault::Read)?;
            let row = tile.hashes().get(..usize::from(path.width())).ok_or(ReadFault::Narrow(path))?;
            rows.resize(usize::from(path.level()), Vec::new());
            rows.push(row.to_vec());
        }
        let bundle = read_bundle(log, size, rows.first().map_or(&[], Vec::as_slice))?;
        Ok(Tip { edge, rows, bundle })
    }

    /// The right edge: size and root of the log.
    pub const fn edge(&self) -> &Edge {
        &self.edge
    }

    fn append(&mut self, entry: &[u8], writes: &mut Vec<Write>) -> Result<(), BundleFault> {
        append_entry(&mut self.bundle, entry)?;
        let Tip { edge, rows, .. } = self;
        let size = edge.size() + 1;
        edge.push_noting(Hash::leaf(entry), |height, hash| {
            if height % TILE_HEIGHT == 0 {
                place(rows, height / TILE_HEIGHT, hash, size, writes);
            }
        });
        if size.is_multiple_of(FULL.into()) {
            let path = BundlePath::new(size / u64::from(FULL) - 1, FULL);
            let bytes = std::mem::take(&mut self.bundle);
            writes.extend(path.map(|path| Write { place: Place::Entries(path), bytes }));
        }
        Ok(())
    }

    /// The partial tiles and the partial bundle that differ from those of an older size.
    fn close(&self, old: u64, writes: &mut Vec<Write>) {
        let size = self.edge.size();
        if size == old {
            return;
        }
        let bundle = BundlePath::within(size / u64::from(FULL), size);
        writes.extend(bundle.map(|path| Write { place: Place::Entries(path), bytes: self.bundle.clone() }));
        for path in TilePath::edge(size).filter(|path| TilePath::within(path.level(), path.index(), old) != Some(*path))
        {
            let row = self.rows.get(usize::from(path.level()));
            writes.extend(row.map(|row| Write { place: Place::Hashes(path), bytes: bytes_of(row) }));
        }
    }
}

/// Puts a hash into the row of its level; a row that is full becomes a tile.
fn place(rows: &mut Vec<Vec<Hash>>, level: u32, hash: Hash, size: u64, writes: &mut Vec<Write>) {
    let (Ok(level), Ok(at)) = (u8::try_from(level), usize::try_from(level)) else { return };
    if rows.len() <= at {
        rows.resize(at + 1, Vec::new());
    }
    let Some(row) = rows.get_mut(at) else { return };
    row.push(hash);
    if row.len() == usize::from(FULL) {
        let index = (size >> (TILE_HEIGHT * u32::from(level))) / u64::from(FULL) - 1;
        let path = TilePath::new(level, index, FULL);
        let bytes = bytes_of(&std::mem::take(row));
        writes.extend(path.map(|path| Write { place: Place::Hashes(path), bytes }));
    }
}

/// The bytes of the partial bundle, whose entries must hash to what the tile at the edge holds.
fn read_bundle<T: Entries>(log: &T, size: u64, row: &[Hash]) -> Result<Vec<u8>, ReadFault<T::Error>> {
    let Some(path) = BundlePath::within(size / u64::from(FULL), size) else { return Ok(Vec::new()) };
    let (_, bytes) = log.entries(&path).map_err(ReadFault::Read)?;
    let (bundle, _) = Bundle::scan(bytes);
    let first = path.index() * u64::from(FULL);
    for (position, hash) in row.iter().enumerate() {
        if bundle.get(position).map(Hash::leaf) != Some(*hash) {
            return Err(ReadFault::Entry(first + position as u64));
        }
    }
    let partial = bundle.first(row.len()).map(<[u8]>::to_vec);
    partial.ok_or(ReadFault::Entry(size))
}

/// Bytes to be written to a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// Where.
    pub place: Place,
    /// What.
    pub bytes: Vec<u8>,
}

/// What a batch takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Index of the batch's first entry; the others follow.
    pub first: u64,
    /// Tiles and bundles, full ones and those at the edge. Their order does not matter; all come before the checkpoint.
    pub writes: Vec<Write>,
    /// The tip once they are written.
    pub tip: Tip,
}

/// Plans a batch. Each leaf and node is hashed once; the cost goes with the batch, not with the log.
pub fn plan<E: AsRef<[u8]>>(tip: &Tip, pool: &[E]) -> Result<Plan, BundleFault> {
    let first = tip.edge.size();
    let mut next = tip.clone();
    let mut writes = Vec::new();
    for entry in pool {
        next.append(entry.as_ref(), &mut writes)?;
    }
    next.close(first, &mut writes);
    Ok(Plan { first, writes, tip: next })
}
