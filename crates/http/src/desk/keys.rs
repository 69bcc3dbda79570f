//! Where the private halves of the organisations' keys are kept: never in the store, so never in a backup of it.

use std::sync::Arc;

use seaworthy_protocol::Digest;
use seaworthy_stamp::SigningKey;

/// Why a key cannot be had or kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyStoreError {
    /// It is not here.
    #[error("the private key {0} is not in the key folder")]
    Missing(Digest),
    /// The folder or a file in it failed.
    #[error("{0}")]
    Failed(String),
}

/// The private halves of keys. What `put` returned MUST still be there after the end of the process.
pub trait KeyStore: Send + Sync {
    /// The key of this id.
    fn key(&self, id: &Digest) -> Result<Arc<SigningKey>, KeyStoreError>;

    /// Keeps a new key, durably, before anything is signed with it.
    fn put(&self, key: SigningKey) -> Result<Arc<SigningKey>, KeyStoreError>;
}
