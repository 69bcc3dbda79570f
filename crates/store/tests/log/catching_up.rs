//! A server whose store, or whose tiles, are a copy from before.

use seaworthy_model::Code;
use seaworthy_service::Error;
use seaworthy_service::log::{CaughtUp, LogWorks, Sequencer, Stepped, catch_up};
use seaworthy_service::ports::{Outcome, Prove, STATUS_FULL, StatusListRecord, Witnesses, read, write};
use seaworthy_tlog::Note;

use crate::kit::{World, holder};

struct Nobody;

impl Witnesses for Nobody {
    fn cosign(&self, _: &Note, _: &Prove<'_>) -> Vec<Outcome> {
        Vec::new()
    }
}

fn caught_up(works: &LogWorks<'_>) -> Result<CaughtUp, Error> {
    catch_up(works, None, &Nobody)
}

#[test]
fn a_new_log_and_one_as_it_was_left_stand() {
    let world = World::new();
    assert_eq!(caught_up(&world.works()), Ok(CaughtUp::Standing));
    world.enlist(300);
    world.settle();
    let before = world.works().state().unwrap();
    assert_eq!(caught_up(&world.works()), Ok(CaughtUp::Standing));
    assert_eq!(world.works().state().unwrap(), before);
}

#[test]
fn a_restored_store_catches_up_with_its_tiles_and_goes_on() {
    for (before, after) in [(0, 100), (100, 3), (100, 500), (256, 256), (300, 70_000)] {
        let mut world = World::new();
        world.enlist(before);
        world.settle();
        let copy = world.copied_store("copy");
        world.enlist(after);
        world.settle();
        let newest = world.works().state().unwrap().published;
        world.restore(copy, before);
        assert_eq!(caught_up(&world.works()), Ok(CaughtUp::Standing));
        let state = world.works().state().unwrap();
        assert_eq!((state.ordered, &state.signed, &state.published), (newest.size, &newest, &newest));
        world.verify();
        world.enlist(300);
        world.settle();
    }
}

/// A database that fails over to a standby that lags: the sequencer that runs signs no second past.
#[test]
fn a_store_that_goes_back_under_a_running_sequencer_stops_it() {
    let mut world = World::new();
    world.enlist(10);
    let mut sequencer = Sequencer::new(holder(1), 1000);
    sequencer.step(&world.works(), world.now()).unwrap();
    world.settle();
    let copy = world.copied_store("copy");
    world.enlist(10);
    sequencer.step(&world.works(), world.now()).unwrap();
    world.settle();
    world.restore(copy, 10);
    let before = world.works().state().unwrap();
    world.enlist(3);
    let stopped = sequencer.step(&world.works(), world.now()).unwrap_err();
    assert_eq!(stopped.code(), Code::LogBehind);
    assert_eq!(world.works().state().unwrap().signed, before.signed);
    assert_eq!(caught_up(&world.works()), Ok(CaughtUp::Standing));
    world.settle();
    world.verify();
}

/// Which places of status lists were handed out after the copy is forgotten: none of that list is handed out again.
#[test]
fn a_restored_store_ends_its_newest_status_list() {
    let mut world = World::new();
    world.enlist(10);
    world.settle();
    let organisation = world.works().log.organisation;
    let list = StatusListRecord {
        organisation,
        number: 0,
        address: "https://harbour.example/status/0".to_owned(),
        seed: [7; 32],
        handed_out: 0,
        opened_at: world.now(),
    };
    write(world.works().store, |records| records.open_status_list(&list)).unwrap();
    let handed_out = |world: &World| {
        let newest = read(world.works().store, |records| records.newest_status_list(organisation));
        newest.unwrap().unwrap().handed_out
    };
    let copy = world.copied_store("copy");
    caught_up(&world.works()).unwrap();
    assert_eq!(handed_out(&world), 0);
    world.enlist(10);
    world.settle();
    world.restore(copy, 10);
    caught_up(&world.works()).unwrap();
    assert_eq!(handed_out(&world), STATUS_FULL);
}

/// What had its place, or was signed, when the copy was made keeps it.
#[test]
fn a_store_that_was_copied_in_the_midst_of_it_catches_up() {
    let mut world = World::new();
    world.enlist(100);
    world.settle();
    world.enlist(60);
    let mut sequencer = Sequencer::new(holder(1), 30);
    sequencer.step(&world.works(), world.now()).unwrap();
    let copy = world.copied_store("copy");
    world.settle();
    world.restore(copy, 160);
    assert_eq!(caught_up(&world.works()), Ok(CaughtUp::Standing));
    // Of what waited when the copy was made, the restored store does not know the places; it comes in once more.
    while sequencer.step(&world.works(), world.now()).unwrap() != Stepped::Idle {}
    world.verify();
}

/// What was signed after the copy and not published is known to nobody: it is replaced.
#[test]
fn what_was_never_published_does_not_stand_in_the_way() {
    let mut world = World::new();
    world.enlist(100);
    world.settle();
    let copy = world.copied_store("copy");
    world.enlist(400);
    Sequencer::new(holder(1), 1000).step(&world.works(), world.now()).unwrap();
    world.restore(copy, 100);
    assert_eq!(caught_up(&world.works()), Ok(CaughtUp::Standing));
    world.enlist(400);
    world.settle();
}

#[test]
fn tiles_that_are_behind_the_store_are_refused() {
    for entries in [100, 512] {
        let mut world = World::new();
        world.enlist(30);
        world.settle();
        let copy = world.copied_tiles("copy");
        world.enlist(entries - 30);
        world.settle();
        world.tiles = copy;
        let refused = caught_up(&world.works()).unwrap_err();
        assert_eq!(refused.code(), Code::LogPartMissing, "{refused}");
        assert!(refused.to_string().contains("tile/"), "{refused}");
    }
}

#[test]
fn two_pasts_are_refused() {
    let mut world = World::new();
    world.enlist(100);
    world.settle();
    let (store, tiles) = (world.copied_store("copy"), world.copied_tiles("tiles"));
    world.enlist(50);
    world.settle();
    // Copies of both go their own way, and then meet the first tiles.
    world.restore(store, 100);
    let first = world.restore_tiles(tiles);
    for (entries, code) in [(20, Code::LogForked), (200, Code::LogPartMissing)] {
        world.enlist(entries);
        world.settle();
        let (own, copy) = (world.tiles.clone(), first.clone());
        world.tiles = copy;
        assert_eq!(caught_up(&world.works()).unwrap_err().code(), code);
        world.tiles = own;
    }
    assert_eq!(caught_up(&world.works()), Ok(CaughtUp::Standing));
}

#[test]
fn a_checkpoint_of_another_key_is_refused() {
    let mut world = World::new();
    world.enlist(10);
    world.settle();
    let other = World::new();
    other.enlist(20);
    other.settle();
    world.key = crate::kit::Key::new("log.example/log/0011223344556677", seaworthy_tlog::Algorithm::Ed25519, 9);
    assert_eq!(caught_up(&world.works()).unwrap_err().code(), Code::LogCheckpointInvalid);
}
