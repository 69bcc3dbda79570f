//! Bodies, readings, appraisals and stamps in SQL.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use seaworthy_model::Timestamp;
use seaworthy_protocol::Digest;
use seaworthy_service::Id;
use seaworthy_service::access::Access;
use seaworthy_service::ports::{
    BodyRecord, EvidenceRecords, Fault, Reading, StampRecord, StatusPlace, StoredAppraisal,
};

use super::SqlRecords;
use super::columns::count;
use crate::driver::{self, Insert, Row, Value};

/// The stamps of a device.
pub(super) const STAMP: &str = "SELECT organisation, device, issued_at, id, policy, expires_at, signed, status_list, status_place, leaf FROM stamps \
     WHERE organisation = ?1 AND device = ?2";
/// The readings of an organisation.
pub(super) const READING: &str = "SELECT organisation, device, counter, message, received_at, device_time, inspected_at, live, body, envelope, \
     leaf FROM readings WHERE organisation = ?1";

/// Those that are there stay.
const STAY: &str = "ON CONFLICT DO NOTHING";

static BODIES: LazyLock<Insert> =
    LazyLock::new(|| Insert::new("INSERT INTO bodies (organisation, digest, bytes)", 3, STAY));
static BODY_DEVICES: LazyLock<Insert> =
    LazyLock::new(|| Insert::new("INSERT INTO body_devices (organisation, body, device)", 3, STAY));
static READINGS: LazyLock<Insert> = LazyLock::new(|| {
    let head = "INSERT INTO readings (organisation, device, counter, message, received_at, device_time, \
                inspected_at, live, body, envelope, leaf)";
    Insert::new(head, 11, STAY)
});
static APPRAISALS: LazyLock<Insert> = LazyLock::new(|| {
    let head = "INSERT INTO appraisals (organisation, policy, catalog, body, from_at, until_at, bytes)";
    Insert::new(head, 7, STAY)
});
static STAMPS: LazyLock<Insert> = LazyLock::new(|| {
    let head = "INSERT INTO stamps (organisation, device, issued_at, id, policy, expires_at, signed, status_list, \
                status_place, leaf)";
    Insert::new(head, 10, STAY)
});
static FIRST_SEEN: LazyLock<Insert> =
    LazyLock::new(|| Insert::new("INSERT INTO first_seen (organisation, offer, at)", 3, STAY));

impl EvidenceRecords for SqlRecords<'_> {
    fn add_bodies(&mut self, bodies: &[BodyRecord]) -> Result<(), Fault> {
        let bodies: Bodies<'_> = bodies.iter().map(|body| ((body.organisation, body.digest), body)).collect();
        let mut there = BTreeSet::new();
        for organisation in bodies.keys().map(|(organisation, _)| *organisation).collect::<BTreeSet<_>>() {
            there.extend(self.known_bodies(organisation, &bodies)?);
        }
        let mut values = Vec::new();
        for (key, body) in bodies.iter().filter(|(key, _)| !there.contains(key)) {
            values.extend([key.0.into(), key.1.into(), Value::from(body.bytes.as_slice())]);
        }
        self.insert(&BODIES, &values)?;
        Ok(())
    }

    fn bodies(&mut self, organisation: Id, digests: &[Digest]) -> Result<Vec<BodyRecord>, Fault> {
        let sql = "SELECT organisation, digest, bytes FROM bodies WHERE organisation = ?1 AND digest IN (*)";
        self.of_keys(sql, &[organisation.into()], &sorted(digests), |row| {
            Ok(BodyRecord { organisation: row.id(0)?, digest: row.digest(1)?, bytes: row.blob(2)?.to_vec() })
        })
    }

    fn add_readings(&mut self, readings: &[Reading]) -> Result<(), Fault> {
        let mut sorted: Vec<&Reading> = readings.iter().collect();
        sorted.sort_by_key(|reading| (reading.organisation, reading.device, reading.counter));
        let values: Vec<Value> = sorted.iter().flat_map(|reading| of_reading(reading)).collect();
        self.insert(&READINGS, &values)?;
        sorted.sort_by_key(|reading| (reading.organisation, reading.body, reading.device));
        let senders = sorted
            .iter()
            .flat_map(|reading| [reading.organisation.into(), reading.body.into(), Value::from(reading.device)]);
        let senders: Vec<Value> = senders.collect();
        self.insert(&BODY_DEVICES, &senders)?;
        Ok(())
    }

    fn message_of(&mut self, organisation: Id, device: &Digest, counter: u64) -> Result<Option<Digest>, Fault> {
        let sql = "SELECT message FROM readings WHERE organisation = ?1 AND device = ?2 AND counter = ?3";
        self.first(sql, &[organisation.into(), device.into(), count(counter)], |row| row.digest(0))
    }

    fn readings(&mut self, access: &Access, before: Timestamp, limit: u32) -> Result<Vec<Reading>, Fault> {
        let sql =
            format!("{READING} AND device = ?2 AND received_at < ?3 ORDER BY received_at DESC, counter DESC LIMIT ?4");
        let values = [access.organisation().into(), access.device().into(), before.into(), limit.into()];
        self.all(&sql, &values, reading)
    }

    fn add_appraisals(&mut self, appraisals: &[StoredAppraisal]) -> Result<(), Fault> {
        let mut sorted: Vec<&StoredAppraisal> = appraisals.iter().collect();
        sorted.sort_by_key(|one| (one.organisation, one.policy, one.catalog, one.body, one.from));
        let values: Vec<Value> = sorted.into_iter().flat_map(of_appraisal).collect();
        self.insert(&APPRAISALS, &values)?;
        Ok(())
    }

    fn appraisals(
        &mut self,
        organisation: Id,
        policy: &Digest,
        catalog: &Digest,
        bodies: &[Digest],
    ) -> Result<Vec<StoredAppraisal>, Fault> {
        let sql = "SELECT organisation, policy, catalog, body, from_at, until_at, bytes FROM appraisals \
                   WHERE organisation = ?1 AND policy = ?2 AND catalog = ?3 AND body IN (*)";
        self.of_keys(sql, &[organisation.into(), policy.into(), catalog.into()], &sorted(bodies), appraisal)
    }

    fn add_stamps(&mut self, stamps: &[StampRecord]) -> Result<(), Fault> {
        let mut sorted: Vec<&StampRecord> = stamps.iter().collect();
        sorted.sort_by_key(|stamp| (stamp.organisation, stamp.device, stamp.issued_at, stamp.id));
        let values: Vec<Value> = sorted.into_iter().flat_map(of_stamp).collect();
        self.insert(&STAMPS, &values)?;
        Ok(())
    }

    fn stamps(&mut self, access: &Access, limit: u32) -> Result<Vec<StampRecord>, Fault> {
        let sql = format!("{STAMP} ORDER BY issued_at DESC, id DESC LIMIT ?3");
        self.all(&sql, &[access.organisation().into(), access.device().into(), limit.into()], stamp)
    }

    fn stamp_of(
        &mut self,
        organisation: Id,
        device: &Digest,
        issued_at: Timestamp,
        id: Id,
    ) -> Result<Option<StampRecord>, Fault> {
        let sql = format!("{STAMP} AND issued_at = ?3 AND id = ?4");
        self.first(&sql, &[organisation.into(), device.into(), issued_at.into(), id.into()], stamp)
    }

    fn first_seen(
        &mut self,
        organisation: Id,
        seen: &[(String, Timestamp)],
    ) -> Result<Vec<(String, Timestamp)>, Fault> {
        let offers: BTreeMap<&str, Timestamp> = seen.iter().map(|(offer, at)| (offer.as_str(), *at)).collect();
        let keys: Vec<Value> = offers.keys().map(|offer| Value::from(*offer)).collect();
        let sql = "SELECT offer, at FROM first_seen WHERE organisation = ?1 AND offer IN (*) ORDER BY offer";
        let read = |row: &Row| Ok((row.string(0)?, row.at(1)?));
        let found = self.of_keys(sql, &[organisation.into()], &keys, read)?;
        if found.len() == offers.len() {
            return Ok(found);
        }
        let values = offers.iter().flat_map(|(offer, at)| [organisation.into(), (*offer).into(), Value::from(*at)]);
        let values: Vec<Value> = values.collect();
        self.insert(&FIRST_SEEN, &values)?;
        self.of_keys(sql, &[organisation.into()], &keys, read)
    }
}

/// Bodies by organisation and digest.
type Bodies<'a> = BTreeMap<(Id, Digest), &'a BodyRecord>;

impl SqlRecords<'_> {
    /// Those that are there already: most are, and need not travel again.
    fn known_bodies(&mut self, organisation: Id, bodies: &Bodies<'_>) -> Result<Vec<(Id, Digest)>, Fault> {
        let own = bodies.keys().filter(|(owner, _)| *owner == organisation);
        let keys: Vec<Value> = own.map(|(_, digest)| digest.into()).collect();
        let sql = "SELECT organisation, digest FROM bodies WHERE organisation = ?1 AND digest IN (*)";
        self.of_keys(sql, &[organisation.into()], &keys, |row| Ok((row.id(0)?, row.digest(1)?)))
    }
}

fn sorted(digests: &[Digest]) -> Vec<Value> {
    let mut digests = digests.to_vec();
    digests.sort_unstable();
    digests.dedup();
    digests.iter().map(Value::from).collect()
}

fn of_reading(reading: &Reading) -> [Value; 11] {
    [
        reading.organisation.into(),
        reading.device.into(),
        count(reading.counter),
        reading.message.into(),
        reading.received_at.into(),
        reading.device_time.into(),
        reading.inspected_at.into(),
        reading.live.into(),
        reading.body.into(),
        reading.envelope.as_slice().into(),
        reading.leaf.into(),
    ]
}

pub(super) fn reading(row: &Row) -> Result<Reading, driver::Fault> {
    Ok(Reading {
        organisation: row.id(0)?,
        device: row.digest(1)?,
        counter: row.count(2)?,
        message: row.digest(3)?,
        received_at: row.at(4)?,
        device_time: row.at(5)?,
        inspected_at: row.at(6)?,
        live: row.boolean(7)?,
        body: row.digest(8)?,
        envelope: row.blob(9)?.to_vec(),
        leaf: row.leaf(10)?,
    })
}

fn of_appraisal(appraisal: &StoredAppraisal) -> [Value; 7] {
    [
        appraisal.organisation.into(),
        appraisal.policy.into(),
        appraisal.catalog.into(),
        appraisal.body.into(),
        appraisal.from.into(),
        appraisal.until.into(),
        appraisal.bytes.as_slice().into(),
    ]
}

fn appraisal(row: &Row) -> Result<StoredAppraisal, driver::Fault> {
    Ok(StoredAppraisal {
        organisation: row.id(0)?,
        policy: row.digest(1)?,
        catalog: row.digest(2)?,
        body: row.digest(3)?,
        from: row.at(4)?,
        until: row.at(5)?,
        bytes: row.blob(6)?.to_vec(),
    })
}

fn of_stamp(stamp: &StampRecord) -> [Value; 10] {
    let signed = Some(stamp.signed.as_slice()).filter(|signed| !signed.is_empty());
    [
        stamp.organisation.into(),
        stamp.device.into(),
        stamp.issued_at.into(),
        stamp.id.into(),
        stamp.policy.into(),
        stamp.expires_at.into(),
        signed.into(),
        stamp.status.map(|status| status.list).into(),
        stamp.status.map(|status| status.place).into(),
        stamp.leaf.into(),
    ]
}

pub(super) fn stamp(row: &Row) -> Result<StampRecord, driver::Fault> {
    Ok(StampRecord {
        organisation: row.id(0)?,
        device: row.digest(1)?,
        issued_at: row.at(2)?,
        id: row.id(3)?,
        policy: row.digest(4)?,
        expires_at: row.at(5)?,
        signed: row.optional_blob(6)?.unwrap_or_default().to_vec(),
        status: status(row)?,
        leaf: row.leaf(9)?,
    })
}

fn status(row: &Row) -> Result<Option<StatusPlace>, driver::Fault> {
    let is_there = row.optional_integer(7)?.is_some();
    is_there.then(|| Ok(StatusPlace { list: row.number(7)?, place: row.number(8)? })).transpose()
}
