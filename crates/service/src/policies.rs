//! Policies: signed, numbered, content-addressed, put in force for a unit and all below it; and the server's catalog.

use seaworthy_appraise::Reference;
pub use seaworthy_appraise::Support;
use seaworthy_appraise::policy::{named, parse};
use seaworthy_model::{Code, Grants, Policy, Timestamp};
use seaworthy_packages::osv::Advisory;
use seaworthy_protocol::{Digest, PolicyDocument, VERSION, digest_of, seal};
use seaworthy_stamp::SigningKey;

use crate::directory::View;
use crate::error::Error;
use crate::events::{EventKind, Events, Told};
use crate::id::Id;
use crate::log::enlist::{Lot, the};
use crate::ports::{Assignment, CatalogRecord, PolicyRecord, Records};
use crate::tally::hour;

/// Reads a policy: the name of a shipped one, or TOML. What is wrong is told with line and column.
pub fn read(text: &str) -> Result<Policy, Error> {
    if let Some(policy) = named(text.trim()).and_then(|shipped| shipped.policy()) {
        return Ok(policy);
    }
    parse("policy", text).map_err(|errors| Error::refused_for(Code::InvalidValue, errors.to_string()))
}

/// Signs a policy as the organisation's next document.
pub fn sign(
    records: &mut dyn Records,
    view: &View,
    policy: Policy,
    grants: Grants,
    key: &SigningKey,
    at: Timestamp,
) -> Result<PolicyRecord, Error> {
    let damaged = |error: &dyn std::fmt::Display| Error::damaged(error.to_string());
    let last = view.documents.last().map_or(0, |document| document.record.sequence);
    let content = policy.canonical_bytes().map_err(|error| damaged(&error))?;
    let name = policy.name.clone();
    let document = PolicyDocument {
        version: VERSION,
        organisation: view.root_key(),
        sequence: last.saturating_add(1),
        issued_at: at,
        policy,
        grants,
    };
    let record = PolicyRecord {
        organisation: view.organisation.id,
        sequence: document.sequence,
        digest: digest_of(&document).map_err(|error| damaged(&error))?,
        policy: Digest::of(&content),
        name,
        issued_at: at,
        sealed: seal(&document, key).map_err(|error| damaged(&error))?,
        leaf: None,
    };
    the(Lot { policies: vec![record], ..Lot::default() }.write(records, view.organisation.id, at)?.policies)
}

/// Puts a document in force for a unit. Where the unit had none of its own, its devices are counted anew.
///
/// Devices refuse to go back to a document of a lower number. So one that is not the newest is signed anew, with the same
/// content and the next number, and that is put in force.
pub fn assign(
    records: &mut dyn Records,
    view: &View,
    unit: Id,
    sequence: u64,
    key: &SigningKey,
    at: Timestamp,
) -> Result<Assignment, Error> {
    let document = view.document(sequence).filter(|_| view.tree.has(unit));
    let document = document.ok_or_else(|| Error::refused(Code::NotFound))?;
    let policy = document.record.policy;
    let is_newest = view.documents.last().is_some_and(|newest| newest.record.sequence == sequence);
    let sequence = if is_newest {
        sequence
    } else {
        let content = &document.content;
        sign(records, view, content.policy.clone(), content.grants, key, at)?.sequence
    };
    let assignment = Assignment { organisation: view.organisation.id, unit, since: at, sequence, leaf: None };
    let lot = Lot { assignments: vec![assignment], ..Lot::default() };
    let assignment = the(lot.write(records, view.organisation.id, at)?.assignments)?;
    if view.area(unit) != unit {
        let mut changed = view.clone();
        changed.assignments.push(assignment.clone());
        retally(records, &changed, at)?;
    }
    let mut events = Events::new(view, at);
    let subject = format!("{unit} {at} {sequence}");
    events.of_organisation(EventKind::PolicyAssigned, &Told::Policy { unit, sequence, policy }, &subject)?;
    events.write(records)?;
    Ok(assignment)
}

/// A device that goes from one unit to another must not be asked to go back to an older document: where the new unit's is
/// older, it is signed anew for all of that unit.
pub fn keep_newer(
    records: &mut dyn Records,
    view: &View,
    from: Id,
    to: Id,
    key: &SigningKey,
    at: Timestamp,
) -> Result<Option<Assignment>, Error> {
    let sequence = |unit: Id| view.in_force(unit, at).map(|document| document.record.sequence);
    match (sequence(from), sequence(to)) {
        (Some(held), Some(asked)) if asked < held => assign(records, view, view.area(to), asked, key, at).map(Some),
        _ => Ok(None),
    }
}

/// Counts the devices of all units anew, by the areas of the view.
pub(crate) fn retally(records: &mut dyn Records, view: &View, at: Timestamp) -> Result<u64, Error> {
    let path = |unit: &crate::ports::Unit| (unit.id, view.area(unit.id), view.tree.path(unit.id));
    let paths: Vec<(Id, Id, Vec<Id>)> = view.tree.units().map(path).collect();
    Ok(records.retally(view.organisation.id, hour(at), &paths)?)
}

/// How long a release is supported: `ID` and `VERSION_ID` of its os-release, and its ends.
pub type Supported = (String, String, Support);

/// The catalog in force, and what it is to know besides: support ends, and advisories as OSV records in JSON.
pub fn learn(view: &View, supports: &[Supported], advisories: &[Vec<u8>]) -> Result<Reference, Error> {
    let mut reference = view.catalog.reference.clone();
    supports.iter().for_each(|(id, version, support)| reference.support(id, version, *support));
    for (place, record) in advisories.iter().enumerate() {
        let advisory = Advisory::parse(record)
            .map_err(|error| Error::refused_for(Code::InvalidValue, format!("advisories[{place}]: {error}")));
        reference.advise(advisory?);
    }
    Ok(reference)
}

/// Puts a catalog in force.
pub fn load_catalog(
    records: &mut dyn Records,
    view: &View,
    reference: &Reference,
    at: Timestamp,
) -> Result<CatalogRecord, Error> {
    let bytes = reference.canonical_bytes().map_err(|error| Error::damaged(error.to_string()))?;
    let digest = Digest::of(&bytes);
    let record = CatalogRecord { organisation: view.organisation.id, digest, since: at, bytes, leaf: None };
    the(Lot { catalogs: vec![record], ..Lot::default() }.write(records, view.organisation.id, at)?.catalogs)
}
