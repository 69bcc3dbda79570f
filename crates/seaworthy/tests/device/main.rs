//! The program as a person meets it: run on this machine and on made systems, and what it says looked at.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test runs programs, and one that cannot go on stops"
)]

mod done_when;
mod enrol;
mod explain;
mod fake;
mod fake_log;
mod firewall;
mod garbage;
mod inspect;
mod key;
mod kit;
mod ledger;
mod log;
mod man;
mod present;
mod reporting;
mod schema;
mod scope;
mod stamp;
