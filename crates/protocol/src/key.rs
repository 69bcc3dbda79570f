//! Keys of an organisation, one after the other: each names its successor and signs that.

use seaworthy_model::Timestamp;
use seaworthy_stamp::PublicKey;
use serde::{Deserialize, Serialize};

use crate::octets::{Digest, Octets};
use crate::sealed::{Message, MessageError, open};

/// "From now on this key speaks for us", signed by the key before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Successor {
    /// Version of this message.
    pub version: u32,
    /// SHA-256 of the key that signs this.
    pub before: Digest,
    /// The key that follows it.
    pub key: Octets,
    /// When it was made.
    pub since: Timestamp,
}

impl Message for Successor {
    const TYPE: &'static str = "application/seaworthy-successor+cbor";
    const MAX_BYTES: usize = 512;

    fn version(&self) -> u32 {
        self.version
    }
}

impl Successor {
    /// Follows a chain of sealed successors from a key that is trusted: every key that speaks for the organisation,
    /// oldest first. One link that does not hold ends in an error, never in a shorter chain.
    pub fn follow<'a>(
        first: PublicKey,
        chain: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Vec<PublicKey>, MessageError> {
        let mut keys = vec![first];
        let mut last = first;
        for sealed in chain {
            let successor: Successor = open(sealed, &last)?;
            let named = successor.key.array().and_then(|key| PublicKey::from_bytes(key).ok());
            let next = named.filter(|key| !keys.contains(key) && successor.before == last.id().into());
            last = next.ok_or_else(|| MessageError::Content("a successor that does not follow its key".into()))?;
            keys.push(last);
        }
        Ok(keys)
    }
}
