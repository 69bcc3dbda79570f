//! What holds for all evidence and all policies.

use proptest::prelude::*;
use proptest::sample::select;
use seaworthy_appraise::combined_fix;
use seaworthy_model::Verdict::{Fail, NotApplicable, Pass, Unknown};
use seaworthy_model::*;

use crate::arbitrary::{mostly_right, moved, pair, update};
use crate::made::{appraised, days_ago, now, with_pending};

/// Every instant at which one of the timelines turns, the seconds beside it, and both ends of time.
fn instants<'a>(timelines: impl IntoIterator<Item = &'a Timeline>) -> Vec<Timestamp> {
    let turns = timelines.into_iter().flat_map(|line| line.spans().iter().filter_map(|span| span.from));
    turns.flat_map(|at| [at - 1, at, at + 1]).chain([Timestamp::MIN, now(), Timestamp::MAX]).collect()
}

fn badness(verdict: Verdict) -> u8 {
    match verdict {
        Pass => 0,
        Unknown => 1,
        Fail => 2,
        NotApplicable => panic!("a device is never not-applicable"),
    }
}

/// The verdict over findings, read at one instant without any timeline arithmetic.
fn verdict_at(findings: &[Finding], at: Timestamp) -> Verdict {
    let counted = findings.iter().filter(|finding| finding.severity != Severity::Advisory);
    let verdicts: Vec<_> = counted.map(|finding| finding.timeline.at(at)).collect();
    [Fail, Unknown, Pass].into_iter().find(|verdict| verdicts.contains(verdict)).unwrap_or(Unknown)
}

fn is_well_formed(timeline: &Timeline) -> bool {
    Timeline::try_from(timeline.spans().to_vec()).is_ok()
}

/// Updates of a claim, where it lists any.
fn updates_of(claims: &mut Claims) -> Option<&mut Updates> {
    match &mut claims.updates {
        Claim::Known { value, .. } => Some(value),
        Claim::Unknown { seen, .. } => seen.as_mut(),
        Claim::NotApplicable { .. } => None,
    }
}

fn reverse_sources(claims: &mut Claims) {
    let Claim::Known { value, .. } = &mut claims.catalog else { return };
    value.sources.reverse();
    let count = value.sources.len() as u32;
    let Some(updates) = updates_of(claims) else { return };
    for update in updates.pending.iter_mut().chain(&mut updates.withheld) {
        if update.offered_by < count {
            update.offered_by = count - 1 - update.offered_by;
        }
    }
}

/// One lapse more.
#[derive(Clone, Debug)]
enum Lapse {
    Pending(PendingUpdate),
    Withheld(PendingUpdate),
    Kernel(Option<Timestamp>),
    Restart,
    Libraries,
    Volume,
    Firewall,
    SecureBoot,
    AutomaticUpdates,
    MandatoryAccessControl,
    Ssh,
    ScreenLock,
    EndOfSupport,
}

fn lapse() -> impl Strategy<Value = Lapse> {
    use Lapse::*;
    prop_oneof![
        6 => update().prop_map(Pending),
        2 => update().prop_map(Withheld),
        1 => (0i64..60).prop_map(|days| Kernel(Some(days_ago(days)))),
        4 => select(vec![
            Kernel(None), Restart, Libraries, Volume, Firewall, SecureBoot, AutomaticUpdates, MandatoryAccessControl, Ssh,
            ScreenLock, EndOfSupport,
        ]),
    ]
}

fn add(lapse: Lapse, claims: &mut Claims) {
    match lapse {
        Lapse::Pending(update) => {
            updates_of(claims).into_iter().for_each(|updates| updates.pending.push(update.clone()))
        }
        Lapse::Withheld(update) => {
            updates_of(claims).into_iter().for_each(|updates| updates.withheld.push(update.clone()))
        }
        Lapse::Kernel(installed_at) => {
            if matches!(&claims.kernel, Claim::Known { value, .. } if value.current) {
                claims.kernel =
                    Claim::known(Kernel { running: "1".into(), newest: "2".into(), current: false, installed_at }, &[]);
            }
        }
        Lapse::Restart => claims.restart = Claim::known(Restart { required: true, since: Some(Timestamp::MIN) }, &[]),
        Lapse::Libraries => claims.stale_libraries = Claim::known(StaleLibraries { processes: 1, unreadable: 0 }, &[]),
        Lapse::Volume => {
            let plain = Volume { mount: "/home".into(), encryption: Encryption::Plain };
            match &mut claims.disk_encryption {
                Claim::Known { value, .. } => value.volumes.push(plain),
                other => *other = Claim::known(DiskEncryption { volumes: vec![plain] }, &[]),
            }
        }
        Lapse::Firewall => claims.firewall = Claim::known(Firewall { active: false, kind: FirewallKind::None }, &[]),
        Lapse::SecureBoot => claims.secure_boot = Claim::known(SecureBoot { enabled: false }, &[]),
        Lapse::AutomaticUpdates => {
            let gaps = vec![AutomaticUpdatesGap::NotRun];
            claims.automatic_updates = Claim::known(AutomaticUpdates { enabled: false, gaps, last_run: None }, &[]);
        }
        Lapse::MandatoryAccessControl => {
            let kind = MandatoryAccessControlKind::None;
            claims.mandatory_access_control = Claim::known(MandatoryAccessControl { enforcing: false, kind }, &[]);
        }
        Lapse::Ssh => claims.ssh = Claim::known(Ssh { password: true, root_login: RootLogin::Yes }, &[]),
        Lapse::ScreenLock => claims.screen_lock = Claim::known(ScreenLock { enabled: false, delay_seconds: 0 }, &[]),
        Lapse::EndOfSupport => {
            if let Claim::Known { value, .. } = &mut claims.distribution {
                (value.support_end, value.lts_end) = (Some(Timestamp::MIN), None);
            }
        }
    }
}

/// What the updates rules say at an instant, each update by each rule, straight from the words of the design.
fn updates_at(evidence: &Evidence, policy: &Policy, at: Timestamp) -> Option<Verdict> {
    let Claim::Known { value: updates, .. } = &evidence.claims.updates else { return None };
    let mut worst = Pass;
    for rule in policy.rules.iter().filter(|rule| rule.severity != Severity::Advisory) {
        let RuleKind::Updates { which, rated_at_least, allowed_days } = rule.kind else { continue };
        let pending = updates.pending.iter().map(|update| (update, false));
        for (update, withheld) in pending.chain(updates.withheld.iter().map(|update| (update, true))) {
            let asked = (which == Which::All || update.security || withheld)
                && (update.rating.is_none() || rated_at_least.is_none() || update.rating >= rated_at_least);
            let lapse = !update.leftover && (withheld || update.kept_back != Some(KeptBack::Phased));
            if !asked || !lapse {
                continue;
            }
            let over = |dated: Dated| at >= dated.at.min(now()).plus_days(allowed_days);
            let verdict = match (update.not_before, update.out_by) {
                (_, Some(by)) if over(by) => Fail,
                (None, _) => Unknown,
                (Some(first), _) if over(first) => Unknown,
                _ => Pass,
            };
            worst = if badness(verdict) > badness(worst) { verdict } else { worst };
        }
    }
    Some(worst)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_timeline_has_no_instant_without_a_verdict((evidence, policy) in pair()) {
        let appraisal = appraised(&evidence, &policy);
        prop_assert!(is_well_formed(&appraisal.timeline));
        prop_assert!(appraisal.findings.iter().all(|finding| is_well_formed(&finding.timeline)));
        let bytes = canonical::encode(&appraisal).unwrap();
        prop_assert_eq!(canonical::decode::<Appraisal>(&bytes).unwrap(), appraisal);
    }

    #[test]
    fn the_verdict_is_the_worst_of_the_findings_that_count((evidence, policy) in pair()) {
        let appraisal = appraised(&evidence, &policy);
        for at in instants(appraisal.findings.iter().map(|finding| &finding.timeline)) {
            prop_assert_eq!(appraisal.timeline.at(at), verdict_at(&appraisal.findings, at));
        }
    }

    #[test]
    fn nothing_is_known_before_the_inspection_or_after_the_cadence((evidence, policy) in pair()) {
        let appraisal = appraised(&evidence, &policy);
        let end = now().plus_days(policy.cadence_days);
        let lines = || appraisal.findings.iter().map(|finding| &finding.timeline).chain([&appraisal.timeline]);
        for at in instants(lines()).into_iter().filter(|&at| at < now() || at >= end) {
            prop_assert!(lines().all(|line| line.at(at) == Unknown), "{}", at);
        }
    }

    #[test]
    fn the_order_of_evidence_changes_nothing((evidence, policy) in pair()) {
        let appraisal = appraised(&evidence, &policy);
        let mut turned = evidence.clone();
        if let Some(updates) = updates_of(&mut turned.claims) {
            updates.pending.reverse();
            updates.withheld.reverse();
        }
        prop_assert_eq!(&appraised(&turned, &policy).timeline, &appraisal.timeline);
        prop_assert_eq!(combined_fix(&turned, &appraised(&turned, &policy)), combined_fix(&evidence, &appraisal));
        reverse_sources(&mut turned.claims);
        prop_assert_eq!(&appraised(&turned, &policy).timeline, &appraisal.timeline);
        let rules = policy.rules.iter().rev().cloned().collect();
        prop_assert_eq!(&appraised(&evidence, &Policy { rules, ..policy.clone() }).timeline, &appraisal.timeline);
    }

    #[test]
    fn unknown_never_yields_pass((evidence, policy) in pair(), reason in select(Reason::ALL)) {
        for rule in policy.rules.iter().filter(|rule| rule.severity != Severity::Advisory) {
            for &id in rule.kind.claims() {
                let mut evidence = evidence.clone();
                evidence.claims.set_unknown(id, reason);
                let appraisal = appraised(&evidence, &policy);
                prop_assert!(appraisal.timeline.spans().iter().all(|span| span.verdict != Pass), "{:?} {}", rule, id);
            }
        }
    }

    #[test]
    fn a_lapse_more_never_improves_a_verdict((evidence, policy) in pair(), lapse in lapse()) {
        let before = appraised(&evidence, &policy).timeline;
        let mut worse = evidence.clone();
        add(lapse, &mut worse.claims);
        let after = appraised(&worse, &policy).timeline;
        for at in instants([&before, &after]) {
            prop_assert!(badness(after.at(at)) >= badness(before.at(at)), "{}: {:?} {:?}", at, before, after);
        }
    }

    #[test]
    fn an_advisory_changes_no_verdict((evidence, policy) in pair()) {
        let rules = policy.rules.iter().filter(|rule| rule.severity != Severity::Advisory).cloned().collect();
        let without = appraised(&evidence, &Policy { rules, ..policy.clone() });
        prop_assert_eq!(appraised(&evidence, &policy).timeline, without.timeline);
    }

    #[test]
    fn a_stamp_ends_with_the_pass((evidence, policy) in mostly_right()) {
        let line = appraised(&evidence, &policy).timeline;
        for at in instants([&line]).into_iter().filter(|&at| line.at(at) == Pass) {
            let end = line.next_change(at).expect("every pass ends: evidence grows stale");
            prop_assert!(end > at && line.at(end) != Pass && line.at(end - 1) == Pass);
            let between = instants([&line]).into_iter().filter(|&other| other >= at && other < end);
            prop_assert!(between.into_iter().all(|other| line.at(other) == Pass));
        }
    }

    #[test]
    fn dates_moved_together_move_the_timeline((evidence, policy) in pair(), seconds in -3_000 * DAY..3_000 * DAY) {
        let line = appraised(&evidence, &policy).timeline;
        let spans = line.spans().iter().map(|span| Span { from: span.from.map(|from| from + seconds), ..*span });
        let expected = Timeline::try_from(spans.collect::<Vec<_>>()).unwrap();
        prop_assert_eq!(appraised(&moved(&evidence, |at| at + seconds), &policy).timeline, expected);
    }

    #[test]
    fn extreme_dates_make_no_timeline_odd((evidence, policy) in pair(), stretch in select(vec![1i64 << 20, 1 << 40, i64::MAX])) {
        let far = moved(&evidence, |at| Timestamp::from_seconds((at.seconds() - now().seconds()).saturating_mul(stretch)));
        let appraisal = appraised(&far, &policy);
        prop_assert!(is_well_formed(&appraisal.timeline));
        prop_assert!(appraisal.timeline.at(far.envelope.inspected_at - 1) == Unknown || far.envelope.inspected_at == Timestamp::MIN);
        let edge = moved(&evidence, |_| if stretch == i64::MAX { Timestamp::MAX } else { Timestamp::MIN });
        prop_assert!(is_well_formed(&appraised(&edge, &policy).timeline));
    }

    #[test]
    fn updates_are_judged_as_the_design_words_it(pending in prop::collection::vec(update(), 0..5), (_, policy) in pair()) {
        let pending = pending.into_iter().map(|update| PendingUpdate { offered_by: 0, ..update }).collect();
        let evidence = with_pending(pending);
        let rules = policy.rules.iter().filter(|rule| matches!(rule.kind, RuleKind::Updates { .. })).cloned().collect();
        let policy = Policy { rules, cadence_days: 3000, ..policy };
        let appraisal = appraised(&evidence, &policy);
        let of_updates = appraisal.findings.iter().filter(|finding| finding.code == Code::UpdatePending).cloned().collect::<Vec<_>>();
        let end = now().plus_days(policy.cadence_days);
        for at in instants(of_updates.iter().map(|finding| &finding.timeline)).into_iter().filter(|&at| at >= now() && at < end) {
            let found = verdict_at(&of_updates, at);
            let expected = updates_at(&evidence, &policy, at).unwrap();
            let silent = of_updates.iter().all(|f| f.severity == Severity::Advisory || f.timeline.at(at) == NotApplicable);
            prop_assert!(found == expected || (silent && expected == Pass), "{} {:?} {:?}", at, found, expected);
        }
    }

    #[test]
    fn commands_hold_only_names((evidence, policy) in pair()) {
        let appraisal = appraised(&evidence, &policy);
        let commands = appraisal.findings.iter().filter_map(|finding| finding.fix.as_ref()?.command.clone());
        for command in commands.chain(combined_fix(&evidence, &appraisal)) {
            let safe = |c: char| c.is_ascii_alphanumeric() || " &-.+:".contains(c);
            prop_assert!(command.chars().all(safe) && !command.contains(" -x") && !command.contains(" -y"), "{}", command);
        }
    }
}
