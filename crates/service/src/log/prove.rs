//! Evidence of what was: the bundle of a device at an instant (`docs/spec/bundle.md`).
//!
//! The look comes first, and is written into the holder's ledger like any other. The proofs are made of the tiles, once
//! the published checkpoint covers all of the parts.

use std::sync::Arc;

use seaworthy_appraise::Reference;
use seaworthy_model::{Body, Code, Timestamp};
use seaworthy_protocol::{
    AssignmentPart, Bundle, CatalogPart, Digest, EntryKind, Field, Leaf, LeafProof, Octets, PolicyPart, ReportPart,
    SeenOffer, VERSION, recompute, seal,
};
use seaworthy_stamp::SigningKey;
use seaworthy_tlog::{Checkpoint, Note, Place, Tree, Verified};

use super::leaves::in_force;
use super::reader::LogReader;
use super::works::unreadable;
use crate::access::Access;
use crate::appraiser::seen;
use crate::authority::Action;
use crate::devices::{MAX_ENTRIES, Reader, current};
use crate::directory::{Catalog, Document, View};
use crate::error::Error;
use crate::id::Id;
use crate::ports::{
    Assignment, CatalogRecord, DeviceState, Reading, Records, SignedCheckpoint, Store, TileStore, read,
};

/// What the records say of a device at an instant.
#[derive(Clone, Debug)]
pub enum Was {
    /// It left, and its data was erased.
    Erased,
    /// No live report had come in.
    Uninspected,
    /// No policy was in force.
    WithoutPolicy,
    /// There was a verdict.
    Told(Box<Draft>),
}

/// A bundle that lacks its proofs.
#[derive(Clone, Debug)]
pub struct Draft {
    organisation: Id,
    bundle: Bundle,
    report: Option<Leaf>,
    policy: Option<Leaf>,
    assignment: Option<Leaf>,
    catalog: Option<Leaf>,
}

impl Reader<'_> {
    /// What a device's verdict was at an instant that is past, with all that it follows from.
    pub fn was(&self, records: &mut dyn Records, device: Digest, at: Timestamp) -> Result<Was, Error> {
        if at > self.now {
            return Err(Error::refused_for(Code::InvalidValue, format!("{at} lies ahead")));
        }
        let (_, unit) = self.permit(records, Action::DeviceHistory, device)?;
        let standing = self.standing(records, device)?;
        if standing.state == DeviceState::Left {
            return Ok(Was::Erased);
        }
        let fields = [Field::Verdict, Field::Evidence, Field::History, Field::Ledger];
        let (access, _) = self.access(records, Action::DeviceHistory, device, &fields)?;
        let Some(reading) = self.newest_by(records, &access, at)? else { return Ok(Was::Uninspected) };
        let Some(assignment) = self.view.assigned(unit, at) else { return Ok(Was::WithoutPolicy) };
        let moved = was_moved(records, &access, at)?;
        let draft = Drafting { reader: self, at, reading, assignment, moved }.draft(records)?;
        Ok(Was::Told(Box::new(draft)))
    }
}

/// Whether a device came into its unit after an instant.
fn was_moved(records: &mut dyn Records, access: &Access, at: Timestamp) -> Result<bool, Error> {
    let mut after = 0;
    loop {
        let page = records.entries(access, after, MAX_ENTRIES)?;
        let Some(last) = page.last() else { return Ok(false) };
        after = last.entry.sequence;
        if page.iter().any(|kept| kept.entry.kind == EntryKind::Moved && kept.entry.at > at) {
            return Ok(true);
        }
    }
}

/// A draft while it is made.
struct Drafting<'a> {
    reader: &'a Reader<'a>,
    at: Timestamp,
    reading: Reading,
    assignment: &'a Assignment,
    moved: bool,
}

impl Drafting<'_> {
    fn draft(self, records: &mut dyn Records) -> Result<Draft, Error> {
        let (view, reading) = (self.reader.view, &self.reading);
        let damaged = |what: &str| Error::damaged(what.to_owned());
        let document = view.document(self.assignment.sequence).ok_or_else(|| damaged("no such policy document"))?;
        let log = view.log.as_ref().ok_or_else(|| Error::refused_for(Code::ProveWaiting, "there is no log yet"))?;
        let body = records.bodies(view.organisation.id, &[reading.body])?;
        let body = body.into_iter().next().ok_or_else(|| damaged("a reading without its body"))?.bytes;
        let told = Body::decode(&body).map_err(|error| Error::damaged(error.to_string()))?;
        let catalog = catalog_at(records, view, self.at)?;
        let timeline = self.timeline(records, document, catalog.as_ref())?;
        let first_seen = seen(records, view.organisation.id, &told, reading.inspected_at)?;
        let key = view.keys.first().ok_or_else(|| damaged("an organisation without a key"))?;
        let bundle = Bundle {
            version: VERSION,
            organisation: view.root_key(),
            key: Octets(key.key.to_vec()),
            successors: view.keys.iter().skip(1).map(|key| Octets(key.successor.clone())).collect(),
            made_at: self.reader.now,
            device: reading.device,
            at: self.at,
            moved: self.moved,
            log: Octets(log.sealed.clone()),
            checkpoint: String::new(),
            report: report(reading, body),
            policy: PolicyPart { document: Octets(document.record.sealed.clone()), proof: None },
            assignment: AssignmentPart { record: in_force(self.assignment), proof: None },
            catalog: catalog.as_ref().map(|catalog| CatalogPart {
                content: Octets(catalog.bytes.clone()),
                since: catalog.since,
                proof: None,
            }),
            seen: first_seen.into_iter().map(offered).collect(),
            verdict: timeline.at(self.at),
            timeline,
        };
        Ok(Draft {
            organisation: view.organisation.id,
            bundle,
            report: reading.leaf,
            policy: document.record.leaf,
            assignment: self.assignment.leaf,
            catalog: catalog.and_then(|catalog| catalog.leaf),
        })
    }

    /// What the server says: as it said then, where it still knows.
    fn timeline(
        &self,
        records: &mut dyn Records,
        document: &Document,
        catalog: Option<&CatalogRecord>,
    ) -> Result<seaworthy_model::Timeline, Error> {
        let damaged = |error: &dyn std::fmt::Display| Error::damaged(error.to_string());
        let reference = catalog.map(|catalog| Reference::decode(&catalog.bytes)).transpose();
        let reference = reference.map_err(|error| damaged(&error))?.unwrap_or_default();
        let bytes = reference.canonical_bytes().map_err(|error| damaged(&error))?;
        let catalog = Arc::new(Catalog { digest: Digest::of(&bytes), reference });
        let then = View { catalog, ..self.reader.view.clone() };
        let wanted = [(self.reading.body, self.reading.inspected_at)];
        let found = self.reader.appraiser.verdicts(records, &then, document, &wanted)?;
        let verdicts = found.into_iter().next().flatten();
        let timeline = verdicts.and_then(|verdicts| verdicts.timeline_at(current(&self.reading).inspected_at));
        timeline.ok_or_else(|| damaged(&"the report cannot be appraised"))
    }
}

fn report(reading: &Reading, body: Vec<u8>) -> ReportPart {
    ReportPart {
        envelope: Octets(reading.envelope.clone()),
        body: Octets(body),
        received_at: reading.received_at,
        inspected_at: reading.inspected_at,
        live: reading.live,
        proof: None,
    }
}

fn offered((offer, at): (seaworthy_appraise::Offer, Timestamp)) -> SeenOffer {
    SeenOffer { package: offer.package, architecture: offer.architecture, candidate: offer.candidate, at }
}

/// The catalog in force at an instant, whole.
fn catalog_at(records: &mut dyn Records, view: &View, at: Timestamp) -> Result<Option<CatalogRecord>, Error> {
    let Some(record) = view.catalogs.iter().rev().find(|catalog| catalog.since <= at) else { return Ok(None) };
    let bytes = records.catalog(view.organisation.id, &record.digest)?;
    let bytes = bytes.ok_or_else(|| Error::damaged("no such catalog"))?;
    Ok(Some(CatalogRecord { bytes, ..record.clone() }))
}

impl Draft {
    /// The bundle with its proofs, signed; none while the published checkpoint does not cover all of it. What is handed
    /// out was recomputed: records that are not what the log has are found out here.
    pub fn prove(&self, store: &dyn Store, tiles: &dyn TileStore, key: &SigningKey) -> Result<Option<Vec<u8>>, Error> {
        let leaves = [self.report, self.policy, self.assignment, self.catalog];
        let Some((published, places)) = self.places(store, &leaves)? else { return Ok(None) };
        self.must_know_what_is_shown(tiles, &published)?;
        let proofs = Proofs::open(LogReader::new(tiles, self.organisation), &published)?;
        let [report, policy, assignment, catalog] = places.map(|place| proofs.of(place));
        let mut bundle = self.bundle.clone();
        bundle.report.proof = report?;
        bundle.policy.proof = policy?;
        bundle.assignment.proof = assignment?;
        if let (Some(part), proof) = (&mut bundle.catalog, catalog?) {
            part.proof = proof;
        }
        bundle.checkpoint = String::from_utf8(published.note).map_err(|error| Error::damaged(error.to_string()))?;
        let sealed = seal(&bundle, key).map_err(|error| Error::damaged(error.to_string()))?;
        recompute(&sealed, None).map_err(|error| Error::refused_for(error.code(), error.to_string()))?;
        Ok(Some(sealed))
    }

    /// Refuses a store that is behind its tiles: it has forgotten what came later.
    fn must_know_what_is_shown(&self, tiles: &dyn TileStore, known: &SignedCheckpoint) -> Result<(), Error> {
        let shown = tiles.read(self.organisation, &Place::Checkpoint)?.unwrap_or_default();
        let size = Note::parse(&shown).ok().and_then(|note| note.text().parse::<Checkpoint>().ok());
        match size.map(|shown| shown.size) {
            Some(size) if size > known.size => {
                let what = format!("{size} entries are published, and the store knows {}", known.size);
                Err(Error::refused_for(Code::LogBehind, what))
            }
            _ => Ok(()),
        }
    }

    /// The published checkpoint, and the index of each leaf; none if it does not cover them all.
    fn places(
        &self,
        store: &dyn Store,
        leaves: &[Option<Leaf>; 4],
    ) -> Result<Option<(SignedCheckpoint, Places)>, Error> {
        let batches: Vec<u64> = leaves.iter().flatten().map(|leaf| leaf.batch).collect();
        let (published, first) = read(store, |records| {
            let published = records.log_state(self.organisation)?.published;
            Ok::<_, Error>((published, records.places(self.organisation, &batches)?))
        })?;
        let mut first = first.into_iter();
        let mut covered = !published.note.is_empty();
        let places = leaves.map(|leaf| {
            let leaf = leaf?;
            let index = first.next().flatten().map(|first| first.saturating_add(leaf.offset.into()));
            covered &= index.is_some_and(|index| index < published.size);
            Some((index?, leaf))
        });
        Ok(covered.then_some((published, places)))
    }
}

/// Where the four parts are in the log; none for what is older.
type Places = [Option<(u64, Leaf)>; 4];

/// Makes proofs for a checkpoint, of tiles that are what it commits to.
struct Proofs<'a> {
    size: u64,
    tiles: Verified<LogReader<'a>>,
}

impl<'a> Proofs<'a> {
    fn open(reader: LogReader<'a>, published: &SignedCheckpoint) -> Result<Proofs<'a>, Error> {
        let unread = |why: String| Error::refused_for(Code::LogCheckpointInvalid, why);
        let note = Note::parse(&published.note).map_err(|fault| unread(fault.to_string()))?;
        let checkpoint: Checkpoint = note.text().parse().map_err(|fault| unread(format!("{fault}")))?;
        let tiles = Verified::open(reader, checkpoint.size, &checkpoint.root).map_err(unreadable)?;
        Ok(Proofs { size: checkpoint.size, tiles })
    }

    fn of(&self, place: Option<(u64, Leaf)>) -> Result<Option<LeafProof>, Error> {
        let Some((index, leaf)) = place else { return Ok(None) };
        let hashes = Tree::new(&self.tiles, self.size).inclusion(index, self.size);
        let hashes = hashes.map_err(|fault| Error::refused_for(Code::LogTileChanged, fault.to_string()))?;
        let hashes = hashes.iter().map(|hash| Digest::from_bytes(*hash.as_bytes())).collect();
        Ok(Some(LeafProof { index, salt: Octets(leaf.salt.as_bytes().to_vec()), hashes }))
    }
}
