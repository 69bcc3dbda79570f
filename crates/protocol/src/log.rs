//! How an organisation makes its log known: which log is its own, and by whose signatures it goes. Signed by the
//! organisation's key, so that a device that pinned that key believes the log's.

use schemars::JsonSchema;
use seaworthy_model::Timestamp;
use seaworthy_stamp::PublicKey;
use serde::{Deserialize, Serialize};

use crate::octets::{Digest, Octets};
use crate::sealed::{Message, MessageError, open_by_any};

/// "This is our log."
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogDocument {
    /// Version of this message.
    pub version: u32,
    /// SHA-256 of the organisation's first key.
    pub organisation: Digest,
    /// The log's name: the first line of its checkpoints.
    pub origin: String,
    /// The Ed25519 key that signs its checkpoints.
    pub key: Octets,
    /// The Ed25519 key that signs the organisation's status lists.
    pub statuses: Octets,
    /// Since when.
    pub since: Timestamp,
}

impl Message for LogDocument {
    const TYPE: &'static str = "application/seaworthy-log+cbor";
    const MAX_BYTES: usize = 2048;

    fn version(&self) -> u32 {
        self.version
    }

    fn is_sound(&self) -> bool {
        let is_name = |origin: &str| origin.chars().all(|c| c.is_ascii_graphic() && c != '+');
        let has_keys = self.key.0.len() == 32 && self.statuses.0.len() == 32;
        (1..=200).contains(&self.origin.len()) && is_name(&self.origin) && has_keys
    }
}

impl LogDocument {
    /// Reads a document that any key of an organisation's chain signed ([`Successor::follow`](crate::Successor::follow)):
    /// a later key follows from an earlier one, so what the earlier one signed stays said, and no document is sealed anew
    /// when a key is.
    pub fn read(bytes: &[u8], keys: &[PublicKey]) -> Result<LogDocument, MessageError> {
        open_by_any(bytes, keys)
    }
}

/// Where a batch of records is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BatchPlace {
    /// The index of its first entry.
    pub first: u64,
}
