//! Reading devices' records, with recorded access, and acting on them: approve, revoke, move.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemars::JsonSchema;
use seaworthy_appraise::SharedAppraisal;
use seaworthy_model::{Body, Code, Finding, Timeline, Timestamp, Verdict};
use seaworthy_protocol::{Digest, Entry, EntryKind, Field, RevocationReason};
use seaworthy_stamp::SigningKey;
use serde::Serialize;

use crate::access::{Access, Look, SetAccess, Why};
use crate::appraiser::{Appraiser, Inspected};
use crate::ask::ExportedStamp;
use crate::authority::{Action, Actor, Concern, Permit};
use crate::directory::View;
use crate::enrolment::admit;
use crate::error::Error;
use crate::events::{EventKind, Events};
use crate::id::Id;
use crate::intake::closed;
use crate::ledger::{self, Note};
use crate::log::enlist::Lot;
use crate::policies::keep_newer;
use crate::ports::{Current, DeviceQuery, DeviceState, ListedDevice, Reading, Records, Revocation, Standing};
use crate::statuses::revoking;
use crate::tally::Shifts;

/// Most devices of one page.
pub const MAX_PAGE: u32 = 1000;
/// Most entries, reports or stamps of one page.
pub const MAX_ENTRIES: u32 = 1000;
/// Stamps of a device that are shown with it: the newest.
const SHOWN_STAMPS: u32 = 10;

/// What is needed to read.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    /// The organisation.
    pub view: &'a View,
    /// Appraisals.
    pub appraiser: &'a Appraiser,
    /// Who reads.
    pub actor: &'a Actor,
    /// Why.
    pub why: &'a Why,
    /// When.
    pub now: Timestamp,
}

/// A device, as people see it in lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DeviceSummary {
    /// SHA-256 of its key.
    pub device: Digest,
    /// A name for it, if the holder typed one.
    pub name: Option<String>,
    /// The holder, if they typed that.
    pub holder: Option<String>,
    /// Its unit.
    pub unit: Id,
    /// How it stands with the organisation.
    pub state: DeviceState,
    /// The verdict at the instant asked about; none for a device that was never inspected, or without a policy.
    pub verdict: Option<Verdict>,
    /// When the verdict turns by itself.
    pub turns_at: Option<Timestamp>,
    /// When its newest evidence was made.
    pub inspected_at: Option<Timestamp>,
    /// When that came in.
    pub received_at: Option<Timestamp>,
}

/// Which page of devices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Only those in one state.
    pub state: Option<DeviceState>,
    /// After this device.
    pub after: Option<Digest>,
    /// At most so many.
    pub limit: u32,
    /// As of this instant.
    pub as_of: Option<Timestamp>,
    /// Also those of the units below.
    pub below: bool,
}

impl Page {
    /// The query in words, for the holders' ledgers.
    fn words(&self, unit: &str) -> String {
        let below = if self.below { " and all below" } else { "" };
        let state = self.state.map(|state| format!(", {state}")).unwrap_or_default();
        let as_of = self.as_of.map(|at| format!(", as of {at}")).unwrap_or_default();
        format!("devices of {unit}{below}{state}{as_of}")
    }
}

impl Reader<'_> {
    fn organisation(&self) -> Id {
        self.view.organisation.id
    }

    /// A page of a unit's devices, in the order of their ids.
    pub fn list(&self, records: &mut dyn Records, unit: Id, page: &Page) -> Result<Vec<DeviceSummary>, Error> {
        let permit = self.actor.may(Action::DeviceList, Concern::Unit(unit), &self.view.tree)?;
        let units = if page.below { self.view.tree.below(unit) } else { vec![unit] };
        let name = self.view.tree.unit(unit).map_or("", |unit| unit.name.as_str());
        let query = page.words(name);
        let look = Look { units: &units, fields: &[Field::Identity, Field::Verdict], query: &query, why: self.why };
        let access = SetAccess::record(records, &permit, look, self.now)?;
        let query = DeviceQuery {
            units: &units,
            state: page.state,
            person: None,
            after: page.after,
            limit: page.limit.clamp(1, MAX_PAGE),
            as_of: page.as_of,
        };
        let devices = records.devices(&access, &query)?;
        self.summaries(records, devices, page.as_of.unwrap_or(self.now))
    }

    /// The devices of whoever is signed in. Nobody else's record is read.
    pub fn mine(&self, records: &mut dyn Records) -> Result<Vec<DeviceSummary>, Error> {
        self.actor.may(Action::DeviceMine, Concern::Own, &self.view.tree)?;
        if self.actor.is_token {
            return Ok(Vec::new());
        }
        let units: Vec<Id> = self.view.tree.units().map(|unit| unit.id).collect();
        let access = SetAccess::of_own(self.organisation(), &units);
        let query = DeviceQuery {
            units: &units,
            state: None,
            person: Some(self.actor.id),
            after: None,
            limit: MAX_PAGE,
            as_of: None,
        };
        let devices = records.devices(&access, &query)?;
        self.summaries(records, devices, self.now)
    }

    fn summaries(
        &self,
        records: &mut dyn Records,
        devices: Vec<ListedDevice>,
        at: Timestamp,
    ) -> Result<Vec<DeviceSummary>, Error> {
        let appraised = self.appraised(records, &devices, at)?;
        Ok(devices.into_iter().map(|device| summary(device, &appraised, at)).collect())
    }

    /// The timeline of each device's evidence, by device.
    fn appraised(
        &self,
        records: &mut dyn Records,
        devices: &[ListedDevice],
        at: Timestamp,
    ) -> Result<BTreeMap<Digest, Timeline>, Error> {
        let mut by_document: BTreeMap<u64, Vec<(Digest, Inspected)>> = BTreeMap::new();
        for device in devices.iter().filter(|device| closed(device.state).is_none()) {
            let document = self.view.in_force(device.unit, at);
            let inspected = device.current.map(|current| (current.body, current.inspected_at));
            if let (Some(document), Some(inspected)) = (document, inspected) {
                by_document.entry(document.record.sequence).or_default().push((device.identity.device, inspected));
            }
        }
        let mut timelines = BTreeMap::new();
        for (sequence, wanted) in by_document {
            let Some(document) = self.view.document(sequence) else { continue };
            let inspected: Vec<Inspected> = wanted.iter().map(|(_, inspected)| *inspected).collect();
            let found = self.appraiser.verdicts(records, self.view, document, &inspected)?;
            for ((device, (_, at)), found) in wanted.into_iter().zip(found) {
                timelines.extend(found.and_then(|found| found.timeline_at(at)).map(|timeline| (device, timeline)));
            }
        }
        Ok(timelines)
    }

    /// Writes the look at one device down, if it is allowed.
    pub(crate) fn access(
        &self,
        records: &mut dyn Records,
        action: Action,
        device: Digest,
        fields: &[Field],
    ) -> Result<(Access, Id), Error> {
        let (permit, unit) = self.permit(records, action, device)?;
        let access = Access::record(records, &permit, device, fields, self.why, self.now)?;
        Ok((access, unit))
    }

    /// The permission to act on a device, and its unit.
    pub(crate) fn permit(
        &self,
        records: &mut dyn Records,
        action: Action,
        device: Digest,
    ) -> Result<(Permit, Id), Error> {
        let found = records.unit_of(self.organisation(), &device)?;
        let (unit, person) = found.ok_or_else(|| Error::refused(Code::NotFound))?;
        let permit = self.actor.may(action, Concern::Device(unit, person), &self.view.tree)?;
        Ok((permit, unit))
    }

    /// One device: what it is known by, its verdict, and its findings.
    pub fn show(&self, records: &mut dyn Records, device: Digest, at: Timestamp) -> Result<DeviceRecord, Error> {
        let fields = [Field::Identity, Field::Verdict, Field::Findings, Field::Evidence, Field::Stamps];
        let (access, unit) = self.access(records, Action::DeviceShow, device, &fields)?;
        let identity = records.identity(&access)?.ok_or_else(|| Error::refused(Code::DeviceLeft))?;
        let standings = records.standings(self.organisation(), &[device])?;
        let standing = standings.first().ok_or_else(|| Error::refused(Code::NotFound))?;
        let current =
            if at < self.now { self.newest_by(records, &access, at)?.as_ref().map(current) } else { standing.current };
        let listed = ListedDevice { identity, unit, state: standing.state, current };
        let shared = self.shared(records, unit, current, at)?;
        let appraisal = shared.as_ref().zip(current).and_then(|(shared, current)| shared.at(current.inspected_at));
        let timelines = appraisal.iter().map(|appraisal| (device, appraisal.timeline.clone())).collect();
        let evidence = current.map(|current| records.bodies(self.organisation(), &[current.body])).transpose()?;
        let evidence = evidence.into_iter().flatten().next().map(|record| Body::decode(&record.bytes));
        let stamps = ExportedStamp::all(records, &access, SHOWN_STAMPS, at)?;
        let replaces = listed.identity.replaces;
        Ok(DeviceRecord {
            summary: summary(listed, &timelines, at),
            replaces,
            policy: self.view.in_force(unit, at).map(|document| document.record.name.clone()),
            findings: appraisal.map(|appraisal| told(appraisal.findings, at)).unwrap_or_default(),
            evidence: evidence.transpose().map_err(|error| Error::damaged(error.to_string()))?,
            stamps,
        })
    }

    fn shared(
        &self,
        records: &mut dyn Records,
        unit: Id,
        current: Option<Current>,
        at: Timestamp,
    ) -> Result<Option<Arc<SharedAppraisal>>, Error> {
        let (Some(document), Some(current)) = (self.view.in_force(unit, at), current) else { return Ok(None) };
        let wanted = [(current.body, current.inspected_at)];
        let found = self.appraiser.appraise(records, self.view, document, &wanted)?;
        Ok(found.into_iter().next().flatten())
    }

    /// The newest report that counted and had come in by an instant.
    pub(crate) fn newest_by(
        &self,
        records: &mut dyn Records,
        access: &Access,
        at: Timestamp,
    ) -> Result<Option<Reading>, Error> {
        let readings = records.readings(access, at + 1, MAX_ENTRIES)?;
        Ok(readings.into_iter().find(|reading| reading.live))
    }

    /// A device's reports of the past, newest first.
    pub fn history(
        &self,
        records: &mut dyn Records,
        device: Digest,
        before: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<PastReport>, Error> {
        let (access, unit) = self.access(records, Action::DeviceHistory, device, &[Field::History])?;
        let readings = records.readings(&access, before.unwrap_or(Timestamp::MAX), limit.clamp(1, MAX_ENTRIES))?;
        let mut reports = Vec::with_capacity(readings.len());
        for reading in readings {
            let shared = self.shared(records, unit, Some(current(&reading)), reading.received_at)?;
            let verdict = shared.and_then(|shared| shared.verdict_at(reading.inspected_at, reading.received_at));
            reports.push(PastReport {
                counter: reading.counter,
                received_at: reading.received_at,
                device_time: reading.device_time,
                inspected_at: reading.inspected_at,
                live: reading.live,
                verdict,
            });
        }
        Ok(reports)
    }

    /// A device's ledger: reading it is written there, too.
    pub fn ledger(
        &self,
        records: &mut dyn Records,
        device: Digest,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Entry>, Error> {
        let (access, _) = self.access(records, Action::DeviceLedger, device, &[Field::Ledger])?;
        let kept = records.entries(&access, after, limit.clamp(1, MAX_ENTRIES))?;
        Ok(kept.into_iter().map(|kept| kept.entry).collect())
    }

    /// Lets a waiting device in.
    pub fn approve(&self, records: &mut dyn Records, device: Digest) -> Result<(), Error> {
        let (permit, standing) = self.act(records, Action::DeviceApprove, device)?;
        if standing.state != DeviceState::Waiting {
            return Err(Error::refused_for(Code::AlreadyThere, format!("the device is {}", standing.state)));
        }
        let note = self.note(EntryKind::Approved, &permit, &[Field::Identity]);
        let access = Access::record(records, &permit, device, &[Field::Identity], self.why, self.now)?;
        let replaces = records.identity(&access)?.and_then(|identity| identity.replaces);
        let standing = self.standing(records, device)?;
        admit(records, self.view, standing, replaces, note, self.now)
    }

    /// Takes no more evidence from a device, and its stamps back.
    pub fn revoke(&self, records: &mut dyn Records, device: Digest) -> Result<(), Error> {
        let (permit, mut standing) = self.act(records, Action::DeviceRevoke, device)?;
        if matches!(standing.state, DeviceState::Revoked | DeviceState::Left | DeviceState::Replaced) {
            return Err(Error::refused_for(Code::AlreadyThere, format!("the device is {}", standing.state)));
        }
        let mut shifts = Shifts::default();
        shifts.leaves(self.view, &standing);
        standing.state = DeviceState::Revoked;
        let note = self.note(EntryKind::Revoked, &permit, &[]);
        let revocations = revoking::of_device(records, &standing, &[], RevocationReason::Lost, self.now)?;
        self.change(records, standing, note, shifts, revocations, Some(EventKind::DeviceRevoked))
    }

    /// Takes one stamp of a device back. The device stays.
    pub fn revoke_stamp(&self, records: &mut dyn Records, device: Digest, stamp: Id) -> Result<(), Error> {
        let (permit, standing) = self.act(records, Action::StampRevoke, device)?;
        let in_force = records.stamps_in_force(self.organisation(), &device, self.now)?;
        let found = in_force.into_iter().find(|one| one.id == stamp && one.status.is_some());
        // One answer for all that is none: whose stamp an old one was is not to be found out without a line in the ledger.
        let what = "the device has no such stamp in force that could be revoked";
        let found = found.ok_or_else(|| Error::refused_for(Code::NotFound, what))?;
        let reason = RevocationReason::Inspector;
        let revocations = revoking::of_stamps(records, self.organisation(), &[found], reason, self.now)?;
        let mut note = self.note(EntryKind::StampRevoked, &permit, &[Field::Stamps]);
        note.why = format!("stamp {stamp}: {}", note.why);
        self.change(records, standing, note, Shifts::default(), revocations, None)
    }

    /// Puts a device into another unit. It takes the same right there as here.
    pub fn transfer(&self, records: &mut dyn Records, device: Digest, unit: Id, key: &SigningKey) -> Result<(), Error> {
        let (permit, mut standing) = self.act(records, Action::DeviceMove, device)?;
        self.actor.may(Action::DeviceMove, Concern::Unit(unit), &self.view.tree)?;
        keep_newer(records, self.view, standing.unit, unit, key, self.now)?;
        let mut shifts = Shifts::default();
        shifts.leaves(self.view, &standing);
        standing.unit = unit;
        shifts.comes(self.view, &standing);
        self.change(records, standing, self.note(EntryKind::Moved, &permit, &[]), shifts, Vec::new(), None)
    }

    fn act(&self, records: &mut dyn Records, action: Action, device: Digest) -> Result<(Permit, Standing), Error> {
        let (permit, _) = self.permit(records, action, device)?;
        Ok((permit, self.standing(records, device)?))
    }

    pub(crate) fn standing(&self, records: &mut dyn Records, device: Digest) -> Result<Standing, Error> {
        let standings = records.standings(self.organisation(), &[device])?;
        standings.into_iter().next().ok_or_else(|| Error::refused(Code::NotFound))
    }

    fn note(&self, kind: EntryKind, permit: &Permit, fields: &[Field]) -> Note {
        Note { kind, who: permit.who(), why: self.why.as_str().to_owned(), fields: fields.to_vec() }
    }

    fn change(
        &self,
        records: &mut dyn Records,
        mut standing: Standing,
        note: Note,
        shifts: Shifts,
        revocations: Vec<Revocation>,
        told: Option<EventKind>,
    ) -> Result<(), Error> {
        let mut entries = vec![ledger::behind(&mut standing, note, self.now)?];
        let mut events = Events::new(self.view, self.now);
        if let Some(kind) = told {
            entries.extend(events.became(kind, &mut standing)?);
        }
        Lot { entries, revocations, ..Lot::default() }.write(records, standing.organisation, self.now)?;
        events.write(records)?;
        shifts.write(records, standing.organisation, self.now)?;
        Ok(records.put_standings(&[standing])?)
    }
}

/// A device, as people see it alone.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct DeviceRecord {
    /// What lists show of it.
    #[serde(flatten)]
    pub summary: DeviceSummary,
    /// The device that it replaces, or asks to.
    pub replaces: Option<Digest>,
    /// The name of the policy in force for it.
    pub policy: Option<String>,
    /// What the policy's rules have to say, gravest first.
    pub findings: Vec<ToldFinding>,
    /// The newest evidence, whole.
    pub evidence: Option<Body>,
    /// The newest stamps.
    pub stamps: Vec<ExportedStamp>,
}

/// A finding and its verdict at the instant asked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ToldFinding {
    /// The verdict.
    pub verdict: Verdict,
    /// The finding.
    #[serde(flatten)]
    pub finding: Finding,
}

/// A report as the evidence by which its device is judged.
pub(crate) fn current(reading: &Reading) -> Current {
    Current { body: reading.body, inspected_at: reading.inspected_at, received_at: reading.received_at }
}

/// A report of the past.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PastReport {
    /// The counter of the message.
    pub counter: u64,
    /// When it came in, by the server's clock.
    pub received_at: Timestamp,
    /// When the device says that it inspected.
    pub device_time: Timestamp,
    /// The instant for which it is appraised.
    pub inspected_at: Timestamp,
    /// Its nonce was live; else it is history, and the device was not judged by it.
    pub live: bool,
    /// The verdict as it came in.
    pub verdict: Option<Verdict>,
}

/// Findings with their verdicts at an instant; the worst first, and of those the gravest.
pub fn told(findings: Vec<Finding>, at: Timestamp) -> Vec<ToldFinding> {
    let tell = |finding: Finding| ToldFinding { verdict: finding.timeline.at(at), finding };
    let mut told: Vec<ToldFinding> = findings.into_iter().map(tell).collect();
    told.sort_by_key(|told| std::cmp::Reverse((told.verdict, told.finding.severity)));
    told
}

fn summary(device: ListedDevice, timelines: &BTreeMap<Digest, Timeline>, at: Timestamp) -> DeviceSummary {
    let timeline = timelines.get(&device.identity.device);
    DeviceSummary {
        device: device.identity.device,
        name: device.identity.name,
        holder: device.identity.holder,
        unit: device.unit,
        state: device.state,
        verdict: timeline.map(|timeline| timeline.at(at)),
        turns_at: timeline.and_then(|timeline| timeline.next_change(at)),
        inspected_at: device.current.map(|current| current.inspected_at),
        received_at: device.current.map(|current| current.received_at),
    }
}

/// The units whose devices somebody may see, for a picker.
pub fn visible(actor: &Actor, view: &View) -> BTreeSet<Id> {
    let may = |unit: &Id| actor.may(Action::DeviceList, Concern::Unit(*unit), &view.tree).is_ok();
    view.tree.units().map(|unit| unit.id).filter(may).collect()
}
