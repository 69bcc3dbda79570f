//! Reads a device: the running one, or a mounted disk. Runs nothing, changes nothing, needs no network.
//!
//! In: files, through [`Root`]. Out: claims. Whether they are enough is decided in `seaworthy-appraise`.

pub mod advisories;
pub mod catalog;
mod device;
mod hash;
pub mod inspection;
pub mod ledger;
pub mod lists;
pub mod probes;
mod relay;
pub mod root;
mod state;
pub mod updates;

pub use advisories::Advisories;
pub use catalog::pending::Proving;
pub use device::Inspection;
pub use hash::{Digest, sha256};
pub use probes::UserContext;
pub use root::{Fault, Identity, ReadError, Root};
pub use state::StateDirectory;
