//! Made evidence: a device in order, to be spoilt by each test.

use seaworthy_appraise::appraise;
use seaworthy_model::*;

pub(crate) const HOUR: i64 = 3600;

/// The instant of every made inspection.
pub(crate) fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

pub(crate) fn days_ago(days: i64) -> Timestamp {
    now() - days * DAY
}

pub(crate) fn in_days(days: i64) -> Timestamp {
    now() + days * DAY
}

pub(crate) fn source(role: SourceRole, date: Timestamp) -> CatalogSource {
    let (label, codename) = match role {
        SourceRole::Base => ("Debian", "bookworm"),
        SourceRole::Security => ("Debian-Security", "bookworm-security"),
        SourceRole::Other => ("Debian", "bookworm-updates"),
        SourceRole::ThirdParty => ("Docker CE", "bookworm"),
    };
    CatalogSource {
        origin: "Debian".into(),
        label: label.into(),
        suite: "oldstable".into(),
        codename: codename.into(),
        role,
        date: Some(date),
        valid_until: None,
        fetched_at: Some(now() - HOUR),
        proof: Proof::Proved { key: "ab".into(), release: "cd".into() },
    }
}

/// Base dated at a point release, security a day ago.
pub(crate) fn catalog() -> Catalog {
    Catalog { sources: vec![source(SourceRole::Base, days_ago(134)), source(SourceRole::Security, days_ago(1))] }
}

fn known<T>(value: T) -> Claim<T> {
    Claim::known(value, &[])
}

/// A device that passes every shipped policy but for how long.
pub(crate) fn in_order() -> Evidence {
    let volumes = ["/", "swap"].map(|mount| Volume { mount: mount.into(), encryption: Encryption::Encrypted }).to_vec();
    let claims = Claims {
        updates: known(Updates::default()),
        catalog: known(catalog()),
        distribution: known(Distribution {
            id: "debian".into(),
            version: "12".into(),
            codename: "bookworm".into(),
            support_end: Some("2026-07-11".parse().unwrap()),
            lts_end: Some("2028-07-01".parse().unwrap()),
        }),
        kernel: known(Kernel {
            running: "6.1.170-1".into(),
            newest: "6.1.170-1".into(),
            current: true,
            installed_at: None,
        }),
        restart: known(Restart { required: false, since: None }),
        stale_libraries: known(StaleLibraries { processes: 0, unreadable: 0 }),
        disk_encryption: known(DiskEncryption { volumes }),
        firewall: known(Firewall { active: true, kind: FirewallKind::Nftables }),
        secure_boot: known(SecureBoot { enabled: true }),
        automatic_updates: known(AutomaticUpdates { enabled: true, gaps: vec![], last_run: Some(days_ago(1)) }),
        mandatory_access_control: known(MandatoryAccessControl {
            enforcing: true,
            kind: MandatoryAccessControlKind::AppArmor,
        }),
        ssh: known(Ssh { password: false, root_login: RootLogin::No }),
        screen_lock: known(ScreenLock { enabled: true, delay_seconds: 300 }),
        antivirus: Claim::not_applicable(Reason::NoAntivirus, &[]),
    };
    Evidence { envelope: Envelope { inspected_at: now(), subject: Subject::Device }, claims }
}

/// An update from the base archive that was out by this instant, and not before that one.
pub(crate) fn update(package: &str, not_before: Option<Timestamp>, out_by: Option<Timestamp>) -> PendingUpdate {
    PendingUpdate {
        package: package.into(),
        architecture: "amd64".into(),
        foreign: false,
        installed: "1".into(),
        candidate: "2".into(),
        security: false,
        source: package.into(),
        offered_by: 0,
        kept_back: None,
        leftover: false,
        not_before: not_before.map(|at| Dated { at, from: DateSource::InstalledBuild }),
        out_by: out_by.map(|at| Dated { at, from: DateSource::ReleaseDate }),
        advisories: vec![],
        rating: None,
    }
}

pub(crate) fn with_pending(pending: Vec<PendingUpdate>) -> Evidence {
    let mut evidence = in_order();
    evidence.claims.updates = known(Updates { pending, ..Updates::default() });
    evidence
}

pub(crate) fn updates(evidence: &mut Evidence) -> &mut Updates {
    let Claim::Known { value, .. } = &mut evidence.claims.updates else { panic!("updates are known") };
    value
}

pub(crate) fn sources(evidence: &mut Evidence) -> &mut Vec<CatalogSource> {
    let Claim::Known { value, .. } = &mut evidence.claims.catalog else { panic!("the catalog is known") };
    &mut value.sources
}

pub(crate) fn policy(rules: Vec<(RuleKind, Severity)>) -> Policy {
    Policy {
        name: "made".into(),
        version: 1,
        title: "made".into(),
        source: "made".into(),
        cadence_days: 1000,
        rules: rules.into_iter().map(|(kind, severity)| Rule { kind, severity }).collect(),
    }
}

pub(crate) fn one(kind: RuleKind) -> Policy {
    policy(vec![(kind, Severity::Major)])
}

pub(crate) fn shipped(name: &str) -> Policy {
    seaworthy_appraise::policy::named(name).unwrap().policy().unwrap()
}

pub(crate) fn all_updates(allowed_days: u32) -> RuleKind {
    RuleKind::Updates { which: Which::All, rated_at_least: None, allowed_days }
}

pub(crate) fn appraised(evidence: &Evidence, policy: &Policy) -> Appraisal {
    appraise(evidence, policy, PolicyId { name: policy.name.clone(), digest: String::new() })
}

/// A timeline in words: each verdict with the whole hours from the inspection to its beginning.
pub(crate) fn spans(timeline: &Timeline) -> Vec<(Option<i64>, Verdict)> {
    let hours = |from: Timestamp| (from.seconds() - now().seconds()).div_euclid(HOUR);
    timeline.spans().iter().map(|span| (span.from.map(hours), span.verdict)).collect()
}

pub(crate) fn finding(appraisal: &Appraisal, code: Code) -> &Finding {
    appraisal.findings.iter().find(|finding| finding.code == code).unwrap_or_else(|| panic!("no {code}"))
}
