//! Shared appraisals: what a body says for every inspection within a span of instants, worked out once.
//!
//! A draft is the same for two inspections unless something turned between them: a catalog grew too old, a signed date
//! was passed, the list can no longer be complete. Those instants bound the span. Within it, only the window moves: from
//! the inspection on, the verdict at an instant does not depend on when the inspection was.

use seaworthy_model::{
    Appraisal, Body, CatalogSource, Claim, Claims, DAY, Evidence, Policy, PolicyId, RuleKind, Severity, Timeline,
    Timestamp, Verdict,
};
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::draft::{Draft, Window};
use crate::reference::Reference;
use crate::{catalog, drafted, updates, verdict};

/// The verdicts of evidence for every inspection within a span of instants: all that counts and lists need, and small.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedVerdicts {
    cadence_days: u32,
    /// The first inspection it holds for.
    from: Timestamp,
    /// The first later one that it does not hold for; none where it holds for all.
    until: Option<Timestamp>,
    clock_is_right: bool,
    /// The verdict at every instant after the inspection and before the cadence ends.
    course: Timeline,
}

/// What evidence says for every inspection within a span of instants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedAppraisal {
    policy: PolicyId,
    verdicts: SharedVerdicts,
    drafts: Vec<(Severity, Draft)>,
}

/// What a policy says of a body that was made at this instant, and of the same body made at other instants near it.
pub fn appraise_shared(body: &Body, policy: &Policy, id: PolicyId, inspected_at: Timestamp) -> SharedAppraisal {
    share(&body.evidence(inspected_at), policy, id)
}

/// The same, with dates and grades as the reference knows them.
pub fn appraise_shared_by(
    reference: &Reference,
    body: &Body,
    policy: &Policy,
    id: PolicyId,
    inspected_at: Timestamp,
) -> SharedAppraisal {
    let mut evidence = body.evidence(inspected_at);
    reference.redate(&mut evidence);
    share(&evidence, policy, id)
}

fn share(evidence: &Evidence, policy: &Policy, id: PolicyId) -> SharedAppraisal {
    let case = Case::new(evidence, policy);
    let (from, until) = Steps::of(&case).around();
    let drafts = drafted(&case);
    let clock_is_right = case.window.clock_is_right;
    let course = if clock_is_right { course(&drafts) } else { Timeline::always(Verdict::Unknown) };
    let verdicts = SharedVerdicts { cadence_days: policy.cadence_days, from, until, clock_is_right, course };
    SharedAppraisal { policy: id, verdicts, drafts }
}

fn course(drafts: &[(Severity, Draft)]) -> Timeline {
    let counted = drafts.iter().filter(|(severity, _)| *severity != Severity::Advisory);
    let courses: Vec<Timeline> = counted.map(|(_, draft)| draft.course()).collect();
    verdict(courses.iter())
}

impl SharedAppraisal {
    /// The inspections for which it holds; see [`SharedVerdicts::span`].
    pub fn span(&self) -> (Timestamp, Timestamp) {
        self.verdicts.span()
    }

    /// Whether it holds for an inspection at this instant.
    pub fn holds(&self, inspected_at: Timestamp) -> bool {
        self.verdicts.holds(inspected_at)
    }

    /// The policy that was asked.
    pub fn policy(&self) -> &PolicyId {
        &self.policy
    }

    /// How many findings it makes: what it takes in memory goes by that.
    pub fn findings(&self) -> usize {
        self.drafts.len()
    }

    /// The verdicts alone.
    pub fn verdicts(&self) -> &SharedVerdicts {
        &self.verdicts
    }

    /// The appraisal of an inspection at this instant; none outside the span.
    pub fn at(&self, inspected_at: Timestamp) -> Option<Appraisal> {
        let timeline = self.timeline_at(inspected_at)?;
        let window = self.verdicts.window(inspected_at);
        let finding = |(severity, draft): &(Severity, Draft)| draft.clone().finding(*severity, &window);
        Some(Appraisal { policy: self.policy.clone(), timeline, findings: self.drafts.iter().map(finding).collect() })
    }

    /// The verdict at every instant, by an inspection at this one; none outside the span.
    pub fn timeline_at(&self, inspected_at: Timestamp) -> Option<Timeline> {
        self.verdicts.timeline_at(inspected_at)
    }

    /// The verdict at instant `t`, by an inspection at `inspected_at`; none outside the span. Allocates nothing.
    pub fn verdict_at(&self, inspected_at: Timestamp, t: Timestamp) -> Option<Verdict> {
        self.verdicts.verdict_at(inspected_at, t)
    }
}

impl SharedVerdicts {
    /// The inspections for which it holds: from the one instant until before the other. The last instant of all times
    /// is within a span that ends there and has no other end.
    pub fn span(&self) -> (Timestamp, Timestamp) {
        (self.from, self.until.unwrap_or(Timestamp::MAX))
    }

    /// Whether it holds for an inspection at this instant.
    pub fn holds(&self, inspected_at: Timestamp) -> bool {
        inspected_at >= self.from && self.until.is_none_or(|until| inspected_at < until)
    }

    /// The verdict at every instant, by an inspection at this one; none outside the span.
    pub fn timeline_at(&self, inspected_at: Timestamp) -> Option<Timeline> {
        let Window { from, until, .. } = self.holds(inspected_at).then(|| self.window(inspected_at))?;
        let mut timeline = Timeline::always(Verdict::Unknown).then(from, self.course.at(from));
        for span in self.course.spans() {
            if let Some(at) = span.from.filter(|&at| at > from) {
                timeline = timeline.then(at, span.verdict);
            }
        }
        Some(timeline.then(until, Verdict::Unknown))
    }

    /// The verdict at instant `t`, by an inspection at `inspected_at`; none outside the span. Allocates nothing.
    pub fn verdict_at(&self, inspected_at: Timestamp, t: Timestamp) -> Option<Verdict> {
        let Window { from, until, .. } = self.holds(inspected_at).then(|| self.window(inspected_at))?;
        Some(if t >= from && t < until { self.course.at(t) } else { Verdict::Unknown })
    }

    fn window(&self, inspected_at: Timestamp) -> Window {
        Window {
            from: inspected_at,
            until: inspected_at.plus_days(self.cadence_days),
            clock_is_right: self.clock_is_right,
        }
    }
}

/// Where drafts may change with the instant of the inspection. In seconds, so that none is clamped to a false place.
struct Steps {
    at: i64,
    /// The last step that is not after the inspection.
    before: Option<i64>,
    /// The first one after it.
    after: Option<i64>,
}

impl Steps {
    fn of(case: &Case) -> Steps {
        let mut steps = Steps { at: case.inspected_at().seconds(), before: None, after: None };
        steps.clock(case);
        steps.catalogs(case);
        steps.updates(case);
        steps.rest(case);
        steps
    }

    /// Something is another from this second on.
    fn step(&mut self, second: i64) {
        if second > self.at {
            self.after = Some(self.after.map_or(second, |after| after.min(second)));
        } else {
            self.before = Some(self.before.map_or(second, |before| before.max(second)));
        }
    }

    /// Something is another at every second.
    fn only_here(&mut self) {
        self.step(self.at);
        self.step(self.at.saturating_add(1));
    }

    /// An instant counts as no later than the inspection.
    fn clamp(&mut self, at: Timestamp) {
        if at.seconds() > self.at {
            self.only_here();
        } else {
            self.step(at.seconds());
        }
    }

    fn clock(&mut self, case: &Case) {
        if !case.window.clock_is_right {
            // The finding names the instant.
            self.only_here();
        }
        if let Some(right) = catalog::clock_is_right_from(case.evidence) {
            self.step(right.seconds());
        }
    }

    fn catalogs(&mut self, case: &Case) {
        let Some(catalog) = case.evidence.claims.catalog.seen() else { return };
        let ages =
            |kind: &RuleKind| if let RuleKind::Catalog { max_age_days } = kind { Some(*max_age_days) } else { None };
        let mut ages: Vec<u32> = case.policy.rules.iter().filter_map(|rule| ages(&rule.kind)).collect();
        ages.sort_unstable();
        ages.dedup();
        for source in &catalog.sources {
            self.source(source, &ages);
        }
    }

    fn source(&mut self, source: &CatalogSource, ages: &[u32]) {
        if let Some(end) = source.valid_until {
            self.step(end.seconds().saturating_add(1));
        }
        for at in [source.date, source.fetched_at].into_iter().flatten() {
            for &days in ages {
                self.step(at.seconds().saturating_add(i64::from(days).saturating_mul(DAY)).saturating_add(1));
            }
        }
    }

    fn updates(&mut self, case: &Case) {
        if !case.policy.rules.iter().any(|rule| matches!(rule.kind, RuleKind::Updates { .. })) {
            return;
        }
        if let Some(late) = updates::completeness_turns(case) {
            self.step(late.seconds());
        }
        for listed in &case.updates {
            let dates = [listed.update.not_before, listed.update.out_by];
            dates.into_iter().flatten().for_each(|dated| self.clamp(dated.at));
        }
    }

    fn rest(&mut self, case: &Case) {
        let claims = &case.evidence.claims;
        for rule in &case.policy.rules {
            match rule.kind {
                RuleKind::Kernel { .. } => self.outstanding(kernel_since(claims)),
                RuleKind::Restart { .. } => self.outstanding(restart_since(claims)),
                RuleKind::Antivirus { max_age_days } => self.antivirus(claims, max_age_days),
                _ => {}
            }
        }
    }

    /// What stands for nobody knows how long counts from the inspection.
    fn outstanding(&mut self, since: Option<Option<Timestamp>>) {
        match since {
            None => {}
            Some(None) => self.only_here(),
            Some(Some(since)) => self.clamp(since),
        }
    }

    fn antivirus(&mut self, claims: &Claims, max_age_days: u32) {
        if let Claim::Known { value, .. } = &claims.antivirus {
            self.clamp(value.signatures_at);
            self.step(value.signatures_at.plus_days(max_age_days).seconds());
        }
    }

    /// The span around the inspection in which nothing steps.
    fn around(&self) -> (Timestamp, Option<Timestamp>) {
        let from = self.before.map_or(Timestamp::MIN, Timestamp::from_seconds);
        let until = self.after.filter(|&after| after <= Timestamp::MAX.seconds()).map(Timestamp::from_seconds);
        (from, until)
    }
}

/// Since when a newer kernel waits, if one does.
fn kernel_since(claims: &Claims) -> Option<Option<Timestamp>> {
    match &claims.kernel {
        Claim::Known { value, .. } if !value.current => Some(value.installed_at),
        _ => None,
    }
}

/// Since when a restart is asked for, if one is.
fn restart_since(claims: &Claims) -> Option<Option<Timestamp>> {
    match &claims.restart {
        Claim::Known { value, .. } if value.required => Some(value.since),
        _ => None,
    }
}
