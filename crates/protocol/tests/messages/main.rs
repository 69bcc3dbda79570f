//! The messages as others meet them: vectors, refusals, properties.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on stops"
)]

mod bundles;
mod kinds;
mod leaves;
mod links;
mod proofs;
mod properties;
mod refusals;
mod vectors;
