//! Organisations, keys, units, policies, assignments, catalogs.

use std::thread;

use seaworthy_service::Id;
use seaworthy_service::ports::{
    Assignment, CatalogRecord, Fault, KeyRecord, Organisation, PolicyRecord, Records, Unit, write,
};

use crate::fleet::{ORGANISATION, OTHER, at, digest, id, leaf};
use crate::outbox::webhook;
use crate::{for_each_store, get, put};

fn unit(number: u64, parent: Option<u64>) -> Unit {
    Unit { organisation: ORGANISATION, id: id(number), parent: parent.map(id), name: format!("unit {number}") }
}

fn organisation(id: Id, name: &str, created: i64) -> Organisation {
    Organisation { id, name: name.into(), created_at: at(created) }
}

fn key(place: u32) -> KeyRecord {
    KeyRecord {
        organisation: ORGANISATION,
        place,
        id: digest(place.into()),
        key: [9; 32],
        successor: vec![place as u8; place as usize],
        since: at(place.into()),
        revoked_at: None,
        leaf: (place > 0).then(|| leaf(place.into())),
    }
}

fn assignment(since: i64, sequence: u64) -> Assignment {
    Assignment { organisation: ORGANISATION, unit: id(1), since: at(since), sequence, leaf: Some(leaf(sequence)) }
}

fn catalog(since: i64, bytes: u8) -> CatalogRecord {
    CatalogRecord {
        organisation: ORGANISATION,
        digest: digest(bytes.into()),
        since: at(since),
        bytes: vec![bytes],
        leaf: Some(leaf(bytes.into())),
    }
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
        leaf: Some(leaf(sequence)),
    }
}

#[test]
fn organisations_and_their_keys_are_told_in_order() {
    for_each_store(|store| {
        let first = organisation(OTHER, "Harbour", 1);
        let second = organisation(ORGANISATION, "Ötzi & Söhne", 2);
        let revoked = KeyRecord { revoked_at: Some(at(50)), leaf: Some(leaf(9)), ..key(0) };
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

type Change = dyn Fn(&mut dyn Records) -> Result<(), Fault>;

#[test]
fn each_change_of_the_directory_is_told_to_others() {
    for_each_store(|store| {
        let version = || get(store, |records| records.directory_version());
        let changes: [(&str, &Change); 10] = [
            ("organisation", &|records| records.add_organisation(&organisation(ORGANISATION, "Harbour", 1))),
            ("another", &|records| records.add_organisation(&organisation(OTHER, "Pier", 2))),
            ("key", &|records| records.put_key(&key(0))),
            ("unit", &|records| records.put_unit(&unit(1, None))),
            ("unit removed", &|records| records.remove_unit(ORGANISATION, id(1))),
            ("policy", &|records| records.add_policy(&policy(1))),
            ("assignment", &|records| records.add_assignment(&assignment(1, 1))),
            ("catalog", &|records| records.add_catalog(&catalog(1, 1))),
            ("webhook", &|records| records.put_webhook(&webhook(1))),
            ("webhook removed", &|records| records.remove_webhook(ORGANISATION, id(1))),
        ];
        for (what, change) in changes {
            let before = version();
            let within = put(store, |records| change(records).and_then(|()| records.directory_version()));
            assert_eq!((within, version()), (before, before + 1), "{what}");
        }
        let before = version();
        put(store, |records| {
            records.put_unit(&unit(1, None))?;
            records.put_unit(&unit(2, Some(1)))?;
            records.put_unit(&Unit { organisation: OTHER, ..unit(3, None) })
        });
        assert_eq!(version(), before + 2, "once for each organisation");
    });
}

#[test]
fn whoever_holds_the_directory_changes_it_alone() {
    for_each_store(|store| {
        put(store, |records| records.add_organisation(&organisation(ORGANISATION, "Harbour", 1)));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    put(store, |records| {
                        records.hold_directory(ORGANISATION)?;
                        let units = records.units(ORGANISATION)?.len() as u64;
                        assert_eq!(records.directory_version()?, units + 1);
                        records.put_unit(&unit(units, None))?;
                        assert_eq!(records.directory_version()?, units + 1);
                        Ok(())
                    });
                });
            }
        });
        assert_eq!(get(store, |records| records.units(ORGANISATION)).len(), 8);
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
