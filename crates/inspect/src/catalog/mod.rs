//! The catalog: dated and proved before it is believed.
//!
//! For every live source: the signature of its Release file by a key apt trusts for it, the SHA-256 of each of its
//! lists, its dates. What cannot be proved is said with its reason; nothing is guessed.

mod cleartext;
pub mod keyrings;
pub mod memory;
pub mod openpgp;
pub mod pending;
mod prove;
mod signed;
