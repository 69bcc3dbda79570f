//! Logs in SQL.
//!
//! What waits lies in the pool, a row for each batch, and whoever adds to it locks nothing that another would want. The
//! row of a log's state is locked by what orders and what advances; a batch that comes into the pool meanwhile waits for
//! the next turn. Once a batch has its place, that stays known (`log_batches`) when its entries are dropped.

use std::collections::{BTreeMap, BTreeSet};

use seaworthy_model::Timestamp;
use seaworthy_protocol::{Digest, LOG_ENTRY, Leaf, LeafKind, LogEntry, Salt};
use seaworthy_service::Id;
use seaworthy_service::ports::{
    Fault, KeptRecord, LogRecord, LogState, Logs, OrderedBatch, RecordName, SignedCheckpoint,
};

use super::SqlRecords;
use super::columns::count;
use crate::driver::{self, Row, Value};

const NEW_STATE: &str = "INSERT INTO log_states (organisation, ordered, signed_size, signed_note, published_size, \
                         published_note) VALUES (?1, 0, 0, ?2, 0, ?2)";

/// Batches are taken in their order while fewer than `?3` entries stand before them; each has one at least.
const PLACE: &str = "INSERT INTO log_batches (organisation, batch, first, entries) \
                     SELECT organisation, batch, CAST(?2 AS INTEGER) + before, number FROM \
                     (SELECT organisation, batch, number, CAST(SUM(number) OVER (ORDER BY at, batch) AS INTEGER) - number \
                     AS before FROM (SELECT organisation, batch, at, LENGTH(entries) / 33 AS number FROM log_pool \
                     WHERE organisation = ?1 AND first IS NULL ORDER BY at, batch LIMIT ?3) AS waiting) AS counted \
                     WHERE before < ?3";

/// The statements of this file count with it.
const _: () = assert!(LOG_ENTRY == 33);

/// The batches that have just got their places.
const MARK: &str = "UPDATE log_pool SET first = (SELECT b.first FROM log_batches b WHERE b.organisation = ?1 AND \
                    b.batch = log_pool.batch) WHERE organisation = ?1 AND batch IN \
                    (SELECT batch FROM log_batches WHERE organisation = ?1 AND first >= ?2)";

impl Logs for SqlRecords<'_> {
    fn log(&mut self, organisation: Id) -> Result<Option<LogRecord>, Fault> {
        let sql = "SELECT organisation, origin, key, statuses, sealed, since FROM logs WHERE organisation = ?1";
        self.first(sql, &[organisation.into()], log)
    }

    fn add_log(&mut self, log: &LogRecord) -> Result<(), Fault> {
        self.renew(log.organisation)?;
        let sql =
            "INSERT INTO logs (organisation, origin, key, statuses, sealed, since) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let values = [
            log.organisation.into(),
            log.origin.as_str().into(),
            log.key.into(),
            log.statuses.into(),
            log.sealed.as_slice().into(),
            log.since.into(),
        ];
        self.execute(sql, &values)?;
        self.execute(NEW_STATE, &[log.organisation.into(), Vec::new().into()])?;
        Ok(())
    }

    fn enlist(&mut self, organisation: Id, at: Timestamp, records: &[(LeafKind, &[u8])]) -> Result<Vec<Leaf>, Fault> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let leaves = draw(records.len())?;
        let entry =
            |(leaf, (kind, record)): (&Leaf, &(LeafKind, &[u8]))| *LogEntry::of(*kind, &leaf.salt, record).as_bytes();
        let entries: Vec<u8> = leaves.iter().zip(records).flat_map(entry).collect();
        let batch = leaves.first().map_or(0, |leaf| leaf.batch);
        let sql = "INSERT INTO log_pool (organisation, batch, at, entries) VALUES (?1, ?2, ?3, ?4)";
        self.execute(sql, &[organisation.into(), count(batch), at.into(), entries.into()])?;
        Ok(leaves)
    }

    fn log_state(&mut self, organisation: Id) -> Result<LogState, Fault> {
        let sql = "SELECT ordered, signed_size, signed_note, published_size, published_note FROM log_states \
                   WHERE organisation = ?1";
        Ok(self.first(sql, &[organisation.into()], state)?.unwrap_or_default())
    }

    fn waiting(&mut self, organisation: Id) -> Result<u64, Fault> {
        let sql = "SELECT COUNT(*) FROM log_pool WHERE organisation = ?1 AND first IS NULL";
        Ok(self.first(sql, &[organisation.into()], |row| row.count(0))?.unwrap_or(0))
    }

    fn lease(&mut self, organisation: Id, holder: Id, at: Timestamp, until: Timestamp) -> Result<bool, Fault> {
        let sql = "INSERT INTO log_leases (organisation, holder, ends_at) VALUES (?1, ?2, ?4) \
                   ON CONFLICT (organisation) DO UPDATE SET holder = excluded.holder, ends_at = excluded.ends_at \
                   WHERE log_leases.holder = excluded.holder OR log_leases.ends_at <= ?3";
        Ok(self.execute(sql, &[organisation.into(), holder.into(), at.into(), until.into()])? == 1)
    }

    fn order(&mut self, organisation: Id, most: u32) -> Result<u64, Fault> {
        let Some(before) = self.locked_ordered(organisation)? else { return Ok(0) };
        if self.execute(PLACE, &[organisation.into(), count(before), most.into()])? == 0 {
            return Ok(before);
        }
        self.execute(MARK, &[organisation.into(), count(before)])?;
        let sql = "UPDATE log_states SET ordered = (SELECT MAX(first + entries) FROM log_batches \
                   WHERE organisation = ?1 AND first >= ?2) WHERE organisation = ?1 RETURNING ordered";
        let ordered = self.first(sql, &[organisation.into(), count(before)], |row| row.count(0))?;
        Ok(ordered.unwrap_or(before))
    }

    fn ordered(&mut self, organisation: Id, from: u64, most: u32) -> Result<Vec<OrderedBatch>, Fault> {
        let sql = "SELECT batch, first, entries FROM log_pool WHERE organisation = ?1 AND first < ?3 AND \
                   first + LENGTH(entries) / 33 > ?2 ORDER BY first";
        let until = from.saturating_add(most.into());
        self.all(sql, &[organisation.into(), count(from), count(until)], ordered_batch)
    }

    fn advance(&mut self, organisation: Id, from: u64, to: &SignedCheckpoint) -> Result<bool, Fault> {
        let sql = "UPDATE log_states SET signed_size = ?3, signed_note = ?4 WHERE organisation = ?1 AND \
                   signed_size = ?2 AND signed_size <= ?3 AND ordered >= ?3";
        let values = [organisation.into(), count(from), count(to.size), to.note.as_slice().into()];
        let took = self.execute(sql, &values)? == 1;
        if took {
            self.drop_entries(organisation, to.size)?;
        }
        Ok(took)
    }

    fn publish(&mut self, organisation: Id, checkpoint: &SignedCheckpoint) -> Result<bool, Fault> {
        let sql = "UPDATE log_states SET published_size = ?2, published_note = ?3 WHERE organisation = ?1 AND \
                   signed_size >= ?2 AND (published_size < ?2 OR (published_size = ?2 AND published_note <> ?3))";
        let values = [organisation.into(), count(checkpoint.size), checkpoint.note.as_slice().into()];
        Ok(self.execute(sql, &values)? == 1)
    }

    fn adopt(&mut self, organisation: Id, checkpoint: &SignedCheckpoint) -> Result<(), Fault> {
        let values = [organisation.into(), count(checkpoint.size), checkpoint.note.as_slice().into()];
        let sql = "UPDATE log_states SET ordered = ?2 WHERE organisation = ?1 AND ordered < ?2";
        self.execute(sql, &values[..2])?;
        for which in ["signed", "published"] {
            let sql = format!(
                "UPDATE log_states SET {which}_size = ?2, {which}_note = ?3 WHERE organisation = ?1 AND {which}_size < ?2"
            );
            self.execute(&sql, &values)?;
        }
        self.drop_entries(organisation, checkpoint.size)
    }

    fn places(&mut self, organisation: Id, batches: &[u64]) -> Result<Vec<Option<u64>>, Fault> {
        let keys: Vec<Value> = batches.iter().copied().map(count).collect();
        let sql = "SELECT batch, first FROM log_batches WHERE organisation = ?1 AND batch IN (*)";
        let read = |row: &Row| Ok((row.count(0)?, row.count(1)?));
        let places: BTreeMap<u64, u64> = self.of_keys(sql, &[organisation.into()], &keys, read)?.into_iter().collect();
        Ok(batches.iter().map(|batch| places.get(batch).copied()).collect())
    }

    fn wait(&mut self, organisation: Id, batches: &[u64]) -> Result<Vec<bool>, Fault> {
        let keys: Vec<Value> = batches.iter().copied().map(count).collect();
        let sql = "SELECT batch FROM log_pool WHERE organisation = ?1 AND first IS NULL AND batch IN (*)";
        let waiting = self.of_keys(sql, &[organisation.into()], &keys, |row| row.count(0))?;
        let waiting: BTreeSet<u64> = waiting.into_iter().collect();
        Ok(batches.iter().map(|batch| waiting.contains(batch)).collect())
    }

    fn kept(
        &mut self,
        organisation: Id,
        kind: LeafKind,
        after: Option<&RecordName>,
        limit: u32,
    ) -> Result<Vec<KeptRecord>, Fault> {
        self.audited(organisation, kind, after, limit)
    }

    fn kept_bodies(
        &mut self,
        organisation: Id,
        after: Option<&Digest>,
        limit: u32,
    ) -> Result<Vec<(Digest, bool)>, Fault> {
        let after = after.map_or(&[][..], |digest| digest.as_bytes());
        let sql = "SELECT digest, bytes FROM bodies WHERE organisation = ?1 AND digest > ?2 ORDER BY digest LIMIT ?3";
        self.all(sql, &[organisation.into(), after.into(), limit.into()], |row| {
            Ok((
                row.digest(0)?,
                row.blob(1).is_ok_and(|bytes| Digest::of(bytes) == row.digest(0).unwrap_or(Digest::ZERO)),
            ))
        })
    }
}

impl SqlRecords<'_> {
    /// How many entries have their places; none for an organisation without a log. Nobody else orders or advances until
    /// the transaction ends.
    fn locked_ordered(&mut self, organisation: Id) -> Result<Option<u64>, Fault> {
        let sql = format!("SELECT ordered FROM log_states WHERE organisation = ?1{}", self.lock());
        self.first(&sql, &[organisation.into()], |row| row.count(0))
    }

    /// Drops the entries of the batches that lie wholly below a size.
    fn drop_entries(&mut self, organisation: Id, size: u64) -> Result<(), Fault> {
        let sql = "DELETE FROM log_pool WHERE organisation = ?1 AND first < ?2 AND first + LENGTH(entries) / 33 <= ?2";
        self.execute(sql, &[organisation.into(), count(size)])?;
        Ok(())
    }
}

/// The leaves of a new batch. Its number has 63 bits: columns are signed, and the numbers of one log never meet.
fn draw(records: usize) -> Result<Vec<Leaf>, Fault> {
    let mut random = vec![0; 8 + 32 * records];
    getrandom::fill(&mut random).map_err(|error| Fault::Other(format!("no random bytes: {error}")))?;
    let (batch, salts) = random.split_first_chunk().unwrap_or((&[0; 8], &[]));
    let batch = u64::from_be_bytes(*batch) >> 1;
    let salts = salts.as_chunks().0.iter().copied().map(Salt::from_bytes);
    Ok((0..).zip(salts).map(|(offset, salt)| Leaf { salt, batch, offset }).collect())
}

fn log(row: &Row) -> Result<LogRecord, driver::Fault> {
    Ok(LogRecord {
        organisation: row.id(0)?,
        origin: row.string(1)?,
        key: row.bytes(2)?,
        statuses: row.bytes(3)?,
        sealed: row.blob(4)?.to_vec(),
        since: row.at(5)?,
    })
}

fn state(row: &Row) -> Result<LogState, driver::Fault> {
    let checkpoint =
        |at: usize| Ok::<_, driver::Fault>(SignedCheckpoint { size: row.count(at)?, note: row.blob(at + 1)?.to_vec() });
    Ok(LogState { ordered: row.count(0)?, signed: checkpoint(1)?, published: checkpoint(3)? })
}

fn ordered_batch(row: &Row) -> Result<OrderedBatch, driver::Fault> {
    let entries = row.blob(2)?.chunks(LOG_ENTRY).map(LogEntry::from_bytes).collect::<Option<_>>();
    let entries = entries.ok_or_else(|| driver::Fault::Corrupt("entries of the log that wait".to_owned()))?;
    Ok(OrderedBatch { batch: row.count(0)?, first: row.count(1)?, entries })
}
