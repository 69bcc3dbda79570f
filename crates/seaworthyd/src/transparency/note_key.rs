//! Keys that sign notes: those of logs, and those of witnesses.

use std::sync::Arc;

use seaworthy_stamp::SigningKey;
use seaworthy_tlog::{Algorithm, Signer, VerifierKey, VerifierKeyFault};

/// A private key under the name that its signatures bear.
#[derive(Debug)]
pub struct NoteKey {
    key: Arc<SigningKey>,
    public: VerifierKey,
}

impl NoteKey {
    /// A key that signs in one way, under a name.
    pub fn new(name: &str, algorithm: Algorithm, key: Arc<SigningKey>) -> Result<NoteKey, VerifierKeyFault> {
        let public = VerifierKey::new(name, algorithm, key.public().as_bytes())?;
        Ok(NoteKey { key, public })
    }
}

impl Signer for NoteKey {
    fn key(&self) -> &VerifierKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign_note(message)
    }
}
