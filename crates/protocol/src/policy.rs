//! A policy document: what an organisation holds devices to and how far its scope reaches, signed.

use seaworthy_model::{Grants, Policy, Timestamp};
use serde::{Deserialize, Serialize};

use crate::octets::Digest;
use crate::sealed::Message;

/// A policy as an organisation puts it in force. A device takes only one that its pinned key signed, and never an older
/// one than it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyDocument {
    /// Version of this message.
    pub version: u32,
    /// SHA-256 of the organisation's first key: whose policy this is.
    pub organisation: Digest,
    /// Counted up with each document of this organisation. A device refuses to go back.
    pub sequence: u64,
    /// When it was signed.
    pub issued_at: Timestamp,
    /// The rules.
    pub policy: Policy,
    /// What may leave the device beyond the least.
    pub grants: Grants,
}

impl Message for PolicyDocument {
    const TYPE: &'static str = "application/seaworthy-policy+cbor";
    const MAX_BYTES: usize = 64 * 1024;

    fn version(&self) -> u32 {
        self.version
    }
}
