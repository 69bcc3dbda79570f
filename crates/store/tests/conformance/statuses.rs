//! Status lists and revocations.

use std::collections::BTreeSet;
use std::{slice, thread};

use seaworthy_protocol::RevocationReason;
use seaworthy_service::Id;
use seaworthy_service::ports::{
    Revocation, STATUS_FULL, STATUS_PLACES, StampRecord, StatusListRecord, StatusPlace, Store,
};

use crate::evidence::stamp;
use crate::fleet::{ORGANISATION, OTHER, at, digest, id, leaf};
use crate::{for_each_store, get, put};

fn address(list: u32) -> String {
    format!("https://example.org/status/{list}")
}

fn list(number: u32) -> StatusListRecord {
    StatusListRecord {
        organisation: ORGANISATION,
        number,
        address: address(number),
        seed: [number as u8; 32],
        handed_out: 0,
        opened_at: at(number.into()),
    }
}

fn revocation(stamp: &StampRecord) -> Revocation {
    Revocation {
        organisation: stamp.organisation,
        status: stamp.status.unwrap(),
        address: address(stamp.status.unwrap().list),
        stamp: stamp.id,
        device: stamp.device,
        reason: RevocationReason::Lost,
        at: at(500),
        leaf: stamp.leaf,
    }
}

fn reserve(store: &dyn Store, organisation: Id, number: u32, counters: u32) -> Option<u32> {
    put(store, |records| records.reserve(organisation, number, counters))
}

#[test]
fn lists_are_opened_once_and_told_in_order() {
    for_each_store(|store| {
        assert_eq!(get(store, |records| records.newest_status_list(ORGANISATION)), None);
        let foreign = StatusListRecord { organisation: OTHER, seed: [9; 32], ..list(7) };
        put(store, |records| {
            [&list(1), &list(0), &foreign].into_iter().try_for_each(|list| records.open_status_list(list))
        });
        let again = StatusListRecord { seed: [8; 32], opened_at: at(99), ..list(1) };
        put(store, |records| records.open_status_list(&again));
        assert_eq!(get(store, |records| records.status_lists(ORGANISATION)), [list(0), list(1)]);
        assert_eq!(get(store, |records| records.newest_status_list(ORGANISATION)), Some(list(1)));
        assert_eq!(get(store, |records| records.status_lists(OTHER)), slice::from_ref(&foreign));
        assert!(!format!("{foreign:?}").contains("[9"), "the seed is never shown");
    });
}

#[test]
fn servers_that_open_a_list_at_once_agree_on_one() {
    for_each_store(|store| {
        let seeds: BTreeSet<[u8; 32]> = thread::scope(|scope| {
            let open = |seed: u8| {
                put(store, |records| {
                    records.open_status_list(&StatusListRecord { seed: [seed; 32], ..list(0) })?;
                    records.newest_status_list(ORGANISATION)
                })
            };
            let workers: Vec<_> = (0..8).map(|seed| scope.spawn(move || open(seed))).collect();
            workers.into_iter().map(|worker| worker.join().unwrap().unwrap().seed).collect()
        });
        assert_eq!(seeds.len(), 1);
    });
}

#[test]
fn no_counter_is_handed_out_twice() {
    for_each_store(|store| {
        put(store, |records| records.open_status_list(&list(0)));
        let mut firsts: Vec<u32> = thread::scope(|scope| {
            let some = || (0..10).map(|_| reserve(store, ORGANISATION, 0, 4_096).unwrap()).collect::<Vec<_>>();
            let workers: Vec<_> = (0..4).map(|_| scope.spawn(some)).collect();
            workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
        });
        firsts.sort_unstable();
        assert_eq!(firsts, (0..40).map(|block| block * 4_096).collect::<Vec<_>>());
        let left = STATUS_PLACES - 40 * 4_096;
        assert_eq!(reserve(store, ORGANISATION, 0, left + 1), None, "more than there are");
        assert_eq!(reserve(store, ORGANISATION, 0, left), Some(40 * 4_096));
        assert_eq!(reserve(store, ORGANISATION, 0, 1), None);
        assert_eq!([reserve(store, ORGANISATION, 1, 1), reserve(store, OTHER, 0, 1)], [None; 2], "no such list");
        let newest = get(store, |records| records.newest_status_list(ORGANISATION));
        assert_eq!(newest.map(|list| list.handed_out), Some(STATUS_PLACES));
        // What is left of a list that is full is for decoys.
        put(store, |records| records.open_status_list(&StatusListRecord { handed_out: STATUS_FULL - 1, ..list(3) }));
        assert_eq!(reserve(store, ORGANISATION, 3, 4_096), Some(STATUS_FULL - 1));
        assert_eq!(reserve(store, ORGANISATION, 3, 1), None);
    });
}

#[test]
fn a_revocation_stays_as_it_is() {
    for_each_store(|store| {
        let (one, two) = (revocation(&stamp(1, 10)), revocation(&stamp(2, 20)));
        let status = StatusPlace { list: 3, place: 1 };
        let elsewhere = Revocation { status, address: address(3), ..one.clone() };
        let foreign = Revocation { organisation: OTHER, leaf: None, ..one.clone() };
        put(store, |records| {
            records.open_status_list(&list(2))?;
            records.open_status_list(&list(3))?;
            records.open_status_list(&StatusListRecord { organisation: OTHER, ..list(2) })?;
            records.add_revocations(&[two.clone(), one.clone()])
        });
        let again = Revocation { reason: RevocationReason::Inspector, at: at(900), leaf: Some(leaf(9)), ..one.clone() };
        put(store, |records| records.add_revocations(&[again.clone(), elsewhere.clone(), foreign.clone()]));
        put(store, |records| records.add_revocations(&[]));
        let found = |organisation, list| get(store, |records| records.revocations(organisation, list));
        assert_eq!(found(ORGANISATION, 2), [one.clone(), two.clone()]);
        assert_eq!(found(ORGANISATION, 3), slice::from_ref(&elsewhere));
        assert_eq!((found(OTHER, 2), found(OTHER, 3)), (vec![foreign.clone()], Vec::new()));
        let counted = |organisation, list| get(store, |records| records.count_revocations(organisation, list));
        assert_eq!(
            [counted(ORGANISATION, 2), counted(ORGANISATION, 3), counted(OTHER, 2), counted(OTHER, 3)],
            [2, 1, 1, 0]
        );
    });
}

#[test]
fn stamps_are_in_force_until_their_end_or_until_they_are_revoked() {
    for_each_store(|store| {
        let old = StampRecord { status: None, ..stamp(4, 40) };
        let of_other_device = StampRecord { device: digest(2), ..stamp(5, 50) };
        let foreign = StampRecord { organisation: OTHER, ..stamp(1, 10) };
        put(store, |records| {
            let stamps = [stamp(3, 30), stamp(1, 10), stamp(2, 20), old.clone()];
            records.add_stamps(&[stamps.as_slice(), &[of_other_device.clone(), foreign.clone()]].concat())?;
            records.add_revocations(&[revocation(&stamp(2, 20))])
        });
        let in_force = |organisation, seconds| {
            get(store, |records| records.stamps_in_force(organisation, &digest(1), at(seconds)))
        };
        assert_eq!(in_force(ORGANISATION, 109), [stamp(1, 10), stamp(3, 30), old.clone()]);
        assert_eq!(in_force(ORGANISATION, 110), [stamp(3, 30), old.clone()], "the first has ended");
        assert_eq!(in_force(OTHER, 50), slice::from_ref(&foreign), "revoked in another organisation");
        let found = |organisation, device, number| {
            get(store, |records| records.stamp(organisation, &digest(device), id(number)))
        };
        assert_eq!(found(ORGANISATION, 1, 2), Some(stamp(2, 20)), "a revoked one is a stamp still");
        assert_eq!(found(ORGANISATION, 2, 5), Some(of_other_device.clone()));
        assert_eq!([found(ORGANISATION, 1, 5), found(OTHER, 1, 2)], [None, None]);
    });
}
