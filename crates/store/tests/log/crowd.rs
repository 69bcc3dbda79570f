//! Several servers at once on one store and the same tiles.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use seaworthy_service::log::{Publisher, Sequencer};
use seaworthy_store::{Database, Settings};
use seaworthy_testkit::postgres::Postgres;

use crate::kit::{World, holder};

#[test]
fn two_that_sequence_at_once_do_no_harm() {
    crowd(&World::new());
    if let Some(server) = Postgres::shared() {
        let database = Database::postgres(&server.database(), Settings::default()).unwrap();
        crowd(&World::of(tempfile::tempdir().unwrap(), database));
    }
}

/// The clock runs so fast that no lease holds: all of them sequence and publish all the time, while entries come.
fn crowd(world: &World) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for number in 1..=3 {
            let done = &done;
            scope.spawn(move || {
                let (mut sequencer, mut publisher) =
                    (Sequencer::new(holder(number), 50), Publisher::new(holder(number)));
                while !done.load(Ordering::Relaxed) {
                    // One that comes too late is told so; what matters is the log.
                    let _ = sequencer.step(&world.works(), world.now());
                    let _ = publisher.step(&world.works(), None, world.now());
                }
            });
        }
        for _ in 0..40 {
            world.enlist(31);
        }
        done.store(true, Ordering::Relaxed);
    });
    world.verify();
    world.settle();
}

#[test]
fn only_the_holder_of_the_lease_works() {
    let world = World::new();
    world.enlist(3);
    let now = world.now();
    let (mut ours, mut other) = (Sequencer::new(holder(1), 10), Sequencer::new(holder(2), 10));
    let size = |stepped| match stepped {
        seaworthy_service::log::Stepped::Signed { size, .. } => Some(size),
        _ => None,
    };
    assert_eq!(size(ours.step(&world.works(), now).unwrap()), Some(3));
    world.enlist(3);
    assert_eq!(other.step(&world.works(), now + 2).unwrap(), seaworthy_service::log::Stepped::Elsewhere);
    ours.retire(&world.works(), now + 2).unwrap();
    assert_eq!(size(other.step(&world.works(), now + 2).unwrap()), Some(6));
    world.settle();
}
