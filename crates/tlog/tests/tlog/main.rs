//! The log against its definition, other implementations, and those who change its past.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on stops"
)]

mod go;
mod log;
mod monitor;
mod notes;
mod oracles;
mod policies;
mod proof_files;
mod sigstore;
mod trees;
mod vectors;
mod witnesses;
