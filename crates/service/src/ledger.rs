//! Writing the holders' ledgers: entries behind the head that the device's standing carries.

use seaworthy_model::{Code, Timestamp};
use seaworthy_protocol::{Digest, Entry, EntryKind, Field, Who};

use crate::error::Error;
use crate::id::Id;
use crate::log::enlist::Lot;
use crate::ports::{Fault, LedgerEntry, Records, SetRead, Standing};

/// Most set reads that one answer tells of; the others follow with the next.
pub(crate) const MAX_TOLD: u32 = 64;

/// What is to be written.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    pub(crate) kind: EntryKind,
    pub(crate) who: Who,
    pub(crate) why: String,
    pub(crate) fields: Vec<Field>,
}

/// Writes an entry into the ledger of a device that is not otherwise touched.
pub(crate) fn append(
    records: &mut dyn Records,
    organisation: Id,
    device: Digest,
    note: Note,
    at: Timestamp,
) -> Result<(), Error> {
    let mut standings = records.standings(organisation, &[device])?;
    let standing = standings.first_mut().ok_or_else(|| Error::refused(Code::NotFound))?;
    let entries = vec![behind(standing, note, at)?];
    Lot { entries, ..Lot::default() }.write(records, organisation, at)?;
    records.put_standings(&standings)?;
    Ok(())
}

/// The entry behind the head of a device's ledger, which moves on to it.
pub(crate) fn behind(standing: &mut Standing, note: Note, at: Timestamp) -> Result<LedgerEntry, Fault> {
    next(standing, note, None, at)
}

/// The set reads that a device's ledger does not tell of yet, as entries behind its head.
pub(crate) fn listed(standing: &mut Standing, reads: &[SetRead]) -> Result<Vec<LedgerEntry>, Fault> {
    let mut entries = Vec::new();
    let told = standing.listed;
    for read in reads.iter().filter(|read| read.number > told) {
        standing.listed = read.number;
        if read.units.contains(&standing.unit) {
            let note = Note {
                kind: EntryKind::Listed,
                who: read.who.clone(),
                why: read.why.clone(),
                fields: read.fields.clone(),
            };
            entries.push(next(standing, note, Some(read), read.at)?);
        }
    }
    Ok(entries)
}

fn next(standing: &mut Standing, note: Note, read: Option<&SetRead>, at: Timestamp) -> Result<LedgerEntry, Fault> {
    let head = &mut standing.ledger;
    let entry = Entry {
        sequence: head.sequence.saturating_add(1),
        at,
        kind: note.kind,
        who: note.who,
        why: note.why,
        fields: note.fields,
        query: read.map(|read| read.query.clone()),
        previous: head.hash,
    };
    *head = head.after(&entry).map_err(|broken| Fault::Damaged(broken.to_string()))?;
    Ok(LedgerEntry { device: standing.device, entry, set_read: read.map(|read| read.number), leaf: None })
}
