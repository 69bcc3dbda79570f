//! Faults: the real server is killed, starved of room, cut from its database, robbed of what it did not sync, lied to by
//! clocks and fed with what no device sends. No acknowledged report is lost, none is there twice.
//!
//! `docs/faults.md` tells what is tried and what holds. What a machine does not allow is skipped aloud.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test runs programs, and one that cannot go on stops"
)]

mod clock;
mod clones;
mod full;
mod hostile;
mod kills;
mod kit;
mod postgres;
mod unsynced;

#[path = "../../benches/server/made.rs"]
mod made;
#[expect(dead_code, reason = "the benchmark makes more of it")]
#[path = "../../benches/server/process.rs"]
mod process;
