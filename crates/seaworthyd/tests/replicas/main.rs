//! Replicas: two servers on one PostgreSQL, and no balancer that keeps anybody on one of them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test runs programs, and one that cannot go on stops"
)]

mod directory;
mod pair;
mod sign_in;
mod stale;

#[expect(dead_code, reason = "the tests of sign-in bend more of it")]
#[path = "../../../http/tests/signin/authenticator.rs"]
mod authenticator;
#[expect(dead_code, unused_imports, reason = "the tests of faults use more of it")]
#[path = "../faults/kit/mod.rs"]
mod kit;
#[path = "../../benches/server/made.rs"]
mod made;
#[expect(dead_code, reason = "the benchmark makes more of it")]
#[path = "../../benches/server/process.rs"]
mod process;
