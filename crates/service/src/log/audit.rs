//! An audit: every record is hashed again and compared with the entry at its place, and the whole tree with its signed
//! checkpoint. No record is shown, so no look is written down; and memory does not go with the number of records, but for a
//! bit for each entry.

use seaworthy_model::Code;
use seaworthy_protocol::{Digest, Leaf, LeafKind, LogEntry};
use seaworthy_tlog::{
    Bundle, BundlePath, Checkpoint, Edge, Entries, FULL, Follow, FollowFault, Mismatch, Note, ReadFault,
};

use super::reader::{LogReader, LogUnread};
use super::verifier_key;
use super::works::unreadable;
use crate::error::Error;
use crate::id::Id;
use crate::ports::{
    Commitment, KeptRecord, LogRecord, RecordName, Records, STATUS_PLACES, SignedCheckpoint, Store, TileStore, read,
};

/// Records that are read at once, and compared in the order of the log.
const PAGE: u32 = 8192;
/// Most records of which the audit keeps that they were changed.
const MOST_CHANGED: usize = 1000;
/// Most records that are looked at again because they waited.
const MOST_WAITING: usize = 65_536;

/// What an audit looks at.
#[derive(Clone, Copy)]
pub struct Audit<'a> {
    /// Where the records are.
    pub store: &'a dyn Store,
    /// Where the tiles are.
    pub tiles: &'a dyn TileStore,
    /// Which log it is.
    pub log: &'a LogRecord,
}

/// What an audit found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audited {
    /// Entries in the log, all of them checked against the signed checkpoint.
    pub entries: u64,
    /// Records that are what the log has.
    pub agreeing: u64,
    /// Records that are not, the first of them.
    pub changed: Vec<Changed>,
    /// How many there are.
    pub changes: u64,
    /// Records that are older than the log.
    pub older: u64,
    /// Entries of which no record is here: erased, replaced by a newer state, or taken away.
    pub without_record: u64,
    /// Records that wait to be taken into the log.
    pub waiting: u64,
}

/// A record that is not what the log has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {why}")]
pub struct Changed {
    /// Which record.
    pub what: String,
    /// How it differs.
    pub why: String,
}

/// Hears how many entries of how many are checked.
type Told<'t> = dyn FnMut(u64, u64) + 't;

impl<'a> Audit<'a> {
    /// Looks at everything. `again` is called before records that waited are looked at again.
    ///
    /// # Errors
    /// Where the tiles are not what the checkpoint commits to, or something cannot be read.
    pub fn run(&self, told: &mut Told<'_>, again: &mut dyn FnMut()) -> Result<Audited, Error> {
        let mut tree = self.tree(told)?;
        let mut audited = Audited { entries: tree.size, ..Audited::default() };
        let mut waiting = Vec::new();
        for &kind in LeafKind::ALL {
            self.records(kind, &mut tree, &mut audited, &mut waiting, told)?;
        }
        self.bodies(&mut audited)?;
        if !waiting.is_empty() {
            again();
            self.later(waiting, &mut tree, &mut audited, told)?;
        }
        audited.without_record = tree.unmet();
        Ok(audited)
    }

    /// The tree of the signed checkpoint, every entry of which is checked.
    fn tree(&self, told: &mut Told<'_>) -> Result<Known<'a>, Error> {
        let signed = read(self.store, |records| records.log_state(self.log.organisation))?.signed;
        let checkpoint = self.authenticated(&signed)?;
        let reader = LogReader::new(self.tiles, self.log.organisation);
        let mut follow = Follow::begin(&reader, Edge::empty(), checkpoint.size).map_err(differs)?;
        while follow.step().map_err(differs)? {
            told(follow.checked(), checkpoint.size);
        }
        follow.finish(&checkpoint.root).map_err(differs)?;
        Ok(Known::of(reader, checkpoint.size))
    }

    fn authenticated(&self, signed: &SignedCheckpoint) -> Result<Checkpoint, Error> {
        if signed.note.is_empty() {
            return Ok(Checkpoint::new(&self.log.origin, 0, seaworthy_tlog::Hash::EMPTY));
        }
        let forged = |why: String| Error::refused_for(Code::LogCheckpointInvalid, why);
        let note = Note::parse(&signed.note).map_err(|fault| forged(fault.to_string()))?;
        let sealed = note.signed_by(&verifier_key(self.log)?).map_err(|fault| forged(fault.to_string()))?;
        let checkpoint: Checkpoint = note.text().parse().map_err(|fault| forged(format!("{fault}")))?;
        let is_own = sealed.is_some() && checkpoint.origin == self.log.origin && checkpoint.size == signed.size;
        if is_own { Ok(checkpoint) } else { Err(forged("the log's key did not sign it for this size".into())) }
    }

    /// All records of a kind.
    fn records(
        &self,
        kind: LeafKind,
        tree: &mut Known<'_>,
        audited: &mut Audited,
        waiting: &mut Vec<Placed>,
        told: &mut Told<'_>,
    ) -> Result<(), Error> {
        let mut after: Option<RecordName> = None;
        loop {
            let page = read(self.store, |records| {
                let kept = records.kept(self.log.organisation, kind, after.as_ref(), PAGE)?;
                let placed = placed(records, self.log.organisation, kind, &kept)?;
                Ok::<_, Error>((kept, placed))
            })?;
            let (kept, placed) = page;
            let Some(last) = kept.last() else { return Ok(()) };
            after = Some(last.name.clone());
            self.without_leaf(kind, &kept, audited);
            tree.compare(placed, audited, waiting)?;
            told(audited.agreeing, tree.size);
        }
    }

    /// Takes note of records that have no leaf, or make no sense.
    fn without_leaf(&self, kind: LeafKind, kept: &[KeptRecord], audited: &mut Audited) {
        for record in kept {
            match record.commitment {
                Commitment::Nothing | Commitment::Leaf(..) => {}
                Commitment::Lacking(at) if at <= self.log.since => audited.older += 1,
                Commitment::Lacking(_) => {
                    audited.changed(kind, &record.name, "it has no leaf and is younger than the log")
                }
                Commitment::Broken => audited.changed(kind, &record.name, "it does not agree with itself"),
            }
        }
    }

    /// Bodies are what reports name by digest.
    fn bodies(&self, audited: &mut Audited) -> Result<(), Error> {
        let mut after: Option<Digest> = None;
        loop {
            let page = read(self.store, |records| records.kept_bodies(self.log.organisation, after.as_ref(), PAGE))?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = Some(*last);
            for (digest, _) in page.iter().filter(|(_, holds)| !holds) {
                let (what, why) = (format!("body {digest}"), "its bytes have another digest".to_owned());
                audited.add(Changed { what, why });
            }
        }
    }

    /// Looks again at what waited: a server that runs has taken it in by now.
    fn later(
        &self,
        mut waiting: Vec<Placed>,
        tree: &mut Known<'a>,
        audited: &mut Audited,
        told: &mut Told<'_>,
    ) -> Result<(), Error> {
        let met = std::mem::take(&mut tree.met);
        let beyond = audited.waiting.saturating_sub(u64::try_from(waiting.len()).unwrap_or(u64::MAX));
        *tree = self.tree(told)?.having(met);
        audited.entries = tree.size;
        for part in waiting.chunks_mut(PAGE as usize) {
            read(self.store, |records| find(records, self.log.organisation, part))?;
        }
        audited.waiting = beyond;
        tree.compare(waiting, audited, &mut Vec::new())
    }
}

impl Audited {
    fn changed(&mut self, kind: LeafKind, name: &RecordName, why: &str) {
        self.add(Changed { what: named(kind, name), why: why.to_owned() });
    }

    fn add(&mut self, changed: Changed) {
        self.changes += 1;
        if self.changed.len() < MOST_CHANGED {
            self.changed.push(changed);
        }
    }
}

/// A record by name, for the operator: nothing of what it says.
fn named(kind: LeafKind, name: &RecordName) -> String {
    let number = name.number;
    let of_device = name.device.map(|device| format!(" of device {device}")).unwrap_or_default();
    match kind {
        LeafKind::Stamp => format!("stamp {}{of_device}", data_encoding::HEXLOWER.encode(&name.id)),
        LeafKind::Catalog => format!("catalog {}", data_encoding::HEXLOWER.encode(&name.id)),
        LeafKind::Revocation => {
            let places = i64::from(STATUS_PLACES);
            format!("revocation at place {} of status list {}", number.rem_euclid(places), number.div_euclid(places))
        }
        LeafKind::Entry => format!("ledger entry {number}{of_device}"),
        LeafKind::SetRead => format!("look {number} at a set of devices"),
        _ => format!("{kind} {number}{of_device}"),
    }
}

/// A record with a leaf.
struct Placed {
    kind: LeafKind,
    name: RecordName,
    leaf: Leaf,
    entry: LogEntry,
    whereabouts: Whereabouts,
}

/// Where the store says that a leaf is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Whereabouts {
    Log(u64),
    Pool,
    Nowhere,
}

/// The records of a page that have a leaf, with their places.
fn placed(
    records: &mut dyn Records,
    organisation: Id,
    kind: LeafKind,
    kept: &[KeptRecord],
) -> Result<Vec<Placed>, crate::ports::Fault> {
    let with_leaf = kept.iter().filter_map(|record| match record.commitment {
        Commitment::Leaf(leaf, entry) => {
            Some(Placed { kind, name: record.name.clone(), leaf, entry, whereabouts: Whereabouts::Nowhere })
        }
        _ => None,
    });
    let mut placed: Vec<Placed> = with_leaf.collect();
    find(records, organisation, &mut placed)?;
    Ok(placed)
}

/// Finds out where leaves are now.
fn find(records: &mut dyn Records, organisation: Id, placed: &mut [Placed]) -> Result<(), crate::ports::Fault> {
    let batches: Vec<u64> = placed.iter().map(|one| one.leaf.batch).collect();
    let first = records.places(organisation, &batches)?;
    let waiting = records.wait(organisation, &batches)?;
    for ((one, first), waits) in placed.iter_mut().zip(first).zip(waiting) {
        one.whereabouts = match first {
            Some(first) => Whereabouts::Log(first.saturating_add(one.leaf.offset.into())),
            None if waits => Whereabouts::Pool,
            None => Whereabouts::Nowhere,
        };
    }
    Ok(())
}

/// A tree that was checked, and which of its entries have their record.
struct Known<'a> {
    reader: LogReader<'a>,
    size: u64,
    met: Vec<u64>,
    bundle: Option<(u64, Bundle)>,
}

impl<'a> Known<'a> {
    fn of(reader: LogReader<'a>, size: u64) -> Known<'a> {
        Known { reader, size, met: Vec::new(), bundle: None }.having(Vec::new())
    }

    /// With the entries that were met in an older tree of the same log.
    fn having(mut self, mut met: Vec<u64>) -> Known<'a> {
        met.resize(usize::try_from(self.size.div_ceil(64)).unwrap_or(usize::MAX), 0);
        self.met = met;
        self
    }

    /// Compares records with their entries, in the order of the log.
    fn compare(
        &mut self,
        mut placed: Vec<Placed>,
        audited: &mut Audited,
        waiting: &mut Vec<Placed>,
    ) -> Result<(), Error> {
        placed.sort_by_key(|one| one.whereabouts);
        for one in placed {
            match one.whereabouts {
                Whereabouts::Log(index) if index < self.size => self.held(index, &one, audited)?,
                Whereabouts::Log(_) | Whereabouts::Pool => {
                    audited.waiting += 1;
                    if waiting.len() < MOST_WAITING {
                        waiting.push(one);
                    }
                }
                Whereabouts::Nowhere => audited.changed(one.kind, &one.name, "the log knows no batch of its leaf"),
            }
        }
        Ok(())
    }

    fn held(&mut self, index: u64, one: &Placed, audited: &mut Audited) -> Result<(), Error> {
        if self.entry(index)? == Some(one.entry.as_bytes().as_slice()) {
            audited.agreeing += 1;
            self.meet(index);
        } else {
            audited.changed(one.kind, &one.name, &format!("entry {index} of the log commits to something else"));
        }
        Ok(())
    }

    /// An entry of the log. The bundle is kept for the next one.
    fn entry(&mut self, index: u64) -> Result<Option<&[u8]>, Error> {
        let (number, position) = (index / u64::from(FULL), index % u64::from(FULL));
        if self.bundle.as_ref().is_none_or(|(kept, _)| *kept != number) {
            let Some(path) = BundlePath::within(number, self.size) else { return Ok(None) };
            let (path, bytes) = self.reader.entries(&path).map_err(|fault| unreadable(ReadFault::Read(fault)))?;
            let bundle = Bundle::parse(&path, bytes);
            let bundle = bundle.map_err(|fault| Error::refused_for(Code::LogEntryChanged, fault.to_string()))?;
            self.bundle = Some((number, bundle));
        }
        let position = usize::try_from(position).unwrap_or(usize::MAX);
        Ok(self.bundle.as_ref().and_then(|(_, bundle)| bundle.get(position)))
    }

    fn meet(&mut self, index: u64) {
        let word = usize::try_from(index / 64).ok().and_then(|word| self.met.get_mut(word));
        word.into_iter().for_each(|word| *word |= 1 << (index % 64));
    }

    /// Entries that no record was found for.
    fn unmet(&self) -> u64 {
        let met: u64 = self.met.iter().map(|word| u64::from(word.count_ones())).sum();
        self.size.saturating_sub(met)
    }
}

/// A tree that is not what its checkpoint commits to.
fn differs(fault: FollowFault<LogUnread>) -> Error {
    let mismatch = match fault {
        FollowFault::Read(fault) => return unreadable(fault),
        FollowFault::Mismatch(mismatch) => mismatch,
    };
    let code = match mismatch {
        Mismatch::Rewound { .. } => Code::LogRewound,
        Mismatch::Forked { .. } => Code::LogForked,
        Mismatch::Entry { .. } | Mismatch::Bundle { .. } => Code::LogEntryChanged,
        Mismatch::Hash { .. } => Code::LogTileChanged,
        Mismatch::Root { .. } => Code::LogRootDiffers,
    };
    Error::refused_for(code, mismatch.to_string())
}
