//! The table of faults: each write fails, fails though it was made, is so slow that another holder comes first, or follows
//! reads of what was true before. After each row the whole log is checked, and goes on without a loss.

use std::sync::Mutex;
use std::thread;

use seaworthy_service::log::{Publisher, Sequencer};

use crate::kit::{Fault, Faulty, Mode, World, Write, holder};

/// Entries before, and entries that the step takes in: it completes tiles, and begins others at two levels.
const BEFORE: usize = 200;
const STEP: usize = 400;
/// What it writes.
const TRANSACTIONS: usize = 4;
const TILES: usize = 7;

const MODES: [Mode; 4] = [Mode::Fails, Mode::FailsButPersisted, Mode::Slow, Mode::Stale];

#[test]
fn whatever_fails_the_log_stays_whole() {
    let writes =
        (0..TRANSACTIONS).map(Write::Transaction).chain((0..TILES).map(Write::Tile)).chain([Write::Checkpoint]);
    let table: Vec<Fault> = writes.flat_map(|write| MODES.map(|mode| Fault { write, mode })).collect();
    let (rows, table) = (table.len(), Mutex::new(table));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while let Some(fault) = { table.lock().unwrap().pop() } {
                    row(fault);
                }
            });
        }
    });
    println!("{rows} rows");
}

#[test]
fn a_step_makes_as_many_writes_as_the_table_has() {
    let world = prepared();
    world.enlist(STEP);
    let nothing = Fault { write: Write::Checkpoint, mode: Mode::Stale };
    let faulty = Faulty::new(&world, nothing, || {});
    let works = world.works_with(&faulty, &faulty);
    Sequencer::new(holder(1), 1000).step(&works, world.now()).unwrap();
    Publisher::new(holder(1)).step(&works, None, world.now()).unwrap();
    assert_eq!((faulty.writes(), faulty.was_met()), ((TRANSACTIONS, TILES), true));
}

fn prepared() -> World {
    let world = World::new();
    world.enlist(BEFORE);
    world.settle();
    world
}

fn row(fault: Fault) {
    let world = prepared();
    let (mut sequencer, mut publisher) = (Sequencer::new(holder(1), 1000), Publisher::new(holder(1)));
    // What both remember is of before: they have done a step themselves.
    world.enlist(3);
    sequencer.step(&world.works(), world.now()).unwrap();
    publisher.step(&world.works(), None, world.now()).unwrap();
    let (store, tiles) = (world.copied_store("before"), world.copied_tiles("before-tiles"));
    world.enlist(STEP);
    let faulty = Faulty::new(&world, fault, || another(&world)).remembering(store, tiles);
    let works = world.works_with(&faulty, &faulty);
    for _ in 0..2 {
        // Its error is the fault's; what matters is the log.
        let _ = sequencer.step(&works, world.now());
        world.verify();
        let _ = publisher.step(&works, None, world.now());
        world.verify();
    }
    assert!(fault.mode == Mode::Stale || faulty.was_met(), "{fault:?} was not met");
    world.enlist(5);
    world.settle_by(&mut sequencer, &mut publisher);
}

/// Another holder takes in more than what waits, and publishes it.
fn another(world: &World) {
    world.enlist(300);
    let (mut sequencer, mut publisher) = (Sequencer::new(holder(2), 1000), Publisher::new(holder(2)));
    sequencer.step(&world.works(), world.now()).unwrap();
    publisher.step(&world.works(), None, world.now()).unwrap();
    world.verify();
}
