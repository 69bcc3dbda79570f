//! What a holder asks about their own device, with the device's signature: a live nonce, the ledger, all data, to leave.
//! Each request is heard once; the same one again gets the same acknowledgement.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemars::JsonSchema;
use seaworthy_model::canonical;
use seaworthy_model::{Body, Code, Timestamp};
use seaworthy_protocol::{
    Acknowledgement, Ask, DeviceRequest, Digest, Entry, EntryKind, Field, Leaf, LedgerProof, Octets, Reception,
    RevocationReason, VERSION, open_own,
};
use serde::Serialize;

use crate::access::{Access, holder};
use crate::directory::{Directory, Document, View};
use crate::draw::Draw;
use crate::error::Error;
use crate::events::{EventKind, Events};
use crate::id::Id;
use crate::intake::{closed, refusal};
use crate::ledger::{self, MAX_TOLD, Note};
use crate::log::enlist::Lot;
use crate::log::leaves::set_read;
use crate::ports::{DeviceState, Identity, LedgerEntry, Reading, Records, SetRead, StampRecord, Standing};
use crate::statuses::revoking;
use crate::tally::Shifts;

/// Most readings and stamps that an export holds of each; the newest.
const EXPORTED: u32 = 10_000;
/// Most entries of a ledger in one answer: all of them, for a device that was looked at every hour for ten years.
const ENTRIES: u32 = 100_000;
/// Looks at sets that are read at once.
const LOOKS: u32 = 256;

/// What a request is answered with.
#[derive(Clone, Debug)]
pub struct Heard {
    /// The organisation.
    pub view: Arc<View>,
    /// What is to be signed.
    pub acknowledgement: Acknowledgement,
    /// The policy document in force.
    pub policy: Option<Arc<Document>>,
    /// The ledger, from its first entry on, where it was asked for.
    pub ledger: Option<ProvableLedger>,
    /// Everything that is stored, where it was asked for.
    pub export: Option<Export>,
}

/// A ledger, and what proves it against the organisation's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvableLedger {
    /// The entries, from the first one on.
    pub entries: Vec<Entry>,
    /// What opens their entries in the log, in the same order; none for those that are older than the log.
    pub proofs: Vec<LedgerProof>,
}

/// Everything that an organisation's server stores of a device.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Export {
    /// What the device is known by.
    pub identity: Option<Identity>,
    /// How it stands.
    pub state: DeviceState,
    /// Every report, newest first.
    pub reports: Vec<ExportedReport>,
    /// The bodies that these reports name.
    pub bodies: Vec<ExportedBody>,
    /// Every stamp, newest first.
    pub stamps: Vec<ExportedStamp>,
    /// The ledger.
    pub ledger: Vec<Entry>,
    /// What stays when the device leaves.
    pub kept_when_leaving: &'static str,
}

/// What an organisation keeps of a device that left, in words for its holder.
pub const KEPT: &str = "the ids, policies and dates of the stamps it was issued, and which of them were revoked; the verdicts of past days, counted with \
                        those of other devices; the SHA-256 of its key, so that it is not mistaken for a new device; and \
                        the number and hash of its ledger's last entry";

/// A report, as exported.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ExportedReport {
    /// The counter of the message.
    pub counter: u64,
    /// When it came in.
    pub received_at: Timestamp,
    /// When the device says that it inspected.
    pub device_time: Timestamp,
    /// Its nonce was live.
    pub live: bool,
    /// SHA-256 of the body.
    pub body: Digest,
    /// The envelope, as the device signed it.
    pub envelope: Octets,
    /// What opens its entry in the organisation's log.
    pub leaf: Option<Leaf>,
}

/// A body, as exported.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ExportedBody {
    /// SHA-256 of its deterministic CBOR.
    pub digest: Digest,
    /// What it says.
    pub body: Body,
}

/// A stamp, as exported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExportedStamp {
    /// Its id.
    pub id: Id,
    /// SHA-256 of the policy.
    pub policy: Digest,
    /// From when it stands.
    pub issued_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
    /// It has not ended, and nobody revoked it.
    pub in_force: bool,
}

impl ExportedStamp {
    /// Stamps of one device as they are at an instant.
    pub(crate) fn all(
        records: &mut dyn Records,
        access: &Access,
        most: u32,
        at: Timestamp,
    ) -> Result<Vec<ExportedStamp>, Error> {
        let stamps = records.stamps(access, most)?;
        let in_force = records.stamps_in_force(access.organisation(), access.device(), at)?;
        let in_force: BTreeSet<Id> = in_force.into_iter().map(|stamp| stamp.id).collect();
        let exported = |StampRecord { id, policy, issued_at, expires_at, .. }| {
            let in_force = in_force.contains(&id);
            ExportedStamp { id, policy, issued_at, expires_at, in_force }
        };
        Ok(stamps.into_iter().map(exported).collect())
    }
}

/// Hears a request.
pub fn ask(
    records: &mut dyn Records,
    directory: &Directory,
    sealed: &[u8],
    at: Timestamp,
    draw: &mut Draw<'_>,
) -> Result<Heard, Error> {
    let (request, key) = open_own::<DeviceRequest>(sealed).map_err(refusal)?;
    let view = directory.of_key(&request.organisation)?;
    let (device, message) = (Digest::from(key.id()), Digest::of(sealed));
    let mut standings = records.standings(view.organisation.id, &[device])?;
    let standing = standings.first_mut().ok_or_else(|| Error::refused(Code::DeviceUnknown))?;
    let is_repeated = standing.message == message;
    if !is_repeated {
        hear(records, view, standing, &request, message, at, draw)?;
    }
    let ledger = (request.ask == Ask::Ledger).then(|| provable(records, standing)).transpose()?;
    let export = (request.ask == Ask::Export).then(|| export(records, standing, at)).transpose()?;
    let acknowledgement = canonical::decode(&standing.answer).map_err(|error| Error::damaged(error.to_string()))?;
    let policy = view.in_force(standing.unit, at).cloned();
    Ok(Heard { view: Arc::clone(view), acknowledgement, policy, ledger, export })
}

/// Moves the device's counter, ledger and nonce on, and lets it leave if that is what it asks.
fn hear(
    records: &mut dyn Records,
    view: &View,
    standing: &mut Standing,
    request: &DeviceRequest,
    message: Digest,
    at: Timestamp,
    draw: &mut Draw<'_>,
) -> Result<(), Error> {
    // Holders of revoked and forked devices keep their right to see, to take out and to leave.
    if standing.state == DeviceState::Left || (request.ask == Ask::Nonce && closed(standing.state).is_some()) {
        return Err(Error::refused(closed(standing.state).unwrap_or(Code::DeviceLeft)));
    }
    if request.counter <= standing.counter {
        return Err(Error::refused(Code::ReportReplayed));
    }
    let organisation = standing.organisation;
    let reads = records.set_reads(organisation, standing.listed, MAX_TOLD)?;
    let mut entries = ledger::listed(standing, &reads)?;
    if let Some(note) = note(request.ask, &standing.device) {
        entries.push(ledger::behind(standing, note, at)?);
    }
    let mut events = Events::new(view, at);
    let mut revocations = Vec::new();
    if request.ask == Ask::Leave {
        entries.extend(events.became(EventKind::DeviceLeft, standing)?);
        revocations = revoking::of_device(records, standing, &[], RevocationReason::Left, at)?;
    }
    events.write(records)?;
    Lot { entries, revocations, ..Lot::default() }.write(records, organisation, at)?;
    if request.ask == Ask::Leave {
        leave(records, view, standing, at)?;
    }
    standing.counter = request.counter;
    standing.message = message;
    standing.stamp = None;
    standing.nonce = Digest::from_bytes(draw());
    standing.nonce_at = at;
    let acknowledgement = Acknowledgement {
        version: VERSION,
        device: standing.device,
        answers: message,
        reception: Reception::Heard,
        counter: standing.counter,
        received_at: at,
        nonce: standing.nonce,
        ledger: standing.ledger,
        policy: view.in_force(standing.unit, at).map_or(Digest::ZERO, |document| document.record.digest),
    };
    standing.answer = canonical::encode(&acknowledgement).map_err(|error| Error::damaged(error.to_string()))?;
    Ok(records.put_standings(std::slice::from_ref(standing))?)
}

/// What of a request stands in the ledger: what leaves whole, and what ends it.
fn note(ask: Ask, device: &Digest) -> Option<Note> {
    let (kind, why) = match ask {
        Ask::Nonce | Ask::Ledger => return None,
        Ask::Export => (EntryKind::Exported, "the holder took their data out"),
        Ask::Leave => (EntryKind::Left, "the holder left; the data is erased"),
    };
    Some(Note { kind, who: holder(device), why: why.to_owned(), fields: Field::ALL.to_vec() })
}

fn leave(records: &mut dyn Records, view: &View, standing: &mut Standing, at: Timestamp) -> Result<(), Error> {
    let mut shifts = Shifts::default();
    shifts.leaves(view, standing);
    shifts.write(records, standing.organisation, at)?;
    standing.state = DeviceState::Left;
    standing.current = None;
    Ok(records.erase(standing.organisation, &standing.device)?)
}

fn entries(records: &mut dyn Records, standing: &Standing) -> Result<Vec<LedgerEntry>, Error> {
    let access = Access::of_holder(standing.organisation, standing.device, &[Field::Ledger]);
    Ok(records.entries(&access, 0, ENTRIES)?)
}

/// The ledger with what proves it. Where an entry tells of a look at a set, the log commits to that look.
fn provable(records: &mut dyn Records, standing: &Standing) -> Result<ProvableLedger, Error> {
    let kept = entries(records, standing)?;
    let mut looks = looks(records, standing.organisation, &kept)?;
    let proof = |kept: &LedgerEntry| {
        let look = kept.set_read.and_then(|number| looks.remove(&number));
        let leaf = look.as_ref().map_or(kept.leaf, |look| look.leaf)?;
        Some(LedgerProof { sequence: kept.entry.sequence, leaf, set_read: look.as_ref().map(set_read) })
    };
    let proofs = kept.iter().filter_map(proof).collect();
    Ok(ProvableLedger { entries: kept.into_iter().map(|kept| kept.entry).collect(), proofs })
}

/// The looks at sets that entries tell of, by their numbers.
fn looks(records: &mut dyn Records, organisation: Id, kept: &[LedgerEntry]) -> Result<BTreeMap<u64, SetRead>, Error> {
    let wanted: BTreeSet<u64> = kept.iter().filter_map(|kept| kept.set_read).collect();
    let mut looks = BTreeMap::new();
    let mut read_to = 0;
    for number in &wanted {
        if *number > read_to {
            let page = records.set_reads(organisation, number.saturating_sub(1), LOOKS)?;
            read_to = page.last().map_or(*number, |look| look.number);
            looks.extend(page.into_iter().filter(|look| wanted.contains(&look.number)).map(|look| (look.number, look)));
        }
    }
    Ok(looks)
}

fn export(records: &mut dyn Records, standing: &Standing, at: Timestamp) -> Result<Export, Error> {
    let access = Access::of_holder(standing.organisation, standing.device, Field::ALL);
    let readings = records.readings(&access, Timestamp::MAX, EXPORTED)?;
    let mut digests: Vec<Digest> = readings.iter().map(|reading| reading.body).collect();
    digests.sort_unstable();
    digests.dedup();
    let bodies = records.bodies(standing.organisation, &digests)?.into_iter().map(|record| {
        let body = Body::decode(&record.bytes).map_err(|error| Error::damaged(error.to_string()))?;
        Ok(ExportedBody { digest: record.digest, body })
    });
    let bodies = bodies.collect::<Result<_, Error>>()?;
    let report = |reading: Reading| ExportedReport {
        counter: reading.counter,
        received_at: reading.received_at,
        device_time: reading.device_time,
        live: reading.live,
        body: reading.body,
        envelope: reading.envelope.into(),
        leaf: reading.leaf,
    };
    Ok(Export {
        identity: records.identity(&access)?,
        state: standing.state,
        reports: readings.into_iter().map(report).collect(),
        bodies,
        stamps: ExportedStamp::all(records, &access, EXPORTED, at)?,
        ledger: entries(records, standing)?.into_iter().map(|kept| kept.entry).collect(),
        kept_when_leaving: KEPT,
    })
}
