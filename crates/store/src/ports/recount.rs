//! Counting all tallies anew, in SQL alone: devices by unit, body and day; from that, for each unit and those above it,
//! what differs from the tally there is. The difference is a change of the hour, so that the past stays as it was told.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use seaworthy_service::Id;
use seaworthy_service::ports::Fault;

use super::SqlRecords;
use crate::driver::{Insert, Value};

static PATHS: LazyLock<Insert> = LazyLock::new(|| {
    Insert::new("INSERT INTO tally_paths (organisation, unit, above, area)", 4, "ON CONFLICT DO NOTHING")
});

/// The groups of every unit, from the count.
const COUNTED: &str = "SELECT r.organisation AS organisation, p.above AS unit, p.area AS area, r.body AS body, \
                       r.day AS day, r.devices AS devices FROM tally_recount r JOIN tally_paths p \
                       ON p.organisation = r.organisation AND p.unit = r.unit WHERE r.organisation = ?1";

impl SqlRecords<'_> {
    pub(super) fn recount(&mut self, organisation: Id, hour: i64, paths: &[(Id, Id, Vec<Id>)]) -> Result<u64, Fault> {
        let hour = self.wait_for_changes(organisation, hour, paths)?;
        self.put_paths(organisation, paths)?;
        let own = [organisation.into()];
        let count = "INSERT INTO tally_recount (organisation, unit, body, day, devices) \
                     SELECT CAST(?1 AS BLOB), unit, COALESCE(body, CAST(?2 AS BLOB)), COALESCE(day, 0), COUNT(*) \
                     FROM standings WHERE organisation = ?1 AND state = 'active' \
                     GROUP BY unit, COALESCE(body, CAST(?2 AS BLOB)), COALESCE(day, 0)";
        self.execute(count, &[organisation.into(), Value::Blob(Vec::new())])?;
        let differ = format!(
            "INSERT INTO tally_hours (organisation, unit, hour, area, body, day, devices) \
             SELECT organisation, unit, CAST(?2 AS INTEGER), area, body, day, CAST(SUM(devices) AS INTEGER) \
             FROM ({COUNTED} UNION ALL SELECT organisation, unit, area, body, day, -devices FROM tally_now \
             WHERE organisation = ?1) AS told GROUP BY organisation, unit, area, body, day \
             HAVING SUM(devices) <> 0 ON CONFLICT (organisation, unit, hour, area, body, day) \
             DO UPDATE SET devices = tally_hours.devices + excluded.devices"
        );
        self.execute(&differ, &[organisation.into(), hour.into()])?;
        self.execute("DELETE FROM tally_now WHERE organisation = ?1", &own)?;
        let renew = format!(
            "INSERT INTO tally_now (organisation, unit, area, body, day, devices) \
             SELECT organisation, unit, area, body, day, CAST(SUM(devices) AS INTEGER) FROM ({COUNTED}) AS told \
             GROUP BY organisation, unit, area, body, day"
        );
        self.execute(&renew, &own)?;
        let sum = "SELECT CAST(COALESCE(SUM(devices), 0) AS INTEGER) FROM tally_recount r WHERE r.organisation = ?1 \
                   AND EXISTS (SELECT 1 FROM tally_paths p WHERE p.organisation = r.organisation AND p.unit = r.unit)";
        let devices = self.first(sum, &own, |row| row.count(0))?.unwrap_or(0);
        self.execute("DELETE FROM tally_recount WHERE organisation = ?1", &own)?;
        self.execute("DELETE FROM tally_paths WHERE organisation = ?1", &own)?;
        Ok(devices)
    }

    /// Locks the marks of all units, those of the past too, takes the snapshots that are due, and answers the hour that
    /// the difference belongs to: none before a change or a snapshot that there is already.
    fn wait_for_changes(&mut self, organisation: Id, hour: i64, paths: &[(Id, Id, Vec<Id>)]) -> Result<i64, Fault> {
        let sql = "SELECT unit FROM tally_units WHERE organisation = ?1";
        let mut units: BTreeSet<Id> = self.all(sql, &[organisation.into()], |row| row.id(0))?.into_iter().collect();
        for (unit, _, above) in paths {
            units.insert(*unit);
            units.extend(above);
        }
        let mut marks = self.marks(organisation, &units, hour)?;
        let newest = marks.iter().map(|mark| mark.newest_hour).max().unwrap_or(hour);
        let hour = hour.max(newest);
        for mark in &mut marks {
            self.begin_hour(organisation, hour, mark)?;
            mark.newest_hour = hour;
            // All its groups may have changed: the next hour begins with a snapshot.
            mark.shifts = mark.due_at;
        }
        self.put_marks(organisation, &marks)?;
        Ok(hour)
    }

    fn put_paths(&mut self, organisation: Id, paths: &[(Id, Id, Vec<Id>)]) -> Result<(), Fault> {
        let mut values = Vec::new();
        for (unit, area, path) in paths {
            let path: BTreeSet<Id> = path.iter().copied().collect();
            for above in path {
                values.extend([organisation.into(), (*unit).into(), above.into(), Value::from(*area)]);
            }
        }
        self.insert(&PATHS, &values)?;
        Ok(())
    }
}
