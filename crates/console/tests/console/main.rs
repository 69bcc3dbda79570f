//! The pages, rendered whole over a real store: who may open which, and that each is sound for people and programs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on stops"
)]

mod harbour;
mod matrix;
mod soundness;
