//! Ledgers and set reads in SQL.

use std::sync::LazyLock;

use seaworthy_service::Id;
use seaworthy_service::access::Access;
use seaworthy_service::ports::{Fault, LedgerEntry, Ledgers, SetRead};

use super::SqlRecords;
use super::columns::{cbor, count};
use crate::driver::{self, Insert, Row, Value};

static ENTRIES: LazyLock<Insert> =
    LazyLock::new(|| Insert::new("INSERT INTO entries (organisation, device, sequence, entry, set_read, leaf)", 6, ""));

/// The looks at sets of an organisation.
pub(super) const SET_READ: &str = "SELECT organisation, number, at, who, why, fields, query, units, leaf \
                                   FROM set_reads WHERE organisation = ?1";

impl Ledgers for SqlRecords<'_> {
    fn add_entries(&mut self, organisation: Id, entries: &[LedgerEntry]) -> Result<(), Fault> {
        let mut sorted: Vec<&LedgerEntry> = entries.iter().collect();
        sorted.sort_by_key(|kept| (kept.device, kept.entry.sequence));
        let mut values = Vec::with_capacity(sorted.len() * 6);
        for LedgerEntry { device, entry, set_read, leaf } in sorted {
            let number = set_read.map_or(Value::Null, count);
            values.extend([
                organisation.into(),
                device.into(),
                count(entry.sequence),
                cbor(entry)?,
                number,
                (*leaf).into(),
            ]);
        }
        self.insert(&ENTRIES, &values)?;
        Ok(())
    }

    fn entries(&mut self, access: &Access, after: u64, limit: u32) -> Result<Vec<LedgerEntry>, Fault> {
        let sql = "SELECT device, entry, set_read, leaf FROM entries WHERE organisation = ?1 AND device = ?2 AND sequence > ?3 \
                   ORDER BY sequence LIMIT ?4";
        let values = [access.organisation().into(), access.device().into(), count(after), limit.into()];
        self.all(sql, &values, entry)
    }

    /// The row of the newest number is locked until the transaction ends, so that the numbers follow the commits: who
    /// sees one sees all before it.
    fn add_set_read(&mut self, read: &SetRead) -> Result<u64, Fault> {
        let sql = "INSERT INTO set_read_numbers (organisation, newest) VALUES (?1, 1) ON CONFLICT (organisation) \
                   DO UPDATE SET newest = set_read_numbers.newest + 1 RETURNING newest";
        let number = self.first(sql, &[read.organisation.into()], |row| row.count(0))?;
        let number = number.ok_or_else(|| Fault::Other("no number for a set read".to_owned()))?;
        let sql = "INSERT INTO set_reads (organisation, number, at, who, why, fields, query, units, leaf) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        let values = [
            read.organisation.into(),
            count(number),
            read.at.into(),
            cbor(&read.who)?,
            read.why.as_str().into(),
            cbor(&read.fields)?,
            read.query.as_str().into(),
            read.units.iter().flat_map(|unit| *unit.as_bytes()).collect::<Vec<u8>>().into(),
            read.leaf.into(),
        ];
        self.execute(sql, &values)?;
        Ok(number)
    }

    fn set_reads(&mut self, organisation: Id, after: u64, limit: u32) -> Result<Vec<SetRead>, Fault> {
        let sql = format!("{SET_READ} AND number > ?2 ORDER BY number LIMIT ?3");
        self.all(&sql, &[organisation.into(), count(after), limit.into()], set_read)
    }

    fn newest_set_read(&mut self, organisation: Id) -> Result<u64, Fault> {
        let sql = "SELECT newest FROM set_read_numbers WHERE organisation = ?1";
        Ok(self.first(sql, &[organisation.into()], |row| row.count(0))?.unwrap_or(0))
    }
}

/// Device, entry, number of the look, leaf.
pub(super) fn entry(row: &Row) -> Result<LedgerEntry, driver::Fault> {
    let set_read = row.optional_integer(2)?.is_some().then(|| row.count(2)).transpose()?;
    Ok(LedgerEntry { device: row.digest(0)?, entry: row.cbor(1)?, set_read, leaf: row.leaf(3)? })
}

pub(super) fn set_read(row: &Row) -> Result<SetRead, driver::Fault> {
    let (units, rest) = row.blob(7)?.as_chunks::<16>();
    if !rest.is_empty() {
        return Err(driver::Fault::Corrupt("the units of a set read".to_owned()));
    }
    Ok(SetRead {
        organisation: row.id(0)?,
        number: row.count(1)?,
        at: row.at(2)?,
        who: row.cbor(3)?,
        why: row.string(4)?,
        fields: row.cbor(5)?,
        query: row.string(6)?,
        units: units.iter().copied().map(Id::from_bytes).collect(),
        leaf: row.leaf(8)?,
    })
}
