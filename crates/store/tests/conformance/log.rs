//! Logs: what waits, its places, checkpoints.

use std::collections::BTreeSet;
use std::thread;
use std::time::Instant;

use seaworthy_protocol::{Leaf, LeafKind, LogEntry};
use seaworthy_service::Id;
use seaworthy_service::ports::{Fault, LogRecord, LogState, OrderedBatch, SignedCheckpoint, Store, write};
use seaworthy_store::SqlStore;

use crate::fleet::{ORGANISATION, OTHER, at, id};
use crate::{for_each_store, get, put};

fn log(organisation: Id) -> LogRecord {
    LogRecord {
        organisation,
        origin: format!("sw.example.org/log/{organisation}"),
        key: [1; 32],
        statuses: [2; 32],
        sealed: vec![3; 200],
        since: at(1),
    }
}

fn checkpoint(size: u64) -> SignedCheckpoint {
    SignedCheckpoint { size, note: format!("note of {size}").into_bytes() }
}

/// Two organisations with logs.
fn for_each_log(test: impl Fn(&SqlStore)) {
    for_each_store(|store| {
        put(store, |records| [ORGANISATION, OTHER].iter().try_for_each(|owner| records.add_log(&log(*owner))));
        test(store);
    });
}

/// Puts so many records in line, as one batch, and tells its number.
fn enlist(store: &dyn Store, organisation: Id, seconds: i64, records: usize) -> u64 {
    let lines = vec![(LeafKind::Report, b"record".as_slice()); records];
    put(store, |records| records.enlist(organisation, at(seconds), &lines))[0].batch
}

fn state(store: &dyn Store) -> LogState {
    get(store, |records| records.log_state(ORGANISATION))
}

fn order(store: &dyn Store, most: u32) -> u64 {
    put(store, |records| records.order(ORGANISATION, most))
}

fn ordered(store: &dyn Store, from: u64, most: u32) -> Vec<OrderedBatch> {
    get(store, |records| records.ordered(ORGANISATION, from, most))
}

/// Where the ordered batches begin, and how many entries each has.
fn spans(batches: &[OrderedBatch]) -> Vec<(u64, usize)> {
    batches.iter().map(|batch| (batch.first, batch.entries.len())).collect()
}

fn advance(store: &dyn Store, from: u64, to: u64) -> bool {
    put(store, |records| records.advance(ORGANISATION, from, &checkpoint(to)))
}

#[test]
fn an_organisation_has_one_log() {
    for_each_store(|store| {
        assert_eq!(get(store, |records| records.log(ORGANISATION)), None);
        assert_eq!(state(store), LogState::default());
        let version = get(store, |records| records.directory_version());
        put(store, |records| records.add_log(&log(ORGANISATION)));
        assert_eq!(get(store, |records| records.directory_version()), version + 1, "others are told");
        let again: Result<(), Fault> = write(store, |records| records.add_log(&log(ORGANISATION)));
        assert!(matches!(again, Err(Fault::Conflict(_))), "{again:?}");
        assert_eq!(get(store, |records| records.log(ORGANISATION)), Some(log(ORGANISATION)));
        assert_eq!(get(store, |records| records.log(OTHER)), None);
        assert_eq!(state(store), LogState::default());
    });
}

#[test]
fn a_leaf_opens_the_entry_of_its_record() {
    for_each_log(|store| {
        let lines: [(LeafKind, &[u8]); 3] =
            [(LeafKind::Stamp, b"one"), (LeafKind::Entry, b"two"), (LeafKind::Entry, b"two")];
        let leaves = put(store, |records| records.enlist(ORGANISATION, at(0), &lines));
        assert_eq!(leaves.iter().map(|leaf| leaf.offset).collect::<Vec<_>>(), [0, 1, 2]);
        assert!(leaves.iter().all(|leaf| leaf.batch == leaves[0].batch && leaf.batch >> 63 == 0));
        let salts: BTreeSet<[u8; 32]> = leaves.iter().map(|leaf| *leaf.salt.as_bytes()).collect();
        assert_eq!(salts.len(), 3, "a salt for each");
        order(store, 1);
        let entry = |(leaf, (kind, record)): (&Leaf, &(LeafKind, &[u8]))| LogEntry::of(*kind, &leaf.salt, record);
        let entries: Vec<LogEntry> = leaves.iter().zip(&lines).map(entry).collect();
        assert_eq!(ordered(store, 0, 1), [OrderedBatch { batch: leaves[0].batch, first: 0, entries }]);
    });
}

#[test]
fn without_records_nothing_is_put_in_line() {
    for_each_log(|store| {
        // Even where nothing may be written.
        assert_eq!(get(store, |records| records.enlist(ORGANISATION, at(0), &[])), []);
        assert_eq!(get(store, |records| records.waiting(ORGANISATION)), 0);
        assert_eq!((order(store, 10), ordered(store, 0, 10)), (0, Vec::new()));
        let taken_back: Result<(), Fault> = write(store, |records| {
            records.enlist(ORGANISATION, at(0), &[(LeafKind::Report, b"record")])?;
            Err(Fault::Other("its record was not written".into()))
        });
        assert!(taken_back.is_err());
        assert_eq!(get(store, |records| records.waiting(ORGANISATION)), 0);
    });
}

#[test]
fn batches_get_their_places_in_the_order_of_their_instants() {
    for_each_log(|store| {
        let batches: Vec<u64> =
            [(30, 4), (10, 2), (20, 3)].map(|(seconds, records)| enlist(store, ORGANISATION, seconds, records)).into();
        let foreign = enlist(store, OTHER, 5, 7);
        let places = |organisation| {
            let wanted = [batches[0], 77, foreign, batches[1], batches[2], batches[0]];
            get(store, |records| records.places(organisation, &wanted))
        };
        assert_eq!(places(ORGANISATION), [None; 6]);
        assert_eq!(get(store, |records| records.waiting(ORGANISATION)), 3);
        assert_eq!(order(store, 3), 5, "whole batches, until there are three entries");
        assert_eq!(places(ORGANISATION), [None, None, None, Some(0), Some(2), None]);
        assert_eq!(get(store, |records| records.waiting(ORGANISATION)), 1);
        enlist(store, ORGANISATION, 0, 1);
        assert_eq!(order(store, 0), 5);
        assert_eq!(order(store, 1_000), 10, "what came late goes behind what has its place");
        assert_eq!(order(store, 1_000), 10);
        assert_eq!(places(ORGANISATION), [Some(6), None, None, Some(0), Some(2), Some(6)]);
        assert_eq!(spans(&ordered(store, 0, 1_000)), [(0, 2), (2, 3), (5, 1), (6, 4)]);
        assert_eq!(state(store).ordered, 10);
        assert_eq!(get(store, |records| records.log_state(OTHER)), LogState::default());
        assert_eq!(places(OTHER), [None; 6]);
        assert_eq!(get(store, |records| records.waiting(OTHER)), 1);
        assert_eq!(get(store, |records| records.ordered(OTHER, 0, 9)), []);
    });
}

#[test]
fn what_is_ordered_is_read_from_an_index_on() {
    for_each_log(|store| {
        for seconds in 0..5 {
            enlist(store, ORGANISATION, seconds, 3);
        }
        order(store, 1_000);
        for (from, most, expected) in [
            (0, 1, vec![(0, 3)]),
            (0, 3, vec![(0, 3)]),
            (0, 4, vec![(0, 3), (3, 3)]),
            (3, 3, vec![(3, 3)]),
            (4, 3, vec![(3, 3), (6, 3)]),
            (14, 100, vec![(12, 3)]),
            (15, 100, vec![]),
            (u64::MAX >> 1, u32::MAX, vec![]),
        ] {
            assert_eq!(spans(&ordered(store, from, most)), expected, "{from} {most}");
        }
    });
}

#[test]
fn a_log_that_is_not_there_has_no_places() {
    for_each_store(|store| {
        enlist(store, ORGANISATION, 0, 3);
        assert_eq!(order(store, 10), 0);
        assert_eq!(get(store, |records| records.waiting(ORGANISATION)), 1, "until there is one");
        assert!(!advance(store, 0, 0));
        assert!(!put(store, |records| records.publish(ORGANISATION, &checkpoint(0))));
        put(store, |records| records.add_log(&log(ORGANISATION)));
        assert_eq!(order(store, 10), 3);
    });
}

#[test]
fn places_never_overlap_whoever_orders() {
    for_each_log(|store| {
        thread::scope(|scope| {
            for worker in 0..3_i64 {
                scope.spawn(move || {
                    for round in 0..20 {
                        enlist(store, ORGANISATION, round, (1 + worker + round % 3) as usize);
                    }
                });
                scope.spawn(move || (0..20).for_each(|_| assert!(order(store, 4) <= 180)));
            }
        });
        let all: u64 = (0..3).flat_map(|worker| (0..20).map(move |round| 1 + worker + round % 3)).sum();
        assert_eq!(order(store, 10_000), all);
        assert_eq!(get(store, |records| records.waiting(ORGANISATION)), 0);
        let batches = ordered(store, 0, 10_000);
        let mut next = 0;
        for batch in &batches {
            assert_eq!(batch.first, next, "a gap, or a place given twice");
            next += batch.entries.len() as u64;
        }
        assert_eq!((batches.len(), next), (60, all));
        let numbers: Vec<u64> = batches.iter().map(|batch| batch.batch).collect();
        let places: Vec<Option<u64>> = batches.iter().map(|batch| Some(batch.first)).collect();
        assert_eq!(get(store, |records| records.places(ORGANISATION, &numbers)), places);
    });
}

#[test]
fn a_checkpoint_is_taken_if_the_one_before_is_still_the_newest() {
    for_each_log(|store| {
        let batches: Vec<u64> = (0..3).map(|seconds| enlist(store, ORGANISATION, seconds, 3)).collect();
        order(store, 1_000);
        assert!(advance(store, 0, 0), "the empty tree is signed too");
        assert!(!advance(store, 0, 10), "what has no place cannot be signed");
        assert!(advance(store, 0, 5));
        assert!(!advance(store, 0, 9), "somebody else was faster");
        assert!(!advance(store, 5, 4), "a tree never shrinks");
        assert_eq!(state(store).signed, checkpoint(5));
        assert_eq!(spans(&ordered(store, 0, 100)), [(3, 3), (6, 3)], "a batch that lies partly in it stays");
        assert!(advance(store, 5, 6));
        assert_eq!(spans(&ordered(store, 0, 100)), [(6, 3)]);
        assert!(advance(store, 6, 9));
        assert_eq!(ordered(store, 0, 100), []);
        let places = get(store, |records| records.places(ORGANISATION, &batches));
        assert_eq!(places, [Some(0), Some(3), Some(6)], "places stay known");
        assert_eq!(get(store, |records| records.log_state(OTHER)), LogState::default());
    });
}

#[test]
fn of_many_that_advance_at_once_one_does() {
    for_each_log(|store| {
        enlist(store, ORGANISATION, 0, 40);
        order(store, 1_000);
        let took = thread::scope(|scope| {
            let workers: Vec<_> = (1..=4).map(|size| scope.spawn(move || advance(store, 0, size * 10))).collect();
            workers.into_iter().map(|worker| worker.join().unwrap()).filter(|took| *took).count()
        });
        assert_eq!(took, 1);
    });
}

#[test]
fn what_is_published_only_grows() {
    for_each_log(|store| {
        enlist(store, ORGANISATION, 0, 9);
        order(store, 1_000);
        assert!(advance(store, 0, 9));
        let publish = |size, note: &str| {
            let checkpoint = SignedCheckpoint { size, note: note.into() };
            put(store, |records| records.publish(ORGANISATION, &checkpoint))
        };
        assert!(publish(0, "of the empty tree"));
        assert!(publish(5, "one witness"));
        assert!(!publish(5, "one witness"));
        assert!(publish(5, "two witnesses"));
        assert!(!publish(4, "a straggler"));
        assert!(!publish(10, "never signed"));
        assert_eq!(state(store).published, SignedCheckpoint { size: 5, note: "two witnesses".into() });
        assert_eq!(get(store, |records| records.log_state(OTHER)), LogState::default());
    });
}

#[test]
fn a_store_that_is_behind_its_tiles_catches_up() {
    for_each_log(|store| {
        let batches: Vec<u64> = (0..3).map(|seconds| enlist(store, ORGANISATION, seconds, 3)).collect();
        order(store, 6);
        let adopt = |size| put(store, |records| records.adopt(ORGANISATION, &checkpoint(size)));
        adopt(4);
        let expected = LogState { ordered: 6, signed: checkpoint(4), published: checkpoint(4) };
        assert_eq!((state(store), spans(&ordered(store, 0, 100))), (expected, vec![(3, 3)]));
        adopt(20);
        adopt(19);
        let expected = LogState { ordered: 20, signed: checkpoint(20), published: checkpoint(20) };
        assert_eq!((state(store), ordered(store, 0, 100)), (expected, vec![]));
        assert_eq!(order(store, 100), 23, "what waited goes behind what the tiles hold");
        let places = get(store, |records| records.places(ORGANISATION, &batches));
        assert_eq!(places, [Some(0), Some(3), Some(20)]);
        assert_eq!(spans(&ordered(store, 20, 100)), [(20, 3)]);
        assert_eq!(get(store, |records| records.log_state(OTHER)), LogState::default());
    });
}

#[test]
fn one_holder_has_the_lease_until_it_ends() {
    for_each_log(|store| {
        let lease = |organisation, holder: u64, now: i64, until: i64| {
            put(store, |records| records.lease(organisation, id(holder), at(now), at(until)))
        };
        let took = thread::scope(|scope| {
            let workers: Vec<_> = (0..8).map(|holder| scope.spawn(move || lease(OTHER, holder, 0, 10))).collect();
            workers.into_iter().map(|worker| worker.join().unwrap()).filter(|took| *took).count()
        });
        assert_eq!(took, 1);
        assert!(lease(ORGANISATION, 1, 0, 10));
        assert!(!lease(ORGANISATION, 2, 9, 20));
        assert!(lease(ORGANISATION, 1, 9, 20), "its holder goes on");
        assert!(!lease(ORGANISATION, 2, 10, 20));
        assert!(lease(ORGANISATION, 2, 20, 30), "it has ended");
        assert!(lease(ORGANISATION, 2, 21, 21) && lease(ORGANISATION, 1, 21, 30), "it was given back");
    });
}

/// What a batch of intake pays. A bound wide enough for a busy machine; `--nocapture` shows the figure.
#[test]
fn a_thousand_records_are_put_in_line_in_milliseconds() {
    for_each_log(|store| {
        let record = [7; 300];
        let lines = vec![(LeafKind::Stamp, record.as_slice()); 1_000];
        let rounds = 20;
        let spent: u128 = (0..rounds)
            .map(|_| {
                put(store, |records| {
                    let began = Instant::now();
                    records.enlist(ORGANISATION, at(0), &lines)?;
                    Ok(began.elapsed().as_micros())
                })
            })
            .sum();
        println!("{:?}: {} µs for 1,000 records", store.database().backend(), spent / rounds);
        assert!(spent / rounds < 500_000);
    });
}
