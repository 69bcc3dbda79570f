//! A large tree in a folder: how long it takes to open it, and to make a proof out of it. It is made by the planner, with
//! writes that nobody waits for, and without the full bundles, which nothing here reads.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use seaworthy_service::log::{LogReader, LogUnread};
use seaworthy_store::tiles::FolderTiles;
use seaworthy_tlog::{FULL, Hash, Place, Tile, TilePath, Tiles, Tip, Tree, plan};

use crate::{OURS, seconds};

const PROOFS: u64 = 2000;

/// Tiles that stay in memory once they were read.
struct Kept<'a> {
    reader: LogReader<'a>,
    tiles: Mutex<HashMap<TilePath, Arc<Tile>>>,
}

impl Tiles for Kept<'_> {
    type Error = LogUnread;

    fn hashes(&self, path: &TilePath) -> Result<Arc<Tile>, LogUnread> {
        if let Some(tile) = self.tiles.lock().unwrap().get(path) {
            return Ok(Arc::clone(tile));
        }
        let tile = self.reader.hashes(path)?;
        self.tiles.lock().unwrap().insert(*path, Arc::clone(&tile));
        Ok(tile)
    }
}

/// Measures a tree of so many leaves.
pub fn run(leaves: u64) {
    let folder = tempfile::tempdir().unwrap();
    let tiles = FolderTiles::new(folder.path());
    let mut root = Hash::EMPTY;
    let making = seconds(|| root = make(&tiles.folder(OURS), leaves));
    println!("a tree of {leaves} leaves, made in {making:.1} s");
    let reader = LogReader::new(&tiles, OURS);
    let opening = seconds(|| assert_eq!(Tip::open(&reader, leaves, &root).unwrap().edge().size(), leaves));
    println!("opened in {:.3} ms", opening * 1e3);
    let prove = |tiles: &dyn Fn(u64) -> usize| seconds(|| (0..PROOFS).for_each(|at| assert!(tiles(at) > 0)));
    // Spread over the whole tree; the same leaves each time.
    let leaf = |at: u64| at.wrapping_mul(0x9E37_79B9_7F4A_7C15) % leaves;
    let from_files = |at| Tree::new(reader, leaves).inclusion(leaf(at), leaves).unwrap().len();
    prove(&from_files);
    println!("a proof from files in the page cache: {:.1} µs", prove(&from_files) * 1e6 / PROOFS as f64);
    let kept = Kept { reader, tiles: Mutex::default() };
    let from_memory = |at| Tree::new(&kept, leaves).inclusion(leaf(at), leaves).unwrap().len();
    prove(&from_memory);
    println!("a proof from tiles in memory: {:.2} µs", prove(&from_memory) * 1e6 / PROOFS as f64);
}

fn make(folder: &Path, leaves: u64) -> Hash {
    let mut tip = Tip::empty();
    while tip.edge().size() < leaves {
        let first = tip.edge().size();
        // Whole tiles, until the last batch.
        let end = leaves.min(first + 256 * u64::from(FULL));
        let pool: Vec<[u8; 33]> = (first..end).map(entry).collect();
        let plan = plan(&tip, &pool).unwrap();
        tip = plan.tip;
        for write in plan.writes {
            let needed = match write.place {
                Place::Entries(path) => path.width() < FULL,
                Place::Hashes(path) => path.width() == FULL || path.level() > 0 || end == leaves,
                Place::Checkpoint => false,
            };
            if needed {
                let path = folder.join(write.place.to_string());
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, write.bytes).unwrap();
            }
        }
    }
    tip.edge().root()
}

fn entry(index: u64) -> [u8; 33] {
    let mut entry = [1; 33];
    entry[1..9].copy_from_slice(&index.to_be_bytes());
    entry
}
