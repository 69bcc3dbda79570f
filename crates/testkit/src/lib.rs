//! What tests share: made systems, vectors, and a loud way to skip.

pub mod apt;
pub mod archive;
mod sysroot;
mod vectors;

pub use sysroot::Sysroot;
pub use vectors::{skip, vectors};
