//! Writing the holders' ledgers: entries behind the head that the device's standing carries.

use seaworthy_model::{Code, Timestamp};
use seaworthy_protocol::{Digest, Entry, EntryKind, Field, Head, Who};

use crate::error::Error;
use crate::id::Id;
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
    let entry = behind(&mut standing.ledger, note, None, at)?;
    write(records, organisation, vec![(device, entry)])?;
    records.put_standings(&standings)?;
    Ok(())
}

/// Writes entries of devices.
pub(crate) fn write(records: &mut dyn Records, organisation: Id, entries: Vec<(Digest, Entry)>) -> Result<(), Fault> {
    let kept = |(device, entry)| LedgerEntry { device, entry, set_read: None, leaf: None };
    records.add_entries(organisation, &entries.into_iter().map(kept).collect::<Vec<_>>())
}

/// The entry behind a head, which moves on to it.
pub(crate) fn behind(head: &mut Head, note: Note, query: Option<String>, at: Timestamp) -> Result<Entry, Fault> {
    let entry = Entry {
        sequence: head.sequence.saturating_add(1),
        at,
        kind: note.kind,
        who: note.who,
        why: note.why,
        fields: note.fields,
        query,
        previous: head.hash,
    };
    *head = head.after(&entry).map_err(|broken| Fault::Damaged(broken.to_string()))?;
    Ok(entry)
}

/// The set reads that a device's ledger does not tell of yet, as entries behind its head.
pub(crate) fn listed(standing: &mut Standing, reads: &[SetRead]) -> Result<Vec<Entry>, Fault> {
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
            entries.push(behind(&mut standing.ledger, note, Some(read.query.clone()), read.at)?);
        }
    }
    Ok(entries)
}
