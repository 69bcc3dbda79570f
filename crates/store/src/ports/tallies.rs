//! Tallies in SQL: the groups of each unit now, and what each hour changed.
//!
//! The past of a unit is a snapshot of its groups and the changes of the hours since. A snapshot holds the state before
//! its hour. One is written by the first change of an hour once the changes since the last one outnumber its groups
//! [`CHANGES_PER_GROUP`] times: so reading any hour of the past costs a few times the groups, and snapshots are a
//! fraction of what the changes take. A unit that nothing changes takes no room.
//!
//! A change may be told late, by a server whose clock is behind: it is added to the snapshots after its hour, too.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use seaworthy_protocol::Digest;
use seaworthy_service::Id;
use seaworthy_service::ports::{Fault, Group, Tallied, Tallies};

use super::SqlRecords;
use crate::driver::{self, Insert, Row, Value};

/// Changes for each group of a snapshot before the next one is due.
const CHANGES_PER_GROUP: u64 = 4;
/// Changes before the first snapshot is due, and on top of those for groups.
const CHANGES: i64 = 64;

static NOW: LazyLock<Insert> = LazyLock::new(|| {
    let tail = "ON CONFLICT (organisation, unit, area, body, day) \
                DO UPDATE SET devices = tally_now.devices + excluded.devices";
    Insert::new("INSERT INTO tally_now (organisation, unit, area, body, day, devices)", 6, tail)
});
static HOURS: LazyLock<Insert> = LazyLock::new(|| {
    let tail = "ON CONFLICT (organisation, unit, hour, area, body, day) \
                DO UPDATE SET devices = tally_hours.devices + excluded.devices";
    Insert::new("INSERT INTO tally_hours (organisation, unit, hour, area, body, day, devices)", 7, tail)
});
static SNAPSHOTS: LazyLock<Insert> = LazyLock::new(|| {
    let tail = "ON CONFLICT (organisation, unit, hour, area, body, day) \
                DO UPDATE SET devices = tally_snapshots.devices + excluded.devices";
    Insert::new("INSERT INTO tally_snapshots (organisation, unit, hour, area, body, day, devices)", 7, tail)
});
static UNITS: LazyLock<Insert> = LazyLock::new(|| {
    let head = "INSERT INTO tally_units (organisation, unit, newest_hour, snapshot_hour, shifts, due_at)";
    let tail = "ON CONFLICT (organisation, unit) DO UPDATE SET newest_hour = excluded.newest_hour, \
                snapshot_hour = excluded.snapshot_hour, shifts = excluded.shifts, due_at = excluded.due_at";
    Insert::new(head, 6, tail)
});
static NEW_UNITS: LazyLock<Insert> = LazyLock::new(|| {
    let head = "INSERT INTO tally_units (organisation, unit, newest_hour, snapshot_hour, shifts, due_at)";
    Insert::new(head, 6, "ON CONFLICT DO NOTHING")
});

/// How far the history of a unit is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub(super) unit: Id,
    /// The newest hour that has a change.
    pub(super) newest_hour: i64,
    /// The hour of the newest snapshot.
    pub(super) snapshot_hour: Option<i64>,
    /// Changes since then.
    pub(super) shifts: i64,
    /// So many make the next snapshot due.
    pub(super) due_at: i64,
}

/// Changes, each group of a unit once.
type Changes = BTreeMap<(Id, Group), i64>;

impl Tallies for SqlRecords<'_> {
    fn shift(&mut self, organisation: Id, hour: i64, shifts: &[(Id, Group, i64)]) -> Result<(), Fault> {
        let mut changes = Changes::new();
        for (unit, group, by) in shifts {
            *changes.entry((*unit, *group)).or_default() += by;
        }
        changes.retain(|_, by| *by != 0);
        let units: BTreeSet<Id> = changes.keys().map(|(unit, _)| *unit).collect();
        let mut marks = self.marks(organisation, &units, hour)?;
        for mark in &mut marks {
            self.begin_hour(organisation, hour, mark)?;
            let first = Group { area: Id::from_bytes([0; 16]), body: None, day: i64::MIN };
            let of_unit = changes.range((mark.unit, first)..).take_while(|((unit, _), _)| *unit == mark.unit);
            let of_unit: Vec<_> = of_unit.collect();
            mark.shifts = mark.shifts.saturating_add(of_unit.len() as i64);
            mark.newest_hour = mark.newest_hour.max(hour);
            if mark.snapshot_hour.is_some_and(|taken| taken > hour) {
                self.amend(organisation, hour, mark.unit, &of_unit)?;
            }
        }
        self.put_marks(organisation, &marks)?;
        let of_hour: Vec<Value> = changes.iter().flat_map(|change| dated(organisation, hour, change)).collect();
        self.insert(&HOURS, &of_hour)?;
        let now: Vec<Value> = changes.iter().flat_map(|change| undated(organisation, change)).collect();
        self.insert(&NOW, &now)?;
        Ok(())
    }

    fn tally(&mut self, organisation: Id, unit: Id) -> Result<Vec<Tallied>, Fault> {
        let sql = "SELECT area, body, day, devices FROM tally_now WHERE organisation = ?1 AND unit = ?2 \
                   AND devices > 0";
        self.all(sql, &[organisation.into(), unit.into()], tallied)
    }

    fn tally_at(&mut self, organisation: Id, unit: Id, hour: i64) -> Result<Vec<Tallied>, Fault> {
        let sql = "SELECT MAX(hour) FROM tally_snapshots WHERE organisation = ?1 AND unit = ?2 AND hour <= ?3";
        let before = [organisation.into(), unit.into(), hour.saturating_add(1).into()];
        let snapshot = self.first(sql, &before, |row| row.optional_integer(0))?.flatten();
        let sql = "SELECT area, body, day, CAST(SUM(devices) AS INTEGER) FROM \
                   (SELECT area, body, day, devices FROM tally_snapshots \
                   WHERE organisation = ?1 AND unit = ?2 AND hour = ?4 \
                   UNION ALL SELECT area, body, day, devices FROM tally_hours \
                   WHERE organisation = ?1 AND unit = ?2 AND hour >= ?4 AND hour <= ?3) AS told \
                   GROUP BY area, body, day HAVING SUM(devices) > 0";
        let values = [organisation.into(), unit.into(), hour.into(), snapshot.unwrap_or(i64::MIN).into()];
        self.all(sql, &values, tallied)
    }

    fn retally(&mut self, organisation: Id, hour: i64, paths: &[(Id, Id, Vec<Id>)]) -> Result<u64, Fault> {
        self.recount(organisation, hour, paths)
    }
}

impl SqlRecords<'_> {
    /// The marks of units, made where there are none, and locked: whoever changes a tally of these units waits here.
    pub(super) fn marks(&mut self, organisation: Id, units: &BTreeSet<Id>, hour: i64) -> Result<Vec<Mark>, Fault> {
        let keys: Vec<Value> = units.iter().map(|unit| (*unit).into()).collect();
        let sql = format!(
            "SELECT unit, newest_hour, snapshot_hour, shifts, due_at FROM tally_units WHERE organisation = ?1 \
             AND unit IN (*) ORDER BY unit{}",
            self.lock()
        );
        let marks = self.of_keys(&sql, &[organisation.into()], &keys, mark)?;
        if marks.len() == units.len() {
            return Ok(marks);
        }
        let new = |unit: &Id| Mark { unit: *unit, newest_hour: hour, snapshot_hour: None, shifts: 0, due_at: CHANGES };
        let values: Vec<Value> = units.iter().flat_map(|unit| of_mark(organisation, &new(unit))).collect();
        self.insert(&NEW_UNITS, &values)?;
        self.of_keys(&sql, &[organisation.into()], &keys, mark)
    }

    pub(super) fn put_marks(&mut self, organisation: Id, marks: &[Mark]) -> Result<(), Fault> {
        let values: Vec<Value> = marks.iter().flat_map(|mark| of_mark(organisation, mark)).collect();
        self.insert(&UNITS, &values)?;
        Ok(())
    }

    /// Before the first change of an hour: removes the groups of a unit that have become empty, and takes a snapshot if
    /// one is due.
    pub(super) fn begin_hour(&mut self, organisation: Id, hour: i64, mark: &mut Mark) -> Result<(), Fault> {
        if hour <= mark.newest_hour {
            return Ok(());
        }
        let sql = "DELETE FROM tally_now WHERE organisation = ?1 AND unit = ?2 AND devices = 0";
        self.execute(sql, &[organisation.into(), mark.unit.into()])?;
        if mark.shifts < mark.due_at {
            return Ok(());
        }
        let sql = "INSERT INTO tally_snapshots (organisation, unit, hour, area, body, day, devices) \
                   SELECT organisation, unit, CAST(?3 AS INTEGER), area, body, day, devices FROM tally_now \
                   WHERE organisation = ?1 AND unit = ?2";
        let groups = self.execute(sql, &[organisation.into(), mark.unit.into(), hour.into()])?;
        let due_at = i64::try_from(groups.saturating_mul(CHANGES_PER_GROUP)).unwrap_or(i64::MAX);
        mark.snapshot_hour = Some(hour);
        mark.shifts = 0;
        mark.due_at = due_at.saturating_add(CHANGES);
        Ok(())
    }

    /// Adds late changes to the snapshots that were taken after their hour.
    fn amend(&mut self, organisation: Id, hour: i64, unit: Id, changes: &[(&(Id, Group), &i64)]) -> Result<(), Fault> {
        let sql = "SELECT DISTINCT hour FROM tally_snapshots WHERE organisation = ?1 AND unit = ?2 AND hour > ?3";
        let taken = self.all(sql, &[organisation.into(), unit.into(), hour.into()], |row| row.integer(0))?;
        for taken in taken {
            let values = changes.iter().flat_map(|change| dated(organisation, taken, *change));
            self.insert(&SNAPSHOTS, &values.collect::<Vec<_>>())?;
        }
        Ok(())
    }
}

fn mark(row: &Row) -> Result<Mark, driver::Fault> {
    Ok(Mark {
        unit: row.id(0)?,
        newest_hour: row.integer(1)?,
        snapshot_hour: row.optional_integer(2)?,
        shifts: row.integer(3)?,
        due_at: row.integer(4)?,
    })
}

fn of_mark(organisation: Id, mark: &Mark) -> [Value; 6] {
    [
        organisation.into(),
        mark.unit.into(),
        mark.newest_hour.into(),
        mark.snapshot_hour.into(),
        mark.shifts.into(),
        mark.due_at.into(),
    ]
}

/// A body that is none stands as empty bytes, so that it can be part of a key.
fn body(group: &Group) -> Value {
    group.body.map_or(Value::Blob(Vec::new()), Value::from)
}

fn undated(organisation: Id, ((unit, group), by): (&(Id, Group), &i64)) -> [Value; 6] {
    [organisation.into(), (*unit).into(), group.area.into(), body(group), group.day.into(), (*by).into()]
}

fn dated(organisation: Id, hour: i64, ((unit, group), by): (&(Id, Group), &i64)) -> [Value; 7] {
    let (unit, area) = ((*unit).into(), group.area.into());
    [organisation.into(), unit, hour.into(), area, body(group), group.day.into(), (*by).into()]
}

fn tallied(row: &Row) -> Result<Tallied, driver::Fault> {
    let body = match row.blob(1)? {
        [] => None,
        bytes => Some(
            bytes
                .try_into()
                .map(Digest::from_bytes)
                .map_err(|_| driver::Fault::Corrupt("the body of a tally".to_owned()))?,
        ),
    };
    let group = Group { area: row.id(0)?, body, day: row.integer(2)? };
    Ok(Tallied { group, devices: row.number(3)? })
}
