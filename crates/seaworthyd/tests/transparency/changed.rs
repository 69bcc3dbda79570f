//! One byte of the stored past is changed, wherever it stands: the monitor names the entry, or the tile and the entries
//! below it.

use std::fs;
use std::path::PathBuf;

use seaworthy_tlog::{BundlePath, Hash, Place, Signer, TilePath, append_entry};

use crate::program::{Said, run};
use crate::written::{Key, Log, entry};

/// Large enough for three levels of tiles, each with a partial one.
const SIZE: u64 = 66_000;
/// Bytes of an entry with its length.
const STRIDE: usize = 35;

fn look(log: &Log) -> Said {
    run(&["log", "monitor", log.at(), "--key", &Key::log().key().to_string(), "--once"])
}

/// Changes a file for one look.
fn look_at_changed(log: &Log, path: &str, change: impl FnOnce(&mut Vec<u8>)) -> Said {
    let path = log.folder.path().join(path);
    let before = fs::read(&path).unwrap();
    let mut changed = before.clone();
    change(&mut changed);
    fs::write(&path, changed).unwrap();
    let said = look(log);
    fs::write(&path, before).unwrap();
    said
}

#[test]
fn what_was_changed_is_named() {
    let log = Log::of(SIZE);
    let check = |path: &str, at: usize, code: &str, named: &str| {
        look_at_changed(&log, path, |bytes| bytes[at] ^= 1).caught(code, named);
    };
    let of = |index: usize| index % 256 * STRIDE;
    check("tile/entries/048", of(12_345) + 20, "log-entry-changed", "entry 12345 in tile/entries/048 was changed");
    check("tile/entries/048", of(12_345) + 1, "log-entry-changed", "entry 12345 in tile/entries/048 was changed");
    check("tile/entries/000", 2, "log-entry-changed", "entry 0 in tile/entries/000 was changed");
    check("tile/entries/257.p/208", of(65_999) + 34, "log-entry-changed", "entry 65999 in tile/entries/257.p/208");
    check(
        "tile/0/048",
        12_345 % 256 * 32,
        "log-tile-changed",
        "tile/0/048 was changed: it does not hold what entries 12345",
    );
    check(
        "tile/0/257.p/208",
        31,
        "log-tile-changed",
        "tile/0/257.p/208 was changed: it does not hold what entries 65792",
    );
    check(
        "tile/1/000",
        48 * 32 + 7,
        "log-tile-changed",
        "tile/1/000 was changed: it does not hold what entries 12288 to 12543",
    );
    check(
        "tile/1/001.p/1",
        0,
        "log-tile-changed",
        "tile/1/001.p/1 was changed: it does not hold what entries 65536 to 65791",
    );
    check(
        "tile/2/000.p/1",
        9,
        "log-tile-changed",
        "tile/2/000.p/1 was changed: it does not hold what entries 0 to 65535",
    );
    look(&log).out.contains("all checked").then_some(()).unwrap();
}

#[test]
fn what_was_cut_lengthened_or_taken_away_is_named() {
    let log = Log::of(700);
    let cut = |path: &str, code: &str, named: &str| {
        look_at_changed(&log, path, |bytes| bytes.truncate(bytes.len() - 1)).caught(code, named);
    };
    cut("tile/entries/001", "log-entry-changed", "entry 511 in tile/entries/001");
    cut("tile/0/001", "log-tile-changed", "tile/0/001 was changed");
    let lengthened = |path: &str, code: &str, named: &str| {
        look_at_changed(&log, path, |bytes| bytes.push(0)).caught(code, named);
    };
    lengthened("tile/entries/001", "log-entry-changed", "tile/entries/001 has more in it than entries 256 to 511");
    lengthened("tile/0/001", "log-tile-changed", "tile/0/001 was changed");
    let huge = |path: &str, code: &str| {
        look_at_changed(&log, path, |bytes| bytes.resize(18 << 20, 0)).caught(code, path);
    };
    huge("tile/entries/001", "log-entry-changed");
    huge("tile/1/000.p/2", "log-tile-changed");
    for (path, entries) in
        [("tile/entries/001", "256 to 511"), ("tile/0/001", "256 to 511"), ("tile/1/000.p/2", "0 to 511")]
    {
        let (place, away) = (log.folder.path().join(path), log.folder.path().join("away"));
        fs::rename(&place, &away).unwrap();
        let named = format!("{path} is gone, and with it what it holds of entries {entries}");
        look(&log).caught("log-part-missing", &named);
        fs::rename(&away, &place).unwrap();
    }
    assert_eq!(look(&log).code, 0);
}

/// Whoever changes an entry and the tile over it, too, is found out one level higher.
#[test]
fn entries_that_were_changed_with_their_tiles_are_named() {
    let log = Log::of(700);
    let entries: Vec<Vec<u8>> = (256..512).map(|index| entry(index + u64::from(index == 300))).collect();
    let (mut bundle, mut tile) = (Vec::new(), Vec::new());
    for entry in &entries {
        append_entry(&mut bundle, entry).unwrap();
        tile.extend_from_slice(Hash::leaf(entry).as_bytes());
    }
    fs::write(log.path(&Place::Entries(BundlePath::new(1, 256).unwrap())), bundle).unwrap();
    fs::write(log.path(&Place::Hashes(TilePath::new(0, 1, 256).unwrap())), tile).unwrap();
    look(&log).caught("log-entry-changed", "entries 256 to 511 were changed, and tiles with them: tile/1/000.p/2");
}

#[test]
fn a_changed_checkpoint_is_not_believed() {
    let log = Log::of(700);
    let length = fs::read(log.path(&Place::Checkpoint)).unwrap().len();
    for at in 0..length {
        let said = look_at_changed(&log, "checkpoint", |bytes| bytes[at] ^= 1);
        said.caught("log-checkpoint-invalid", "checkpoint: ");
    }
}

/// Every file of the log, at places all over it.
#[test]
fn no_byte_can_be_changed() {
    let log = Log::of(1000);
    let paths = TilePath::all(1000).map(Place::Hashes).chain(BundlePath::all(0, 1000).map(Place::Entries));
    for path in paths.map(|place| place.to_string()) {
        let length = fs::read(log.folder.path().join(&path)).unwrap().len();
        for at in (0..length).step_by(length / 5) {
            let said = look_at_changed(&log, &path, |bytes| bytes[at] ^= 0x80);
            let first = said.err.lines().next().unwrap_or_default();
            assert!(said.code == 1 && first.contains(&format!("{path} ")), "{path}, byte {at}: {said}");
        }
    }
}

#[test]
fn a_copy_tells_as_much_as_the_log() {
    let log = Log::of(300);
    let copy: PathBuf = log.folder.path().join("copy");
    fs::create_dir(&copy).unwrap();
    for part in ["checkpoint", "tile"] {
        fs::rename(log.folder.path().join(part), copy.join(part)).unwrap();
    }
    let said = run(&["log", "monitor", copy.to_str().unwrap(), "--key", &Key::log().key().to_string(), "--once"]);
    assert_eq!(said.code, 0, "{said}");
}
