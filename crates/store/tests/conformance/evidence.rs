//! Bodies, readings, appraisals, stamps, first sightings.

use seaworthy_service::ports::{BodyRecord, Reading, StampRecord, StatusPlace, StoredAppraisal};

use crate::fleet::{ORGANISATION, OTHER, access, at, body, digest, id, leaf, reading, standing};
use crate::{for_each_store, get, put};

#[test]
fn bodies_are_kept_once() {
    for_each_store(|store| {
        let changed = BodyRecord { bytes: vec![0], ..body(1) };
        put(store, |records| records.add_bodies(&[body(1), body(1), body(2)]));
        put(store, |records| records.add_bodies(&[changed.clone(), body(3)]));
        let wanted = [digest(1), digest(3), digest(3), digest(4)];
        let mut found = get(store, |records| records.bodies(ORGANISATION, &wanted));
        found.sort_by_key(|body| body.bytes.clone());
        assert_eq!(found, [body(1), body(3)]);
        assert_eq!(get(store, |records| records.bodies(OTHER, &wanted)), []);
    });
}

#[test]
fn many_bodies_are_found_in_groups() {
    for_each_store(|store| {
        let bodies: Vec<BodyRecord> = (0..1_300).map(body).collect();
        put(store, |records| records.add_bodies(&bodies));
        let digests: Vec<_> = bodies.iter().map(|body| body.digest).collect();
        assert_eq!(get(store, |records| records.bodies(ORGANISATION, &digests)).len(), 1_300);
    });
}

#[test]
fn readings_are_kept_once_and_told_newest_first() {
    for_each_store(|store| {
        let changed = Reading { envelope: Vec::new(), message: digest(0), ..reading(1, 1, 900) };
        put(store, |records| {
            records.put_standings(&[standing(1, 1), standing(2, 1)])?;
            records.add_readings(&[reading(1, 2, 100), reading(1, 1, 100), reading(1, u64::MAX, 200)])
        });
        put(store, |records| records.add_readings(&[changed.clone(), reading(2, 1, 50)]));
        let message = |counter| get(store, |records| records.message_of(ORGANISATION, &digest(1), counter));
        assert_eq!(message(1), Some(digest(1_001)));
        assert_eq!((message(u64::MAX), message(9)), (Some(reading(1, u64::MAX, 200).message), None));
        assert_eq!(get(store, |records| records.message_of(OTHER, &digest(1), 1)), None);
        put(store, |records| {
            let access = access(records, ORGANISATION, 1);
            let newest_first = [reading(1, u64::MAX, 200), reading(1, 2, 100), reading(1, 1, 100)];
            assert_eq!(records.readings(&access, at(1_000), 10)?, newest_first);
            assert_eq!(records.readings(&access, at(1_000), 2)?, newest_first[..2]);
            assert_eq!(records.readings(&access, at(200), 10)?, newest_first[1..]);
            assert_eq!(records.readings(&access, at(100), 10)?, []);
            Ok(())
        });
    });
}

#[test]
fn appraisals_are_kept_for_their_triple_and_span() {
    for_each_store(|store| {
        let one = |body: u64, from: i64| StoredAppraisal {
            organisation: ORGANISATION,
            body: digest(body),
            policy: digest(100),
            catalog: digest(200),
            from: at(from),
            until: at(from + 10),
            bytes: vec![body as u8, from as u8],
        };
        let changed = StoredAppraisal { bytes: Vec::new(), ..one(1, 0) };
        let elsewhere = StoredAppraisal { policy: digest(101), ..one(1, 0) };
        let foreign = StoredAppraisal { organisation: OTHER, ..one(1, 50) };
        put(store, |records| records.add_appraisals(&[one(1, 0), one(1, 10), one(2, 0)]));
        put(store, |records| records.add_appraisals(&[changed.clone(), elsewhere.clone(), foreign.clone()]));
        let found = |bodies: &[u64]| {
            let bodies: Vec<_> = bodies.iter().copied().map(digest).collect();
            let mut found = get(store, |records| records.appraisals(ORGANISATION, &digest(100), &digest(200), &bodies));
            found.sort_by_key(|one| one.bytes.clone());
            found
        };
        assert_eq!(found(&[1]), [one(1, 0), one(1, 10)]);
        assert_eq!(found(&[1, 2, 3]).len(), 3);
        assert_eq!(found(&[]), []);
    });
}

pub(crate) fn stamp(number: u64, issued: i64) -> StampRecord {
    StampRecord {
        organisation: ORGANISATION,
        id: id(number),
        device: digest(1),
        policy: digest(3),
        issued_at: at(issued),
        expires_at: at(issued + 100),
        signed: vec![5; 300],
        status: Some(StatusPlace { list: 2, place: number as u32 }),
        leaf: Some(leaf(number)),
    }
}

#[test]
fn stamps_are_kept_once_and_told_newest_first() {
    for_each_store(|store| {
        let old = StampRecord { signed: Vec::new(), status: None, leaf: None, ..stamp(3, 30) };
        let changed = StampRecord { policy: digest(4), ..stamp(1, 10) };
        put(store, |records| {
            records.put_standings(&[standing(1, 1), standing(2, 1)])?;
            records.add_stamps(&[stamp(1, 10), stamp(2, 20), old.clone()])
        });
        put(store, |records| records.add_stamps(std::slice::from_ref(&changed)));
        put(store, |records| {
            let (own, other) = (access(records, ORGANISATION, 1), access(records, ORGANISATION, 2));
            assert_eq!(records.stamps(&own, 10)?, [old.clone(), stamp(2, 20), stamp(1, 10)]);
            assert_eq!(records.stamps(&own, 1)?.first(), Some(&old));
            assert_eq!(records.stamps(&other, 10)?, []);
            Ok(())
        });
    });
}

#[test]
fn an_offer_keeps_the_instant_at_which_it_was_first_seen() {
    for_each_store(|store| {
        let seen = |offers: &[(&str, i64)]| {
            let seen: Vec<_> = offers.iter().map(|(offer, seconds)| ((*offer).to_owned(), at(*seconds))).collect();
            let mut found = put(store, |records| records.first_seen(ORGANISATION, &seen));
            found.sort();
            found
        };
        assert_eq!(seen(&[("bash:amd64 5.2", 10)]), [("bash:amd64 5.2".to_owned(), at(10))]);
        let both = seen(&[("zlib:amd64 1.3", 5), ("bash:amd64 5.2", 20)]);
        assert_eq!(both, [("bash:amd64 5.2".to_owned(), at(10)), ("zlib:amd64 1.3".to_owned(), at(5))]);
        let elsewhere = put(store, |records| records.first_seen(OTHER, &[("bash:amd64 5.2".to_owned(), at(99))]));
        assert_eq!(elsewhere, [("bash:amd64 5.2".to_owned(), at(99))]);
    });
}
