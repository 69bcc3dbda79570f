//! Appraisals, each worked out once for its body, policy and catalog: in memory, else in the store, else made anew.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use seaworthy_appraise::{Offer, Reference, SharedAppraisal, SharedVerdicts, appraise_shared_by};
use seaworthy_model::canonical;
use seaworthy_model::{Body, Timestamp};
use seaworthy_protocol::Digest;

use crate::directory::{Document, View};
use crate::error::Error;
use crate::id::Id;
use crate::ports::{Records, StoredAppraisal};

/// Findings of appraisals held in memory, those used lately and about as many used before: some 30 MB each.
const FINDINGS: usize = 64 * 1024;
/// Verdicts held in memory, likewise: some 15 MB each.
const VERDICTS: usize = 64 * 1024;

/// What an appraisal is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Case {
    organisation: Id,
    body: Digest,
    policy: Digest,
    catalog: Digest,
}

/// What is held in memory of an appraisal.
trait Held {
    fn span(&self) -> (Timestamp, Timestamp);
    fn holds(&self, inspected_at: Timestamp) -> bool;
    /// How much of the memory it takes.
    fn weight(&self) -> usize;
}

impl Held for SharedAppraisal {
    fn span(&self) -> (Timestamp, Timestamp) {
        SharedAppraisal::span(self)
    }

    fn holds(&self, inspected_at: Timestamp) -> bool {
        SharedAppraisal::holds(self, inspected_at)
    }

    fn weight(&self) -> usize {
        self.findings().saturating_add(1)
    }
}

impl Held for SharedVerdicts {
    fn span(&self) -> (Timestamp, Timestamp) {
        SharedVerdicts::span(self)
    }

    fn holds(&self, inspected_at: Timestamp) -> bool {
        SharedVerdicts::holds(self, inspected_at)
    }

    fn weight(&self) -> usize {
        1
    }
}

/// Two generations: what is used moves into the young one; when that is full, the old one is let go.
struct Memory<T> {
    young: HashMap<Case, Vec<Arc<T>>>,
    old: HashMap<Case, Vec<Arc<T>>>,
    weight: usize,
    most: usize,
}

impl<T: Held> Memory<T> {
    fn of(most: usize) -> Memory<T> {
        Memory { young: HashMap::new(), old: HashMap::new(), weight: 0, most }
    }

    fn find(&mut self, case: &Case, inspected_at: Timestamp) -> Option<Arc<T>> {
        if !self.young.contains_key(case)
            && let Some(known) = self.old.remove(case)
        {
            self.keep(*case, known);
        }
        let known = self.young.get(case)?;
        known.iter().find(|appraisal| appraisal.holds(inspected_at)).cloned()
    }

    fn add(&mut self, case: Case, appraisal: Arc<T>) {
        let known = self.young.get(&case).or_else(|| self.old.get(&case));
        let mut known = known.cloned().unwrap_or_default();
        if known.iter().all(|one| one.span() != appraisal.span()) {
            known.push(appraisal);
        }
        self.keep(case, known);
    }

    fn keep(&mut self, case: Case, known: Vec<Arc<T>>) {
        if self.weight >= self.most {
            self.old = std::mem::take(&mut self.young);
            self.weight = 0;
        }
        // What takes another's place is counted twice until the generation ends: the bound is held all the same.
        self.weight = self.weight.saturating_add(known.iter().map(|one| one.weight()).sum());
        self.young.insert(case, known);
    }
}

/// What is to be appraised: a body, for an inspection at an instant.
pub type Inspected = (Digest, Timestamp);

/// The appraiser. One for a process; it holds nothing that the store does not.
pub struct Appraiser {
    findings: Mutex<Memory<SharedAppraisal>>,
    verdicts: Mutex<Memory<SharedVerdicts>>,
}

impl Default for Appraiser {
    fn default() -> Appraiser {
        Appraiser { findings: Mutex::new(Memory::of(FINDINGS)), verdicts: Mutex::new(Memory::of(VERDICTS)) }
    }
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
        let keep = |case: Case, appraisal: SharedAppraisal| {
            add(&self.verdicts, case, Arc::new(appraisal.verdicts().clone()));
            add(&self.findings, case, Arc::new(appraisal))
        };
        self.found(&self.findings, records, view, document, wanted, &keep)
    }

    /// Their verdicts alone.
    pub fn verdicts(
        &self,
        records: &mut dyn Records,
        view: &View,
        document: &Document,
        wanted: &[Inspected],
    ) -> Result<Vec<Option<Arc<SharedVerdicts>>>, Error> {
        let keep =
            |case: Case, appraisal: SharedAppraisal| add(&self.verdicts, case, Arc::new(appraisal.verdicts().clone()));
        self.found(&self.verdicts, records, view, document, wanted, &keep)
    }

    fn found<T: Held>(
        &self,
        memory: &Mutex<Memory<T>>,
        records: &mut dyn Records,
        view: &View,
        document: &Document,
        wanted: &[Inspected],
        keep: &dyn Fn(Case, SharedAppraisal) -> Arc<T>,
    ) -> Result<Vec<Option<Arc<T>>>, Error> {
        let case = |body| Case {
            organisation: view.organisation.id,
            body,
            policy: document.record.policy,
            catalog: view.catalog.digest,
        };
        let mut found = recall(memory, wanted, case);
        for source in [load as Source, make as Source] {
            let missing = missing(wanted, &found);
            if missing.is_empty() {
                break;
            }
            let fresh = source(records, view, document, &missing)?;
            let fresh = fresh.into_iter().map(|(body, appraisal)| (body, keep(case(body), appraisal)));
            fill(&mut found, wanted, &fresh.collect::<Vec<_>>());
        }
        Ok(found)
    }
}

/// Where appraisals come from that are not in memory.
type Source = fn(&mut dyn Records, &View, &Document, &[Inspected]) -> Result<Vec<(Digest, SharedAppraisal)>, Error>;

/// Puts what was just loaded or made where it was missing; memory may have let go of it already.
fn fill<T: Held>(found: &mut [Option<Arc<T>>], wanted: &[Inspected], fresh: &[(Digest, Arc<T>)]) {
    let mut by_body: HashMap<Digest, Vec<&Arc<T>>> = HashMap::new();
    fresh.iter().for_each(|(body, appraisal)| by_body.entry(*body).or_default().push(appraisal));
    for (place, (body, at)) in found.iter_mut().zip(wanted).filter(|(place, _)| place.is_none()) {
        let of_body = by_body.get(body).into_iter().flatten();
        *place = of_body.copied().find(|appraisal| appraisal.holds(*at)).cloned();
    }
}

fn recall<T: Held>(
    memory: &Mutex<Memory<T>>,
    wanted: &[Inspected],
    case: impl Fn(Digest) -> Case,
) -> Vec<Option<Arc<T>>> {
    let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
    wanted.iter().map(|&(body, at)| memory.find(&case(body), at)).collect()
}

fn add<T: Held>(memory: &Mutex<Memory<T>>, case: Case, appraisal: Arc<T>) -> Arc<T> {
    memory.lock().unwrap_or_else(PoisonError::into_inner).add(case, Arc::clone(&appraisal));
    appraisal
}

fn load(
    records: &mut dyn Records,
    view: &View,
    document: &Document,
    missing: &[Inspected],
) -> Result<Vec<(Digest, SharedAppraisal)>, Error> {
    let bodies: BTreeSet<Digest> = missing.iter().map(|(body, _)| *body).collect();
    let bodies: Vec<Digest> = bodies.into_iter().collect();
    let (organisation, policy) = (view.organisation.id, &document.record.policy);
    let stored = records.appraisals(organisation, policy, &view.catalog.digest, &bodies)?;
    let read = |stored: StoredAppraisal| {
        let appraisal = canonical::decode(&stored.bytes).map_err(|error| Error::damaged(error.to_string()))?;
        Ok((stored.body, appraisal))
    };
    stored.into_iter().map(read).collect()
}

fn make(
    records: &mut dyn Records,
    view: &View,
    document: &Document,
    missing: &[Inspected],
) -> Result<Vec<(Digest, SharedAppraisal)>, Error> {
    let mut made: Vec<(Digest, SharedAppraisal)> = Vec::new();
    let bodies: BTreeSet<Digest> = missing.iter().map(|(body, _)| *body).collect();
    for record in records.bodies(view.organisation.id, &bodies.into_iter().collect::<Vec<_>>())? {
        let body = Body::decode(&record.bytes).map_err(|error| Error::damaged(error.to_string()))?;
        let reference = reference(records, view, &body, missing)?;
        for at in missing.iter().filter(|(wanted, _)| *wanted == record.digest).map(|(_, at)| *at) {
            if made.iter().any(|(of, one)| *of == record.digest && one.holds(at)) {
                continue;
            }
            let policy = &document.content.policy;
            let appraisal = appraise_shared_by(&reference, &body, policy, document.policy_id(), at);
            made.push((record.digest, appraisal));
        }
    }
    let stored: Result<Vec<StoredAppraisal>, Error> =
        made.iter().map(|(body, appraisal)| stored(view, document, *body, appraisal)).collect();
    records.add_appraisals(&stored?)?;
    Ok(made)
}

/// What the catalog has to say of a body, and since when the organisation has seen what the body names.
fn reference(records: &mut dyn Records, view: &View, body: &Body, missing: &[Inspected]) -> Result<Reference, Error> {
    let mut reference = view.catalog.reference.concerning(body);
    let seen_at = missing.iter().map(|(_, at)| *at).min().unwrap_or(Timestamp::MAX);
    seen(records, view.organisation.id, body, seen_at)?.into_iter().for_each(|(offer, at)| reference.saw(offer, at));
    Ok(reference)
}

/// When the organisation first saw each offer that a body names; now, for those that it has not seen before.
pub(crate) fn seen(
    records: &mut dyn Records,
    organisation: Id,
    body: &Body,
    now: Timestamp,
) -> Result<Vec<(Offer, Timestamp)>, Error> {
    let mut offers: BTreeMap<String, Offer> = offers(body).map(|offer| (name(&offer), offer)).collect();
    let seen: Vec<(String, Timestamp)> = offers.keys().map(|name| (name.clone(), now)).collect();
    let found = if seen.is_empty() { Vec::new() } else { records.first_seen(organisation, &seen)? };
    Ok(found.into_iter().filter_map(|(name, at)| Some((offers.remove(&name)?, at))).collect())
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
fn missing<T>(wanted: &[Inspected], found: &[Option<Arc<T>>]) -> Vec<Inspected> {
    let missing = wanted.iter().zip(found).filter(|(_, found)| found.is_none()).map(|(wanted, _)| *wanted);
    missing.collect::<BTreeSet<_>>().into_iter().collect()
}

fn stored(
    view: &View,
    document: &Document,
    body: Digest,
    appraisal: &SharedAppraisal,
) -> Result<StoredAppraisal, Error> {
    let (from, until) = appraisal.span();
    Ok(StoredAppraisal {
        organisation: view.organisation.id,
        body,
        policy: document.record.policy,
        catalog: view.catalog.digest,
        from,
        until,
        bytes: canonical::encode(appraisal).map_err(|error| Error::damaged(error.to_string()))?,
    })
}
