//! References: what the server knows re-dates and re-grades, and discovers nothing.

use proptest::prelude::*;
use proptest::sample::select;
use seaworthy_appraise::appraise_shared_by;
use seaworthy_appraise::reference::{Offer, Reference, Support};
use seaworthy_model::*;
use seaworthy_packages::osv::Advisory;

use crate::arbitrary::{evidence, instant, pair};
use crate::bodies::grants;
use crate::made::*;

const NOTICE: &str = r#"{"id": "DSA-1-1", "published": "2026-10-01T10:00:00Z", "upstream": ["CVE-2026-1"],
    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
    "affected": [{"package": {"ecosystem": "Debian:12", "name": "bash"},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2"}]}]}]}"#;

fn notice() -> Advisory {
    Advisory::parse(NOTICE.as_bytes()).unwrap()
}

fn offer(package: &str) -> Offer {
    Offer { package: package.into(), architecture: "amd64".into(), candidate: "2".into() }
}

fn reference() -> impl Strategy<Value = Reference> {
    let seen = prop::collection::vec((select(vec!["bash", "libc6", "vim"]), instant()), 0..4);
    (any::<bool>(), seen, prop::option::of(instant()), select(vec!["", "12"])).prop_map(
        |(advised, seen, end, version)| {
            let mut reference = Reference::default();
            advised.then(|| reference.advise(notice()));
            seen.into_iter().for_each(|(package, at)| reference.saw(offer(package), at));
            if let Some(support_end) = end {
                reference.support("debian", version, Support { support_end, lts_end: None });
            }
            reference
        },
    )
}

fn all(evidence: &Evidence) -> Vec<PendingUpdate> {
    let seen = evidence.claims.updates.seen();
    seen.into_iter().flat_map(|updates| updates.pending.iter().chain(&updates.withheld)).cloned().collect()
}

/// An update without what a reference may change.
fn bare(update: &PendingUpdate) -> PendingUpdate {
    PendingUpdate { out_by: None, rating: None, advisories: vec![], ..update.clone() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn an_empty_reference_changes_nothing(evidence in evidence()) {
        let mut redated = evidence.clone();
        Reference::default().redate(&mut redated);
        prop_assert_eq!(redated, evidence);
    }

    #[test]
    fn the_lapses_stay_and_grow_no_later_or_milder(evidence in evidence(), reference in reference()) {
        let mut redated = evidence.clone();
        reference.redate(&mut redated);
        let (before, after) = (all(&evidence), all(&redated));
        prop_assert_eq!(before.len(), after.len());
        for (before, after) in before.iter().zip(&after) {
            prop_assert_eq!(bare(before), bare(after));
            prop_assert!(after.rating >= before.rating);
            prop_assert!(before.out_by.is_none_or(|by| after.out_by.is_some_and(|after| after.at <= by.at)));
            prop_assert!(before.advisories.iter().all(|id| after.advisories.contains(id)));
        }
        let once = redated.clone();
        reference.redate(&mut redated);
        prop_assert_eq!(redated, once);
    }

    #[test]
    fn only_what_concerns_a_body_matters((evidence, policy) in pair(), grants in grants(), reference in reference()) {
        let body = Body::of(&evidence, grants);
        let part = reference.concerning(&body);
        let by = |reference| appraise_shared_by(reference, &body, &policy, PolicyId { name: String::new(), digest: String::new() }, now());
        prop_assert_eq!(by(&reference), by(&part));
        prop_assert_eq!(part.concerning(&body).canonical_bytes(), part.canonical_bytes());
        prop_assert_eq!(Reference::decode(&part.canonical_bytes().unwrap()), Ok(part));
    }

    #[test]
    fn only_its_own_bytes_are_read(reference in reference(), at in any::<prop::sample::Index>(), flip in 1u8.., any: Vec<u8>) {
        let mut bytes = reference.canonical_bytes().unwrap();
        prop_assert_eq!(Reference::decode(&bytes), Ok(reference));
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        if let Ok(other) = Reference::decode(&bytes) {
            prop_assert_eq!(other.canonical_bytes().unwrap(), bytes);
        }
        let _ = Reference::decode(&any);
    }

    #[test]
    fn redated_bodies_are_shared_as_soundly((evidence, policy) in pair(), reference in reference(), days in -40i64..40) {
        let body = Body::of(&evidence, Grants { update_names: true });
        let id = PolicyId { name: String::new(), digest: String::new() };
        let shared = appraise_shared_by(&reference, &body, &policy, id.clone(), now());
        let at = in_days(days);
        if shared.holds(at) {
            let mut evidence = body.evidence(at);
            reference.redate(&mut evidence);
            prop_assert_eq!(shared.at(at), Some(seaworthy_appraise::appraise(&evidence, &policy, id)));
        }
    }
}

fn redated(reference: &Reference, update: PendingUpdate) -> PendingUpdate {
    let mut evidence = with_pending(vec![update]);
    reference.redate(&mut evidence);
    all(&evidence).remove(0)
}

#[test]
fn an_advisory_dates_and_grades() {
    let mut reference = Reference::default();
    reference.advise(notice());
    let pending = redated(&reference, update("bash", None, Some(days_ago(1))));
    assert_eq!(pending.rating, Some(Rating::Critical));
    assert_eq!(pending.out_by, Some(Dated { at: "2026-10-01T10:00:00Z".parse().unwrap(), from: DateSource::Advisory }));
    assert_eq!(pending.advisories, ["DSA-1-1", "CVE-2026-1"]);
    let other = PendingUpdate { source: "vim".into(), ..update("vim", None, Some(days_ago(1))) };
    assert_eq!(redated(&reference, other.clone()), other);
    let nameless = PendingUpdate { package: String::new(), architecture: String::new(), ..update("bash", None, None) };
    assert_eq!(redated(&reference, nameless.clone()), nameless);
}

#[test]
fn binary_versions_count_only_where_they_are_the_sources() {
    let mut reference = Reference::default();
    reference.advise(notice());
    let of = |installed: &str, candidate: &str| {
        let pending =
            PendingUpdate { installed: installed.into(), candidate: candidate.into(), ..update("bash", None, None) };
        redated(&reference, pending).rating
    };
    assert_eq!(of("1", "2+b1"), Some(Rating::Critical), "a rebuild of the fixed version");
    assert_eq!(of("1.0-3", "4:9"), None, "counted in another way, for all that is known");
}

#[test]
fn an_advisory_that_the_device_named_counts() {
    let mut reference = Reference::default();
    reference.advise(notice());
    let named =
        PendingUpdate { advisories: vec!["DSA-1-1".into()], candidate: "7".into(), ..update("bash", None, None) };
    assert_eq!(redated(&reference, named).rating, Some(Rating::Critical));
}

#[test]
fn the_earliest_sight_counts() {
    let mut reference = Reference::default();
    reference.saw(offer("bash"), days_ago(5));
    reference.saw(offer("bash"), days_ago(9));
    reference.saw(offer("bash"), days_ago(7));
    let seen = redated(&reference, update("bash", None, Some(days_ago(1)))).out_by;
    assert_eq!(seen, Some(Dated { at: days_ago(9), from: DateSource::FirstSeen }));
    assert_eq!(redated(&reference, update("bash", None, Some(days_ago(20)))).out_by.unwrap().at, days_ago(20));
}

#[test]
fn a_release_that_the_device_does_not_know_is_known() {
    let mut reference = Reference::default();
    let support = Support { support_end: in_days(90), lts_end: None };
    reference.support("debian", "14", support);
    let mut evidence = in_order();
    let release = Distribution {
        id: "debian".into(),
        version: "14".into(),
        codename: "forky".into(),
        support_end: None,
        lts_end: None,
    };
    evidence.claims.distribution =
        Claim::Unknown { reason: Reason::ReleaseUnlisted, read: vec![], seen: Some(release) };
    reference.redate(&mut evidence);
    assert_eq!(evidence.claims.distribution.reason(), None);
    assert_eq!(evidence.claims.distribution.seen().unwrap().support_end, Some(in_days(90)));
}

#[test]
fn a_reference_has_one_address() {
    let mut one = Reference::default();
    let mut other = Reference::default();
    one.saw(offer("bash"), now());
    one.saw(offer("vim"), now());
    one.advise(notice());
    other.advise(notice());
    other.saw(offer("vim"), now());
    other.saw(offer("bash"), now());
    assert_eq!(one.canonical_bytes(), other.canonical_bytes());
    assert_ne!(one.canonical_bytes(), Reference::default().canonical_bytes());
}
