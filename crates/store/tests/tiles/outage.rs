//! A server that goes away and comes back, and one that does not want us.

use std::thread;
use std::time::Duration;

use seaworthy_service::ports::{Fault, TileStore};
use seaworthy_store::tiles::BucketTiles;

use crate::contract::{OURS, place, tiles};
use crate::server::S3;

#[test]
fn a_server_that_stops_in_between_is_a_fault_and_nothing_is_lost() {
    let mut server = S3::start();
    let store = server.tiles();
    let (before, files) = (tiles(5000..5010), tiles(0..2000));
    store.write(OURS, &before).unwrap();
    let written = thread::scope(|scope| {
        let writing = scope.spawn(|| store.write(OURS, &files));
        thread::sleep(Duration::from_millis(300));
        server.stop();
        writing.join().unwrap()
    });
    assert!(matches!(written, Err(Fault::Unavailable(_))), "{written:?}");
    assert!(matches!(store.read(OURS, &files[0].0), Err(Fault::Unavailable(_))));
    server.start_again();
    for (place, bytes) in &files {
        let seen = store.read(OURS, place).unwrap();
        assert!(seen.is_none_or(|seen| seen == *bytes), "a part of {place}");
    }
    store.write(OURS, &files).unwrap();
    let all = before.iter().chain(&files);
    assert!(all.into_iter().all(|(place, bytes)| store.read(OURS, place).unwrap().as_ref() == Some(bytes)));
}

#[test]
fn who_is_not_let_in_is_told_so_without_secrets() {
    let server = S3::start();
    let address = server.address("another");
    let refused = BucketTiles::new(&address).unwrap().write(OURS, &tiles(0..1)).unwrap_err();
    assert!(matches!(refused, Fault::Other(_)), "{refused:?}");
    let told = format!("{refused} {address:?}");
    assert!(told.contains("SignatureDoesNotMatch"), "{told}");
    assert!(!["TESTKEY", "another"].iter().any(|secret| told.contains(secret)), "{told}");
    assert!(server.tiles().read(OURS, &place("tile/0/x001/000")).unwrap().is_none());
}
