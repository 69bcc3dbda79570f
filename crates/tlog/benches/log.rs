//! How fast batches are planned, proofs are built and a log is opened and followed: `cargo bench -p seaworthy-tlog`.
//! All in memory, on one core; disks are measured where they are written.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::hint::black_box;
use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use seaworthy_tlog::{BundlePath, Edge, Entries, Follow, Place, Tile, TilePath, Tiles, Tip, Tree, plan};

const BATCH: u64 = 1000;
const PROOFS: u64 = 2000;

/// A log in memory, whose tiles stay parsed.
#[derive(Default)]
struct Memory {
    tiles: BTreeMap<TilePath, Arc<Tile>>,
    bundles: BTreeMap<BundlePath, Vec<u8>>,
}

impl Tiles for Memory {
    type Error = Infallible;

    fn hashes(&self, path: &TilePath) -> Result<Arc<Tile>, Infallible> {
        Ok(self.tiles.get(path).cloned().unwrap_or_else(|| Arc::new(Tile::new([]))))
    }
}

impl Entries for Memory {
    fn entries(&self, path: &BundlePath) -> Result<(BundlePath, Vec<u8>), Infallible> {
        Ok((*path, self.bundles.get(path).cloned().unwrap_or_default()))
    }
}

impl Memory {
    fn write(&mut self, place: Place, bytes: Vec<u8>) -> Result<(), seaworthy_tlog::TileFault> {
        match place {
            Place::Hashes(path) => drop(self.tiles.insert(path, Arc::new(Tile::parse(&path, &bytes)?))),
            Place::Entries(path) => drop(self.bundles.insert(path, bytes)),
            Place::Checkpoint => {}
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // `cargo test` builds benches too and starts them with other arguments.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let size = 1_000_000;
    let (mut memory, mut tip, mut planning) = (Memory::default(), Tip::empty(), 0.0);
    for batch in 0..size / BATCH {
        let pool: Vec<[u8; 40]> = (0..BATCH).map(|at| entry(batch * BATCH + at)).collect();
        let (planned, seconds) = timed(|| plan(&tip, &pool));
        let planned = planned?;
        planning += seconds;
        tip = planned.tip;
        planned.writes.into_iter().try_for_each(|write| memory.write(write.place, write.bytes))?;
    }
    let root = tip.edge().root();
    let prove = |at| Tree::new(&memory, size).inclusion(at * 7_919 * 61 % size, size);
    let (built, proving) = timed(|| (0..PROOFS).map(prove).collect::<Result<Vec<_>, _>>());
    let (opened, opening) = timed(|| Tip::open(&memory, size, &root));
    let (followed, following) = timed(|| Follow::begin(&memory, Edge::empty(), size)?.finish(&root));
    black_box((built?, opened?, followed?));
    let mut out = std::io::stdout().lock();
    writeln!(out, "{size} entries of 40 bytes")?;
    writeln!(out, "plan, batches of {BATCH}: {:.0} entries/s", size as f64 / planning)?;
    writeln!(out, "inclusion proof, tiles at hand: {:.2} µs", proving * 1e6 / PROOFS as f64)?;
    writeln!(out, "open: {:.3} ms", opening * 1e3)?;
    writeln!(out, "follow the whole: {:.0} entries/s", size as f64 / following)?;
    let path = TilePath::new(0, 0, 256).ok_or("a path")?;
    let bytes = memory.hashes(&path)?.to_bytes();
    let (_, parsing) = timed(|| (0..PROOFS).for_each(|_| _ = black_box(Tile::parse(&path, black_box(&bytes)))));
    writeln!(out, "take in a full tile: {:.1} µs", parsing * 1e6 / PROOFS as f64)?;
    Ok(())
}

fn entry(index: u64) -> [u8; 40] {
    let mut entry = [7; 40];
    entry.iter_mut().zip(index.to_be_bytes()).for_each(|(byte, digit)| *byte = digit);
    entry
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let done = work();
    (done, start.elapsed().as_secs_f64())
}
