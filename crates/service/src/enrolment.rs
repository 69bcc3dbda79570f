//! Enrolment: a token lets a device in, at once or when somebody approves it; a device that was known under another key
//! takes that one's place.

use std::sync::Arc;

use seaworthy_model::canonical;
use seaworthy_model::{Code, Timestamp};
use seaworthy_protocol::{
    Acknowledgement, Digest, Enrolment, EntryKind, Head, Reception, RevocationReason, VERSION, open_own,
};

use crate::access::{holder, server};
use crate::directory::{Directory, Document, View};
use crate::draw::Draw;
use crate::error::Error;
use crate::events::{EventKind, Events, Told};
use crate::intake::refusal;
use crate::ledger::{self, Note};
use crate::log::enlist::Lot;
use crate::ports::{DeviceState, EnrolmentToken, Identity, Records, Standing, TokenKind};
use crate::statuses::revoking;
use crate::tally::Shifts;

/// What a device would agree to by enrolling.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The organisation.
    pub view: Arc<View>,
    /// The name of the unit it would come into.
    pub unit: String,
    /// The policy document it would be held to.
    pub document: Arc<Document>,
    /// It would wait for approval.
    pub waits: bool,
}

/// What the token of a link offers. Nothing is used up.
pub fn offer(
    records: &mut dyn Records,
    directory: &Directory,
    organisation: &Digest,
    token: &[u8],
    at: Timestamp,
) -> Result<Offer, Error> {
    let view = directory.of_key(organisation)?;
    let token = valid(records, view, token, at)?;
    let unit = view.tree.unit(token.unit).ok_or_else(|| Error::refused(Code::EnrolmentToken))?.name.clone();
    let document = view.in_force(token.unit, at).ok_or_else(|| Error::refused(Code::NoPolicy))?;
    let waits = token.kind == TokenKind::Organisation;
    Ok(Offer { view: Arc::clone(view), unit, document: Arc::clone(document), waits })
}

fn valid(records: &mut dyn Records, view: &View, token: &[u8], at: Timestamp) -> Result<EnrolmentToken, Error> {
    let token = records.enrolment_token(view.organisation.id, &Digest::of(token))?;
    let token = token.filter(|token| token.closed_at.is_none() && at < token.ends_at && view.tree.has(token.unit));
    token.ok_or_else(|| Error::refused(Code::EnrolmentToken))
}

/// A device enrols. The same message again gets the same answer.
pub fn enter(
    records: &mut dyn Records,
    directory: &Directory,
    sealed: &[u8],
    at: Timestamp,
    draw: &mut Draw<'_>,
) -> Result<(Arc<View>, Acknowledgement), Error> {
    let (enrolment, key) = open_own::<Enrolment>(sealed).map_err(refusal)?;
    let view = directory.of_key(&enrolment.organisation)?;
    let (device, message) = (Digest::from(key.id()), Digest::of(sealed));
    if let Some(known) = records.standings(view.organisation.id, &[device])?.first() {
        return again(known, message).map(|acknowledgement| (Arc::clone(view), acknowledgement));
    }
    let token = valid(records, view, &enrolment.token.0, at)?;
    let document = view.in_force(token.unit, at).ok_or_else(|| Error::refused(Code::NoPolicy))?;
    if document.record.digest != enrolment.policy {
        return Err(Error::refused(Code::PolicyNotAgreed));
    }
    if let Some(before) = enrolment.replaces {
        let known = records.standings(view.organisation.id, &[before])?;
        known.first().filter(|known| known.state != DeviceState::Left).ok_or(Error::refused(Code::ReplacedUnknown))?;
    }
    // Whoever takes another's place waits for a person, whatever the token says: a token is no proof of that.
    let waits = token.kind == TokenKind::Organisation || enrolment.replaces.is_some();
    let mut standing = Standing {
        organisation: view.organisation.id,
        device,
        key: *key.as_bytes(),
        unit: token.unit,
        state: if waits { DeviceState::Waiting } else { DeviceState::Active },
        counter: enrolment.counter,
        message,
        answer: Vec::new(),
        nonce: Digest::from_bytes(draw()),
        nonce_at: at,
        ledger: Head::EMPTY,
        listed: records.newest_set_read(view.organisation.id)?,
        current: None,
        stamp: None,
    };
    let note = Note { kind: EntryKind::Enrolled, who: holder(&device), why: "enrolled".into(), fields: Vec::new() };
    let mut entries = vec![ledger::behind(&mut standing, note, at)?];
    let mut events = Events::new(view, at);
    let kind = if waits { EventKind::DeviceWaiting } else { EventKind::DeviceEnrolled };
    entries.extend(events.became(kind, &mut standing)?);
    let acknowledgement = Acknowledgement {
        version: VERSION,
        device,
        answers: message,
        reception: if waits { Reception::Waiting } else { Reception::Enrolled },
        counter: standing.counter,
        received_at: at,
        nonce: standing.nonce,
        ledger: standing.ledger,
        policy: document.record.digest,
    };
    standing.answer = canonical::encode(&acknowledgement).map_err(|error| Error::damaged(error.to_string()))?;
    records.put_identity(&identity(&standing, &enrolment, &token, at))?;
    Lot { entries, ..Lot::default() }.write(records, standing.organisation, at)?;
    events.write(records)?;
    let mut shifts = Shifts::default();
    shifts.comes(view, &standing);
    shifts.write(records, standing.organisation, at)?;
    records.put_standings(&[standing])?;
    if token.kind == TokenKind::OneTime {
        records.put_enrolment_token(&EnrolmentToken { closed_at: Some(at), ..token })?;
    }
    Ok((Arc::clone(view), acknowledgement))
}

fn again(known: &Standing, message: Digest) -> Result<Acknowledgement, Error> {
    if known.message == message {
        return canonical::decode(&known.answer).map_err(|error| Error::damaged(error.to_string()));
    }
    let code = crate::intake::closed(known.state).unwrap_or(Code::AlreadyThere);
    Err(Error::refused_for(code, "a device of this key is enrolled already"))
}

fn identity(standing: &Standing, enrolment: &Enrolment, token: &EnrolmentToken, at: Timestamp) -> Identity {
    Identity {
        organisation: standing.organisation,
        device: standing.device,
        name: enrolment.name.clone(),
        holder: enrolment.holder.clone(),
        person: token.holder,
        enrolled_at: at,
        replaces: enrolment.replaces,
    }
}

/// Lets a waiting device in; the one whose place it takes is retired.
pub(crate) fn admit(
    records: &mut dyn Records,
    view: &View,
    mut standing: Standing,
    replaces: Option<Digest>,
    note: Note,
    at: Timestamp,
) -> Result<(), Error> {
    let (mut shifts, mut events) = (Shifts::default(), Events::new(view, at));
    let mut revocations = Vec::new();
    let mut entries = vec![ledger::behind(&mut standing, note, at)?];
    standing.state = DeviceState::Active;
    entries.extend(events.became(EventKind::DeviceApproved, &mut standing)?);
    shifts.comes(view, &standing);
    if let Some(before) = replaces {
        for mut retired in records.standings(standing.organisation, &[before])? {
            let why = format!("device {} took its place", standing.device);
            let note = Note { kind: EntryKind::Replaced, who: server(), why, fields: Vec::new() };
            entries.push(ledger::behind(&mut retired, note, at)?);
            shifts.leaves(view, &retired);
            revocations.extend(revoking::of_device(records, &retired, &[], RevocationReason::Replaced, at)?);
            retired.state = DeviceState::Replaced;
            let told = Told::Replaced { device: retired.device, unit: retired.unit, by: standing.device };
            entries.extend(events.of_device(EventKind::DeviceReplaced, &mut retired, &told)?);
            records.put_standings(&[retired])?;
        }
    }
    Lot { entries, revocations, ..Lot::default() }.write(records, standing.organisation, at)?;
    events.write(records)?;
    shifts.write(records, standing.organisation, at)?;
    Ok(records.put_standings(&[standing])?)
}
