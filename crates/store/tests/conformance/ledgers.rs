//! Ledgers and set reads.

use std::thread;

use seaworthy_protocol::{Digest, Entry, EntryKind, Field, Head, Who};
use seaworthy_service::ports::{Fault, LedgerEntry, SetRead, write};

use crate::fleet::{ORGANISATION, OTHER, access, at, digest, id, leaf, standing};
use crate::{for_each_store, get, put};

fn who() -> Who {
    Who { id: "person 1".into(), name: "Zoë".into(), role: "reviewer".into() }
}

/// The second tells of a look at a set.
fn entry(sequence: u64) -> LedgerEntry {
    let entry = Entry {
        sequence,
        at: at(sequence as i64),
        kind: EntryKind::Read,
        who: who(),
        why: "because".into(),
        fields: vec![Field::Identity, Field::Ledger],
        query: Some("devices of root".into()),
        previous: Digest::ZERO,
    };
    let set_read = (sequence == 2).then_some(u64::MAX);
    let leaf = set_read.is_none().then(|| leaf(sequence));
    LedgerEntry { device: digest(1), entry, set_read, leaf }
}

fn set_read() -> SetRead {
    SetRead {
        organisation: ORGANISATION,
        number: 0,
        at: at(3),
        who: who(),
        why: "an audit".into(),
        fields: vec![Field::Verdict],
        query: "devices of root".into(),
        units: vec![id(1), id(2)],
        leaf: Some(leaf(3)),
    }
}

#[test]
fn entries_stand_in_their_order_and_a_number_is_taken_once() {
    for_each_store(|store| {
        put(store, |records| {
            // The look that this test takes is the fourth entry.
            let head = Head { sequence: 3, hash: digest(3) };
            records.put_standings(&[1, 2].map(|device| {
                let ledger = head;
                seaworthy_service::ports::Standing { ledger, ..standing(device, 1) }
            }))?;
            records.add_entries(ORGANISATION, &[3, 1, 2].map(entry))
        });
        let again: Result<(), Fault> = write(store, |records| records.add_entries(ORGANISATION, &[entry(2)]));
        assert!(matches!(again, Err(Fault::Conflict(_))), "{again:?}");
        put(store, |records| {
            let own = access(records, ORGANISATION, 1);
            assert_eq!(records.entries(&own, 0, 3)?, [entry(1), entry(2), entry(3)]);
            assert_eq!(records.entries(&own, 1, 1)?, [entry(2)]);
            assert_eq!(records.entries(&own, 3, 9)?.len(), 1);
            let other = access(records, ORGANISATION, 2);
            assert_eq!(records.entries(&other, 0, 9)?.len(), 1);
            Ok(())
        });
    });
}

#[test]
fn set_reads_are_numbered_from_one_in_each_organisation() {
    for_each_store(|store| {
        assert_eq!(get(store, |records| records.newest_set_read(ORGANISATION)), 0);
        let foreign = SetRead { organisation: OTHER, ..set_read() };
        let numbers = put(store, |records| {
            Ok([
                records.add_set_read(&set_read())?,
                records.add_set_read(&foreign)?,
                records.add_set_read(&set_read())?,
            ])
        });
        assert_eq!(numbers, [1, 1, 2]);
        assert_eq!(get(store, |records| records.newest_set_read(ORGANISATION)), 2);
        let found = get(store, |records| records.set_reads(ORGANISATION, 0, 1));
        assert_eq!(found, [SetRead { number: 1, ..set_read() }]);
        let found = get(store, |records| records.set_reads(ORGANISATION, 1, 9));
        assert_eq!(found, [SetRead { number: 2, ..set_read() }]);
    });
}

#[test]
fn set_reads_of_many_at_once_are_numbered_without_gaps() {
    for_each_store(|store| {
        thread::scope(|scope| {
            for worker in 0..4 {
                scope.spawn(move || {
                    for round in 0..10 {
                        let done: Result<u64, Fault> = write(store, |records| {
                            let number = records.add_set_read(&set_read())?;
                            // Some are taken back.
                            if (worker + round) % 3 == 0 { Err(Fault::Other("no".into())) } else { Ok(number) }
                        });
                        assert_eq!(done.is_err(), (worker + round) % 3 == 0, "{done:?}");
                    }
                });
            }
        });
        let found = get(store, |records| records.set_reads(ORGANISATION, 0, 100));
        let numbers: Vec<u64> = found.iter().map(|read| read.number).collect();
        let expected: Vec<u64> = (1..=numbers.len() as u64).collect();
        assert_eq!(numbers, expected);
        assert_eq!(get(store, |records| records.newest_set_read(ORGANISATION)), numbers.len() as u64);
    });
}
