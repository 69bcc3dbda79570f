//! Status lists and revocations in SQL.

use std::sync::LazyLock;

use seaworthy_model::Timestamp;
use seaworthy_protocol::{Digest, RevocationReason};
use seaworthy_service::Id;
use seaworthy_service::ports::{
    Fault, Revocation, STATUS_FULL, STATUS_PLACES, StampRecord, StatusListRecord, StatusLists, StatusPlace,
};

use super::SqlRecords;
use super::evidence::{STAMP, stamp};
use crate::driver::{self, Insert, Row, Value};

const LIST: &str =
    "SELECT organisation, number, seed, handed_out, opened_at, address FROM status_lists WHERE organisation = ?1";

static REVOCATIONS: LazyLock<Insert> = LazyLock::new(|| {
    let head = "INSERT INTO revocations (organisation, list, place, stamp, device, reason, at, leaf)";
    Insert::new(head, 8, "ON CONFLICT DO NOTHING")
});

impl StatusLists for SqlRecords<'_> {
    fn newest_status_list(&mut self, organisation: Id) -> Result<Option<StatusListRecord>, Fault> {
        self.first(&format!("{LIST} ORDER BY number DESC LIMIT 1"), &[organisation.into()], list)
    }

    fn status_lists(&mut self, organisation: Id) -> Result<Vec<StatusListRecord>, Fault> {
        self.all(&format!("{LIST} ORDER BY number"), &[organisation.into()], list)
    }

    fn open_status_list(&mut self, list: &StatusListRecord) -> Result<(), Fault> {
        // One that another transaction is opening is waited for.
        let sql = "INSERT INTO status_lists (organisation, number, seed, handed_out, opened_at, address) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING";
        let values = [
            list.organisation.into(),
            list.number.into(),
            list.seed.into(),
            list.handed_out.into(),
            list.opened_at.into(),
            list.address.as_str().into(),
        ];
        self.execute(sql, &values)?;
        Ok(())
    }

    fn reserve(&mut self, organisation: Id, number: u32, counters: u32) -> Result<Option<u32>, Fault> {
        let sql = "UPDATE status_lists SET handed_out = handed_out + ?3 WHERE organisation = ?1 AND number = ?2 AND \
                   handed_out < ?4 AND handed_out + ?3 <= ?5 RETURNING handed_out - ?3";
        let limits = [STATUS_FULL.into(), STATUS_PLACES.into()];
        let values = [organisation.into(), number.into(), counters.into()].into_iter().chain(limits);
        let values: Vec<Value> = values.collect();
        self.first(sql, &values, |row| row.number(0))
    }

    fn add_revocations(&mut self, revocations: &[Revocation]) -> Result<(), Fault> {
        let mut sorted: Vec<&Revocation> = revocations.iter().collect();
        sorted.sort_by_key(|revocation| (revocation.organisation, revocation.status));
        let values: Vec<Value> = sorted.into_iter().flat_map(of_revocation).collect();
        self.insert(&REVOCATIONS, &values)?;
        Ok(())
    }

    fn revocations(&mut self, organisation: Id, list: u32) -> Result<Vec<Revocation>, Fault> {
        let sql = "SELECT r.organisation, r.list, r.place, r.stamp, r.device, r.reason, r.at, r.leaf, l.address \
                   FROM revocations r JOIN status_lists l ON l.organisation = r.organisation AND l.number = r.list \
                   WHERE r.organisation = ?1 AND r.list = ?2 ORDER BY r.place";
        self.all(sql, &[organisation.into(), list.into()], revocation)
    }

    fn count_revocations(&mut self, organisation: Id, list: u32) -> Result<u32, Fault> {
        let sql = "SELECT COUNT(*) FROM revocations WHERE organisation = ?1 AND list = ?2";
        Ok(self.first(sql, &[organisation.into(), list.into()], |row| row.number(0))?.unwrap_or_default())
    }

    fn stamps_in_force(&mut self, organisation: Id, device: &Digest, at: Timestamp) -> Result<Vec<StampRecord>, Fault> {
        let sql = format!(
            "{STAMP} AND expires_at > ?3 AND NOT EXISTS (SELECT 1 FROM revocations r WHERE r.organisation = ?1 AND \
             r.list = stamps.status_list AND r.place = stamps.status_place) ORDER BY issued_at, id"
        );
        self.all(&sql, &[organisation.into(), device.into(), at.into()], stamp)
    }

    fn stamp(&mut self, organisation: Id, device: &Digest, id: Id) -> Result<Option<StampRecord>, Fault> {
        self.first(&format!("{STAMP} AND id = ?3"), &[organisation.into(), device.into(), id.into()], stamp)
    }
}

fn list(row: &Row) -> Result<StatusListRecord, driver::Fault> {
    Ok(StatusListRecord {
        organisation: row.id(0)?,
        number: row.number(1)?,
        seed: row.bytes(2)?,
        handed_out: row.number(3)?,
        opened_at: row.at(4)?,
        address: row.string(5)?,
    })
}

fn of_revocation(revocation: &Revocation) -> [Value; 8] {
    [
        revocation.organisation.into(),
        revocation.status.list.into(),
        revocation.status.place.into(),
        revocation.stamp.into(),
        revocation.device.into(),
        revocation.reason.name().into(),
        revocation.at.into(),
        revocation.leaf.into(),
    ]
}

pub(super) fn revocation(row: &Row) -> Result<Revocation, driver::Fault> {
    Ok(Revocation {
        organisation: row.id(0)?,
        status: StatusPlace { list: row.number(1)?, place: row.number(2)? },
        stamp: row.id(3)?,
        device: row.digest(4)?,
        reason: row.named(5, RevocationReason::from_name)?,
        at: row.at(6)?,
        leaf: row.leaf(7)?,
        address: row.string(8)?,
    })
}
