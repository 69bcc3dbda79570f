//! Stamps issued, carried, checked and refused, and the vectors and tables under `docs/spec/`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on stops"
)]

mod carriers;
mod issuing;
mod kit;
mod presenting;
mod python_cwt;
mod refusals;
mod refused;
mod status;
mod token_status_list;
mod vectors;
