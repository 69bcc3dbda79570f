//! Policies as people write them: TOML with a closed set of rule kinds.
//!
//! In: the definition of every key ([`POLICY_KEYS`], [`RULE_KEYS`], [`KINDS`]), from which parser, messages and
//! docs/reference/policy.md come; the policies shipped. Out: files (text is an argument), hashing (the digest's function
//! is an argument), an expression language: a condition that has no kind yet gets one.

mod definition;
mod error;
mod nearest;
mod parse;
mod reference;
mod settings;
mod shipped;

use seaworthy_model::canonical::CanonicalError;
use seaworthy_model::{Policy, PolicyId};

pub use definition::{KINDS, Key, Kind, Need, POLICY_KEYS, RULE_KEYS, Values};
pub use error::{PolicyError, PolicyErrors};
pub use parse::{MAX_BYTES, parse};
pub use reference::reference;
pub use settings::Settings;
pub use shipped::{DEFAULT, SHIPPED, Shipped, named, nearest_name};

/// Names a policy by its digest. The caller brings SHA-256 in lower-case hexadecimal, so that nothing is linked here
/// for it.
pub fn identify(policy: &Policy, sha256: impl FnOnce(&[u8]) -> String) -> Result<PolicyId, CanonicalError> {
    let digest = sha256(&policy.canonical_bytes()?);
    Ok(PolicyId { name: policy.name.clone(), digest })
}
