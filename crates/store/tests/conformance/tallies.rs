//! Tallies: now, at any hour of the past, and counted anew.

use std::collections::BTreeMap;
use std::thread;

use seaworthy_model::DAY;
use seaworthy_service::Id;
use seaworthy_service::ports::{DeviceState, Group, Standing, Tallied};
use seaworthy_store::SqlStore;

use crate::fleet::{Dice, ORGANISATION, OTHER, at, current, digest, id, standing};
use crate::{for_each_store, get, put};

const FIRST_HOUR: i64 = 498_960;

/// Units 1 to 9: 1 is the root, 2 and 3 hang from it, the others from those.
fn path(unit: u64) -> Vec<Id> {
    let mut path = vec![id(unit)];
    if unit > 3 {
        path.push(id(2 + unit % 2));
    }
    if unit > 1 {
        path.push(id(1));
    }
    path
}

/// The number of one of the nine.
fn number(unit: Id) -> u64 {
    (1..=9).find(|number| id(*number) == unit).unwrap()
}

fn group(area: u64, body: u64, day: i64) -> Group {
    Group { area: id(area), body: (body > 0).then(|| digest(body)), day }
}

fn told(tally: Vec<Tallied>) -> BTreeMap<Group, u64> {
    let count = tally.len();
    let told: BTreeMap<Group, u64> = tally.into_iter().map(|tallied| (tallied.group, tallied.devices)).collect();
    assert_eq!(told.len(), count, "a group is told once");
    told
}

fn now(store: &SqlStore, unit: u64) -> BTreeMap<Group, u64> {
    told(get(store, |records| records.tally(ORGANISATION, id(unit))))
}

fn past(store: &SqlStore, unit: u64, hour: i64) -> BTreeMap<Group, u64> {
    told(get(store, |records| records.tally_at(ORGANISATION, id(unit), hour)))
}

/// What the tallies must say, kept in the plainest way.
#[derive(Clone, Default)]
struct Model(BTreeMap<(u64, Group), u64>);

impl Model {
    fn of(&self, unit: u64) -> BTreeMap<Group, u64> {
        self.0.iter().filter(|((of, _), _)| *of == unit).map(|((_, group), devices)| (*group, *devices)).collect()
    }

    fn shift(&mut self, unit: u64, group: Group, by: i64) {
        let devices = self.0.entry((unit, group)).or_default();
        *devices = devices.checked_add_signed(by).unwrap();
        if *devices == 0 {
            self.0.remove(&(unit, group));
        }
    }
}

#[test]
fn a_tally_is_the_sum_of_its_shifts_now_and_at_each_hour() {
    for_each_store(|store| {
        let mut dice = Dice(7);
        let mut model = Model::default();
        let mut history = Vec::new();
        let mut devices: Vec<(u64, Group)> = Vec::new();
        let mut hour = FIRST_HOUR;
        for _ in 0..250 {
            // Eight operations of a batch: devices come, send other evidence, go.
            let mut shifts = Vec::new();
            for _ in 0..8 {
                let (unit, body, day) = (dice.roll(9) + 1, dice.roll(5), dice.roll(3) as i64);
                let new = group(unit % 3 + 1, body, if body == 0 { 0 } else { hour / 24 - day });
                let old = (dice.roll(3) > 0 && !devices.is_empty())
                    .then(|| devices.swap_remove(dice.roll(devices.len() as u64) as usize));
                let changes = match (old, dice.roll(5)) {
                    (Some((unit, group)), 0) => vec![(unit, group, -1)],
                    (Some((unit, group)), _) => vec![(unit, group, -1), (unit, new, 1)],
                    (None, _) => vec![(unit, new, 1)],
                };
                devices.extend(changes.iter().filter(|(.., by)| *by > 0).map(|(unit, group, _)| (*unit, *group)));
                for (unit, group, by) in changes {
                    for above in path(unit) {
                        shifts.push((above, group, by));
                    }
                }
            }
            let mut sums: BTreeMap<(u64, Group), i64> = BTreeMap::new();
            for (unit, group, by) in &shifts {
                *sums.entry((number(*unit), *group)).or_default() += by;
            }
            sums.into_iter().for_each(|((unit, group), by)| model.shift(unit, group, by));
            put(store, |records| records.shift(ORGANISATION, hour, &shifts));
            if dice.roll(4) == 0 {
                history.push((hour, model.clone()));
                hour += 1 + dice.roll(3) as i64 * dice.roll(20) as i64;
            }
        }
        history.push((hour, model.clone()));
        for unit in 1..=9 {
            assert_eq!(now(store, unit), model.of(unit), "unit {unit}");
            assert_eq!(past(store, unit, FIRST_HOUR - 1), BTreeMap::new());
            for (index, (hour, model)) in history.iter().enumerate() {
                assert_eq!(past(store, unit, *hour), model.of(unit), "unit {unit}, hour {hour}");
                let next = history.get(index + 1).map_or(hour + 500, |(next, _)| *next);
                // Nothing happened from the end of this hour to the next that is remembered, but in that one itself.
                if next > hour + 1 {
                    assert_eq!(past(store, unit, hour + 1), model.of(unit), "unit {unit}, after hour {hour}");
                }
            }
        }
        assert_eq!(get(store, |records| records.tally(OTHER, id(1))), []);
        assert_eq!(get(store, |records| records.tally_at(OTHER, id(1), hour)), []);
    });
}

#[test]
fn a_shift_that_is_told_late_belongs_to_its_hour() {
    for_each_store(|store| {
        // Enough of them that later hours begin with snapshots.
        for hour in 0..6 {
            let shifts: Vec<_> = (1..=100).map(|body| (id(1), group(1, body, 5), 1)).collect();
            put(store, |records| records.shift(ORGANISATION, FIRST_HOUR + hour, &shifts));
        }
        put(store, |records| records.shift(ORGANISATION, FIRST_HOUR + 2, &[(id(1), group(1, 7, 5), 10)]));
        let seven = |hour: i64| past(store, 1, FIRST_HOUR + hour)[&group(1, 7, 5)];
        assert_eq!([0, 1, 2, 3, 4, 5, 9].map(seven), [1, 2, 13, 14, 15, 16, 16]);
        assert_eq!(now(store, 1)[&group(1, 7, 5)], 16);
    });
}

#[test]
fn shifts_of_many_at_once_are_all_counted() {
    for_each_store(|store| {
        thread::scope(|scope| {
            for worker in 0..4_u64 {
                scope.spawn(move || {
                    for round in 0..25 {
                        let own = group(1, worker + 1, 5);
                        let shifts = [(id(2), own, 1), (id(1), group(1, 9, 5), 1), (id(1), own, 1)];
                        put(store, |records| records.shift(ORGANISATION, FIRST_HOUR + round / 5, &shifts));
                    }
                });
            }
        });
        assert_eq!(now(store, 1)[&group(1, 9, 5)], 100);
        assert_eq!(past(store, 1, FIRST_HOUR + 9)[&group(1, 9, 5)], 100);
        assert_eq!(now(store, 2).values().sum::<u64>(), 100);
    });
}

/// Standings of 300 devices, and the tallies they amount to where each unit is its own area.
fn fleet(dice: &mut Dice) -> (Vec<Standing>, Model) {
    let mut model = Model::default();
    let standings = (0..300).map(|device| {
        let unit = dice.roll(9) + 1;
        let state = if dice.roll(5) == 0 { DeviceState::Revoked } else { DeviceState::Active };
        let current = (dice.roll(6) > 0).then(|| current(dice.roll(4) + 1, dice.roll(3) as i64 * DAY - 60));
        if state == DeviceState::Active {
            let day = current.map_or(0, |current| current.inspected_at.seconds().div_euclid(DAY));
            let group = Group { area: id(unit), body: current.map(|current| current.body), day };
            path(unit).into_iter().for_each(|above| {
                model.shift(number(above), group, 1);
            });
        }
        Standing { state, current, ..standing(device, unit) }
    });
    let standings = standings.collect();
    (standings, model)
}

#[test]
fn a_recount_says_what_the_standings_say_and_leaves_the_past() {
    for_each_store(|store| {
        let (standings, model) = fleet(&mut Dice(11));
        let stale = [(id(1), group(7, 3, 3), 5), (id(8), group(8, 1, 1), 2), (id(77), group(1, 1, 1), 4)];
        put(store, |records| {
            records.put_standings(&standings)?;
            records.put_standings(&[Standing { organisation: OTHER, ..standing(1, 1) }])?;
            records.shift(OTHER, FIRST_HOUR, &[(id(1), group(1, 1, 1), 3)])?;
            records.shift(ORGANISATION, FIRST_HOUR, &stale)
        });
        let before: Vec<_> = (1..=9).map(|unit| now(store, unit)).collect();
        let paths: Vec<(Id, Id, Vec<Id>)> = (1..=9).map(|unit| (id(unit), id(unit), path(unit))).collect();
        for hour in [FIRST_HOUR + 2, FIRST_HOUR + 2, FIRST_HOUR + 5] {
            let counted = put(store, |records| records.retally(ORGANISATION, hour, &paths));
            assert_eq!(counted, model.of(1).values().sum::<u64>());
        }
        put(store, |records| records.shift(ORGANISATION, FIRST_HOUR + 6, &[(id(1), group(1, 1, 1), 1)]));
        for unit in 1..=9 {
            assert_eq!(past(store, unit, FIRST_HOUR), before[unit as usize - 1], "the past of unit {unit}");
            assert_eq!(past(store, unit, FIRST_HOUR + 1), before[unit as usize - 1]);
            assert_eq!(past(store, unit, FIRST_HOUR + 3), model.of(unit), "unit {unit} since then");
            if unit > 1 {
                assert_eq!(now(store, unit), model.of(unit));
            }
        }
        assert_eq!(now(store, 77), BTreeMap::new(), "a unit that is no more");
        assert_eq!(get(store, |records| records.tally(OTHER, id(1))).len(), 1);
        assert_eq!(at(0).seconds() / 3600, FIRST_HOUR);
    });
}
