//! Evidence, catalog and policy together: findings, and the verdict at every instant, past and future.
//!
//! In: [`appraise`], pure and total; [`appraise_shared`], the same once for many devices; [`Reference`], the server's
//! dates and grades; the fix commands; the policies, read from TOML. Out: any I/O, clock, environment
//! or randomness. The catalog is a claim of the evidence. One file per family of rules; each says of one subject what
//! its verdict is at the inspection and at which instants it turns (`draft`). Three limits lie over all of them: before
//! the inspection nothing is known, after the policy's cadence nothing is known any more, and a clock that stands before
//! a signed date makes everything unknown.
//!
//! Over the findings that are not advisory: fail before unknown before pass; nothing but not-applicable is unknown.

mod antivirus;
mod case;
mod catalog;
mod draft;
mod fix;
pub mod policy;
mod protections;
pub mod reference;
mod release;
mod restart;
mod shared;
mod updates;

use seaworthy_model::{Appraisal, Evidence, Finding, Policy, PolicyId, Rule, RuleKind, Severity, Timeline, Verdict};

use case::Case;
use draft::Draft;

pub use fix::combined_fix;
pub use reference::{Offer, Reference, Support, annotate};
pub use shared::{SharedAppraisal, SharedVerdicts, appraise_shared, appraise_shared_by};

/// What a policy says of evidence. Total: evidence that makes no sense is a finding, never an error.
pub fn appraise(evidence: &Evidence, policy: &Policy, id: PolicyId) -> Appraisal {
    let case = Case::new(evidence, policy);
    let finding = |(severity, draft): (Severity, Draft)| draft.finding(severity, &case.window);
    let findings: Vec<Finding> = drafted(&case).into_iter().map(finding).collect();
    let counted = findings.iter().filter(|finding| finding.severity != Severity::Advisory);
    let timeline = verdict(counted.map(|finding| &finding.timeline));
    Appraisal { policy: id, timeline, findings }
}

/// What every rule says, in the order of the rules, and how grave that is; before all else that the clock is wrong.
fn drafted(case: &Case) -> Vec<(Severity, Draft)> {
    let mut drafted = Vec::with_capacity(case.policy.rules.len());
    drafted.extend(catalog::clock(case).map(|draft| (Severity::Major, draft)));
    for (index, rule) in case.policy.rules.iter().enumerate() {
        drafted.extend(drafts(case, index, rule).into_iter().map(|draft| (rule.severity, draft)));
    }
    drafted
}

/// What one rule says.
fn drafts(case: &Case, index: usize, rule: &Rule) -> Vec<Draft> {
    let claims = &case.evidence.claims;
    match rule.kind {
        RuleKind::Catalog { max_age_days } => catalog::drafts(case, max_age_days),
        RuleKind::Updates { .. } => updates::drafts(case, index),
        RuleKind::Release { lts } => vec![release::draft(claims, lts)],
        RuleKind::Kernel { allowed_days } => vec![restart::kernel(case, allowed_days)],
        RuleKind::Restart { allowed_days } => vec![restart::restart(case, allowed_days)],
        RuleKind::StaleLibraries => vec![restart::stale_libraries(claims)],
        RuleKind::DiskEncryption => protections::disk_encryption(claims),
        RuleKind::Firewall => vec![protections::firewall(claims)],
        RuleKind::SecureBoot => vec![protections::secure_boot(claims)],
        RuleKind::AutomaticUpdates => vec![protections::automatic_updates(claims)],
        RuleKind::MandatoryAccessControl => vec![protections::mandatory_access_control(claims)],
        RuleKind::SshPassword => vec![protections::ssh_password(claims)],
        RuleKind::SshRootLogin => vec![protections::ssh_root_login(claims)],
        RuleKind::ScreenLock { max_delay_seconds } => vec![protections::screen_lock(claims, max_delay_seconds)],
        RuleKind::Antivirus { max_age_days } => vec![antivirus::draft(case, max_age_days)],
    }
}

/// The verdict over the timelines of findings that are not advisory.
fn verdict<'a>(timelines: impl IntoIterator<Item = &'a Timeline>) -> Timeline {
    Timeline::fold(timelines, |how_many| {
        let graver_first = [Verdict::Fail, Verdict::Unknown, Verdict::Pass];
        graver_first.into_iter().find(|&verdict| how_many(verdict) > 0).unwrap_or(Verdict::Unknown)
    })
}
