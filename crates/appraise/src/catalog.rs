//! Catalogs: whether they are proved and fresh, whether the distribution's own are among them, and whether the clock
//! stands before what they say. A catalog that cannot be believed is unknown, never a fail.
//!
//! Freshness is judged at the instant of the inspection. What moves daily is judged by its signed `Date`; what stands
//! still for months (a point release, somebody else's archive) by when it was last fetched.

use seaworthy_model::{Catalog, CatalogSource, Code, DAY, Evidence, Proof, Reason, SourceRole, Timestamp};

use crate::case::Case;
use crate::draft::{Draft, known};

/// A clock may be this much slow before it is called wrong.
const CLOCK_TOLERANCE_SECONDS: i64 = 600;

pub(crate) fn drafts(case: &Case, max_age_days: u32) -> Vec<Draft> {
    let catalog = match known(&case.evidence.claims.catalog, Code::CatalogProved) {
        Ok(catalog) => catalog,
        Err(draft) => return vec![*draft],
    };
    let fresh = Freshness::at(case.inspected_at(), Some(max_age_days), catalog);
    let sources = catalog.sources.iter().enumerate();
    let mut drafts: Vec<_> = sources.map(|(index, source)| proved(index, source, &fresh)).collect();
    drafts.push(match missing(catalog) {
        None => Draft::pass(Code::CatalogCoverage),
        Some(reason) => Draft::unknown(Code::CatalogCoverage, reason),
    });
    drafts
}

fn proved(index: usize, source: &CatalogSource, fresh: &Freshness) -> Draft {
    let draft = match fresh.doubt(source) {
        None => Draft::pass(Code::CatalogProved),
        Some(reason) => Draft::unknown(Code::CatalogProved, reason),
    };
    draft.about(name(index, source))
}

/// A source in words, by what it signs: its address says nothing.
fn name(index: usize, source: &CatalogSource) -> String {
    let first = |names: [&'_ String; 2]| names.into_iter().find(|name| !name.is_empty()).cloned();
    let vendor = first([&source.label, &source.origin]);
    let suite = first([&source.codename, &source.suite]);
    match (vendor, suite) {
        (Some(vendor), Some(suite)) => format!("{vendor} {suite}"),
        (Some(name), None) | (None, Some(name)) => name,
        (None, None) => format!("source {}", index.saturating_add(1)),
    }
}

/// Says once, before all else, that the clock is wrong.
pub(crate) fn clock(case: &Case) -> Option<Draft> {
    let newest = newest_date(case.evidence)?;
    let wrong = !clock_is_right(case.evidence);
    wrong.then(|| {
        let subject = format!("{}, but a catalog is signed {newest}", case.inspected_at());
        Draft::unknown(Code::ClockWrong, Reason::ClockWrong).about(subject)
    })
}

/// No clock may stand before a signed date.
pub(crate) fn clock_is_right(evidence: &Evidence) -> bool {
    clock_is_right_from(evidence).is_none_or(|right| evidence.envelope.inspected_at >= right)
}

/// The first instant at which a clock may stand, if there is one.
pub(crate) fn clock_is_right_from(evidence: &Evidence) -> Option<Timestamp> {
    newest_date(evidence).map(|newest| newest - CLOCK_TOLERANCE_SECONDS)
}

fn newest_date(evidence: &Evidence) -> Option<Timestamp> {
    evidence.claims.catalog.seen().and_then(Catalog::newest_date)
}

/// Why the distribution's own archives cannot be counted on: one is not there, or none of its kind is proved.
pub(crate) fn missing(catalog: &Catalog) -> Option<Reason> {
    if catalog.sources.is_empty() {
        return Some(Reason::NoSources);
    }
    [SourceRole::Base, SourceRole::Security].into_iter().find_map(|role| {
        let mut of_role = catalog.sources.iter().filter(|source| source.role == role).map(unproved).peekable();
        let first = of_role.peek().copied().flatten().unwrap_or(Reason::VendorMissing);
        of_role.all(|doubt| doubt.is_some()).then_some(first)
    })
}

fn unproved(source: &CatalogSource) -> Option<Reason> {
    match source.proof {
        Proof::Proved { .. } => None,
        Proof::Failed { reason } => Some(reason),
    }
}

/// The date up to which the distribution's security archives were seen: the oldest of those that are proved.
pub(crate) fn seen_up_to(catalog: &Catalog) -> Option<Timestamp> {
    let proved = catalog.sources.iter().filter(|source| unproved(source).is_none());
    proved.filter(|source| source.role == SourceRole::Security).filter_map(|source| source.date).min()
}

/// What is fresh at an inspection.
pub(crate) struct Freshness {
    at: Timestamp,
    max_age_days: Option<u32>,
    /// A proved security archive of the distribution is fresh, so the archives beside it were asked as lately.
    vendor_is_fresh: bool,
}

impl Freshness {
    pub(crate) fn at(at: Timestamp, max_age_days: Option<u32>, catalog: &Catalog) -> Freshness {
        let mut fresh = Freshness { at, max_age_days, vendor_is_fresh: false };
        let mut security = catalog.sources.iter().filter(|source| source.role == SourceRole::Security);
        fresh.vendor_is_fresh = security.any(|source| fresh.doubt(source).is_none());
        fresh
    }

    /// Why a source cannot be judged by, if so.
    pub(crate) fn doubt(&self, source: &CatalogSource) -> Option<Reason> {
        unproved(source).or_else(|| self.is_stale(source).then_some(Reason::Stale))
    }

    fn is_stale(&self, source: &CatalogSource) -> bool {
        if source.valid_until.is_some_and(|end| self.at > end) {
            return true;
        }
        match source.role {
            SourceRole::Security => self.is_old(source.date),
            SourceRole::Other if source.valid_until.is_some() => self.is_old(source.date),
            SourceRole::Base | SourceRole::Other => !self.vendor_is_fresh && self.is_old(source.fetched_at),
            SourceRole::ThirdParty => source.valid_until.is_none() && self.is_old(source.fetched_at),
        }
    }

    /// Older than allowed; what has no date cannot be shown to be younger.
    fn is_old(&self, date: Option<Timestamp>) -> bool {
        let Some(max_age_days) = self.max_age_days else { return false };
        let allowed = i64::from(max_age_days).saturating_mul(DAY);
        date.is_none_or(|date| self.at.seconds().saturating_sub(date.seconds()) > allowed)
    }
}
