//! The whole server over HTTP on loopback, load generator included: intake against bare inserts of the same bytes in the
//! same run, and a fleet of a million devices on two thousand bodies. Prints figures and ratios; asserts none.
//!
//! `cargo xtask bench server`, or with words: `intake`, `stale`, `fleet`, `sqlite`, `postgres`; `SEAWORTHY_BENCH_DEVICES` makes
//! the fleet smaller, `SEAWORTHY_BENCH_SECONDS` the intake longer.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark prints, and one that cannot go on stops"
)]

mod bare;
mod fleet;
mod intake;
mod load;
mod made;
mod process;
mod wire;

use seaworthy_testkit::postgres::Postgres;

use process::Place;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wanted = |word: &str, rivals: &[&str]| {
        words.iter().any(|given| given == word) || !words.iter().any(|given| rivals.contains(&given.as_str()))
    };
    let (work, stores) = (["intake", "stale", "fleet"], ["sqlite", "postgres"]);
    if wanted("sqlite", &stores) {
        run(&wanted, &work, &|| Some(Place::sqlite()));
    }
    if wanted("postgres", &stores) {
        run(&wanted, &work, &|| Postgres::shared().map(Place::postgres));
    }
}

/// A word of the command line, and what it runs.
type Part = (&'static str, fn(&Place));

/// Runs the wanted work, each on a store of its own.
fn run(wanted: &dyn Fn(&str, &[&str]) -> bool, work: &[&str], place: &dyn Fn() -> Option<Place>) {
    let parts: [Part; 3] = [("intake", intake::run), ("stale", intake::run_stale), ("fleet", fleet::run)];
    for (word, part) in parts {
        match (wanted(word, work), place()) {
            (false, _) => {}
            (true, Some(place)) => part(&place),
            (true, None) => println!("{word} on PostgreSQL: skipped, it is not installed"),
        }
    }
}

/// A number from the environment.
pub fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}
