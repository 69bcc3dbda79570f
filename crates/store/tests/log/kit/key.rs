//! Keys that sign notes.

use seaworthy_stamp::SigningKey;
use seaworthy_tlog::{Algorithm, Signer, VerifierKey};

/// A key of a log or of a witness.
pub struct Key {
    key: SigningKey,
    public: VerifierKey,
}

impl Key {
    pub fn new(name: &str, algorithm: Algorithm, seed: u8) -> Key {
        let key = SigningKey::from_seed(&[seed; 32]).unwrap();
        let public = VerifierKey::new(name, algorithm, key.public().as_bytes()).unwrap();
        Key { key, public }
    }
}

impl Signer for Key {
    fn key(&self) -> &VerifierKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign_note(message)
    }
}
