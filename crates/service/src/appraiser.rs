//! Appraisals, each worked out once for its body, policy and catalog: in memory, else in the store, else made anew.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use seaworthy_appraise::{Offer, Reference, SharedAppraisal, appraise_shared_by};
use seaworthy_model::canonical;
use seaworthy_model::{Body, Timestamp};
use seaworthy_protocol::Digest;

use crate::directory::{Document, View};
use crate::error::Error;
use crate::id::Id;
use crate::ports::{Records, StoredAppraisal};

/// Appraisals held in memory: those used lately, and about as many used before.
const HELD: usize = 8192;

/// What an appraisal is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Case {
    organisation: Id,
    body: Digest,
    policy: Digest,
    catalog: Digest,
}

/// Two generations: what is used moves into the young one; when that is full, the old one is let go.
#[derive(Default)]
struct Memory {
    young: HashMap<Case, Vec<Arc<SharedAppraisal>>>,
    old: HashMap<Case, Vec<Arc<SharedAppraisal>>>,
}

impl Memory {
    fn find(&mut self, case: &Case, inspected_at: Timestamp) -> Option<Arc<SharedAppraisal>> {
        if !self.young.contains_key(case)
            && let Some(known) = self.old.remove(case)
        {
            self.keep(*case, known);
        }
        let known = self.young.get(case)?;
        known.iter().find(|appraisal| appraisal.holds(inspected_at)).cloned()
    }

    fn add(&mut self, case: Case, appraisal: Arc<SharedAppraisal>) {
        let known = self.young.get(&case).or_else(|| self.old.get(&case));
        let mut known = known.cloned().unwrap_or_default();
        if known.iter().all(|one| one.span() != appraisal.span()) {
            known.push(appraisal);
        }
        self.keep(case, known);
    }

    fn keep(&mut self, case: Case, known: Vec<Arc<SharedAppraisal>>) {
        if self.young.len() >= HELD {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(case, known);
    }
}

/// What is to be appraised: a body, for an inspection at an instant.
pub type Inspected = (Digest, Timestamp);

/// The appraiser. One for a process; it holds nothing that the store does not.
#[derive(Default)]
pub struct Appraiser {
    memory: Mutex<Memory>,
}

impl Appraiser {
    /// The appraisals of these inspections, in their order, by a policy document and the view's catalog. None stands for
    /// a body that the store does not have.
    pub fn appraise(
        &self,
        records: &mut dyn Records,
        view: &View,
        document: &Document,
        wanted: &[Inspected],
    ) -> Result<Vec<Option<Arc<SharedAppraisal>>>, Error> {
        let case = |body| Case {
            organisation: view.organisation.id,
            body,
            policy: document.record.policy,
            catalog: view.catalog.digest,
        };
        let mut found = self.recall(wanted, case);
        if found.iter().all(Option::is_some) {
            return Ok(found);
        }
        self.load(records, &missing(wanted, &found), case)?;
        found = self.recall(wanted, case);
        let missing = missing(wanted, &found);
        if !missing.is_empty() {
            self.make(records, view, document, &missing, case)?;
            found = self.recall(wanted, case);
        }
        Ok(found)
    }

    fn recall(&self, wanted: &[Inspected], case: impl Fn(Digest) -> Case) -> Vec<Option<Arc<SharedAppraisal>>> {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        wanted.iter().map(|&(body, at)| memory.find(&case(body), at)).collect()
    }

    fn add(&self, case: Case, appraisal: SharedAppraisal) {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).add(case, Arc::new(appraisal));
    }

    fn load(
        &self,
        records: &mut dyn Records,
        missing: &[Inspected],
        case: impl Fn(Digest) -> Case,
    ) -> Result<(), Error> {
        let bodies: BTreeSet<Digest> = missing.iter().map(|(body, _)| *body).collect();
        let bodies: Vec<Digest> = bodies.into_iter().collect();
        let Some(first) = bodies.first().map(|body| case(*body)) else { return Ok(()) };
        for stored in records.appraisals(first.organisation, &first.policy, &first.catalog, &bodies)? {
            let appraisal = canonical::decode(&stored.bytes).map_err(|error| Error::damaged(error.to_string()))?;
            self.add(case(stored.body), appraisal);
        }
        Ok(())
    }

    fn make(
        &self,
        records: &mut dyn Records,
        view: &View,
        document: &Document,
        missing: &[Inspected],
        case: impl Fn(Digest) -> Case,
    ) -> Result<(), Error> {
        let mut made: Vec<StoredAppraisal> = Vec::new();
        let bodies: BTreeSet<Digest> = missing.iter().map(|(body, _)| *body).collect();
        for record in records.bodies(view.organisation.id, &bodies.into_iter().collect::<Vec<_>>())? {
            let body = Body::decode(&record.bytes).map_err(|error| Error::damaged(error.to_string()))?;
            let reference = reference(records, view, &body, missing)?;
            let instants = missing.iter().filter(|(wanted, _)| *wanted == record.digest).map(|(_, at)| *at);
            for at in instants {
                let of_body = made.iter().filter(|one| one.body == record.digest);
                if of_body.clone().any(|one| one.from <= at && at < one.until) {
                    continue;
                }
                let policy = &document.content.policy;
                let appraisal = appraise_shared_by(&reference, &body, policy, document.policy_id(), at);
                made.push(stored(&case(record.digest), &appraisal)?);
                self.add(case(record.digest), appraisal);
            }
        }
        Ok(records.add_appraisals(&made)?)
    }
}

/// What the catalog has to say of a body, and since when the organisation has seen what the body names.
fn reference(records: &mut dyn Records, view: &View, body: &Body, missing: &[Inspected]) -> Result<Reference, Error> {
    let mut reference = view.catalog.reference.concerning(body);
    let seen_at = missing.iter().map(|(_, at)| *at).min().unwrap_or(Timestamp::MAX);
    let offers: BTreeMap<String, Offer> = offers(body).map(|offer| (name(&offer), offer)).collect();
    let seen: Vec<(String, Timestamp)> = offers.keys().map(|name| (name.clone(), seen_at)).collect();
    if !seen.is_empty() {
        for (name, at) in records.first_seen(view.organisation.id, &seen)? {
            offers.get(&name).into_iter().for_each(|offer| reference.saw(offer.clone(), at));
        }
    }
    Ok(reference)
}

fn offers(body: &Body) -> impl Iterator<Item = Offer> {
    let named = body.lapses().filter_map(|lapse| lapse.named.as_ref());
    named.map(|named| Offer {
        package: named.package.as_str().to_owned(),
        architecture: named.architecture.as_str().to_owned(),
        candidate: named.candidate.as_str().to_owned(),
    })
}

fn name(offer: &Offer) -> String {
    format!("{}:{} {}", offer.package, offer.architecture, offer.candidate)
}

/// What was not found, each once.
fn missing(wanted: &[Inspected], found: &[Option<Arc<SharedAppraisal>>]) -> Vec<Inspected> {
    let missing = wanted.iter().zip(found).filter(|(_, found)| found.is_none()).map(|(wanted, _)| *wanted);
    missing.collect::<BTreeSet<_>>().into_iter().collect()
}

fn stored(case: &Case, appraisal: &SharedAppraisal) -> Result<StoredAppraisal, Error> {
    let (from, until) = appraisal.span();
    Ok(StoredAppraisal {
        organisation: case.organisation,
        body: case.body,
        policy: case.policy,
        catalog: case.catalog,
        from,
        until,
        bytes: canonical::encode(appraisal).map_err(|error| Error::damaged(error.to_string()))?,
    })
}
