//! An appraisal of a hundred pending updates by twenty rules stays far below a millisecond.

use std::hint::black_box;
use std::time::{Duration, Instant};

use seaworthy_model::*;

use crate::made::*;

fn hundred() -> Evidence {
    let pending = |n: i64| PendingUpdate {
        security: n % 2 == 0,
        ..update(&format!("lib{n}"), Some(days_ago(n * 5)), Some(days_ago(n)))
    };
    with_pending((0..100).map(pending).collect())
}

/// The worst twenty: rules of which none says more than another, so that each speaks of each update.
fn twenty() -> Policy {
    let severity = [Severity::Minor, Severity::Major, Severity::Dangerous];
    let rules = (0..20u32).map(|n| (all_updates(n * 10), severity[n as usize * 3 / 20]));
    let mut rules: Vec<_> = rules.collect();
    for n in (0..20).filter(|n| n % 2 == 1) {
        rules[n] = (shipped("baseline").rules[n % 16].kind.clone(), Severity::Minor);
    }
    policy(rules)
}

fn median(evidence: &Evidence, policy: &Policy) -> Duration {
    let once = || {
        let start = Instant::now();
        black_box(appraised(black_box(evidence), black_box(policy)));
        start.elapsed()
    };
    let mut runs: Vec<_> = (0..101).map(|_| once()).collect();
    runs.sort_unstable();
    runs[50]
}

#[test]
fn an_appraisal_takes_far_less_than_a_millisecond() {
    let baseline = median(&hundred(), &shipped("baseline"));
    let twenty = median(&hundred(), &twenty());
    println!("100 pending: baseline {baseline:?}, twenty rules {twenty:?}");
    let limit = if cfg!(debug_assertions) { 20 } else { 1 };
    assert!(baseline.max(twenty) < Duration::from_millis(limit));
}
