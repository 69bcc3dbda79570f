//! Logs from the outside: the real witness and the real monitor, and logs that rewind, fork, drop and change.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test runs programs, and one that cannot go on stops"
)]

mod changed;
mod monitor;
mod program;
mod web;
mod witness;
mod written;
