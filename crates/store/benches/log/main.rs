//! The log on a disk: taking entries in against bare appends of the same entries in the same run, and proofs out of a
//! large tree. Prints figures and ratios; asserts none. `cargo xtask bench log`, or with words: `entries`, `tree`.
//! `SEAWORTHY_BENCH_LEAVES` makes the tree smaller, `SEAWORTHY_BENCH_BATCHES` the intake longer.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark prints, and one that cannot go on stops"
)]

mod entries;
mod tree;

use std::time::Instant;

use seaworthy_service::Id;

/// Whose log it is.
const OURS: Id = Id::from_bytes([1; 16]);

fn main() {
    // `cargo test` builds benches too and starts them with other arguments.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wanted = |word: &str| words.is_empty() || words.iter().any(|given| given == word);
    if wanted("entries") {
        entries::run(setting("SEAWORTHY_BENCH_BATCHES", 200));
    }
    if wanted("tree") {
        tree::run(setting("SEAWORTHY_BENCH_LEAVES", 10_000_000));
    }
}

/// A number from the environment.
fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Seconds that work takes.
fn seconds(work: impl FnOnce()) -> f64 {
    let began = Instant::now();
    work();
    began.elapsed().as_secs_f64()
}
