//! Updates: a finding per update that is offered and not installed, and one that says whether others may be missing.
//!
//! Lateness is an interval. The update fails once it has been out for the allowed days for certain; it passes while it
//! cannot have been; between the two it is unknown.

use seaworthy_model::{
    Claim, ClaimId, Code, Dated, Interval, PendingUpdate, Rating, Reason, Rule, RuleKind, Severity, Timestamp, Verdict,
    Which,
};

use crate::case::{Case, Listed};
use crate::catalog;
use crate::draft::Draft;
use crate::fix;

/// What the rule at this index says.
pub(crate) fn drafts(case: &Case, index: usize) -> Vec<Draft> {
    let rules: Vec<UpdatesRule> = UpdatesRule::of(&case.policy.rules);
    let Some(rule) = rules.iter().find(|rule| rule.index == index) else { return Vec::new() };
    let mut drafts = Vec::new();
    if speaks_for_all(&rules) == Some(index) {
        drafts.push(complete(case, &rules));
    }
    let asked = case.updates.iter().filter(|listed| rule.is_about(listed));
    let first_to_ask = asked.filter(|listed| !rules.iter().any(|other| other.says_more(rule, listed)));
    drafts.extend(first_to_ask.map(|listed| pending(case, listed, rule.allowed_days)));
    drafts
}

/// A rule about updates, and where it stands in the policy.
struct UpdatesRule {
    index: usize,
    which: Which,
    rated_at_least: Option<Rating>,
    allowed_days: u32,
    severity: Severity,
}

impl UpdatesRule {
    fn of(rules: &[Rule]) -> Vec<UpdatesRule> {
        let all = rules.iter().enumerate();
        all.filter_map(|(index, rule)| match rule.kind {
            RuleKind::Updates { which, rated_at_least, allowed_days } => {
                Some(UpdatesRule { index, which, rated_at_least, allowed_days, severity: rule.severity })
            }
            _ => None,
        })
        .collect()
    }

    /// An update that nobody rated counts: it may be as grave as any.
    fn is_about(&self, listed: &Listed) -> bool {
        let PendingUpdate { security, rating, .. } = *listed.update;
        let kind = self.which == Which::All || security || listed.withheld;
        let grave = rating.is_none() || self.rated_at_least.is_none() || rating >= self.rated_at_least;
        kind && grave
    }

    /// Everything that `other` could say of an update, this rule says as early and as gravely.
    fn says_more(&self, other: &UpdatesRule, listed: &Listed) -> bool {
        let covers = self.allowed_days <= other.allowed_days && self.severity >= other.severity;
        let differs = self.allowed_days < other.allowed_days || self.severity > other.severity;
        covers && (differs || self.index < other.index) && self.is_about(listed)
    }
}

/// The gravest rule, the first of equals: the list is complete or not, so only one of them says it.
fn speaks_for_all(rules: &[UpdatesRule]) -> Option<usize> {
    rules.iter().max_by_key(|rule| (rule.severity, std::cmp::Reverse(rule.index))).map(|rule| rule.index)
}

/// No other update is missing: known at the inspection, and for as long as nothing can have come out since and be late.
fn complete(case: &Case, rules: &[UpdatesRule]) -> Draft {
    let claims = &case.evidence.claims;
    if let (Claim::NotApplicable { reason, .. }, false) = (&claims.updates, claims.is_unknown(ClaimId::Catalog)) {
        return Draft::not_applicable(Code::UpdatesComplete, Some(*reason));
    }
    if let Some(reason) = case.gap {
        return Draft::unknown(Code::UpdatesComplete, reason);
    }
    let seen_up_to = claims.catalog.seen().and_then(catalog::seen_up_to);
    match seen_up_to.map(|seen| seen.plus_days(shortest(rules))) {
        Some(late) if late > case.inspected_at() => Draft::pass(Code::UpdatesComplete).turning(late, Verdict::Unknown),
        _ => Draft::unknown(Code::UpdatesComplete, Reason::Stale),
    }
}

/// Where the word on the completeness of the list may change with the instant of the inspection.
pub(crate) fn completeness_turns(case: &Case) -> Option<Timestamp> {
    let seen_up_to = case.evidence.claims.catalog.seen().and_then(catalog::seen_up_to)?;
    Some(seen_up_to.plus_days(shortest(&UpdatesRule::of(&case.policy.rules))))
}

/// The fewest days that a rule which counts allows; an advisory one sets the pace only where it is alone.
fn shortest(rules: &[UpdatesRule]) -> u32 {
    let days = |counts: fn(&&UpdatesRule) -> bool| rules.iter().filter(counts).map(|rule| rule.allowed_days).min();
    days(|rule| rule.severity != Severity::Advisory).or_else(|| days(|_| true)).unwrap_or_default()
}

/// One update that is offered and not installed.
fn pending(case: &Case, listed: &Listed, allowed_days: u32) -> Draft {
    let code = if listed.withheld { Code::UpdateWithheld } else { Code::UpdatePending };
    let since = since(listed.update, case.inspected_at());
    let draft = if listed.is_no_lapse() {
        Draft::not_applicable(code, None)
    } else if let Some(reason) = listed.doubt {
        Draft::unknown(code, reason)
    } else {
        late(code, &since, allowed_days)
    };
    let draft = if listed.update.is_named() { draft.about(listed.update.name()) } else { draft };
    draft.since(since).mended_by(fix::update(listed))
}

fn late(code: Code, since: &Interval, allowed_days: u32) -> Draft {
    let end = |dated: Dated| dated.at.plus_days(allowed_days);
    let draft = match since.not_before {
        None => Draft::undated(code),
        Some(first) => Draft::pass(code).turning(end(first), Verdict::Unknown),
    };
    match since.by {
        None => draft,
        Some(by) => draft.failing(end(by)),
    }
}

/// The interval, made sound: what was seen pending was out by then, and a proved date outdoes a guess at the earliest.
fn since(update: &PendingUpdate, inspected_at: Timestamp) -> Interval {
    let seen_by_then = |dated: Dated| Dated { at: dated.at.min(inspected_at), ..dated };
    let by = update.out_by.map(seen_by_then);
    let first = update.not_before.map(seen_by_then);
    let not_before = first.map(|first| by.filter(|by| by.at < first.at).unwrap_or(first));
    Interval { not_before, by }
}
