//! One table per rule: made evidence on the left, the exact answer on the right.

use seaworthy_model::Verdict::{Fail, NotApplicable, Pass, Unknown};
use seaworthy_model::*;

use crate::made::*;

const D: i64 = 24;

/// The verdict at the inspection, by this policy.
fn at_inspection(evidence: &Evidence, policy: &Policy) -> Verdict {
    appraised(evidence, policy).timeline.at(now())
}

/// The overall timeline of one rule, up to its cadence after 1000 days.
fn check(evidence: &Evidence, kind: RuleKind, expected: &[(Option<i64>, Verdict)]) {
    let appraisal = appraised(evidence, &one(kind.clone()));
    let mut wanted = vec![(None, Unknown)];
    wanted.extend(expected.iter().copied().filter(|&span| span != (Some(0), Unknown)));
    if wanted.last().map(|span| span.1) != Some(Unknown) {
        wanted.push((Some(1000 * D), Unknown));
    }
    assert_eq!(spans(&appraisal.timeline), wanted, "{kind:?}\n{:#?}", appraisal.findings);
}

fn reason(evidence: &Evidence, kind: RuleKind, code: Code) -> Option<Reason> {
    finding(&appraised(evidence, &one(kind)), code).reason
}

#[test]
fn a_device_in_order_passes_every_shipped_policy() {
    for (name, end) in [("baseline", 13), ("six-month", 182), ("cyber-essentials", 13), ("essential-eight", 1)] {
        let appraisal = appraised(&in_order(), &shipped(name));
        assert_eq!(spans(&appraisal.timeline), [(None, Unknown), (Some(0), Pass), (Some(end * D), Unknown)], "{name}");
    }
}

#[test]
fn a_policy_that_asks_for_nothing_is_never_passed() {
    for policy in [policy(vec![]), policy(vec![(RuleKind::Firewall, Severity::Advisory)])] {
        assert_eq!(appraised(&in_order(), &policy).timeline, Timeline::always(Unknown));
    }
    let antivirus = one(RuleKind::Antivirus { max_age_days: 7 });
    let appraisal = appraised(&in_order(), &antivirus);
    assert_eq!(finding(&appraisal, Code::AntivirusFresh).timeline.at(now()), NotApplicable);
    assert_eq!(appraisal.timeline, Timeline::always(Unknown), "nothing but not-applicable is unknown");
}

#[test]
fn evidence_grows_stale_whatever_it_said() {
    for active in [true, false] {
        let mut evidence = in_order();
        evidence.claims.firewall = Claim::known(Firewall { active, kind: FirewallKind::Ufw }, &[]);
        let policy = Policy { cadence_days: 30, ..one(RuleKind::Firewall) };
        let first = if active { Pass } else { Fail };
        let expected = [(None, Unknown), (Some(0), first), (Some(30 * D), Unknown)];
        assert_eq!(spans(&appraised(&evidence, &policy).timeline), expected);
        assert_eq!(spans(&appraised(&evidence, &policy).findings[0].timeline), expected);
    }
    let at_once = Policy { cadence_days: 0, ..one(RuleKind::Firewall) };
    assert_eq!(appraised(&in_order(), &at_once).timeline, Timeline::always(Unknown));
}

#[test]
fn bash_is_late_by_134_to_583_days() {
    let built = "2025-04-18T20:47:00Z".parse().ok();
    let released = "2026-07-11T10:16:37Z".parse().ok();
    let mut bash = update("bash", built, released);
    (bash.installed, bash.candidate) = ("5.2.15-2+b8".into(), "5.2.15-2+b13".into());
    let appraisal = appraised(&with_pending(vec![bash]), &shipped("baseline"));
    let finding = finding(&appraisal, Code::UpdatePending);
    assert_eq!(finding.since.unwrap().days(now()), (Some(134), Some(583)));
    assert_eq!(finding.due.unwrap().to_string(), "2026-08-10T10:16:37Z");
    assert_eq!((finding.subject.as_deref(), finding.severity), (Some("bash"), Severity::Minor));
    assert_eq!(appraisal.timeline.at(now()), Fail);
}

#[test]
fn lateness_is_an_interval() {
    let update =
        |first: Option<i64>, by: Option<i64>| with_pending(vec![update("bash", first.map(days_ago), by.map(days_ago))]);
    let end = 999 * D;
    let grown_stale: &[(Option<i64>, Verdict)] = &[(Some(0), Pass), (Some(end), Unknown)];
    check(&with_pending(vec![]), all_updates(1000), grown_stale);
    for (first, by, allowed, expected) in [
        (Some(10), Some(5), 14, &[(Some(0), Pass), (Some(4 * D), Unknown), (Some(9 * D), Fail)][..]),
        (Some(20), Some(5), 14, &[(Some(9 * D), Fail)]),
        (Some(20), Some(14), 14, &[(Some(0), Fail)]),
        (None, Some(5), 14, &[(Some(9 * D), Fail)]),
        (None, None, 14, &[]),
        (Some(5), None, 14, &[(Some(0), Pass), (Some(9 * D), Unknown)]),
        (Some(5), Some(10), 14, &[(Some(0), Pass), (Some(4 * D), Fail)]),
        (Some(-9), Some(-9), 14, &[(Some(0), Pass), (Some(13 * D), Unknown), (Some(14 * D), Fail)]),
        (Some(5), Some(5), 0, &[(Some(0), Fail)]),
    ] {
        check(&update(first, by), all_updates(allowed), expected);
    }
}

#[test]
fn a_proved_date_outdoes_a_guess_at_the_earliest() {
    let appraisal =
        appraised(&with_pending(vec![update("bash", Some(days_ago(5)), Some(days_ago(10)))]), &one(all_updates(14)));
    assert_eq!(finding(&appraisal, Code::UpdatePending).since.unwrap().days(now()), (Some(10), Some(10)));
}

#[test]
fn an_advisory_catalog_rule_dates_no_update() {
    let mut evidence = in_order();
    sources(&mut evidence)[1].date = Some(days_ago(5));
    for (severity, expected) in [(Severity::Advisory, Pass), (Severity::Minor, Unknown)] {
        let rules = policy(vec![(RuleKind::Catalog { max_age_days: 2 }, severity), (all_updates(14), Severity::Major)]);
        assert_eq!(at_inspection(&evidence, &rules), expected);
    }
}

#[test]
fn the_second_of_the_due_date_is_the_first_of_the_fail() {
    let appraisal = appraised(&with_pending(vec![update("bash", None, Some(days_ago(5)))]), &one(all_updates(14)));
    let due = finding(&appraisal, Code::UpdatePending).due.unwrap();
    assert_eq!(due, in_days(9));
    assert_eq!((appraisal.timeline.at(due - 1), appraisal.timeline.at(due)), (Unknown, Fail));
}

#[test]
fn what_the_holder_cannot_mend_is_no_lapse_and_what_they_hid_is_one() {
    let late = || update("bash", Some(days_ago(99)), Some(days_ago(99)));
    for (kept_back, leftover, expected) in [
        (None, false, Fail),
        (Some(KeptBack::Held), false, Fail),
        (Some(KeptBack::Pinned), false, Fail),
        (Some(KeptBack::Phased), false, Pass),
        (None, true, Pass),
    ] {
        let evidence = with_pending(vec![PendingUpdate { kept_back, leftover, ..late() }]);
        assert_eq!(at_inspection(&evidence, &one(all_updates(14))), expected, "{kept_back:?} {leftover}");
    }
    let mut evidence = in_order();
    updates(&mut evidence).withheld.push(PendingUpdate { kept_back: Some(KeptBack::Pinned), ..late() });
    let appraisal = appraised(&evidence, &shipped("baseline"));
    assert_eq!(appraisal.timeline.at(now()), Fail);
    assert_eq!(finding(&appraisal, Code::UpdateWithheld).severity, Severity::Major);
    updates(&mut evidence).withheld[0].kept_back = Some(KeptBack::Phased);
    assert_eq!(at_inspection(&evidence, &one(all_updates(14))), Fail, "security updates are never phased");
}

#[test]
fn a_rule_is_about_what_it_names_and_whatever_nobody_rated() {
    let rule = |which, rated_at_least| RuleKind::Updates { which, rated_at_least, allowed_days: 14 };
    let high = Some(Rating::High);
    for (security, rating, kind, expected) in [
        (false, None, rule(Which::All, None), Fail),
        (false, None, rule(Which::Security, None), Pass),
        (true, None, rule(Which::Security, None), Fail),
        (true, None, rule(Which::Security, high), Fail),
        (true, Some(Rating::Medium), rule(Which::Security, high), Pass),
        (true, high, rule(Which::Security, high), Fail),
        (true, Some(Rating::Critical), rule(Which::Security, high), Fail),
    ] {
        let update = PendingUpdate { security, rating, ..update("bash", None, Some(days_ago(99))) };
        let evidence = with_pending(vec![PendingUpdate { not_before: update.out_by, ..update }]);
        assert_eq!(at_inspection(&evidence, &one(kind.clone())), expected, "{security} {rating:?} {kind:?}");
    }
}

#[test]
fn of_two_rules_about_one_update_only_the_one_that_says_more_speaks() {
    let security = PendingUpdate { security: true, ..update("openssl", None, Some(days_ago(99))) };
    let evidence = with_pending(vec![security, update("bash", None, Some(days_ago(99)))]);
    let appraisal = appraised(&evidence, &shipped("baseline"));
    let told: Vec<_> = appraisal.findings.iter().filter(|finding| finding.code == Code::UpdatePending).collect();
    let told: Vec<_> = told.iter().map(|finding| (finding.subject.as_deref().unwrap(), finding.severity)).collect();
    assert_eq!(told, [("openssl", Severity::Major), ("bash", Severity::Minor)]);
    assert_eq!(appraisal.findings.iter().filter(|finding| finding.code == Code::UpdatesComplete).count(), 1);
    // Graver later is said beside lighter sooner.
    let rules = policy(vec![(all_updates(14), Severity::Minor), (all_updates(90), Severity::Dangerous)]);
    assert_eq!(appraised(&evidence, &rules).findings.len(), 5);
}

#[test]
fn an_update_is_only_as_sure_as_its_source() {
    let late = || with_pending(vec![update("bash", None, Some(days_ago(99)))]);
    let mut unsigned = late();
    sources(&mut unsigned)[0].proof = Proof::Failed { reason: Reason::Unsigned };
    let mut expired = late();
    sources(&mut expired)[0].valid_until = Some(days_ago(1));
    let mut nowhere = late();
    updates(&mut nowhere).pending[0].offered_by = 7;
    for (evidence, expected) in [(unsigned, Reason::Unsigned), (expired, Reason::Stale), (nowhere, Reason::Garbled)] {
        assert_eq!(reason(&evidence, all_updates(14), Code::UpdatePending), Some(expected));
        assert_eq!(at_inspection(&evidence, &one(all_updates(14))), Unknown);
    }
    let mut unread = late();
    unread.claims.catalog = Claim::unknown(Reason::ReadFailed, &[]);
    assert_eq!(reason(&unread, all_updates(14), Code::UpdatePending), Some(Reason::ReadFailed));
    assert_eq!(reason(&unread, all_updates(14), Code::UpdatesComplete), Some(Reason::ReadFailed));
}

#[test]
fn pending_updates_of_an_unknown_claim_are_shown_and_not_judged() {
    let mut evidence = in_order();
    let seen = Updates { pending: vec![update("bash", None, Some(days_ago(99)))], ..Updates::default() };
    evidence.claims.updates = Claim::Unknown { reason: Reason::ListsMissing, read: vec![], seen: Some(seen) };
    let appraisal = appraised(&evidence, &one(all_updates(14)));
    assert_eq!(appraisal.timeline, Timeline::always(Unknown));
    let bash = finding(&appraisal, Code::UpdatePending);
    assert_eq!((bash.reason, bash.due), (Some(Reason::ListsMissing), None));
    assert_eq!(bash.since.unwrap().days(now()).0, Some(99));
}

#[test]
fn the_list_of_updates_is_complete_for_as_long_as_nothing_new_can_be_late() {
    check(&in_order(), all_updates(14), &[(Some(0), Pass), (Some(13 * D), Unknown)]);
    let mut two = in_order();
    sources(&mut two).push(source(SourceRole::Security, days_ago(3)));
    check(&two, all_updates(14), &[(Some(0), Pass), (Some(11 * D), Unknown)]);
    let mut old = in_order();
    sources(&mut old)[1].date = Some(days_ago(14));
    check(&old, all_updates(14), &[]);
    assert_eq!(reason(&old, all_updates(14), Code::UpdatesComplete), Some(Reason::Stale));
    let mut undated = in_order();
    sources(&mut undated)[1].date = None;
    check(&undated, all_updates(14), &[]);
    // An advisory rule does not shorten what counts.
    let rules = policy(vec![(all_updates(2), Severity::Advisory), (all_updates(14), Severity::Major)]);
    assert_eq!(spans(&appraised(&in_order(), &rules).timeline)[2], (Some(13 * D), Unknown));
    for missing in [0, 1] {
        let mut partial = in_order();
        sources(&mut partial).remove(missing);
        assert_eq!(reason(&partial, all_updates(14), Code::UpdatesComplete), Some(Reason::VendorMissing));
    }
    let mut third = in_order();
    sources(&mut third).push(CatalogSource {
        proof: Proof::Failed { reason: Reason::ListsMissing },
        ..source(SourceRole::ThirdParty, days_ago(1))
    });
    assert_eq!(reason(&third, all_updates(14), Code::UpdatesComplete), Some(Reason::ListsMissing));
}

#[test]
fn catalogs_are_fresh_proved_and_the_vendors() {
    let kind = RuleKind::Catalog { max_age_days: 7 };
    use SourceRole::{Base, Other, Security, ThirdParty};
    let day = |days: i64| Some(days_ago(days));
    // Beside a device in order: role, Date, Valid-Until, fetched, and what is wrong with it.
    for (role, date, valid_until, fetched_at, expected) in [
        (Security, day(7), None, None, None),
        (Security, Some(days_ago(7) - 1), None, day(0), Some(Reason::Stale)),
        (Security, day(1), Some(now() - 1), day(0), Some(Reason::Stale)),
        (Security, day(1), Some(now()), day(0), None),
        (Security, None, None, day(0), Some(Reason::Stale)),
        (Other, day(8), Some(in_days(1)), day(0), Some(Reason::Stale)),
        (Other, day(8), None, day(0), None),
        (Base, day(134), None, day(0), None),
        (Base, day(134), None, None, None),
        (Base, day(134), None, day(60), None),
        (ThirdParty, day(400), None, day(1), None),
        (ThirdParty, day(1), None, day(8), Some(Reason::Stale)),
        (ThirdParty, day(1), None, None, Some(Reason::Stale)),
        (ThirdParty, day(400), Some(in_days(9)), day(8), None),
    ] {
        let mut evidence = in_order();
        let added = CatalogSource { date, valid_until, fetched_at, ..source(role, now()) };
        sources(&mut evidence).insert(0, added.clone());
        assert_eq!(reason(&evidence, kind.clone(), Code::CatalogProved), expected, "{added:?}");
        let verdict = if expected.is_none() { Pass } else { Unknown };
        assert_eq!(at_inspection(&evidence, &one(kind.clone())), verdict, "never a fail");
    }
}

#[test]
fn a_base_archive_stands_or_falls_with_the_security_archive_beside_it() {
    let kind = RuleKind::Catalog { max_age_days: 7 };
    let mut evidence = in_order();
    sources(&mut evidence)[1].date = Some(days_ago(8));
    assert_eq!(reason(&evidence, kind.clone(), Code::CatalogProved), None, "fetched an hour ago");
    sources(&mut evidence)[0].fetched_at = Some(days_ago(8));
    assert_eq!(reason(&evidence, kind, Code::CatalogProved), Some(Reason::Stale));
}

#[test]
fn coverage_names_what_keeps_it() {
    let kind = || RuleKind::Catalog { max_age_days: 7 };
    let coverage = |evidence: &Evidence| reason(evidence, kind(), Code::CatalogCoverage);
    assert_eq!(coverage(&in_order()), None);
    let mut evidence = in_order();
    sources(&mut evidence)[1].proof = Proof::Failed { reason: Reason::KeyExpired };
    assert_eq!(coverage(&evidence), Some(Reason::KeyExpired), "it is there, but not proved");
    sources(&mut evidence).pop();
    assert_eq!(coverage(&evidence), Some(Reason::VendorMissing));
    sources(&mut evidence).clear();
    assert_eq!(coverage(&evidence), Some(Reason::NoSources));
    let named = appraised(&in_order(), &one(kind())).findings;
    let named: Vec<_> = named.iter().filter_map(|finding| finding.subject.as_deref()).collect();
    assert_eq!(named, ["Debian bookworm", "Debian-Security bookworm-security"]);
}

#[test]
fn a_clock_before_a_signed_date_makes_everything_unknown_once_said() {
    let mut evidence = in_order();
    evidence.claims.firewall = Claim::known(Firewall { active: false, kind: FirewallKind::None }, &[]);
    sources(&mut evidence)[1].date = Some(now() + 600);
    assert_eq!(at_inspection(&evidence, &shipped("baseline")), Fail, "ten minutes are allowed");
    sources(&mut evidence)[1].date = Some(now() + 601);
    let appraisal = appraised(&evidence, &shipped("baseline"));
    assert_eq!(appraisal.timeline, Timeline::always(Unknown));
    assert!(
        appraisal.findings.iter().all(|finding| finding.reason == Some(Reason::ClockWrong) && finding.due.is_none())
    );
    assert_eq!(appraisal.findings[0].code, Code::ClockWrong);
    assert_eq!(
        appraisal.findings[0].subject.as_deref(),
        Some("2026-11-22T12:00:00Z, but a catalog is signed 2026-11-22T12:10:01Z")
    );
    sources(&mut evidence)[1].proof = Proof::Failed { reason: Reason::BadSignature };
    assert_ne!(finding(&appraised(&evidence, &shipped("baseline")), Code::FirewallActive).timeline.at(now()), Unknown);
}

#[test]
fn a_release_fails_from_its_end_on() {
    let release = |support_end: Option<i64>, lts_end: Option<i64>| {
        let mut evidence = in_order();
        let Claim::Known { value, .. } = &mut evidence.claims.distribution else { panic!() };
        (value.support_end, value.lts_end) = (support_end.map(in_days), lts_end.map(in_days));
        evidence
    };
    let pass_to = |day: i64| vec![(Some(0), Pass), (Some(day * D), Fail)];
    check(&release(Some(9), Some(99)), RuleKind::Release { lts: false }, &pass_to(9));
    check(&release(Some(9), Some(99)), RuleKind::Release { lts: true }, &pass_to(99));
    check(&release(Some(9), None), RuleKind::Release { lts: true }, &pass_to(9));
    check(&release(Some(0), None), RuleKind::Release { lts: true }, &[(Some(0), Fail)]);
    check(&release(Some(-9), Some(99)), RuleKind::Release { lts: false }, &[(Some(0), Fail)]);
    check(&release(None, Some(99)), RuleKind::Release { lts: false }, &[]);
    let appraisal = appraised(&release(Some(-9), None), &shipped("baseline"));
    let release = finding(&appraisal, Code::ReleaseSupported);
    assert_eq!((release.due, release.subject.as_deref()), (Some(days_ago(9)), Some("debian 12 bookworm")));
}

#[test]
fn what_is_installed_must_run_in_time() {
    let kernel = |current, installed_at| {
        let mut evidence = in_order();
        let kernel = Kernel { running: "6.1.1".into(), newest: "6.1.2".into(), current, installed_at };
        evidence.claims.kernel = Claim::known(kernel, &[]);
        evidence
    };
    let restart = |required, since| {
        let mut evidence = in_order();
        evidence.claims.restart = Claim::known(Restart { required, since }, &[]);
        evidence
    };
    type Spans<'a> = &'a [(Option<i64>, Verdict)];
    let cases: [(bool, Option<i64>, Spans); 6] = [
        (true, None, &[(Some(0), Pass)]),
        (true, Some(99), &[(Some(0), Pass)]),
        (false, Some(3), &[(Some(0), Pass), (Some(4 * D), Fail)]),
        (false, Some(7), &[(Some(0), Fail)]),
        (false, None, &[(Some(7 * D), Fail)]),
        (false, Some(-5), &[(Some(0), Pass), (Some(7 * D), Fail)]),
    ];
    for (in_order, since, expected) in cases {
        let since = since.map(days_ago);
        check(&kernel(in_order, since), RuleKind::Kernel { allowed_days: 7 }, expected);
        check(&restart(!in_order, since), RuleKind::Restart { allowed_days: 7 }, expected);
    }
}

#[test]
fn protections_are_as_their_claims_say() {
    type Spoil = fn(&mut Claims);
    let cases: &[(RuleKind, Spoil, Verdict)] = &[
        (
            RuleKind::StaleLibraries,
            |c| c.stale_libraries = Claim::known(StaleLibraries { processes: 1, unreadable: 9 }, &[]),
            Fail,
        ),
        (
            RuleKind::StaleLibraries,
            |c| c.stale_libraries = Claim::known(StaleLibraries { processes: 0, unreadable: 9 }, &[]),
            Unknown,
        ),
        (RuleKind::StaleLibraries, |_| {}, Pass),
        (RuleKind::DiskEncryption, |c| c.disk_encryption = volumes(&[Encryption::Encrypted, Encryption::Plain]), Fail),
        (
            RuleKind::DiskEncryption,
            |c| c.disk_encryption = volumes(&[Encryption::Encrypted, Encryption::Unknown]),
            Unknown,
        ),
        (RuleKind::DiskEncryption, |c| c.disk_encryption = volumes(&[Encryption::Plain, Encryption::Unknown]), Fail),
        (RuleKind::DiskEncryption, |c| c.disk_encryption = volumes(&[]), Unknown),
        (RuleKind::DiskEncryption, |_| {}, Pass),
        (RuleKind::Firewall, |_| {}, Pass),
        (RuleKind::Firewall, |c| c.firewall = Claim::unknown(Reason::NoRight, &[]), Unknown),
        (RuleKind::SecureBoot, |c| c.secure_boot = Claim::known(SecureBoot { enabled: false }, &[]), Fail),
        (RuleKind::SecureBoot, |_| {}, Pass),
        (RuleKind::AutomaticUpdates, |_| {}, Pass),
        (RuleKind::AutomaticUpdates, |c| c.automatic_updates = gaps(true), Fail),
        (RuleKind::AutomaticUpdates, |c| c.automatic_updates = gaps(false), Fail),
        (RuleKind::MandatoryAccessControl, |c| c.mandatory_access_control = watching(), Fail),
        (RuleKind::MandatoryAccessControl, |_| {}, Pass),
        (RuleKind::SshPassword, |c| c.ssh = ssh(true, RootLogin::No), Fail),
        (RuleKind::SshPassword, |c| c.ssh = ssh(false, RootLogin::Yes), Pass),
        (RuleKind::SshRootLogin, |c| c.ssh = ssh(true, RootLogin::Yes), Fail),
        (RuleKind::SshRootLogin, |c| c.ssh = ssh(true, RootLogin::ProhibitPassword), Pass),
        (RuleKind::SshRootLogin, |c| c.ssh = ssh(false, RootLogin::Yes), Pass),
        (RuleKind::ScreenLock { max_delay_seconds: 300 }, |_| {}, Pass),
        (RuleKind::ScreenLock { max_delay_seconds: 299 }, |_| {}, Fail),
        (
            RuleKind::ScreenLock { max_delay_seconds: 300 },
            |c| c.screen_lock = Claim::known(ScreenLock { enabled: false, delay_seconds: 1 }, &[]),
            Fail,
        ),
    ];
    for (kind, spoil, expected) in cases {
        let mut evidence = in_order();
        spoil(&mut evidence.claims);
        let expected = if *expected == Unknown { vec![] } else { vec![(Some(0), *expected)] };
        check(&evidence, kind.clone(), &expected);
    }
}

fn volumes(encryption: &[Encryption]) -> Claim<DiskEncryption> {
    let volumes = encryption.iter().map(|&encryption| Volume { mount: "/".into(), encryption }).collect();
    Claim::known(DiskEncryption { volumes }, &[])
}

fn gaps(enabled: bool) -> Claim<AutomaticUpdates> {
    Claim::known(AutomaticUpdates { enabled, gaps: vec![AutomaticUpdatesGap::TimerOff], last_run: None }, &[])
}

fn watching() -> Claim<MandatoryAccessControl> {
    Claim::known(MandatoryAccessControl { enforcing: false, kind: MandatoryAccessControlKind::AppArmor }, &[])
}

fn ssh(password: bool, root_login: RootLogin) -> Claim<Ssh> {
    Claim::known(Ssh { password, root_login }, &[])
}

#[test]
fn old_signatures_fail_and_fresh_ones_end_unknown() {
    let scanner = |days: i64| {
        let mut evidence = in_order();
        let antivirus = Antivirus { product: "ClamAV".into(), signatures_at: days_ago(days) };
        evidence.claims.antivirus = Claim::known(antivirus, &[]);
        evidence
    };
    let kind = || RuleKind::Antivirus { max_age_days: 7 };
    check(&scanner(2), kind(), &[(Some(0), Pass), (Some(5 * D), Unknown)]);
    check(&scanner(7), kind(), &[(Some(0), Fail)]);
    check(&scanner(-99), kind(), &[(Some(0), Pass), (Some(7 * D), Unknown)]);
}

#[test]
fn each_claim_unknown_makes_its_shipped_rules_unknown_with_that_reason() {
    for name in ["baseline", "six-month", "cyber-essentials", "essential-eight"] {
        let policy = shipped(name);
        for &reason in Reason::ALL {
            for id in policy.claims() {
                let mut evidence = in_order();
                evidence.claims.set_unknown(id, reason);
                let appraisal = appraised(&evidence, &policy);
                assert!(
                    appraisal.findings.iter().any(|finding| finding.reason == Some(reason)),
                    "{name} {id} {reason}"
                );
                let counts = policy
                    .rules
                    .iter()
                    .any(|rule| rule.severity != Severity::Advisory && rule.kind.claims().contains(&id));
                let expected = if counts { Unknown } else { Pass };
                assert_eq!(appraisal.timeline.at(now()), expected, "{name} {id} {reason}");
            }
        }
    }
}
