//! Standings and identities in SQL.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use seaworthy_model::DAY;
use seaworthy_protocol::{Digest, Head};
use seaworthy_service::Id;
use seaworthy_service::access::{Access, SetAccess};
use seaworthy_service::ports::{Current, DeviceQuery, DeviceState, Devices, Fault, Identity, ListedDevice, Standing};

use super::SqlRecords;
use super::columns::count;
use crate::driver::{self, Insert, Row, Value};

/// What a row of [`READ`] and of the two inserts consists of, in its order.
const COLUMNS: usize = 18;
const READ: &str = "SELECT organisation, device, unit, state, key, counter, message, answer, nonce, nonce_at, ledger, \
                    ledger_hash, listed, body, day, inspected_at, received_at, stamp FROM standings \
                    WHERE organisation = ?1 AND device IN (*) ORDER BY device";
const HEAD: &str = "INSERT INTO standings (organisation, device, unit, state, key, counter, message, answer, nonce, \
                    nonce_at, ledger, ledger_hash, listed, body, day, inspected_at, received_at, stamp)";

/// Most devices that are waited for in one statement.
const NEWCOMERS: usize = 64;

/// For devices that stay in their unit and state: no index is touched.
static STAYING: LazyLock<Insert> = LazyLock::new(|| {
    let tail = "ON CONFLICT (organisation, device) DO UPDATE SET counter = excluded.counter, \
                message = excluded.message, answer = excluded.answer, nonce = excluded.nonce, \
                nonce_at = excluded.nonce_at, ledger = excluded.ledger, ledger_hash = excluded.ledger_hash, \
                listed = excluded.listed, body = excluded.body, day = excluded.day, \
                inspected_at = excluded.inspected_at, received_at = excluded.received_at, stamp = excluded.stamp";
    Insert::new(HEAD, COLUMNS, tail)
});

/// For all others.
static MOVING: LazyLock<Insert> = LazyLock::new(|| {
    let tail = "ON CONFLICT (organisation, device) DO UPDATE SET unit = excluded.unit, state = excluded.state, \
                key = excluded.key, counter = excluded.counter, message = excluded.message, \
                answer = excluded.answer, nonce = excluded.nonce, nonce_at = excluded.nonce_at, \
                ledger = excluded.ledger, ledger_hash = excluded.ledger_hash, listed = excluded.listed, \
                body = excluded.body, day = excluded.day, inspected_at = excluded.inspected_at, \
                received_at = excluded.received_at, stamp = excluded.stamp";
    Insert::new(HEAD, COLUMNS, tail)
});

impl Devices for SqlRecords<'_> {
    fn standings(&mut self, organisation: Id, devices: &[Digest]) -> Result<Vec<Standing>, Fault> {
        let mut devices = devices.to_vec();
        devices.sort_unstable();
        devices.dedup();
        let mut found = self.locked(organisation, &devices)?;
        if self.locks() && found.len() < devices.len() {
            devices.retain(|device| found.iter().all(|standing| standing.device != *device));
            self.wait_for_newcomers(&devices)?;
            found.extend(self.locked(organisation, &devices)?);
        }
        for standing in &found {
            self.met.insert((organisation, standing.device), (standing.unit, standing.state));
        }
        Ok(found)
    }

    fn put_standings(&mut self, standings: &[Standing]) -> Result<(), Fault> {
        // Of two for one device the last counts, and no statement may meet a row twice.
        let newest: BTreeMap<_, _> =
            standings.iter().map(|standing| ((standing.organisation, standing.device), standing)).collect();
        let (mut staying, mut moving) = (Vec::new(), Vec::new());
        for (device, standing) in newest {
            let place = (standing.unit, standing.state);
            let stays = self.met.insert(device, place) == Some(place);
            let values = if stays { &mut staying } else { &mut moving };
            values.extend(of_standing(standing));
        }
        self.insert(&STAYING, &staying)?;
        self.insert(&MOVING, &moving)?;
        Ok(())
    }

    fn put_identity(&mut self, identity: &Identity) -> Result<(), Fault> {
        let sql = "INSERT INTO identities (organisation, device, name, holder, person, enrolled_at, replaces) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (organisation, device) DO UPDATE SET \
                   name = excluded.name, holder = excluded.holder, person = excluded.person, \
                   enrolled_at = excluded.enrolled_at, replaces = excluded.replaces";
        let values = [
            identity.organisation.into(),
            identity.device.into(),
            identity.name.clone().into(),
            identity.holder.clone().into(),
            identity.person.into(),
            identity.enrolled_at.into(),
            identity.replaces.into(),
        ];
        self.execute(sql, &values)?;
        Ok(())
    }

    fn identity(&mut self, access: &Access) -> Result<Option<Identity>, Fault> {
        let sql = "SELECT organisation, device, name, holder, person, enrolled_at, replaces FROM identities \
                   WHERE organisation = ?1 AND device = ?2";
        self.first(sql, &[access.organisation().into(), access.device().into()], identity)
    }

    fn devices(&mut self, access: &SetAccess, query: &DeviceQuery<'_>) -> Result<Vec<ListedDevice>, Fault> {
        self.page(access.organisation(), query)
    }

    fn states(&mut self, organisation: Id, unit: Id) -> Result<Vec<(DeviceState, u64)>, Fault> {
        let sql = "SELECT state, COUNT(*) FROM standings WHERE organisation = ?1 AND unit = ?2 \
                   GROUP BY state ORDER BY state";
        self.all(sql, &[organisation.into(), unit.into()], |row| {
            Ok((row.named(0, DeviceState::from_name)?, row.count(1)?))
        })
    }

    fn unit_of(&mut self, organisation: Id, device: &Digest) -> Result<Option<(Id, Option<Id>)>, Fault> {
        let of = if self.locks() { " FOR UPDATE OF s" } else { "" };
        let sql = format!(
            "SELECT s.unit, i.person FROM standings s LEFT JOIN identities i ON i.organisation = s.organisation \
             AND i.device = s.device WHERE s.organisation = ?1 AND s.device = ?2{of}"
        );
        self.first(&sql, &[organisation.into(), device.into()], |row| Ok((row.id(0)?, row.optional_id(1)?)))
    }

    fn erase(&mut self, organisation: Id, device: &Digest) -> Result<(), Fault> {
        self.erase_device(organisation, device)
    }
}

impl SqlRecords<'_> {
    fn locked(&mut self, organisation: Id, devices: &[Digest]) -> Result<Vec<Standing>, Fault> {
        let keys: Vec<Value> = devices.iter().map(Value::from).collect();
        let sql = format!("{READ}{}", self.lock());
        self.of_keys(&sql, &[organisation.into()], &keys, standing)
    }

    /// A device that is not there has no row to lock: whoever else looks for it waits for its number.
    fn wait_for_newcomers(&mut self, devices: &[Digest]) -> Result<(), Fault> {
        let numbers = devices.iter().filter_map(|device| device.as_bytes().first_chunk::<8>());
        let numbers: Vec<Value> = numbers.map(|first| i64::from_be_bytes(*first).into()).collect();
        for some in numbers.chunks(NEWCOMERS) {
            let places: Vec<String> = (1..=some.len()).map(|place| format!("(CAST(?{place} AS INTEGER))")).collect();
            let sql = format!(
                "SELECT COUNT(pg_advisory_xact_lock(number)) FROM (VALUES {}) AS newcomers (number)",
                places.join(",")
            );
            self.all(&sql, some, |_| Ok(()))?;
        }
        Ok(())
    }
}

fn of_standing(standing: &Standing) -> [Value; COLUMNS] {
    let current = standing.current;
    [
        standing.organisation.into(),
        standing.device.into(),
        standing.unit.into(),
        standing.state.name().into(),
        standing.key.into(),
        count(standing.counter),
        standing.message.into(),
        standing.answer.as_slice().into(),
        standing.nonce.into(),
        standing.nonce_at.into(),
        count(standing.ledger.sequence),
        standing.ledger.hash.into(),
        count(standing.listed),
        current.map(|current| current.body).into(),
        current.map(|current| current.inspected_at.seconds().div_euclid(DAY)).into(),
        current.map(|current| current.inspected_at).into(),
        current.map(|current| current.received_at).into(),
        standing.stamp.into(),
    ]
}

fn standing(row: &Row) -> Result<Standing, driver::Fault> {
    Ok(Standing {
        organisation: row.id(0)?,
        device: row.digest(1)?,
        unit: row.id(2)?,
        state: row.named(3, DeviceState::from_name)?,
        key: row.bytes(4)?,
        counter: row.count(5)?,
        message: row.digest(6)?,
        answer: row.blob(7)?.to_vec(),
        nonce: row.digest(8)?,
        nonce_at: row.at(9)?,
        ledger: Head { sequence: row.count(10)?, hash: row.digest(11)? },
        listed: row.count(12)?,
        current: current(row, 13, 15)?,
        stamp: row.optional_id(17)?,
    })
}

/// The newest evidence: a body in one column, the instants of inspection and receipt from another on.
pub(super) fn current(row: &Row, body: usize, instants: usize) -> Result<Option<Current>, driver::Fault> {
    let Some(body) = row.optional_digest(body)? else { return Ok(None) };
    Ok(Some(Current { body, inspected_at: row.at(instants)?, received_at: row.at(instants + 1)? }))
}

/// What a device is known by, in the first seven columns.
pub(super) fn identity(row: &Row) -> Result<Identity, driver::Fault> {
    Ok(Identity {
        organisation: row.id(0)?,
        device: row.digest(1)?,
        name: row.optional_string(2)?,
        holder: row.optional_string(3)?,
        person: row.optional_id(4)?,
        enrolled_at: row.at(5)?,
        replaces: row.optional_digest(6)?,
    })
}
