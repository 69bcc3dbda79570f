//! Pages of devices, in the order of device ids.
//!
//! First the ids, then what is shown of them. Where most devices of the organisation belong to the page, its devices are
//! read in their order and the others passed over. Where few do, the index of their units is read within windows of ids,
//! each as wide as it should be for the rest of the page: ids are hashes, and so lie evenly. However the ids lie, no
//! device is missed; a window that was wrong costs time alone.

use std::collections::BTreeSet;

use seaworthy_protocol::Digest;
use seaworthy_service::Id;
use seaworthy_service::ports::{DeviceQuery, DeviceState, Fault, ListedDevice};

use super::SqlRecords;
use super::devices::{current, identity};
use crate::driver::{self, Backend, Row, Value};

/// Rows that are read in their order to see how many belong to the page, and the most of one statement.
const PROBE: usize = 128;
const MOST: usize = 1_024;
/// Of so many rows read in order at least one must belong to the page, or the units' index is faster.
const PASSED_OVER: usize = 3;
/// A window is made this many times as wide, at most.
const WIDEN: u128 = 64;

/// Where a page has got to.
struct Progress {
    /// The bytes of the last id seen; empty before the first.
    after: Vec<u8>,
    found: Vec<ListedDevice>,
}

impl SqlRecords<'_> {
    pub(super) fn page(&mut self, organisation: Id, query: &DeviceQuery<'_>) -> Result<Vec<ListedDevice>, Fault> {
        let after = query.after.map_or_else(Vec::new, |after| after.as_bytes().to_vec());
        let mut page = Progress { after, found: Vec::new() };
        let limit = query.limit as usize;
        while page.found.len() < limit {
            let wanted = limit - page.found.len();
            let ids = self.ids(organisation, query, &page.after, wanted)?;
            let Some(last) = ids.last() else { break };
            page.after = last.as_bytes().to_vec();
            // Devices that are known by nothing any more are not shown, and leave room for others.
            page.found.extend(self.shown(organisation, query, &ids)?);
        }
        Ok(page.found)
    }

    /// The next ids, at most `wanted`; none if there are no more.
    fn ids(
        &mut self,
        organisation: Id,
        query: &DeviceQuery<'_>,
        after: &[u8],
        wanted: usize,
    ) -> Result<Vec<Digest>, Fault> {
        if let Some(person) = query.person {
            return self.ids_of_person(organisation, query, person, after, wanted);
        }
        let units: BTreeSet<Id> = query.units.iter().copied().collect();
        let mut ids = Vec::new();
        let mut after = after.to_vec();
        let mut chunk = PROBE;
        loop {
            let rows = self.in_order(organisation, &after, chunk)?;
            let Some((last, _, _)) = rows.last() else { return Ok(ids) };
            let (last, read) = (*last, rows.len());
            let belongs = |(_, unit, state): &(Digest, Id, DeviceState)| {
                units.contains(unit) && query.state.is_none_or(|wanted| wanted == *state)
            };
            let before = ids.len();
            ids.extend(rows.into_iter().filter(belongs).map(|(device, ..)| device).take(wanted - before));
            if ids.len() == wanted || read < chunk {
                return Ok(ids);
            }
            if (ids.len() - before) * PASSED_OVER < read {
                let width = place(last.as_bytes()).saturating_sub(place(&after)).max(1);
                let window = Window { from: last.as_bytes().to_vec(), width };
                self.in_windows(organisation, query, window, wanted, &mut ids)?;
                return Ok(ids);
            }
            after = last.as_bytes().to_vec();
            chunk = (chunk * 4).min(MOST);
        }
    }

    fn in_order(
        &mut self,
        organisation: Id,
        after: &[u8],
        limit: usize,
    ) -> Result<Vec<(Digest, Id, DeviceState)>, Fault> {
        let sql = "SELECT device, unit, state FROM standings WHERE organisation = ?1 AND device > ?2 \
                   ORDER BY device LIMIT ?3";
        self.all(sql, &[organisation.into(), after.into(), (limit as i64).into()], |row| {
            Ok((row.digest(0)?, row.id(1)?, row.named(2, DeviceState::from_name)?))
        })
    }

    fn in_windows(
        &mut self,
        organisation: Id,
        query: &DeviceQuery<'_>,
        mut window: Window,
        wanted: usize,
        ids: &mut Vec<Digest>,
    ) -> Result<(), Fault> {
        let mut units: Vec<Id> = query.units.to_vec();
        units.sort_unstable();
        units.dedup();
        while ids.len() < wanted {
            let until = window.until();
            let found = self.in_window(organisation, query.state, &units, &window.from, until.as_deref(), wanted)?;
            let met = found.len();
            ids.extend(found.into_iter().take(wanted - ids.len()));
            let Some(until) = until else { break };
            window = Window { from: until, width: window.next_width(met, wanted.saturating_sub(ids.len())) };
        }
        Ok(())
    }

    fn in_window(
        &mut self,
        organisation: Id,
        state: Option<DeviceState>,
        units: &[Id],
        from: &[u8],
        until: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Digest>, Fault> {
        let states = state.as_ref().map_or(DeviceState::ALL, std::slice::from_ref);
        let states: Vec<Value> = states.iter().map(|state| state.name().into()).collect();
        let units: Vec<Value> = units.iter().map(|unit| (*unit).into()).collect();
        let until = until.map_or_else(|| vec![0xff; 33], <[u8]>::to_vec);
        let mut values = vec![organisation.into(), from.into(), until.into(), (limit as i64).into()];
        let read = |row: &Row| row.digest(0);
        let mut found = if self.connection.backend() == Backend::Postgres {
            values.extend([Value::List(units), Value::List(states)]);
            self.all(WITHIN, &values, read)?
        } else {
            let places: Vec<String> = (0..states.len()).map(|place| format!("?{}", place + 5)).collect();
            values.extend(states);
            // Told which index: for the sake of the order SQLite would read all devices of the window.
            let sql = format!(
                "SELECT device FROM standings INDEXED BY standings_of_unit WHERE organisation = ?1 AND unit IN (*) \
                 AND state IN ({}) AND device > ?2 AND device <= ?3 ORDER BY device LIMIT ?4",
                places.join(",")
            );
            self.of_keys(&sql, &values, &units, read)?
        };
        found.sort_unstable();
        Ok(found)
    }

    fn ids_of_person(
        &mut self,
        organisation: Id,
        query: &DeviceQuery<'_>,
        person: Id,
        after: &[u8],
        wanted: usize,
    ) -> Result<Vec<Digest>, Fault> {
        let sql = "SELECT s.device, s.unit, s.state FROM identities i JOIN standings s \
                   ON s.organisation = i.organisation AND s.device = i.device \
                   WHERE i.organisation = ?1 AND i.person = ?2 AND i.device > ?3 ORDER BY i.device";
        let values = [organisation.into(), person.into(), after.into()];
        let rows =
            self.all(sql, &values, |row| Ok((row.digest(0)?, row.id(1)?, row.named(2, DeviceState::from_name)?)))?;
        let belongs = |(_, unit, state): &(Digest, Id, DeviceState)| {
            query.units.contains(unit) && query.state.is_none_or(|wanted| wanted == *state)
        };
        Ok(rows.into_iter().filter(belongs).map(|(device, ..)| device).take(wanted).collect())
    }

    /// What is shown of devices, in the order of their ids.
    fn shown(&mut self, organisation: Id, query: &DeviceQuery<'_>, ids: &[Digest]) -> Result<Vec<ListedDevice>, Fault> {
        let keys: Vec<Value> = ids.iter().map(Value::from).collect();
        match query.as_of {
            None => self.of_keys(NOW, &[organisation.into()], &keys, listed),
            Some(at) => {
                let sql = if self.connection.backend() == Backend::Postgres { AS_OF_EACH } else { AS_OF };
                let mut found = self.of_keys(sql, &[organisation.into(), at.into()], &keys, listed)?;
                // Of several readings of one second the first has the highest counter.
                found.dedup_by_key(|device| device.identity.device);
                Ok(found)
            }
        }
    }
}

const NOW: &str = "SELECT i.organisation, i.device, i.name, i.holder, i.person, i.enrolled_at, i.replaces, s.unit, \
                   s.state, s.body, s.inspected_at, s.received_at FROM standings s JOIN identities i \
                   ON i.organisation = s.organisation AND i.device = s.device \
                   WHERE s.organisation = ?1 AND s.device IN (*) ORDER BY s.device";
const AS_OF: &str = "SELECT i.organisation, i.device, i.name, i.holder, i.person, i.enrolled_at, i.replaces, s.unit, \
                     s.state, r.body, r.inspected_at, r.received_at FROM standings s JOIN identities i \
                     ON i.organisation = s.organisation AND i.device = s.device \
                     LEFT JOIN readings r ON r.organisation = s.organisation AND r.device = s.device AND r.live = 1 \
                     AND r.received_at = (SELECT x.received_at FROM readings x WHERE x.organisation = s.organisation \
                     AND x.device = s.device AND x.live = 1 AND x.received_at <= ?2 \
                     ORDER BY x.received_at DESC LIMIT 1) \
                     WHERE s.organisation = ?1 AND s.device IN (*) \
                     ORDER BY s.device, r.counter DESC";

/// The same for PostgreSQL, one device at a time: it would rather join all readings with them.
const AS_OF_EACH: &str = "SELECT i.organisation, i.device, i.name, i.holder, i.person, i.enrolled_at, i.replaces, \
                          s.unit, s.state, r.body, r.inspected_at, r.received_at FROM standings s JOIN identities i \
                          ON i.organisation = s.organisation AND i.device = s.device \
                          LEFT JOIN LATERAL (SELECT x.body, x.inspected_at, x.received_at FROM readings x \
                          WHERE x.organisation = s.organisation AND x.device = s.device AND x.live = 1 \
                          AND x.received_at <= ?2 ORDER BY x.received_at DESC, x.counter DESC LIMIT 1) r ON TRUE \
                          WHERE s.organisation = ?1 AND s.device IN (*) ORDER BY s.device";
/// The ids of a window for PostgreSQL, one unit and state at a time: it would rather read all devices in their order.
const WITHIN: &str = "SELECT met.device FROM UNNEST(CAST(?5 AS BLOB[])) AS units (unit) \
                      CROSS JOIN UNNEST(CAST(?6 AS TEXT[])) AS states (state) CROSS JOIN LATERAL \
                      (SELECT device FROM standings WHERE organisation = ?1 AND unit = units.unit \
                      AND state = states.state AND device > ?2 AND device <= ?3 ORDER BY device LIMIT ?4) AS met";

fn listed(row: &Row) -> Result<ListedDevice, driver::Fault> {
    Ok(ListedDevice {
        identity: identity(row)?,
        unit: row.id(7)?,
        state: row.named(8, DeviceState::from_name)?,
        current: current(row, 9, 10)?,
    })
}

/// A stretch of ids, by their first 16 bytes.
struct Window {
    from: Vec<u8>,
    width: u128,
}

impl Window {
    /// The last id of the window; `None` where it takes in all that are left.
    fn until(&self) -> Option<Vec<u8>> {
        let end = place(&self.from).checked_add(self.width)?;
        let mut id = end.to_be_bytes().to_vec();
        id.resize(32, 0xff);
        Some(id)
    }

    /// How wide the next window is to be, after one in which so many were met, for those that are still wanted: half as
    /// many again, so that one more window is seldom needed.
    fn next_width(&self, met: usize, wanted: usize) -> u128 {
        if met == 0 {
            return self.width.saturating_mul(WIDEN);
        }
        let (met, wanted) = (met as u128, wanted as u128 + 4);
        let each = (self.width / met).max(1);
        each.saturating_mul(wanted).saturating_mul(3).saturating_div(2).min(self.width.saturating_mul(WIDEN))
    }
}

/// The first 16 bytes of an id as a number; what is missing is zero.
fn place(id: &[u8]) -> u128 {
    let first = id.iter().copied().chain(std::iter::repeat(0)).take(16);
    first.fold(0, |place, byte| (place << 8) | u128::from(byte))
}
