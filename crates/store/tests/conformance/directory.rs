//! Organisations, keys, units, policies, assignments, catalogs.

use seaworthy_service::ports::{Assignment, CatalogRecord, Fault, KeyRecord, Organisation, PolicyRecord, Unit, write};

use crate::fleet::{ORGANISATION, OTHER, at, digest, id};
use crate::{for_each_store, get, put};

fn unit(number: u64, parent: Option<u64>) -> Unit {
    Unit { organisation: ORGANISATION, id: id(number), parent: parent.map(id), name: format!("unit {number}") }
}

fn policy(sequence: u64) -> PolicyRecord {
    PolicyRecord {
        organisation: ORGANISATION,
        sequence,
        digest: digest(sequence),
        policy: digest(sequence + 100),
        name: "baseline".into(),
        issued_at: at(0),
        sealed: vec![1, 2, 3],
    }
}

#[test]
fn organisations_and_their_keys_are_told_in_order() {
    for_each_store(|store| {
        let first = Organisation { id: OTHER, name: "Harbour".into(), created_at: at(1) };
        let second = Organisation { id: ORGANISATION, name: "Ötzi & Söhne".into(), created_at: at(2) };
        let key = |place: u32| KeyRecord {
            organisation: ORGANISATION,
            place,
            id: digest(place.into()),
            key: [9; 32],
            successor: vec![place as u8; place as usize],
            since: at(place.into()),
            revoked_at: None,
        };
        let revoked = KeyRecord { revoked_at: Some(at(50)), ..key(0) };
        put(store, |records| {
            records.add_organisation(&second)?;
            records.add_organisation(&first)?;
            [1, 0, 2].into_iter().try_for_each(|place| records.put_key(&key(place)))?;
            records.put_key(&revoked)
        });
        assert_eq!(get(store, |records| records.organisations()), [first, second.clone()]);
        assert_eq!(get(store, |records| records.keys()), [revoked, key(1), key(2)]);
        let again: Result<(), Fault> = write(store, |records| records.add_organisation(&second));
        assert!(matches!(again, Err(Fault::Conflict(_))));
    });
}

#[test]
fn units_are_put_replaced_and_removed() {
    for_each_store(|store| {
        let moved = unit(3, Some(1));
        put(store, |records| {
            records.put_unit(&unit(1, None))?;
            records.put_unit(&unit(2, Some(1)))?;
            records.put_unit(&unit(3, Some(2)))?;
            records.put_unit(&Unit { organisation: OTHER, ..unit(4, None) })?;
            records.put_unit(&moved)?;
            records.remove_unit(ORGANISATION, id(2))?;
            records.remove_unit(ORGANISATION, id(4))
        });
        assert_eq!(get(store, |records| records.units(ORGANISATION)), [unit(1, None), moved.clone()]);
        assert_eq!(get(store, |records| records.units(OTHER)).len(), 1);
    });
}

#[test]
fn a_policy_sequence_is_taken_once() {
    for_each_store(|store| {
        put(store, |records| records.add_policy(&policy(2)).and_then(|()| records.add_policy(&policy(1))));
        let again: Result<(), Fault> = write(store, |records| records.add_policy(&policy(2)));
        assert!(matches!(again, Err(Fault::Conflict(_))), "{again:?}");
        put(store, |records| records.add_policy(&PolicyRecord { organisation: OTHER, ..policy(2) }));
        assert_eq!(get(store, |records| records.policies(ORGANISATION)), [policy(1), policy(2)]);
    });
}

#[test]
fn assignments_and_catalogs_are_told_oldest_first() {
    for_each_store(|store| {
        let assignment = |since: i64, sequence: u64| Assignment {
            organisation: ORGANISATION,
            unit: id(1),
            since: at(since),
            sequence,
        };
        let catalog = |since: i64, bytes: u8| CatalogRecord {
            organisation: ORGANISATION,
            digest: digest(bytes.into()),
            since: at(since),
            bytes: vec![bytes],
        };
        put(store, |records| {
            [(5, 2), (5, 1), (1, 9)]
                .into_iter()
                .try_for_each(|(since, sequence)| records.add_assignment(&assignment(since, sequence)))?;
            [catalog(5, 1), catalog(1, 2), catalog(5, 1), catalog(9, 1)]
                .iter()
                .try_for_each(|one| records.add_catalog(one))
        });
        let found = get(store, |records| records.assignments(ORGANISATION));
        assert_eq!(found, [assignment(1, 9), assignment(5, 2), assignment(5, 1)], "of one second, as they were added");
        let bare = |since, bytes| CatalogRecord { bytes: Vec::new(), ..catalog(since, bytes) };
        assert_eq!(get(store, |records| records.catalogs(ORGANISATION)), [bare(1, 2), bare(5, 1), bare(9, 1)]);
        assert_eq!(get(store, |records| records.catalog(ORGANISATION, &digest(2))), Some(vec![2]));
        assert_eq!(get(store, |records| records.catalog(OTHER, &digest(2))), None);
        assert_eq!(get(store, |records| records.assignments(OTHER)), []);
    });
}
