//! Arbitrary evidence and policies.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use seaworthy_model::*;

use crate::made::{days_ago, in_order, now};

/// Instants within some years of the inspection, many of them at whole days, so that boundaries meet.
pub(crate) fn instant() -> impl Strategy<Value = Timestamp> + Clone {
    prop_oneof![
        (-900i64..400).prop_map(|days| days_ago(-days)),
        (-900 * DAY..400 * DAY).prop_map(|seconds| now() + seconds),
        (-40i64..1).prop_map(|days| days_ago(-days)),
    ]
}

/// Mostly before the inspection: else most clocks were wrong.
fn signed() -> impl Strategy<Value = Timestamp> + Clone {
    prop_oneof![
        20 => (0i64..30).prop_map(days_ago),
        10 => (0i64..900 * DAY).prop_map(|seconds| now() - seconds),
        1 => instant(),
    ]
}

fn reason() -> impl Strategy<Value = Reason> + Clone {
    select(Reason::ALL)
}

fn claim<T: Clone + std::fmt::Debug + 'static>(
    value: impl Strategy<Value = T> + Clone + 'static,
) -> BoxedStrategy<Claim<T>> {
    prop_oneof![
        12 => value.clone().prop_map(|value| Claim::known(value, &[])),
        1 => reason().prop_map(|reason| Claim::not_applicable(reason, &[])),
        1 => (reason(), of(value)).prop_map(|(reason, seen)| Claim::Unknown { reason, read: vec![], seen }),
    ]
    .boxed()
}

pub(crate) fn update() -> impl Strategy<Value = PendingUpdate> + Clone {
    let dated = || of((instant(), select(DateSource::ALL)).prop_map(|(at, from)| Dated { at, from }));
    let names = (select(vec!["bash", "libc6", "vim", "-x", "a b"]), select(vec!["amd64", "i386", "all", ";"]));
    let kept_back = prop_oneof![4 => Just(None), 1 => select(KeptBack::ALL).prop_map(Some)];
    (names, any::<bool>(), 0..6u32, kept_back, prop::bool::weighted(0.1), dated(), dated(), of(select(Rating::ALL)))
        .prop_map(|((package, architecture), security, offered_by, kept_back, leftover, not_before, out_by, rating)| {
            PendingUpdate {
                security,
                offered_by,
                kept_back,
                leftover,
                not_before,
                out_by,
                rating,
                architecture: architecture.into(),
                foreign: architecture != "amd64",
                ..crate::made::update(package, None, None)
            }
        })
}

fn source() -> impl Strategy<Value = CatalogSource> + Clone {
    let proof = prop_oneof![
        8 => Just(Proof::Proved { key: String::new(), release: String::new() }),
        1 => reason().prop_map(|reason| Proof::Failed { reason }),
    ];
    (select(SourceRole::ALL), of(signed()), of(instant()), of(signed()), proof).prop_map(
        |(role, date, valid_until, fetched_at, proof)| CatalogSource {
            date,
            valid_until: valid_until.filter(|end| end.seconds() % 3 == 0),
            fetched_at,
            proof,
            ..crate::made::source(role, now())
        },
    )
}

/// Half of them with the distribution's own archives in order.
fn catalog() -> impl Strategy<Value = Catalog> + Clone {
    (any::<bool>(), vec(source(), 0..4)).prop_map(|(covered, more)| {
        let own = if covered { crate::made::catalog().sources } else { vec![] };
        Catalog { sources: own.into_iter().chain(more).collect() }
    })
}

fn updates() -> impl Strategy<Value = Updates> + Clone {
    (vec(update(), 0..4), vec(update(), 0..2)).prop_map(|(pending, withheld)| Updates {
        pending,
        withheld,
        other_builds: vec![],
    })
}

pub(crate) fn evidence() -> impl Strategy<Value = Evidence> {
    let platform = (
        claim((of(instant()), of(instant())).prop_map(|(support_end, lts_end)| Distribution {
            id: "debian".into(),
            version: String::new(),
            codename: String::new(),
            support_end,
            lts_end,
        })),
        claim((any::<bool>(), of(instant())).prop_map(|(current, installed_at)| Kernel {
            running: "1".into(),
            newest: "2".into(),
            current,
            installed_at,
        })),
        claim((any::<bool>(), of(instant())).prop_map(|(required, since)| Restart { required, since })),
        claim((0..2u32, 0..2u32).prop_map(|(processes, unreadable)| StaleLibraries { processes, unreadable })),
        claim(instant().prop_map(|signatures_at| Antivirus { product: "clamav".into(), signatures_at })),
    );
    let protections = (
        claim(vec(select(Encryption::ALL), 0..3).prop_map(|all| {
            DiskEncryption {
                volumes: all
                    .into_iter()
                    .zip(["/", "swap", "/home"])
                    .map(|(encryption, mount)| Volume { mount: mount.into(), encryption })
                    .collect(),
            }
        })),
        claim(any::<bool>().prop_map(|active| Firewall { active, kind: FirewallKind::Nftables })),
        claim(any::<bool>().prop_map(|enabled| SecureBoot { enabled })),
        claim(
            (any::<bool>(), vec(select(AutomaticUpdatesGap::ALL), 0..2)).prop_map(|(enabled, gaps)| AutomaticUpdates {
                enabled,
                gaps,
                last_run: None,
            }),
        ),
        claim(
            any::<bool>()
                .prop_map(|enforcing| MandatoryAccessControl { enforcing, kind: MandatoryAccessControlKind::Selinux }),
        ),
        claim((any::<bool>(), select(RootLogin::ALL)).prop_map(|(password, root_login)| Ssh { password, root_login })),
        claim((any::<bool>(), 0..1000u32).prop_map(|(enabled, delay_seconds)| ScreenLock { enabled, delay_seconds })),
    );
    (claim(updates()), claim(catalog()), platform, protections).prop_map(|(updates, catalog, platform, protections)| {
        let (distribution, kernel, restart, stale_libraries, antivirus) = platform;
        let (disk_encryption, firewall, secure_boot, automatic_updates, mandatory_access_control, ssh, screen_lock) =
            protections;
        let claims = Claims {
            updates,
            catalog,
            distribution,
            kernel,
            restart,
            stale_libraries,
            disk_encryption,
            firewall,
            secure_boot,
            automatic_updates,
            mandatory_access_control,
            ssh,
            screen_lock,
            antivirus,
        };
        Evidence { claims, ..in_order() }
    })
}

fn kind() -> impl Strategy<Value = RuleKind> {
    let days = || prop_oneof![0..40u32, 0..3651u32];
    prop_oneof![
        2 => days().prop_map(|max_age_days| RuleKind::Catalog { max_age_days }),
        5 => (select(Which::ALL), of(select(Rating::ALL)), days())
            .prop_map(|(which, rated_at_least, allowed_days)| RuleKind::Updates { which, rated_at_least, allowed_days }),
        1 => any::<bool>().prop_map(|lts| RuleKind::Release { lts }),
        1 => days().prop_map(|allowed_days| RuleKind::Kernel { allowed_days }),
        1 => days().prop_map(|allowed_days| RuleKind::Restart { allowed_days }),
        3 => select(vec![
            RuleKind::StaleLibraries, RuleKind::DiskEncryption, RuleKind::Firewall, RuleKind::SecureBoot,
            RuleKind::AutomaticUpdates, RuleKind::MandatoryAccessControl, RuleKind::SshPassword, RuleKind::SshRootLogin,
        ]),
        1 => (0..1000u32).prop_map(|max_delay_seconds| RuleKind::ScreenLock { max_delay_seconds }),
        1 => days().prop_map(|max_age_days| RuleKind::Antivirus { max_age_days }),
    ]
}

pub(crate) fn policy() -> impl Strategy<Value = Policy> {
    (vec((kind(), select(Severity::ALL)), 0..5), 0..1500u32)
        .prop_map(|(rules, cadence_days)| Policy { cadence_days, ..crate::made::policy(rules) })
}

/// Evidence and policy that are right but for one or two spoilt claims, so that a pass is common.
pub(crate) fn mostly_right() -> impl Strategy<Value = (Evidence, Policy)> {
    (evidence(), policy(), vec(select(ClaimId::ALL), 0..3)).prop_map(|(spoilt, policy, which)| {
        let mut evidence = in_order();
        for id in which {
            transplant(&mut evidence.claims, &spoilt.claims, id);
        }
        (evidence, policy)
    })
}

fn transplant(to: &mut Claims, from: &Claims, id: ClaimId) {
    match id {
        ClaimId::Updates => to.updates = from.updates.clone(),
        ClaimId::Catalog => to.catalog = from.catalog.clone(),
        ClaimId::Distribution => to.distribution = from.distribution.clone(),
        ClaimId::Kernel => to.kernel = from.kernel.clone(),
        ClaimId::Restart => to.restart = from.restart.clone(),
        ClaimId::StaleLibraries => to.stale_libraries = from.stale_libraries.clone(),
        ClaimId::DiskEncryption => to.disk_encryption = from.disk_encryption.clone(),
        ClaimId::Firewall => to.firewall = from.firewall.clone(),
        ClaimId::SecureBoot => to.secure_boot = from.secure_boot.clone(),
        ClaimId::AutomaticUpdates => to.automatic_updates = from.automatic_updates.clone(),
        ClaimId::MandatoryAccessControl => to.mandatory_access_control = from.mandatory_access_control.clone(),
        ClaimId::Ssh => to.ssh = from.ssh.clone(),
        ClaimId::ScreenLock => to.screen_lock = from.screen_lock.clone(),
        ClaimId::Antivirus => to.antivirus = from.antivirus.clone(),
    }
}

/// Both kinds of pairs.
pub(crate) fn pair() -> impl Strategy<Value = (Evidence, Policy)> {
    prop_oneof![(evidence(), policy()), mostly_right()]
}

/// Every date of the evidence, moved.
pub(crate) fn moved(evidence: &Evidence, map: impl Fn(Timestamp) -> Timestamp) -> Evidence {
    let mut evidence = evidence.clone();
    evidence.envelope.inspected_at = map(evidence.envelope.inspected_at);
    let each = |date: &mut Option<Timestamp>| *date = date.map(&map);
    let claims = &mut evidence.claims;
    if let Some(updates) = seen(&mut claims.updates) {
        for update in updates.pending.iter_mut().chain(&mut updates.withheld) {
            for dated in [&mut update.not_before, &mut update.out_by].into_iter().flatten() {
                dated.at = map(dated.at);
            }
        }
    }
    if let Some(catalog) = seen(&mut claims.catalog) {
        for source in &mut catalog.sources {
            [&mut source.date, &mut source.valid_until, &mut source.fetched_at].into_iter().for_each(each);
        }
    }
    if let Some(release) = seen(&mut claims.distribution) {
        [&mut release.support_end, &mut release.lts_end].into_iter().for_each(each);
    }
    if let Some(kernel) = seen(&mut claims.kernel) {
        each(&mut kernel.installed_at);
    }
    if let Some(restart) = seen(&mut claims.restart) {
        each(&mut restart.since);
    }
    if let Some(scanner) = seen(&mut claims.antivirus) {
        scanner.signatures_at = map(scanner.signatures_at);
    }
    evidence
}

pub(crate) fn seen<T>(claim: &mut Claim<T>) -> Option<&mut T> {
    match claim {
        Claim::Known { value, .. } => Some(value),
        Claim::Unknown { seen, .. } => seen.as_mut(),
        Claim::NotApplicable { .. } => None,
    }
}
