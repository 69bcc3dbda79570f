//! Standings, identities, pages of devices, erasure.

use std::collections::BTreeSet;

use seaworthy_protocol::{Digest, Head};
use seaworthy_service::Id;
use seaworthy_service::ports::{DeviceQuery, DeviceState, ListedDevice, StampRecord, Standing};
use seaworthy_store::SqlStore;

use crate::evidence::stamp;
use crate::fleet::{
    Dice, ORGANISATION, OTHER, access, at, body, current, digest, id, identity, reading, set_access, standing,
};
use crate::{for_each_store, get, put};

fn page(store: &SqlStore, query: &DeviceQuery<'_>) -> Vec<ListedDevice> {
    put(store, |records| {
        let access = set_access(records, ORGANISATION, query.units);
        records.devices(&access, query)
    })
}

fn all(units: &[Id]) -> DeviceQuery<'_> {
    DeviceQuery { units, state: None, person: None, after: None, limit: 1_000, as_of: None }
}

fn ids(page: &[ListedDevice]) -> Vec<Digest> {
    page.iter().map(|device| device.identity.device).collect()
}

#[test]
fn a_standing_comes_back_as_it_was_put_and_unknown_ones_are_left_out() {
    for_each_store(|store| {
        let full = Standing {
            state: DeviceState::Forked,
            counter: u64::MAX,
            ledger: Head { sequence: 3, hash: digest(3) },
            listed: 12,
            current: Some(current(5, -1)),
            stamp: Some(id(77)),
            answer: Vec::new(),
            ..standing(1, 1)
        };
        let foreign = Standing { organisation: OTHER, ..standing(3, 1) };
        put(store, |records| records.put_standings(&[full.clone(), standing(2, 1), foreign.clone()]));
        let wanted = [digest(1), digest(2), digest(3), digest(4), digest(1)];
        let mut found = get(store, |records| records.standings(ORGANISATION, &wanted));
        found.sort_by_key(|standing| standing.counter != u64::MAX);
        assert_eq!(found, [full, standing(2, 1)]);
        assert_eq!(get(store, |records| records.standings(OTHER, &wanted)), [foreign]);
    });
}

#[test]
fn a_standing_is_replaced_whole_whether_it_was_read_before_or_not() {
    for_each_store(|store| {
        put(store, |records| records.put_standings(&[standing(1, 1)]));
        let moved = Standing { unit: id(2), state: DeviceState::Revoked, counter: 2, ..standing(1, 1) };
        put(store, |records| records.put_standings(&[standing(1, 1), moved.clone()]));
        assert_eq!(get(store, |records| records.standings(ORGANISATION, &[digest(1)])), [moved]);
        let again = Standing { counter: 3, current: Some(current(1, 1)), ..standing(1, 3) };
        put(store, |records| {
            let mut read = records.standings(ORGANISATION, &[digest(1)])?;
            read[0] = again.clone();
            records.put_standings(&read)?;
            read[0].counter = 4;
            records.put_standings(&read)
        });
        let expected = Standing { counter: 4, ..again };
        assert_eq!(get(store, |records| records.standings(ORGANISATION, &[digest(1)])), [expected]);
    });
}

#[test]
fn an_identity_is_kept_and_replaced() {
    for_each_store(|store| {
        put(store, |records| {
            records.put_standings(&[standing(1, 1), Standing { organisation: OTHER, ..standing(1, 1) }])?;
            records.put_identity(&identity(1))
        });
        let mut changed = identity(1);
        (changed.holder, changed.person, changed.replaces) = (Some("Zoë".into()), Some(id(5)), Some(digest(2)));
        put(store, |records| records.put_identity(&changed));
        let found = put(store, |records| {
            let (own, other) = (access(records, ORGANISATION, 1), access(records, OTHER, 1));
            Ok((records.identity(&own)?, records.identity(&other)?))
        });
        assert_eq!(found, (Some(changed), None));
        let unit = |device: u64| get(store, |records| records.unit_of(ORGANISATION, &digest(device)));
        assert_eq!((unit(1), unit(2)), (Some((id(1), Some(id(5)))), None));
    });
}

#[test]
fn states_are_counted_in_a_unit_itself() {
    for_each_store(|store| {
        let waiting = Standing { state: DeviceState::Waiting, ..standing(3, 1) };
        put(store, |records| records.put_standings(&[standing(1, 1), standing(2, 1), waiting.clone(), standing(4, 2)]));
        let mut states = get(store, |records| records.states(ORGANISATION, id(1)));
        states.sort_unstable();
        assert_eq!(states, [(DeviceState::Waiting, 1), (DeviceState::Active, 2)]);
        assert_eq!(get(store, |records| records.states(OTHER, id(1))), []);
    });
}

/// 2,500 devices in 40 units, some waiting, some without a name any more; and what a page should hold.
fn fleet(store: &SqlStore) -> Vec<Standing> {
    let mut dice = Dice(42);
    let states = [DeviceState::Active, DeviceState::Active, DeviceState::Waiting, DeviceState::Left];
    let standings: Vec<Standing> = (0..2_500)
        .map(|device| {
            // Unit 1 has most, unit 40 a handful.
            let unit = if dice.roll(2) == 0 { 1 } else { dice.roll(39) * dice.roll(39) / 38 + 2 };
            Standing { state: states[dice.roll(4) as usize], ..standing(device, unit) }
        })
        .collect();
    put(store, |records| {
        records.put_standings(&standings)?;
        for (device, standing) in standings.iter().enumerate() {
            if standing.state != DeviceState::Left {
                records.put_identity(&identity(device as u64))?;
            }
        }
        Ok(())
    });
    standings
}

fn expected(fleet: &[Standing], query: &DeviceQuery<'_>) -> Vec<Digest> {
    let fits = |standing: &&Standing| {
        query.units.contains(&standing.unit)
            && standing.state != DeviceState::Left
            && query.state.is_none_or(|state| state == standing.state)
            && query.after.is_none_or(|after| standing.device > after)
    };
    let devices: BTreeSet<Digest> = fleet.iter().filter(fits).map(|standing| standing.device).collect();
    devices.into_iter().take(query.limit as usize).collect()
}

#[test]
fn pages_hold_the_devices_of_their_units_in_order_and_once() {
    for_each_store(|store| {
        let fleet = fleet(store);
        let few: Vec<Id> = [7, 9, 30, 39].map(id).to_vec();
        let most: Vec<Id> = (1..=40).map(id).collect();
        let many: Vec<Id> = (2..=40).map(id).collect();
        for units in [vec![id(1)], vec![id(40)], few, most, many, vec![id(99)], Vec::new()] {
            for state in [None, Some(DeviceState::Waiting), Some(DeviceState::Left)] {
                for limit in [1, 7, 333] {
                    let mut query = DeviceQuery { state, limit, ..all(&units) };
                    // A few pages, then jump to the end.
                    for _ in 0..3 {
                        let found = ids(&page(store, &query));
                        assert_eq!(found, expected(&fleet, &query), "{units:?} {state:?} {limit}");
                        query.after = found.last().copied().or(query.after);
                    }
                    query.after = Some(Digest::from_bytes([0xFF; 32]));
                    assert_eq!(page(store, &query), []);
                }
            }
        }
    });
}

#[test]
fn a_page_of_one_person_holds_their_devices() {
    for_each_store(|store| {
        put(store, |records| {
            records.put_standings(&[1, 2, 3, 4].map(|device| standing(device, device)))?;
            for device in 1..=4 {
                let mut identity = identity(device);
                identity.person = Some(id(50 + device % 2));
                records.put_identity(&identity)?;
            }
            Ok(())
        });
        let units = [1, 2, 3].map(id);
        let of_person = |person: u64| DeviceQuery { person: Some(id(person)), ..all(&units) };
        assert_eq!(page(store, &of_person(50)).len(), 1);
        let mut both = [digest(1), digest(3)];
        both.sort_unstable();
        assert_eq!(ids(&page(store, &of_person(51))), both);
        let rest = DeviceQuery { after: Some(both[0]), ..of_person(51) };
        assert_eq!(ids(&page(store, &rest)), [both[1]]);
        assert_eq!(page(store, &of_person(52)), []);
    });
}

#[test]
fn a_page_as_of_an_instant_tells_of_what_had_come_in_by_then() {
    for_each_store(|store| {
        let mut live = reading(1, 3, 300);
        live.live = false;
        put(store, |records| {
            records.put_standings(&[Standing { current: Some(current(9, 400)), ..standing(1, 1) }])?;
            records.put_identity(&identity(1))?;
            records.add_readings(&[reading(1, 1, 100), reading(1, 2, 200), live.clone(), reading(1, 4, 400)])
        });
        let units = [id(1)];
        let body = |as_of: Option<i64>| {
            let query = DeviceQuery { as_of: as_of.map(at), ..all(&units) };
            page(store, &query)[0].current.map(|current| current.body)
        };
        assert_eq!([body(Some(99)), body(Some(100)), body(Some(199))], [None, Some(digest(1)), Some(digest(1))]);
        assert_eq!(body(Some(350)), Some(digest(2)), "what was no live answer is history");
        assert_eq!([body(Some(400)), body(None)], [Some(digest(4)), Some(digest(9))]);
    });
}

#[test]
fn what_is_erased_is_gone_and_what_must_stay_stays() {
    for_each_store(|store| {
        put(store, |records| {
            records.put_standings(&[standing(1, 1), standing(2, 1)])?;
            records.put_identity(&identity(1))?;
            records.put_identity(&identity(2))?;
            records.add_bodies(&[body(1), body(2)])?;
            records.add_readings(&[reading(1, 1, 100), reading(1, 2, 200), reading(2, 2, 100)])?;
            records.add_stamps(&[stamp(1, 10), StampRecord { device: digest(2), ..stamp(2, 10) }])
        });
        let before = put(store, |records| {
            access(records, ORGANISATION, 1);
            records.standings(ORGANISATION, &[digest(1)])
        });
        put(store, |records| records.erase(ORGANISATION, &digest(1)));
        assert_eq!(get(store, |records| records.standings(ORGANISATION, &[digest(1)])), before);
        assert_eq!(before[0].ledger.sequence, 1, "the head stays");
        put(store, |records| {
            let access = access(records, ORGANISATION, 1);
            assert_eq!(records.identity(&access)?, None);
            assert_eq!(records.readings(&access, at(1_000), 10)?, []);
            let left = records.entries(&access, 0, 10)?;
            assert_eq!(left.iter().map(|kept| kept.entry.sequence).collect::<Vec<_>>(), [2], "only this look");
            let other = crate::fleet::access(records, ORGANISATION, 2);
            assert_eq!(records.readings(&other, at(1_000), 10)?.len(), 1);
            let bare = StampRecord { signed: Vec::new(), leaf: None, ..stamp(1, 10) };
            assert_eq!(records.stamps(&access, 10)?, [bare], "what was signed and its salt are gone");
            assert!(records.stamps(&other, 10)?[0].leaf.is_some());
            records.sweep(at(0))
        });
        let bodies = get(store, |records| records.bodies(ORGANISATION, &[digest(1), digest(2)]));
        assert_eq!(bodies, [body(2)], "the body that only the erased device had is gone");
    });
}
