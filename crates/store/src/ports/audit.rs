//! What an audit compares with the log: the records of each kind, page by page. Each is hashed here, so that nothing of
//! what it says leaves the store.

use seaworthy_protocol::{Digest, EntryKind, LeafKind, LogEntry};
use seaworthy_service::Id;
use seaworthy_service::log::{Committed, agreement};
use seaworthy_service::ports::{
    Assignment, CatalogRecord, Commitment, Fault, KeptRecord, LedgerEntry, RecordName, Revocation, STATUS_PLACES,
    SetRead, StampRecord,
};

use super::SqlRecords;
use super::evidence::{READING, reading, stamp};
use super::ledgers::{SET_READ, entry, set_read};
use super::organisations::{KEY, key};
use super::policies::{POLICY, assignment, catalog, policy};
use super::statuses::revocation;
use crate::driver::{self, Row, Value};

const STAMPS: &str = "SELECT organisation, device, issued_at, id, policy, expires_at, signed, status_list, \
                      status_place, leaf FROM stamps WHERE organisation = ?1 AND \
                      (device, issued_at, id) > (?2, ?3, ?4) ORDER BY device, issued_at, id LIMIT ?5";
const ENTRIES: &str = "SELECT device, entry, set_read, leaf, sequence FROM entries WHERE organisation = ?1 AND \
                       (device, sequence) > (?2, ?3) ORDER BY device, sequence LIMIT ?4";
const ASSIGNMENTS: &str = "SELECT organisation, unit, since, sequence, leaf, place FROM assignments \
                           WHERE organisation = ?1 AND place > ?2 ORDER BY place LIMIT ?3";
const CATALOGS: &str = "SELECT organisation, digest, since, leaf, bytes FROM catalogs WHERE organisation = ?1 AND \
                        (since, digest) > (?2, ?3) ORDER BY since, digest LIMIT ?4";
const REVOCATIONS: &str = "SELECT r.organisation, r.list, r.place, r.stamp, r.device, r.reason, r.at, r.leaf, l.address \
                           FROM revocations r JOIN status_lists l ON l.organisation = r.organisation AND \
                           l.number = r.list WHERE r.organisation = ?1 AND (r.list, r.place) > (?2, ?3) \
                           ORDER BY r.list, r.place LIMIT ?4";

/// How the records of a kind are read.
struct Source<C> {
    sql: String,
    /// The placeholders between the organisation and the limit: where the page begins.
    after: Vec<Value>,
    name: fn(&Row) -> Result<RecordName, driver::Fault>,
    read: fn(&Row) -> Result<C, driver::Fault>,
    at: fn(&C) -> seaworthy_model::Timestamp,
    /// Whether what is kept beside what the log commits to agrees with it.
    agrees: fn(&C) -> bool,
    /// Whether one without a leaf need not have one.
    is_exempt: fn(&C) -> bool,
}

impl SqlRecords<'_> {
    pub(super) fn audited(
        &mut self,
        organisation: Id,
        kind: LeafKind,
        after: Option<&RecordName>,
        limit: u32,
    ) -> Result<Vec<KeptRecord>, Fault> {
        let after = Begin::of(after);
        match kind {
            LeafKind::Stamp => self.hashed(organisation, limit, stamps(&after)),
            LeafKind::Report => self.hashed(organisation, limit, reports(&after)),
            LeafKind::Entry => self.hashed(organisation, limit, entries(&after)),
            LeafKind::SetRead => self.hashed(organisation, limit, set_reads(&after)),
            LeafKind::Policy => self.hashed(organisation, limit, policies(&after)),
            LeafKind::Assignment => self.hashed(organisation, limit, assignments(&after)),
            LeafKind::Catalog => self.hashed(organisation, limit, catalogs(&after)),
            LeafKind::Revocation => self.hashed(organisation, limit, revocations(&after)),
            LeafKind::Key => self.hashed(organisation, limit, keys(&after)),
        }
    }

    fn hashed<C: Committed>(
        &mut self,
        organisation: Id,
        limit: u32,
        source: Source<C>,
    ) -> Result<Vec<KeptRecord>, Fault> {
        let mut values = vec![organisation.into()];
        values.extend(source.after.iter().cloned());
        values.push(limit.into());
        let kept = |row: &Row| Ok(KeptRecord { name: (source.name)(row)?, commitment: commitment(&source, row) });
        self.all(&source.sql, &values, kept)
    }
}

/// What cannot be read any more is broken, and is no reason not to go on.
fn commitment<C: Committed>(source: &Source<C>, row: &Row) -> Commitment {
    let Ok(record) = (source.read)(row) else { return Commitment::Broken };
    match (record.leaf(), record.hashed()) {
        (None, _) if (source.is_exempt)(&record) => Commitment::Nothing,
        (None, _) => Commitment::Lacking((source.at)(&record)),
        (Some(leaf), Ok(hashed)) if (source.agrees)(&record) => {
            Commitment::Leaf(leaf, LogEntry::of(record.kind(), &leaf.salt, &hashed))
        }
        (Some(_), _) => Commitment::Broken,
    }
}

/// Where a page begins: behind a record, or before all.
struct Begin {
    device: Value,
    number: i64,
    id: Value,
}

impl Begin {
    fn of(after: Option<&RecordName>) -> Begin {
        let device = after.and_then(|name| name.device);
        Begin {
            device: device.map_or_else(|| Value::Blob(Vec::new()), Value::from),
            number: after.map_or(i64::MIN, |name| name.number),
            id: Value::Blob(after.map_or_else(Vec::new, |name| name.id.clone())),
        }
    }
}

fn numbered(number: i64) -> RecordName {
    RecordName { device: None, number, id: Vec::new() }
}

fn of_device(row: &Row, device: usize, number: usize) -> Result<RecordName, driver::Fault> {
    Ok(RecordName { device: Some(row.digest(device)?), number: row.integer(number)?, id: Vec::new() })
}

fn always<C>(_: &C) -> bool {
    true
}

fn never<C>(_: &C) -> bool {
    false
}

fn stamps(after: &Begin) -> Source<StampRecord> {
    Source {
        sql: STAMPS.to_owned(),
        after: vec![after.device.clone(), after.number.into(), after.id.clone()],
        name: |row| Ok(RecordName { id: row.blob(3)?.to_vec(), ..of_device(row, 1, 2)? }),
        read: stamp,
        at: |stamp| stamp.issued_at,
        agrees: always,
        is_exempt: |stamp| stamp.signed.is_empty(),
    }
}

fn reports(after: &Begin) -> Source<seaworthy_service::ports::Reading> {
    Source {
        sql: format!("{READING} AND (device, counter) > (?2, ?3) ORDER BY device, counter LIMIT ?4"),
        after: vec![after.device.clone(), after.number.into()],
        name: |row| of_device(row, 1, 2),
        read: reading,
        at: |reading| reading.received_at,
        agrees: agreement::of_reading,
        is_exempt: never,
    }
}

fn entries(after: &Begin) -> Source<LedgerEntry> {
    Source {
        sql: ENTRIES.to_owned(),
        after: vec![after.device.clone(), after.number.into()],
        name: |row| of_device(row, 0, 4),
        read: entry,
        at: |kept| kept.entry.at,
        agrees: always,
        is_exempt: |kept| kept.entry.kind == EntryKind::Listed,
    }
}

fn set_reads(after: &Begin) -> Source<SetRead> {
    Source {
        sql: format!("{SET_READ} AND number > ?2 ORDER BY number LIMIT ?3"),
        after: vec![after.number.into()],
        name: |row| row.integer(1).map(numbered),
        read: set_read,
        at: |read| read.at,
        agrees: always,
        is_exempt: never,
    }
}

fn policies(after: &Begin) -> Source<seaworthy_service::ports::PolicyRecord> {
    Source {
        sql: format!("{POLICY} AND sequence > ?2 ORDER BY sequence LIMIT ?3"),
        after: vec![after.number.into()],
        name: |row| row.integer(1).map(numbered),
        read: policy,
        at: |policy| policy.issued_at,
        agrees: agreement::of_policy,
        is_exempt: never,
    }
}

fn assignments(after: &Begin) -> Source<Assignment> {
    Source {
        sql: ASSIGNMENTS.to_owned(),
        after: vec![after.number.into()],
        name: |row| row.integer(5).map(numbered),
        read: assignment,
        at: |assignment| assignment.since,
        agrees: always,
        is_exempt: never,
    }
}

fn catalogs(after: &Begin) -> Source<CatalogRecord> {
    Source {
        sql: CATALOGS.to_owned(),
        after: vec![after.number.into(), after.id.clone()],
        name: |row| Ok(RecordName { device: None, number: row.integer(2)?, id: row.blob(1)?.to_vec() }),
        read: |row| Ok(CatalogRecord { bytes: row.blob(4)?.to_vec(), ..catalog(row)? }),
        at: |catalog| catalog.since,
        agrees: |catalog| Digest::of(&catalog.bytes) == catalog.digest,
        is_exempt: never,
    }
}

fn revocations(after: &Begin) -> Source<Revocation> {
    let places = i64::from(STATUS_PLACES);
    Source {
        sql: REVOCATIONS.to_owned(),
        after: vec![after.number.div_euclid(places).into(), after.number.rem_euclid(places).into()],
        name: |row| Ok(numbered(row.integer(1)?.saturating_mul(i64::from(STATUS_PLACES)) + row.integer(2)?)),
        read: revocation,
        at: |revocation| revocation.at,
        agrees: always,
        is_exempt: never,
    }
}

fn keys(after: &Begin) -> Source<seaworthy_service::ports::KeyRecord> {
    Source {
        sql: format!("{KEY} WHERE organisation = ?1 AND place > ?2 ORDER BY place LIMIT ?3"),
        after: vec![after.number.into()],
        name: |row| row.integer(1).map(numbered),
        read: key,
        at: |key| key.revoked_at.unwrap_or(key.since),
        agrees: |key| Digest::of(&key.key) == key.id,
        is_exempt: never,
    }
}
