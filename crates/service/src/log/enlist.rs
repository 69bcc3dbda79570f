//! Putting records in line for the log. What a transaction writes and the log commits to is a [`Lot`]: it is put in line
//! as one batch and written with its leaves, by the only code that calls the ports which add such records
//! (`cargo xtask tidy` keeps it so). No use-case can forget it.

use seaworthy_model::{Code, Timestamp};
use seaworthy_protocol::{EntryKind, LeafKind};

use super::leaves::Committed;
use crate::error::Error;
use crate::id::Id;
use crate::ports::{
    Assignment, CatalogRecord, KeyRecord, LedgerEntry, PolicyRecord, Reading, Records, Revocation, SetRead, StampRecord,
};

/// Records of one organisation that are written together.
#[derive(Debug, Default)]
pub(crate) struct Lot {
    pub(crate) readings: Vec<Reading>,
    pub(crate) stamps: Vec<StampRecord>,
    pub(crate) entries: Vec<LedgerEntry>,
    pub(crate) set_reads: Vec<SetRead>,
    pub(crate) policies: Vec<PolicyRecord>,
    pub(crate) assignments: Vec<Assignment>,
    pub(crate) catalogs: Vec<CatalogRecord>,
    pub(crate) keys: Vec<KeyRecord>,
    pub(crate) revocations: Vec<Revocation>,
}

impl Lot {
    /// Puts all of it in line as one batch, and writes it. Returned as it was written, with its leaves.
    pub(crate) fn write(mut self, records: &mut dyn Records, organisation: Id, at: Timestamp) -> Result<Lot, Error> {
        self.enlist(records, organisation, at)?;
        if !self.readings.is_empty() {
            records.add_readings(&self.readings)?;
        }
        if !self.stamps.is_empty() {
            records.add_stamps(&self.stamps)?;
        }
        if !self.entries.is_empty() {
            records.add_entries(organisation, &self.entries)?;
        }
        for read in &self.set_reads {
            records.add_set_read(read)?;
        }
        self.policies.iter().try_for_each(|policy| records.add_policy(policy))?;
        self.assignments.iter().try_for_each(|assignment| records.add_assignment(assignment))?;
        self.catalogs.iter().try_for_each(|catalog| records.add_catalog(catalog))?;
        self.keys.iter().try_for_each(|key| records.put_key(key))?;
        if !self.revocations.is_empty() {
            records.add_revocations(&self.revocations)?;
        }
        Ok(self)
    }

    fn enlist(&mut self, records: &mut dyn Records, organisation: Id, at: Timestamp) -> Result<(), Error> {
        let mut committed = self.committed();
        let leaves = {
            let hashed = committed.iter().map(|one| Ok((one.kind(), one.hashed()?)));
            let hashed = hashed.collect::<Result<Vec<_>, Error>>()?;
            let lines: Vec<(LeafKind, &[u8])> = hashed.iter().map(|(kind, bytes)| (*kind, bytes.as_ref())).collect();
            records.enlist(organisation, at, &lines)?
        };
        committed.iter_mut().zip(leaves).for_each(|(one, leaf)| *one.leaf_mut() = Some(leaf));
        Ok(())
    }

    /// What the log commits to, in the order of the batch.
    fn committed(&mut self) -> Vec<&mut dyn Committed> {
        fn all<C: Committed>(records: &mut [C]) -> impl Iterator<Item = &mut dyn Committed> {
            records.iter_mut().map(|record| record as &mut dyn Committed)
        }
        // A look at a set is committed to once, and not again for each device that is told of it.
        let entries = self.entries.iter_mut().filter(|kept| kept.entry.kind != EntryKind::Listed);
        all(&mut self.readings)
            .chain(all(&mut self.stamps))
            .chain(entries.map(|kept| kept as &mut dyn Committed))
            .chain(all(&mut self.set_reads))
            .chain(all(&mut self.policies))
            .chain(all(&mut self.assignments))
            .chain(all(&mut self.catalogs))
            .chain(all(&mut self.keys))
            .chain(all(&mut self.revocations))
            .collect()
    }
}

/// The one record of its kind that a lot had.
pub(crate) fn the<R>(written: Vec<R>) -> Result<R, Error> {
    written.into_iter().next().ok_or_else(|| Error::refused(Code::Bug))
}
