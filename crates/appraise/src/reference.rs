//! The server's catalog (RATS Reference Values): support ends, advisories, and since when each candidate has been seen.
//!
//! It re-dates and re-grades what evidence names. It never adds, removes or un-names a lapse, never makes one later or
//! less grave, and leaves lapses without a name as they are. What nobody saw before an instant may have been out all
//! the same, so nothing here bounds lateness from above.

mod advisories;

use std::collections::{BTreeMap, BTreeSet};

use seaworthy_model::canonical::{self, CanonicalError};
use seaworthy_model::{
    Body, Claim, DateSource, Dated, Distribution, Evidence, PendingUpdate, Reason, Timestamp, Updates,
};
use seaworthy_packages::osv::Advisory;
use serde::{Deserialize, Serialize};

pub use advisories::annotate;

/// The version of the canonical bytes.
const VERSION: u64 = 1;

/// How long a release is supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Support {
    /// End of regular support.
    pub support_end: Timestamp,
    /// End of long-term support that is free to everybody.
    pub lts_end: Option<Timestamp>,
}

/// An update that a catalog offered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Offer {
    /// Binary package.
    pub package: String,
    /// Its architecture.
    pub architecture: String,
    /// The version that was offered.
    pub candidate: String,
}

impl Offer {
    fn of(update: &PendingUpdate) -> Offer {
        let PendingUpdate { package, architecture, candidate, .. } = update.clone();
        Offer { package, architecture, candidate }
    }
}

/// What the server knows beyond evidence.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reference {
    /// By `ID` and `VERSION_ID` of os-release.
    supports: BTreeMap<(String, String), Support>,
    advisories: BTreeMap<String, Advisory>,
    /// Which advisories are about a source package.
    by_source: BTreeMap<String, BTreeSet<String>>,
    first_seen: BTreeMap<Offer, Timestamp>,
}

/// The form that is hashed.
#[derive(Serialize)]
struct Written<'a> {
    version: u64,
    supports: Vec<(&'a (String, String), &'a Support)>,
    advisories: Vec<&'a Advisory>,
    first_seen: Vec<(&'a Offer, &'a Timestamp)>,
}

/// The same, as it is read.
#[derive(Deserialize)]
struct Read {
    version: u64,
    supports: Vec<((String, String), Support)>,
    advisories: Vec<Advisory>,
    first_seen: Vec<(Offer, Timestamp)>,
}

impl Reference {
    /// Learns how long a release is supported, by `ID` and `VERSION_ID` of its os-release.
    pub fn support(&mut self, id: &str, version: &str, support: Support) {
        self.supports.insert((id.to_owned(), version.to_owned()), support);
    }

    /// Learns an advisory; a later record of the same name replaces the earlier.
    pub fn advise(&mut self, advisory: Advisory) {
        let id = advisory.id.clone();
        sources(&advisory).for_each(|source| {
            self.by_source.entry(source.to_owned()).or_default().insert(id.clone());
        });
        // What the earlier record alone was about stays in the index: the record itself is asked again.
        self.advisories.insert(id, advisory);
    }

    /// Learns when an offer was seen pending. The earliest instant counts.
    pub fn saw(&mut self, offer: Offer, at: Timestamp) {
        let seen = self.first_seen.entry(offer).or_insert(at);
        *seen = at.min(*seen);
    }

    /// Only what could re-date this body: its canonical bytes change only when the body's appraisal may.
    #[must_use]
    pub fn concerning(&self, body: &Body) -> Reference {
        let evidence = body.evidence(Timestamp::MIN);
        let mut part = Reference::default();
        if let Some(key) = evidence.claims.distribution.seen().map(key)
            && let Some(support) = self.supports.get(&key)
        {
            part.supports.insert(key, *support);
        }
        let updates = evidence.claims.updates.seen();
        updates.into_iter().flat_map(all).filter(|update| update.is_named()).for_each(|update| {
            self.names(update).filter_map(|id| self.advisories.get(id)).for_each(|record| part.advise(record.clone()));
            let seen = self.first_seen.get_key_value(&Offer::of(update));
            seen.into_iter().for_each(|(offer, at)| part.saw(offer.clone(), *at));
        });
        part
    }

    /// The bytes whose SHA-256 is its address.
    pub fn canonical_bytes(&self) -> Result<Vec<u8>, CanonicalError> {
        canonical::encode(&Written {
            version: VERSION,
            supports: self.supports.iter().collect(),
            advisories: self.advisories.values().collect(),
            first_seen: self.first_seen.iter().collect(),
        })
    }

    /// Reads canonical bytes, and refuses all others.
    pub fn decode(bytes: &[u8]) -> Result<Reference, CanonicalError> {
        let malformed = |error: &dyn std::fmt::Display| CanonicalError::Malformed(error.to_string());
        let read: Read = ciborium::from_reader(bytes).map_err(|error| malformed(&error))?;
        if read.version != VERSION {
            return Err(malformed(&format!("version {}, not {VERSION}", read.version)));
        }
        let mut reference = Reference { supports: read.supports.into_iter().collect(), ..Reference::default() };
        read.advisories.into_iter().for_each(|advisory| reference.advise(advisory));
        read.first_seen.into_iter().for_each(|(offer, at)| reference.saw(offer, at));
        if reference.canonical_bytes()? == bytes { Ok(reference) } else { Err(CanonicalError::NotCanonical) }
    }

    /// Re-dates and re-grades what the evidence names.
    pub fn redate(&self, evidence: &mut Evidence) {
        self.redate_release(&mut evidence.claims.distribution);
        let release = evidence.claims.distribution.seen().cloned();
        let updates = match &mut evidence.claims.updates {
            Claim::Known { value, .. } | Claim::Unknown { seen: Some(value), .. } => value,
            Claim::NotApplicable { .. } | Claim::Unknown { seen: None, .. } => return,
        };
        let all = updates.pending.iter_mut().chain(&mut updates.withheld);
        all.filter(|update| update.is_named()).for_each(|update| self.redate_update(update, release.as_ref()));
    }

    /// A release that only the device's own table lacks is known after all.
    fn redate_release(&self, claim: &mut Claim<Distribution>) {
        let support = claim.seen().and_then(|release| self.supports.get(&key(release)));
        let Some(support) = support.copied() else { return };
        match claim {
            Claim::Known { value, .. } | Claim::Unknown { seen: Some(value), .. } => {
                value.support_end = Some(support.support_end);
                value.lts_end = support.lts_end;
            }
            Claim::NotApplicable { .. } | Claim::Unknown { seen: None, .. } => {}
        }
        if let Claim::Unknown { reason: Reason::ReleaseUnlisted, read, seen: Some(value) } = claim {
            *claim = Claim::Known { value: value.clone(), read: std::mem::take(read) };
        }
    }

    fn redate_update(&self, update: &mut PendingUpdate, release: Option<&Distribution>) {
        if let Some(release) = release {
            let names: BTreeSet<&String> = self.names(update).collect();
            let records: Vec<&Advisory> = names.into_iter().filter_map(|id| self.advisories.get(id)).collect();
            advisories::regrade(&records, update, release);
        }
        let seen = self.first_seen.get(&Offer::of(update));
        let seen = seen.map(|&at| Dated { at, from: DateSource::FirstSeen });
        update.out_by = earliest(update.out_by, seen);
    }

    /// The names of the advisories that may be about an update.
    fn names<'a>(&'a self, update: &'a PendingUpdate) -> impl Iterator<Item = &'a String> {
        self.by_source.get(&update.source).into_iter().flatten().chain(&update.advisories)
    }
}

/// The source packages that an advisory is about.
fn sources(advisory: &Advisory) -> impl Iterator<Item = &str> {
    advisory.affected.iter().filter_map(|affected| Some(affected.package.as_ref()?.name.as_str()))
}

fn all(updates: &Updates) -> impl Iterator<Item = &PendingUpdate> {
    updates.pending.iter().chain(&updates.withheld)
}

fn key(release: &Distribution) -> (String, String) {
    (release.id.clone(), release.version.clone())
}

/// The earlier of two instants, where there are two; of equals the first.
fn earliest(one: Option<Dated>, other: Option<Dated>) -> Option<Dated> {
    [one, other].into_iter().flatten().min_by_key(|dated| dated.at)
}
