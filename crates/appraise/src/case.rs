//! The case: evidence and policy side by side, and what several rules need of both, worked out once.

use seaworthy_model::{
    Catalog, Claim, Evidence, KeptBack, PendingUpdate, Policy, Reason, RuleKind, Severity, Timestamp,
};

use crate::catalog;
use crate::draft::Window;

/// An update as the evidence lists it.
#[derive(Clone, Copy)]
pub(crate) struct Listed<'a> {
    pub(crate) update: &'a PendingUpdate,
    /// Only a pin keeps it from being offered.
    pub(crate) withheld: bool,
    /// Why it cannot be judged: its source, its claim, or its place in the catalog.
    pub(crate) doubt: Option<Reason>,
}

impl Listed<'_> {
    /// Offered, but nothing for the holder to do: the vendor holds it back, or nothing needs the package.
    pub(crate) fn is_no_lapse(&self) -> bool {
        self.update.leftover || (!self.withheld && self.update.kept_back == Some(KeptBack::Phased))
    }
}

pub(crate) struct Case<'a> {
    pub(crate) evidence: &'a Evidence,
    pub(crate) policy: &'a Policy,
    pub(crate) window: Window,
    /// All updates, by package and architecture: what is said must not depend on the order of the evidence.
    pub(crate) updates: Vec<Listed<'a>>,
    /// Why the list of updates may lack some.
    pub(crate) gap: Option<Reason>,
}

impl<'a> Case<'a> {
    pub(crate) fn new(evidence: &'a Evidence, policy: &'a Policy) -> Case<'a> {
        let at = evidence.envelope.inspected_at;
        let standing = standing(evidence, at, oldest_allowed(policy));
        Case {
            evidence,
            policy,
            window: Window {
                from: at,
                until: at.plus_days(policy.cadence_days),
                clock_is_right: catalog::clock_is_right(evidence),
            },
            updates: listed(evidence, &standing),
            gap: gap(evidence, &standing),
        }
    }

    pub(crate) fn inspected_at(&self) -> Timestamp {
        self.window.from
    }
}

/// Per source why updates cannot be judged by it, if so; or why there are no sources to judge by.
type Standing = Result<Vec<Option<Reason>>, Reason>;

fn standing(evidence: &Evidence, at: Timestamp, max_age_days: Option<u32>) -> Standing {
    match &evidence.claims.catalog {
        Claim::Known { value: Catalog { sources }, .. } if sources.is_empty() => Err(Reason::NoSources),
        Claim::Known { value, .. } => {
            let fresh = catalog::Freshness::at(at, max_age_days, value);
            Ok(value.sources.iter().map(|source| fresh.doubt(source)).collect())
        }
        Claim::NotApplicable { reason, .. } | Claim::Unknown { reason, .. } => Err(*reason),
    }
}

/// The strictest age that a rule which counts sets for catalogs.
fn oldest_allowed(policy: &Policy) -> Option<u32> {
    let counted = policy.rules.iter().filter(|rule| rule.severity != Severity::Advisory);
    counted
        .filter_map(|rule| if let RuleKind::Catalog { max_age_days } = rule.kind { Some(max_age_days) } else { None })
        .min()
}

fn listed<'a>(evidence: &'a Evidence, standing: &Standing) -> Vec<Listed<'a>> {
    let claim = &evidence.claims.updates;
    let Some(seen) = claim.seen() else { return Vec::new() };
    let list = |updates: &'a [PendingUpdate], withheld| {
        updates.iter().map(move |update| {
            let doubt = claim.reason().or_else(|| doubt(update, standing));
            Listed { update, withheld, doubt }
        })
    };
    let mut listed: Vec<_> = list(&seen.pending, false).chain(list(&seen.withheld, true)).collect();
    listed.sort_by(|a, b| place(a.update).cmp(&place(b.update)));
    listed
}

fn place(update: &PendingUpdate) -> (&str, &str) {
    (&update.package, &update.architecture)
}

fn doubt(update: &PendingUpdate, standing: &Standing) -> Option<Reason> {
    let sources = match standing {
        Ok(sources) => sources,
        Err(reason) => return Some(*reason),
    };
    let offered_by = usize::try_from(update.offered_by).ok();
    offered_by.and_then(|index| sources.get(index)).copied().unwrap_or(Some(Reason::Garbled))
}

fn gap(evidence: &Evidence, standing: &Standing) -> Option<Reason> {
    if let Claim::Unknown { reason, .. } = evidence.claims.updates {
        return Some(reason);
    }
    match standing {
        Err(reason) => Some(*reason),
        Ok(sources) => {
            let doubted = sources.iter().copied().flatten().next();
            doubted.or_else(|| evidence.claims.catalog.seen().and_then(catalog::missing))
        }
    }
}
