//! Taking reports in. First each by itself, without the store: form, signature, body ([`receive`]). Then a batch in one
//! transaction: counters, nonces, appraisals, ledgers, tallies ([`Intake::take_in`]). When that is durable, the answers
//! are signed ([`crate::answer`]).
//!
//! What can be wrong has an answer of its own: a message heard before, a counter that forked, a device that is revoked or
//! unknown. A clock that is wrong is none of these: the server holds the device's instant between the nonce and the
//! receipt, and locks nobody out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use seaworthy_appraise::SharedAppraisal;
use seaworthy_model::canonical;
use seaworthy_model::{Body, Code, Grade, Subject, Timestamp, Verdict};
use seaworthy_protocol::{
    Acknowledgement, Digest, EntryKind, EvidenceEnvelope, Leaf, Reception, Report, RevocationReason, VERSION, open_own,
};
use seaworthy_stamp::{Fresh, KeyId, Particulars, Passing, PublicKey, Unsigned};

use crate::access::server;
use crate::appraiser::{Appraiser, Inspected};
use crate::directory::{Directory, Document, View};
use crate::draw::Draw;
use crate::error::Error;
use crate::events::{EventKind, Events, Told};
use crate::id::Id;
use crate::ledger::{self, MAX_TOLD, Note};
use crate::log::enlist::Lot;
use crate::ports::{BodyRecord, Current, DeviceState, Fault, Group, Reading, Records, SetRead, StampRecord, Standing};
use crate::statuses::{Handful, Slot, revoking};
use crate::tally::Shifts;

/// For how long a nonce is live. A device that reports daily can use the one of its last acknowledgement.
pub const NONCE_LIFE_SECONDS: i64 = 36 * 3600;

/// A report whose form, signature and body hold. Nothing is said yet of whether it is believed.
#[derive(Clone, Debug)]
pub struct Received {
    envelope: EvidenceEnvelope,
    presenter: PublicKey,
    device: Digest,
    message: Digest,
    sealed: Vec<u8>,
    body: Vec<u8>,
}

impl Received {
    /// SHA-256 of the body.
    pub fn body(&self) -> Digest {
        self.envelope.body
    }

    /// A key of the organisation that it is for.
    pub fn organisation(&self) -> Digest {
        self.envelope.organisation
    }

    /// Whose report it is.
    pub fn device(&self) -> Digest {
        self.device
    }
}

/// Takes a report apart and verifies it. `known` tells of bodies that were read before, so that they are not again.
pub fn receive(bytes: &[u8], known: impl Fn(&Digest) -> bool) -> Result<Received, Error> {
    let malformed = |error: &dyn std::fmt::Display| Error::refused_for(Code::ReportMalformed, error.to_string());
    let report = Report::decode(bytes).map_err(|error| malformed(&error))?;
    let (envelope, key) = open_own::<EvidenceEnvelope>(&report.envelope.0).map_err(refusal)?;
    let presenter = envelope.presenter.array().and_then(|key| PublicKey::from_bytes(key).ok());
    let presenter = presenter.ok_or_else(|| malformed(&"the presenter's key is no Ed25519 public key"))?;
    if Digest::of(&report.body.0) != envelope.body {
        return Err(Error::refused(Code::ReportBody));
    }
    if !known(&envelope.body) {
        Body::decode(&report.body.0).map_err(|error| malformed(&error))?;
    }
    let (device, message) = (key.id().into(), Digest::of(&report.envelope.0));
    Ok(Received { envelope, presenter, device, message, sealed: report.envelope.0, body: report.body.0 })
}

/// A sealed message that is not believed, as an answer.
pub(crate) fn refusal(error: seaworthy_protocol::MessageError) -> Error {
    let code = match error {
        seaworthy_protocol::MessageError::Signature => Code::ReportSignature,
        _ => Code::ReportMalformed,
    };
    Error::refused_for(code, error.to_string())
}

/// A report that was taken in.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The organisation.
    pub organisation: Id,
    /// What is to be signed.
    pub acknowledgement: Acknowledgement,
    /// What live evidence amounts to, and for which instant.
    pub appraisal: Option<(Arc<SharedAppraisal>, Timestamp)>,
    /// The stamp that is to be signed, where it passes.
    pub stamp: Option<Unsigned>,
    /// What opens that stamp's entry in the log.
    pub leaf: Option<Leaf>,
    /// The policy document in force, where the holder agreed to another one.
    pub policy: Option<Arc<Document>>,
    /// It was taken in before, and this is the same answer again.
    pub is_repeated: bool,
}

/// What a batch needs to know.
#[derive(Clone, Copy)]
pub struct Intake<'a> {
    /// Organisations, policies, catalogs.
    pub directory: &'a Directory,
    /// Appraisals.
    pub appraiser: &'a Appraiser,
    /// The version of this program, as stamps name it.
    pub build: &'a str,
    /// Places in status lists: for each organisation as many as it has reports in the batch. Used from the first on.
    pub slots: &'a Handful,
    /// When the batch came in.
    pub at: Timestamp,
}

impl Intake<'_> {
    /// Takes a batch in: an answer for each report, in their order. A fault concerns the whole batch.
    pub fn take_in(
        &self,
        records: &mut dyn Records,
        batch: &[Received],
        draw: &mut Draw<'_>,
    ) -> Result<Vec<Result<Taken, Error>>, Error> {
        let mut answers: Vec<Result<Taken, Error>> = Vec::with_capacity(batch.len());
        let mut by_organisation: BTreeMap<Id, Share<'_>> = BTreeMap::new();
        for (index, received) in batch.iter().enumerate() {
            match self.directory.of_key(&received.envelope.organisation) {
                Err(error) => answers.push(Err(error)),
                Ok(view) => {
                    answers.push(Err(Error::refused(Code::Bug)));
                    let group = by_organisation.entry(view.organisation.id);
                    group.or_insert_with(|| (Arc::clone(view), Vec::new())).1.push((index, received));
                }
            }
        }
        for (view, received) in by_organisation.into_values() {
            let reports: Vec<&Received> = received.iter().map(|(_, received)| *received).collect();
            let taken = Batch::new(self, &view).take_in(records, &reports, draw)?;
            for ((index, _), answer) in received.iter().zip(taken) {
                if let Some(place) = answers.get_mut(*index) {
                    *place = answer;
                }
            }
        }
        Ok(answers)
    }
}

/// What of a batch is for one organisation, with its places in the batch.
type Share<'a> = (Arc<View>, Vec<(usize, &'a Received)>);

/// A batch of one organisation while it is worked on.
struct Batch<'a> {
    intake: &'a Intake<'a>,
    view: &'a View,
    /// The key that will sign stamps.
    key: Option<KeyId>,
    /// Where their statuses will stand.
    slots: std::slice::Iter<'a, Slot>,
    standings: BTreeMap<Digest, Standing>,
    touched: BTreeSet<Digest>,
    /// What is written, and committed to.
    lot: Lot,
    shifts: Shifts,
    events: Events<'a>,
}

/// What is done with one report, decided before anything is appraised.
enum Decision {
    Answer(Box<Result<Taken, Error>>),
    Take { live: bool, inspected_at: Timestamp },
}

impl<'a> Batch<'a> {
    fn new(intake: &'a Intake<'a>, view: &'a View) -> Batch<'a> {
        Batch {
            intake,
            view,
            key: view.signing_key().and_then(|key| PublicKey::from_bytes(key.key).ok()).map(|key| key.id()),
            slots: intake.slots.get(&view.organisation.id).map(|slots| slots.iter()).unwrap_or_default(),
            standings: BTreeMap::new(),
            touched: BTreeSet::new(),
            lot: Lot::default(),
            shifts: Shifts::default(),
            events: Events::new(view, intake.at),
        }
    }

    fn take_in(
        mut self,
        records: &mut dyn Records,
        reports: &[&Received],
        draw: &mut Draw<'_>,
    ) -> Result<Vec<Result<Taken, Error>>, Error> {
        let organisation = self.view.organisation.id;
        let devices: BTreeSet<Digest> = reports.iter().map(|report| report.device).collect();
        let standings = records.standings(organisation, &devices.into_iter().collect::<Vec<_>>())?;
        self.standings = standings.into_iter().map(|standing| (standing.device, standing)).collect();
        let reads = self.untold(records)?;
        records.add_bodies(&bodies(organisation, reports))?;
        let appraisals = self.appraisals(records, reports)?;
        let mut answers = Vec::with_capacity(reports.len());
        for report in reports {
            answers.push(self.report(records, report, &appraisals, &reads, draw)?);
        }
        open(&mut answers, &self.write(records)?);
        Ok(answers)
    }

    /// The set reads that some device of the batch has not been told of.
    fn untold(&self, records: &mut dyn Records) -> Result<Vec<SetRead>, Fault> {
        let organisation = self.view.organisation.id;
        let Some(told) = self.standings.values().map(|standing| standing.listed).min() else { return Ok(Vec::new()) };
        if told >= records.newest_set_read(organisation)? {
            return Ok(Vec::new());
        }
        records.set_reads(organisation, told, MAX_TOLD)
    }

    /// What each body amounts to under the policy of its device's unit, worked out for the whole batch at once.
    fn appraisals(&self, records: &mut dyn Records, reports: &[&Received]) -> Result<Appraised, Error> {
        let mut wanted: BTreeMap<u64, BTreeSet<Inspected>> = BTreeMap::new();
        for report in reports {
            let Some(standing) = self.standings.get(&report.device) else { continue };
            let Some(document) = self.view.in_force(standing.unit, self.intake.at) else { continue };
            let bodies = wanted.entry(document.record.sequence).or_default();
            bodies.insert((report.envelope.body, self.held(standing, report)));
            bodies.extend(standing.current.map(|current| (current.body, current.inspected_at)));
        }
        let mut appraised = Appraised::new();
        for (sequence, wanted) in wanted {
            let Some(document) = self.view.document(sequence) else { continue };
            let wanted: Vec<Inspected> = wanted.into_iter().collect();
            let found = self.intake.appraiser.appraise(records, self.view, document, &wanted)?;
            let found = wanted.into_iter().zip(found).filter_map(|(wanted, found)| Some((wanted, found?)));
            appraised.extend(found.map(|((body, at), found)| ((sequence, body, at), found)));
        }
        Ok(appraised)
    }

    /// The device's instant, held between the nonce and the receipt.
    fn held(&self, standing: &Standing, report: &Received) -> Timestamp {
        let earliest = if self.is_live(standing, report) { standing.nonce_at } else { Timestamp::MIN };
        report.envelope.inspected_at.max(earliest).min(self.intake.at)
    }

    fn is_live(&self, standing: &Standing, report: &Received) -> bool {
        let age = self.intake.at.seconds().saturating_sub(standing.nonce_at.seconds());
        report.envelope.nonce == Some(standing.nonce) && age <= NONCE_LIFE_SECONDS
    }

    fn report(
        &mut self,
        records: &mut dyn Records,
        report: &Received,
        appraisals: &Appraised,
        reads: &[SetRead],
        draw: &mut Draw<'_>,
    ) -> Result<Result<Taken, Error>, Error> {
        let Some(standing) = self.standings.get(&report.device).cloned() else {
            return Ok(Err(Error::refused(Code::DeviceUnknown)));
        };
        match self.decide(records, &standing, report, appraisals)? {
            Decision::Answer(answer) => Ok(*answer),
            Decision::Take { live, inspected_at } => {
                self.take(standing, report, live.then_some(inspected_at), inspected_at, appraisals, reads, draw).map(Ok)
            }
        }
    }

    fn decide(
        &mut self,
        records: &mut dyn Records,
        standing: &Standing,
        report: &Received,
        appraisals: &Appraised,
    ) -> Result<Decision, Error> {
        if report.message == standing.message && standing.state == DeviceState::Active {
            return Ok(Decision::Answer(Box::new(Ok(self.again(records, standing, report, appraisals)?))));
        }
        if let Some(code) = closed(standing.state) {
            return Ok(no(code));
        }
        if report.envelope.counter > standing.counter {
            let live = self.is_live(standing, report);
            return Ok(Decision::Take { live, inspected_at: self.held(standing, report) });
        }
        let organisation = self.view.organisation.id;
        let earlier = self
            .lot
            .readings
            .iter()
            .find(|reading| reading.device == report.device && reading.counter == report.envelope.counter);
        let heard = match earlier {
            Some(reading) => Some(reading.message),
            None => records.message_of(organisation, &report.device, report.envelope.counter)?,
        };
        if heard == Some(report.message) {
            return Ok(no(Code::ReportReplayed));
        }
        self.fork(records, standing.clone())?;
        Ok(no(Code::DeviceForked))
    }

    /// The same answer as before, to the same message: byte for byte, since the stamp's bytes are kept and Ed25519 signs
    /// the same ones alike.
    fn again(
        &self,
        records: &mut dyn Records,
        standing: &Standing,
        report: &Received,
        appraisals: &Appraised,
    ) -> Result<Taken, Error> {
        let acknowledgement: Acknowledgement =
            canonical::decode(&standing.answer).map_err(|error| Error::damaged(error.to_string()))?;
        let current = standing.current.filter(|_| acknowledgement.reception == Reception::Live);
        let document = self.view.in_force(standing.unit, acknowledgement.received_at);
        let appraisal = current.and_then(|current| {
            let key = (document?.record.sequence, current.body, current.inspected_at);
            Some((Arc::clone(appraisals.get(&key)?), current.inspected_at))
        });
        let issued = |id| self.issued(records, standing, acknowledgement.received_at, id);
        let stamp = standing.stamp.map(issued).transpose()?.flatten();
        Ok(Taken {
            organisation: standing.organisation,
            acknowledgement,
            appraisal,
            leaf: stamp.as_ref().and_then(|stamp| stamp.leaf),
            stamp: stamp.filter(|stamp| !stamp.signed.is_empty()).map(|stamp| Unsigned::from_bytes(stamp.signed)),
            policy: self.other_policy(standing, report),
            is_repeated: true,
        })
    }

    /// A stamp that was issued to a device, perhaps in this very batch.
    fn issued(
        &self,
        records: &mut dyn Records,
        standing: &Standing,
        issued_at: Timestamp,
        id: Id,
    ) -> Result<Option<StampRecord>, Fault> {
        match self.lot.stamps.iter().find(|stamp| stamp.id == id) {
            Some(stamp) => Ok(Some(stamp.clone())),
            None => records.stamp_of(standing.organisation, &standing.device, issued_at, id),
        }
    }

    fn other_policy(&self, standing: &Standing, report: &Received) -> Option<Arc<Document>> {
        let document = self.view.in_force(standing.unit, self.intake.at)?;
        (document.record.digest != report.envelope.policy).then(|| Arc::clone(document))
    }

    /// Marks a device whose key is used twice, and takes its stamps back. Neither is merged into the other.
    fn fork(&mut self, records: &mut dyn Records, mut standing: Standing) -> Result<(), Error> {
        let (lot, at) = (&mut self.lot, self.intake.at);
        lot.revocations.extend(revoking::of_device(records, &standing, &lot.stamps, RevocationReason::Cloned, at)?);
        let why = "two messages with one counter: a cloned disk or a restored snapshot".to_owned();
        let note = Note { kind: EntryKind::Forked, who: server(), why, fields: Vec::new() };
        self.lot.entries.push(ledger::behind(&mut standing, note, self.intake.at)?);
        self.shifts.leaves(self.view, &standing);
        standing.state = DeviceState::Forked;
        self.lot.entries.extend(self.events.became(EventKind::DeviceForked, &mut standing)?);
        self.put(standing);
        Ok(())
    }

    fn put(&mut self, standing: Standing) {
        self.touched.insert(standing.device);
        self.standings.insert(standing.device, standing);
    }

    #[expect(clippy::too_many_arguments, reason = "one step of a batch; each is needed and none belongs to the batch")]
    fn take(
        &mut self,
        mut standing: Standing,
        report: &Received,
        live: Option<Timestamp>,
        inspected_at: Timestamp,
        appraisals: &Appraised,
        reads: &[SetRead],
        draw: &mut Draw<'_>,
    ) -> Result<Taken, Error> {
        let at = self.intake.at;
        self.lot.entries.extend(ledger::listed(&mut standing, reads)?);
        self.lot.readings.push(reading(&standing, report, at, inspected_at, live.is_some()));
        standing.counter = report.envelope.counter;
        standing.message = report.message;
        standing.nonce = Digest::from_bytes(draw());
        standing.nonce_at = at;
        let document = self.view.in_force(standing.unit, at).cloned();
        let appraisal = live.and_then(|inspected_at| {
            let sequence = document.as_ref()?.record.sequence;
            let found = appraisals.get(&(sequence, report.envelope.body, inspected_at))?;
            Some((Arc::clone(found), inspected_at))
        });
        if let Some(inspected_at) = live {
            let current = Current { body: report.envelope.body, inspected_at, received_at: at };
            self.shifts.moves(self.view, &standing, Some(current));
            self.turn(&mut standing, document.as_deref(), appraisal.as_ref(), appraisals)?;
            standing.current = Some(current);
        }
        let stamp = self.stamp(&standing, document.as_deref(), appraisal.as_ref(), report.presenter, draw)?;
        standing.stamp = stamp.as_ref().map(|stamp| stamp.id);
        let acknowledgement = Acknowledgement {
            version: VERSION,
            device: standing.device,
            answers: report.message,
            reception: if live.is_some() { Reception::Live } else { Reception::History },
            counter: standing.counter,
            received_at: at,
            nonce: standing.nonce,
            ledger: standing.ledger,
            policy: document.as_ref().map_or(Digest::ZERO, |document| document.record.digest),
        };
        standing.answer = canonical::encode(&acknowledgement).map_err(|error| Error::damaged(error.to_string()))?;
        let taken = Taken {
            organisation: standing.organisation,
            acknowledgement,
            appraisal,
            stamp: stamp.as_ref().map(|stamp| Unsigned::from_bytes(stamp.signed.clone())),
            leaf: None,
            policy: self.other_policy(&standing, report),
            is_repeated: false,
        };
        self.lot.stamps.extend(stamp);
        self.put(standing);
        Ok(taken)
    }

    /// The stamp of evidence that passes as it comes in.
    fn stamp(
        &mut self,
        standing: &Standing,
        document: Option<&Document>,
        appraisal: Option<&(Arc<SharedAppraisal>, Timestamp)>,
        presenter: PublicKey,
        draw: &mut Draw<'_>,
    ) -> Result<Option<StampRecord>, Error> {
        let at = self.intake.at;
        let (Some(document), Some(key), Some((appraisal, inspected_at))) = (document, self.key, appraisal) else {
            return Ok(None);
        };
        if appraisal.verdict_at(*inspected_at, at) != Some(Verdict::Pass) {
            return Ok(None);
        }
        let passing = appraisal.at(*inspected_at).and_then(|appraisal| Passing::new(&appraisal, at).ok());
        let Some(passing) = passing else { return Ok(None) };
        let id = crate::draw::id(draw);
        let fresh = Fresh { id: *id.as_bytes(), presenter };
        let slot = self.slots.next();
        let unsigned = Unsigned::new(&passing, &self.particulars(slot), &fresh, key);
        let unsigned = unsigned.map_err(|error| Error::damaged(error.to_string()))?;
        Ok(Some(StampRecord {
            organisation: standing.organisation,
            id,
            device: standing.device,
            policy: document.record.policy,
            issued_at: at,
            expires_at: passing.until(),
            signed: unsigned.to_be_signed().to_vec(),
            status: slot.map(|slot| slot.status),
            leaf: None,
        }))
    }

    fn particulars(&self, slot: Option<&Slot>) -> Particulars {
        let build = self.intake.build.to_owned();
        let status = slot.map(Slot::reference);
        Particulars { subject: Subject::Device, grade: Grade::SelfAsserted, build, status }
    }

    /// Tells of a verdict that is another than that of the evidence before, at this instant.
    fn turn(
        &mut self,
        standing: &mut Standing,
        document: Option<&Document>,
        appraisal: Option<&(Arc<SharedAppraisal>, Timestamp)>,
        appraisals: &Appraised,
    ) -> Result<(), Error> {
        let at = self.intake.at;
        if !self.events.is_wanted(EventKind::VerdictChanged) {
            return Ok(());
        }
        let before = standing.current.zip(document).map(|(current, document)| {
            let known = appraisals.get(&(document.record.sequence, current.body, current.inspected_at));
            known.and_then(|known| known.verdict_at(current.inspected_at, at)).unwrap_or(Verdict::Unknown)
        });
        let after = appraisal.and_then(|(shared, inspected_at)| shared.verdict_at(*inspected_at, at));
        if before == after {
            return Ok(());
        }
        let timeline = appraisal.and_then(|(shared, inspected_at)| shared.timeline_at(*inspected_at));
        let turns_at = timeline.and_then(|timeline| timeline.next_change(at));
        let told = Told::Verdict { device: standing.device, unit: standing.unit, before, after, turns_at };
        self.lot.entries.extend(self.events.of_device(EventKind::VerdictChanged, standing, &told)?);
        Ok(())
    }

    fn write(self, records: &mut dyn Records) -> Result<Lot, Error> {
        let organisation = self.view.organisation.id;
        let touched: Vec<Standing> =
            self.touched.iter().filter_map(|device| self.standings.get(device)).cloned().collect();
        records.put_standings(&touched)?;
        let written = self.lot.write(records, organisation, self.intake.at)?;
        self.events.write(records)?;
        self.shifts.write(records, organisation, self.intake.at)?;
        Ok(written)
    }
}

/// Gives each answer the leaf of its stamp, which is known once the batch is in line.
fn open(answers: &mut [Result<Taken, Error>], written: &Lot) {
    let leaves: BTreeMap<&[u8], Option<Leaf>> =
        written.stamps.iter().map(|stamp| (stamp.signed.as_slice(), stamp.leaf)).collect();
    for taken in answers.iter_mut().flatten() {
        let leaf = taken.stamp.as_ref().and_then(|stamp| *leaves.get(stamp.to_be_signed())?);
        taken.leaf = taken.leaf.or(leaf);
    }
}

fn no(code: Code) -> Decision {
    Decision::Answer(Box::new(Err(Error::refused(code))))
}

/// Appraisals of a batch, by policy document, body and instant of inspection.
type Appraised = BTreeMap<(u64, Digest, Timestamp), Arc<SharedAppraisal>>;

/// Why a device is not heard in a state.
pub(crate) fn closed(state: DeviceState) -> Option<Code> {
    match state {
        DeviceState::Active => None,
        DeviceState::Waiting => Some(Code::DeviceWaiting),
        DeviceState::Forked => Some(Code::DeviceForked),
        DeviceState::Replaced => Some(Code::DeviceReplaced),
        DeviceState::Revoked => Some(Code::DeviceRevoked),
        DeviceState::Left => Some(Code::DeviceLeft),
    }
}

fn bodies(organisation: Id, reports: &[&Received]) -> Vec<BodyRecord> {
    let distinct: BTreeMap<Digest, &Received> = reports.iter().map(|report| (report.envelope.body, *report)).collect();
    let record =
        |(digest, report): (Digest, &Received)| BodyRecord { organisation, digest, bytes: report.body.clone() };
    distinct.into_iter().map(record).collect()
}

fn reading(standing: &Standing, report: &Received, at: Timestamp, inspected_at: Timestamp, live: bool) -> Reading {
    Reading {
        organisation: standing.organisation,
        device: standing.device,
        counter: report.envelope.counter,
        message: report.message,
        received_at: at,
        device_time: report.envelope.inspected_at,
        inspected_at,
        live,
        body: report.envelope.body,
        envelope: report.sealed.clone(),
        leaf: None,
    }
}

/// The group that a standing counts to.
pub(crate) fn group(view: &View, unit: Id, current: Option<Current>) -> Group {
    let day = current.map_or(0, |current| current.inspected_at.seconds().div_euclid(seaworthy_model::DAY));
    Group { area: view.area(unit), body: current.map(|current| current.body), day }
}
