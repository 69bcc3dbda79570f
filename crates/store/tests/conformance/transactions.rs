//! What holds for every transaction.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use seaworthy_protocol::Digest;
use seaworthy_service::ports::{Fault, Standing, Store, read, write};
use seaworthy_store::{Database, Settings};
use seaworthy_testkit::postgres::Postgres;

use crate::fleet::{ORGANISATION, body, digest, standing};
use crate::{for_each_store, get, opened, put};

#[test]
fn work_that_says_no_is_taken_back_and_not_run_again() {
    for_each_store(|store| {
        let runs = AtomicU32::new(0);
        let done: Result<(), Fault> = write(store, |records| {
            runs.fetch_add(1, Ordering::Relaxed);
            records.put_standings(&[standing(1, 1)])?;
            Err(Fault::Unavailable("says the work, not the store".into()))
        });
        assert_eq!(done, Err(Fault::Unavailable("says the work, not the store".into())));
        assert_eq!(runs.into_inner(), 1);
        assert_eq!(get(store, |records| records.standings(ORGANISATION, &[digest(1)])), []);
    });
}

#[test]
fn a_fault_that_the_work_forgets_is_not_committed() {
    for_each_store(|store| {
        put(store, |records| records.add_organisation(&organisation()));
        let done: Result<(), Fault> = write(store, |records| {
            records.add_bodies(&[body(1)])?;
            let _ = records.add_organisation(&organisation());
            Ok(())
        });
        assert!(matches!(done, Err(Fault::Conflict(_))), "{done:?}");
        assert_eq!(get(store, |records| records.bodies(ORGANISATION, &[digest(1)])), []);
    });
}

fn organisation() -> seaworthy_service::ports::Organisation {
    let created_at = crate::fleet::at(0);
    seaworthy_service::ports::Organisation { id: ORGANISATION, name: "Harbour".into(), created_at }
}

#[test]
fn whoever_reads_writes_nothing() {
    for_each_store(|store| {
        let done: Result<(), Fault> = read(store, |records| records.add_bodies(&[body(1)]));
        assert!(done.is_err());
        assert_eq!(get(store, |records| records.bodies(ORGANISATION, &[digest(1)])), []);
        assert!(store.is_ready());
    });
}

#[test]
fn what_was_written_is_there_after_the_store_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = || opened(Database::sqlite(folder.path(), Settings::default()).unwrap());
    put(&sqlite(), |records| records.put_standings(&[standing(1, 1)]));
    assert_eq!(get(&sqlite(), |records| records.standings(ORGANISATION, &[digest(1)])), [standing(1, 1)]);
    let Some(server) = Postgres::start() else { return };
    let store = opened(Database::postgres(&server.database(), Settings::default()).unwrap());
    put(&store, |records| records.put_standings(&[standing(1, 1)]));
    server.kill();
    server.resume();
    assert_eq!(get(&store, |records| records.standings(ORGANISATION, &[digest(1)])), [standing(1, 1)]);
}

/// Counts a device's counter up.
fn step(store: &dyn Store, devices: &[Digest]) {
    put(store, |records| {
        let mut standings = records.standings(ORGANISATION, devices)?;
        standings.iter_mut().for_each(|standing| standing.counter += 1);
        records.put_standings(&standings)
    });
}

#[test]
fn transactions_that_touch_one_device_go_one_after_the_other() {
    for_each_store(|store| {
        let devices: Vec<u64> = (0..20).collect();
        put(store, |records| {
            let standings: Vec<Standing> = devices.iter().map(|device| standing(*device, 1)).collect();
            records.put_standings(&standings)
        });
        let forwards: Vec<Digest> = devices.iter().copied().map(digest).collect();
        let backwards: Vec<Digest> = forwards.iter().rev().copied().collect();
        thread::scope(|scope| {
            for devices in [&forwards, &backwards, &forwards, &backwards] {
                scope.spawn(move || (0..10).for_each(|_| step(store, devices)));
            }
        });
        let found = get(store, |records| records.standings(ORGANISATION, &forwards));
        assert_eq!(found.len(), 20);
        assert!(found.iter().all(|standing| standing.counter == 41), "a step was lost");
    });
}

#[test]
fn a_device_that_is_not_there_yet_is_taken_in_once() {
    for_each_store(|store| {
        let taken = AtomicU32::new(0);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let is_new = put(store, |records| {
                        let is_new = records.standings(ORGANISATION, &[digest(1)])?.is_empty();
                        if is_new {
                            records.put_standings(&[standing(1, 1)])?;
                        }
                        Ok(is_new)
                    });
                    taken.fetch_add(is_new.into(), Ordering::Relaxed);
                });
            }
        });
        assert_eq!(taken.into_inner(), 1);
    });
}
