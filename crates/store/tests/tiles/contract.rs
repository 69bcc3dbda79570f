//! What each place must do.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use seaworthy_service::Id;
use seaworthy_service::ports::{Fault, TileStore};
use seaworthy_store::tiles::{BucketTiles, FolderTiles};
use seaworthy_tlog::{Hash, Place};

use crate::server::S3;

pub const OURS: Id = Id::from_bytes([1; 16]);

/// Runs a check on each place.
fn on_each(check: fn(&dyn TileStore)) {
    let folder = tempfile::tempdir().unwrap();
    check(&FolderTiles::new(folder.path()));
    check(&S3::start().tiles());
}

pub fn place(text: &str) -> Place {
    text.parse().unwrap()
}

/// Full tiles of one byte each.
pub fn tiles(indexes: std::ops::Range<usize>) -> Vec<(Place, Vec<u8>)> {
    indexes.map(|index| (place(&format!("tile/0/x{:03}/{:03}", 1 + index / 1000, index % 1000)), full(index))).collect()
}

fn full(index: usize) -> Vec<u8> {
    vec![u8::try_from(index % 251).unwrap(); 8192]
}

fn checkpoint(size: u64) -> Vec<u8> {
    let signature = data_encoding::BASE64.encode(&[1; 68]);
    format!("log\n{size}\n{}\n\n— log {signature}\n", Hash::EMPTY).into_bytes()
}

#[track_caller]
fn conflicts(done: Result<(), Fault>) {
    assert!(matches!(done, Err(Fault::Conflict(_))), "{done:?}");
}

#[test]
fn what_is_written_is_there() {
    on_each(|store| {
        let files = [(place("tile/0/x001/067"), full(1)), (place("tile/entries/000.p/3"), vec![2; 105])];
        assert_eq!(store.read(OURS, &files[0].0), Ok(None));
        store.write(OURS, &[]).unwrap();
        for _ in 0..2 {
            store.write(OURS, &files).unwrap();
        }
        for (place, bytes) in &files {
            assert_eq!(store.read(OURS, place).unwrap().as_ref(), Some(bytes));
        }
        assert_eq!(store.read(Id::from_bytes([2; 16]), &files[0].0), Ok(None));
    });
}

#[test]
fn a_tile_stays_what_it_is() {
    on_each(|store| {
        let old = place("tile/0/000");
        store.write(OURS, &[(old, full(1))]).unwrap();
        conflicts(store.write(OURS, &[(place("tile/0/001"), full(1)), (old, full(2))]));
        assert_eq!(store.read(OURS, &old), Ok(Some(full(1))));
    });
}

#[test]
fn the_checkpoint_is_replaced_and_never_gets_smaller() {
    on_each(|store| {
        assert_eq!(store.read(OURS, &Place::Checkpoint), Ok(None));
        for size in [3, 3, 10] {
            store.publish(OURS, &checkpoint(size)).unwrap();
            assert_eq!(store.read(OURS, &Place::Checkpoint), Ok(Some(checkpoint(size))));
        }
        conflicts(store.publish(OURS, &checkpoint(9)));
        assert_eq!(store.read(OURS, &Place::Checkpoint), Ok(Some(checkpoint(10))));
    });
}

#[test]
fn what_is_absent_can_be_removed() {
    on_each(|store| {
        let [wrong, other] = [place("tile/0/000.p/1"), place("tile/0/000.p/2")];
        store.remove(OURS, &[wrong]).unwrap();
        store.write(OURS, &[(wrong, vec![1; 32]), (other, vec![1; 64])]).unwrap();
        for _ in 0..2 {
            store.remove(OURS, &[wrong]).unwrap();
            assert_eq!((store.read(OURS, &wrong), store.read(OURS, &other)), (Ok(None), Ok(Some(vec![1; 64]))));
        }
        store.write(OURS, &[(wrong, vec![2; 32])]).unwrap();
    });
}

#[test]
fn full_tiles_take_the_place_of_partial_ones_and_of_no_others() {
    const THEIRS: Id = Id::from_bytes([2; 16]);
    on_each(|store| {
        let full = [place("tile/0/000"), place("tile/entries/x001/000")];
        store.prune(OURS, &full).unwrap();
        let below = |full: &Place| [1, 17, 255].map(|width| place(&format!("{full}.p/{width}")));
        let partial: Vec<Place> = full.iter().flat_map(below).collect();
        let others = ["tile/0/001.p/1", "tile/1/000.p/1", "tile/entries/000.p/1"].map(place);
        let others: Vec<Place> = others.into_iter().chain(full).collect();
        let file = |place: &Place| (*place, vec![0; 32]);
        store.write(OURS, &partial.iter().chain(&others).map(file).collect::<Vec<_>>()).unwrap();
        store.write(THEIRS, &partial.iter().map(file).collect::<Vec<_>>()).unwrap();
        for _ in 0..2 {
            store.prune(OURS, &full).unwrap();
            assert!(partial.iter().all(|place| store.read(OURS, place) == Ok(None)));
            assert!(others.iter().all(|place| store.read(OURS, place) == Ok(Some(vec![0; 32]))));
            assert!(partial.iter().all(|place| store.read(THEIRS, place) == Ok(Some(vec![0; 32]))));
        }
    });
}

#[test]
fn a_thousand_files_at_once() {
    on_each(|store| {
        let files = tiles(0..1000);
        store.write(OURS, &files).unwrap();
        assert!(files.iter().all(|(place, bytes)| store.read(OURS, place).unwrap().as_ref() == Some(bytes)));
    });
}

#[test]
fn nobody_sees_a_part() {
    on_each(|store| {
        let files = tiles(0..200);
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    for (place, bytes) in &files {
                        let seen = store.read(OURS, place).unwrap();
                        assert!(seen.is_none_or(|seen| seen == *bytes), "a part of {place}");
                    }
                }
            });
            files.chunks(10).for_each(|some| store.write(OURS, some).unwrap());
            done.store(true, Ordering::Relaxed);
        });
    });
}

/// Whatever each of them is told, one of them wrote it, and it stays.
#[test]
fn of_two_writers_one_is_told() {
    on_each(|store| {
        let at = place("tile/0/000");
        let done: Vec<_> = thread::scope(|scope| {
            let writers: Vec<_> = (1..5).map(|n| scope.spawn(move || store.write(OURS, &[(at, full(n))]))).collect();
            writers.into_iter().map(|writer| writer.join().unwrap()).collect()
        });
        let kept = store.read(OURS, &at).unwrap().unwrap();
        let own = (1..5).find(|n| full(*n) == kept).unwrap();
        assert_eq!(done[own - 1], Ok(()));
        assert_eq!(store.write(OURS, &[(at, kept)]), Ok(()));
    });
}

/// A bucket can be served as it is.
#[test]
fn objects_have_the_names_of_the_specification() {
    let server = S3::start();
    let store: BucketTiles = server.tiles();
    store.write(OURS, &[(place("tile/0/x001/067"), full(1))]).unwrap();
    store.publish(OURS, &checkpoint(3)).unwrap();
    assert_eq!(server.object(&format!("{OURS}/tile/0/x001/067")), Some(full(1)));
    assert_eq!(server.object(&format!("{OURS}/checkpoint")), Some(checkpoint(3)));
}
