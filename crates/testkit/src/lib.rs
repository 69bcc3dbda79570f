//! What tests share: made systems, vectors, and a loud way to skip.

pub mod apt;
pub mod archive;
pub mod browser;
pub mod derived;
pub mod openid;
pub mod postgres;
mod python;
mod sysroot;
mod vectors;

pub use python::python;
pub use sysroot::Sysroot;
pub use vectors::{skip, vectors};
