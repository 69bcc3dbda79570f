//! A monitor names what was changed: an entry, a tile, or a log that went back or forked.

use std::sync::LazyLock;

use proptest::prelude::*;
use seaworthy_tlog::{BundlePath, Edge, Follow, FollowFault, Mismatch, ReadFault, TilePath};

use crate::log::{Absent, Log, entry};

fn check(log: &Log, size: u64, root: &seaworthy_tlog::Hash) -> Result<Edge, FollowFault<Absent>> {
    Follow::begin(log, Edge::empty(), size)?.finish(root)
}

/// Changes one byte of a file.
fn changed(log: &Log, path: &str, at: usize) -> Log {
    let mut changed = log.clone();
    *changed.files.get_mut(path).unwrap().get_mut(at).unwrap() ^= 1;
    changed
}

#[test]
fn a_whole_log_is_checked() {
    for size in [0, 1, 256, 70_000] {
        let log = Log::of(size, 1000);
        assert_eq!(check(&log, size, &log.root()), Ok(log.tip.edge().clone()));
    }
}

#[test]
fn a_log_is_followed_from_where_it_was_left() {
    let (old, new) = (Log::of(700, 700), Log::of(1000, 100));
    let followed = Follow::begin(&new, old.tip.edge().clone(), 1000).unwrap();
    assert_eq!(followed.checked(), 700);
    assert_eq!(followed.finish(&new.root()), Ok(new.tip.edge().clone()));
    // An unchanged log, and an old bundle of which nothing is left but the full one.
    assert!(Follow::begin(&new, new.tip.edge().clone(), 1000).unwrap().finish(&new.root()).is_ok());
    assert!(check(&new, 700, &old.root()).is_ok());
}

#[test]
fn a_rewound_log_is_caught() {
    let (old, new) = (Log::of(700, 700), Log::of(1000, 1000));
    let caught = Follow::begin(&old, new.tip.edge().clone(), 700).err();
    assert_eq!(caught, Some(Mismatch::Rewound { held: 1000, size: 700 }.into()));
}

#[test]
fn a_forked_log_is_caught() {
    let old = Log::of(700, 700);
    let mut fork = Log::of(600, 600);
    fork.append(&(601..1001).map(entry).collect::<Vec<_>>());
    let caught = Follow::begin(&fork, old.tip.edge().clone(), 1000).err();
    assert_eq!(caught, Some(Mismatch::Forked { held: 700 }.into()));
    assert_eq!(check(&fork, 1000, &old.root()), Err(Mismatch::Root { size: 1000 }.into()));
    assert!(check(&fork, 1000, &fork.root()).is_ok(), "in itself the fork is whole");
}

#[test]
fn a_dropped_entry_is_caught() {
    let log = Log::of(1000, 1000);
    let mut dropped = log.clone();
    let bundle = dropped.files.get_mut("tile/entries/001").unwrap();
    let length = usize::from(u16::from_be_bytes([bundle[0], bundle[1]]));
    bundle.drain(..2 + length);
    let path = BundlePath::new(1, 256).unwrap();
    assert_eq!(check(&dropped, 1000, &log.root()), Err(Mismatch::Entry { index: 256, path }.into()));
}

#[test]
fn what_follows_a_bundle_is_caught() {
    let log = Log::of(1000, 1000);
    let path = BundlePath::within(3, 1000).unwrap();
    for more in [&b"\0"[..], b"\0\0"] {
        let mut longer = log.clone();
        longer.files.get_mut(&path.to_string()).unwrap().extend_from_slice(more);
        assert_eq!(check(&longer, 1000, &log.root()), Err(Mismatch::Bundle { path }.into()));
    }
}

#[test]
fn an_entry_changed_with_its_tile_is_caught_by_the_tile_above() {
    let log = Log::of(70_000, 70_000);
    let mut forged = log.clone();
    let mut other = Log::of(2570, 2570);
    other.append(&[b"another".to_vec()]);
    other.append(&(2571..2816).map(entry).collect::<Vec<_>>());
    for path in ["tile/entries/010", "tile/0/010"] {
        assert!(forged.files.insert(path.to_owned(), other.files[path].clone()).is_some());
    }
    let path = TilePath::new(1, 0, 256).unwrap();
    let caught = check(&forged, 70_000, &log.root());
    assert_eq!(caught, Err(Mismatch::Hash { path, first: 2560, end: 2816 }.into()));
    let said = "tile/1/000 does not hold the hash of entries 2560 to 2815";
    assert_eq!(caught.unwrap_err().to_string(), said);
}

#[test]
fn a_tile_that_is_gone_tells_nothing() {
    let log = Log::of(1000, 1000);
    let mut gone = log.clone();
    gone.files.remove("tile/0/002");
    let absent = Absent::Absent("tile/0/002".to_owned());
    assert_eq!(check(&gone, 1000, &log.root()), Err(FollowFault::Read(ReadFault::Read(absent))));
}

/// A log of which one byte is changed at a time.
static LOG: LazyLock<Log> = LazyLock::new(|| Log::of(66_000, 66_000));

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// One byte anywhere in the stored past: the entry is named, or the hash above it.
    #[test]
    fn every_changed_byte_is_named(at in any::<prop::sample::Index>()) {
        let log = &*LOG;
        let total: usize = log.files.values().map(Vec::len).sum();
        let mut at = at.index(total);
        let (path, _) = log.files.iter().find(|(_, bytes)| match at.checked_sub(bytes.len()) {
            Some(rest) => { at = rest; false }
            None => true,
        }).unwrap();
        let caught = check(&changed(log, path, at), 66_000, &log.root());
        if let Ok(bundle) = path.parse::<BundlePath>() {
            let index = bundle.index() * 256 + entry_at(&log.files[path], at);
            prop_assert_eq!(caught, Err(Mismatch::Entry { index, path: bundle }.into()));
        } else {
            let tile: TilePath = path.parse().unwrap();
            let place = tile.index() * 256 + at as u64 / 32;
            let expected = if tile.level() == 0 {
                Mismatch::Entry { index: place, path: BundlePath::within(tile.index(), 66_000).unwrap() }
            } else {
                let height = 8 * u32::from(tile.level());
                Mismatch::Hash { path: tile, first: place << height, end: (place + 1) << height }
            };
            prop_assert_eq!(caught, Err(expected.into()));
        }
    }
}

/// Which entry of a bundle a byte belongs to.
fn entry_at(bundle: &[u8], at: usize) -> u64 {
    let (mut index, mut start) = (0, 0);
    loop {
        start += 2 + usize::from(u16::from_be_bytes([bundle[start], bundle[start + 1]]));
        if at < start {
            return index;
        }
        index += 1;
    }
}
