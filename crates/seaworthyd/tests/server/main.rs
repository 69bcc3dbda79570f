//! The server as clients and operators meet it: the real program, on loopback.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test runs programs, and one that cannot go on stops"
)]

mod commands;
mod configuration;
mod errors;
mod evidence;
mod health;
mod idempotency;
mod kit;
mod log;
mod metrics;
mod organisation;
mod revoking;
mod schemathesis;
mod slow;
mod stopping;
mod tls;
mod webhooks;
mod witnessed;

#[expect(dead_code, reason = "the tests of witnesses and monitors use more of it")]
#[path = "../transparency/program.rs"]
mod program;
