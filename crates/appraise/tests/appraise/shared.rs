//! Shared appraisals: one for many inspections is, for each of them, the appraisal it would have had alone.

use std::hint::black_box;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use seaworthy_appraise::{SharedAppraisal, appraise, appraise_shared};
use seaworthy_model::*;

use crate::arbitrary::{instant, pair};
use crate::bodies::grants;
use crate::made::*;

fn id() -> PolicyId {
    PolicyId { name: "made".into(), digest: String::new() }
}

/// Instants within a span and at its ends.
fn within((from, until): (Timestamp, Timestamp), at: Timestamp, share: f64) -> Vec<Timestamp> {
    let (first, last) = (from.max(at - 500 * DAY), (until - 1).min(at + 500 * DAY));
    let inner = first + ((last.seconds() - first.seconds()) as f64 * share) as i64;
    vec![from, first, inner, at, last, until - 1]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn a_shared_appraisal_is_each_ones_own(
        (evidence, policy) in pair(), grants in grants(), at in prop_oneof![Just(now()), instant()], share in 0f64..1.0
    ) {
        let body = Body::of(&evidence, grants);
        let shared = appraise_shared(&body, &policy, id(), at);
        prop_assert!(shared.holds(at), "{:?} {}", shared.span(), at);
        let (from, until) = shared.span();
        prop_assert!(shared.at(until).is_none() || until == Timestamp::MAX);
        prop_assert!(shared.at(from - 1).is_none() || from == Timestamp::MIN);
        for at in within(shared.span(), at, share).into_iter().filter(|&at| shared.holds(at)) {
            let alone = appraise(&body.evidence(at), &policy, id());
            prop_assert_eq!(shared.timeline_at(at), Some(alone.timeline.clone()), "{}", at);
            for turn in alone.timeline.spans().iter().filter_map(|span| span.from).flat_map(|turn| [turn - 1, turn, turn + 1]) {
                prop_assert_eq!(shared.verdict_at(at, turn), Some(alone.timeline.at(turn)));
            }
            prop_assert_eq!(shared.at(at), Some(alone), "{}", at);
        }
    }

    #[test]
    fn a_shared_appraisal_is_kept_and_read_back((evidence, policy) in pair(), grants in grants()) {
        let shared = appraise_shared(&Body::of(&evidence, grants), &policy, id(), now());
        let bytes = canonical::encode(&shared).unwrap();
        prop_assert_eq!(canonical::decode::<SharedAppraisal>(&bytes).unwrap(), shared);
    }
}

fn span(evidence: &Evidence) -> (i64, i64) {
    let shared = appraise_shared(&Body::of(evidence, Grants::default()), &shipped("baseline"), id(), now());
    let hours = |at: Timestamp| (at.seconds() - now().seconds()).div_euclid(HOUR);
    (hours(shared.span().0), hours(shared.span().1))
}

#[test]
fn a_span_is_days_long() {
    let pending = vec![update("bash", Some(days_ago(40)), Some(days_ago(1)))];
    let (from, until) = span(&with_pending(pending));
    assert_eq!((from, until), (-24, 6 * 24), "from the newest date until the security archive is too old");
}

#[test]
fn a_lapse_that_nobody_dates_is_shared_by_one_second() {
    let mut evidence = in_order();
    evidence.claims.restart = Claim::known(Restart { required: true, since: None }, &[]);
    assert_eq!(span(&evidence), (0, 0));
}

fn fifty() -> Body {
    let pending = |n: i64| update(&format!("lib{n}"), Some(days_ago(n * 5)), Some(days_ago(n)));
    Body::of(&with_pending((1..=50).map(pending).collect()), Grants { update_names: true })
}

fn median(mut once: impl FnMut()) -> Duration {
    let mut runs: Vec<_> = (0..101)
        .map(|_| {
            let start = Instant::now();
            once();
            start.elapsed()
        })
        .collect();
    runs.sort_unstable();
    runs[50]
}

#[test]
fn a_shared_appraisal_takes_microseconds() {
    let (body, policy) = (fifty(), shipped("baseline"));
    let shared = appraise_shared(&body, &policy, id(), now());
    let whole = median(|| {
        black_box(appraise_shared(black_box(&body), &policy, id(), now()));
    });
    let one = median(|| {
        black_box(shared.at(black_box(now())));
    });
    let verdict = median(|| {
        black_box(shared.verdict_at(black_box(now()), now()));
    });
    println!("50 lapses: appraise_shared {whole:?}, at {one:?}, verdict_at {verdict:?}");
    let factor = if cfg!(debug_assertions) { 40 } else { 1 };
    assert!(whole < Duration::from_micros(200) * factor && verdict < Duration::from_micros(2) * factor);
}
