//! Organisations, their keys and their logs: made at first start; keys are rotated by a successor that the old key signs,
//! and revoked.

use seaworthy_appraise::policy::{DEFAULT, named};
use seaworthy_model::{Code, Grants, Timestamp};
use seaworthy_protocol::{LogDocument, Octets, Successor, VERSION, seal};
use seaworthy_stamp::{PublicKey, SigningKey};

use crate::directory::{Directory, View};
use crate::draw::{self, Draw};
use crate::error::Error;
use crate::events::{EventKind, Events, Told};
use crate::log::enlist::{Lot, the};
use crate::policies;
use crate::ports::{KeyRecord, LogRecord, Organisation, Records, Unit};

/// Longest name of an organisation, unit, person or token, in characters.
pub const MAX_NAME: usize = 100;

/// One line of text that names something.
pub(crate) fn name(field: &str, text: &str) -> Result<String, Error> {
    let text = text.trim();
    let sound = !text.is_empty() && text.chars().count() <= MAX_NAME && !text.chars().any(char::is_control);
    let wrong = || Error::refused_for(Code::InvalidValue, format!("{field}: one line of 1 to {MAX_NAME} characters"));
    if sound { Ok(text.to_owned()) } else { Err(wrong()) }
}

/// Makes an organisation: its key, its root unit, and the baseline policy in force, so that no device goes uninspected.
pub fn found(
    records: &mut dyn Records,
    organisation: &str,
    key: &SigningKey,
    at: Timestamp,
    draw: &mut Draw<'_>,
) -> Result<Organisation, Error> {
    let organisation = Organisation { id: draw::id(draw), name: name("name", organisation)?, created_at: at };
    records.add_organisation(&organisation)?;
    let first = KeyRecord {
        organisation: organisation.id,
        place: 0,
        id: key.public().id().into(),
        key: *key.public().as_bytes(),
        successor: Vec::new(),
        since: at,
        revoked_at: None,
        leaf: None,
    };
    Lot { keys: vec![first], ..Lot::default() }.write(records, organisation.id, at)?;
    let root =
        Unit { organisation: organisation.id, id: draw::id(draw), parent: None, name: organisation.name.clone() };
    records.put_unit(&root)?;
    let baseline = named(DEFAULT).and_then(|shipped| shipped.policy()).ok_or_else(|| Error::refused(Code::Bug))?;
    let view = Directory::load(records)?.view(organisation.id)?.clone();
    let record = policies::sign(records, &view, baseline, Grants::default(), key, at)?;
    let view = Directory::load(records)?.view(organisation.id)?.clone();
    policies::assign(records, &view, root.id, record.sequence, key, at)?;
    Ok(organisation)
}

/// The keys of a log, made for it alone.
#[derive(Clone, Copy, Debug)]
pub struct LogKeys {
    /// Signs its checkpoints.
    pub log: PublicKey,
    /// Signs the organisation's status lists.
    pub statuses: PublicKey,
}

/// Opens an organisation's log under a name that it keeps. The organisation's key signs whose log it is. Any key of the
/// chain is good for that ([`LogDocument::read`]): when the organisation gets another one, this stays as it is.
pub fn open_log(
    records: &mut dyn Records,
    view: &View,
    keys: LogKeys,
    origin: &str,
    key: &SigningKey,
    at: Timestamp,
) -> Result<LogRecord, Error> {
    let public = |key: PublicKey| Octets(key.as_bytes().to_vec());
    let document = LogDocument {
        version: VERSION,
        organisation: view.root_key(),
        origin: origin.to_owned(),
        key: public(keys.log),
        statuses: public(keys.statuses),
        since: at,
    };
    let log = LogRecord {
        organisation: view.organisation.id,
        origin: document.origin.clone(),
        key: *keys.log.as_bytes(),
        statuses: *keys.statuses.as_bytes(),
        sealed: seal(&document, key).map_err(|error| Error::damaged(error.to_string()))?,
        since: at,
    };
    records.add_log(&log)?;
    Ok(log)
}

/// Makes the next key: the old one names it and signs that. Devices follow by themselves.
pub fn rotate(
    records: &mut dyn Records,
    view: &View,
    old: &SigningKey,
    new: &SigningKey,
    at: Timestamp,
) -> Result<KeyRecord, Error> {
    let before = view.signing_key().ok_or_else(|| Error::refused_for(Code::AlreadyThere, "no key signs here"))?;
    if before.id != old.public().id().into() {
        return Err(Error::refused_for(Code::AlreadyThere, "another key signs here by now"));
    }
    let successor =
        Successor { version: VERSION, before: before.id, key: new.public().as_bytes().to_vec().into(), since: at };
    let record = KeyRecord {
        organisation: view.organisation.id,
        place: before.place.saturating_add(1),
        id: new.public().id().into(),
        key: *new.public().as_bytes(),
        successor: seal(&successor, old).map_err(|error| Error::damaged(error.to_string()))?,
        since: at,
        revoked_at: None,
        leaf: None,
    };
    let record = the(Lot { keys: vec![record], ..Lot::default() }.write(records, view.organisation.id, at)?.keys)?;
    let mut events = Events::new(view, at);
    let told = Told::Key { place: record.place, key: record.id };
    events.of_organisation(EventKind::KeyRotated, &told, &record.place.to_string())?;
    events.write(records)?;
    Ok(record)
}

/// Revokes a key that signs no more: nothing that it signed from an instant on may be believed.
pub fn revoke(
    records: &mut dyn Records,
    view: &View,
    place: u32,
    from: Timestamp,
    at: Timestamp,
) -> Result<KeyRecord, Error> {
    let key = view.keys.iter().find(|key| key.place == place).ok_or_else(|| Error::refused(Code::NotFound))?;
    if view.signing_key().is_some_and(|signing| signing.place == place) {
        return Err(Error::refused_for(Code::AlreadyThere, "this key signs now: rotate first, then revoke it"));
    }
    let revoked = KeyRecord { revoked_at: Some(from), ..key.clone() };
    the(Lot { keys: vec![revoked], ..Lot::default() }.write(records, view.organisation.id, at)?.keys)
}
