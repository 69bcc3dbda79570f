//! What `sigstore-merkle` takes to work: its type of hashes, and SHA-256 by `ring` in place of a library in C.

use ring::digest::{Context, SHA256};
use seaworthy_tlog::Hash;
use sigstore_crypto::provider::{CryptoProvider, HashContext, install_default_provider};
use sigstore_crypto::{Error, Result, SigningScheme};
use sigstore_types::{HashAlgorithm, Sha256Hash};

/// Makes the checks of `sigstore-merkle` work; once is enough.
pub fn prepare() {
    let _ = install_default_provider(&Ring);
}

pub fn hash(hash: &Hash) -> Sha256Hash {
    Sha256Hash::new(*hash.as_bytes())
}

#[derive(Debug)]
struct Ring;

impl CryptoProvider for Ring {
    fn hash(&self, _: HashAlgorithm) -> Result<Box<dyn HashContext>> {
        Ok(Box::new(Sha256(Context::new(&SHA256))))
    }

    fn verify_raw(&self, _: SigningScheme, _: &[u8], _: &[u8], _: &[u8]) -> Result<()> {
        unsupported()
    }

    fn verify_prehashed(&self, _: SigningScheme, _: &[u8], _: &[u8], _: &[u8]) -> Result<()> {
        unsupported()
    }
}

struct Sha256(Context);

impl HashContext for Sha256 {
    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn finalize(self: Box<Self>) -> Vec<u8> {
        self.0.finish().as_ref().to_vec()
    }
}

fn unsupported<T>() -> Result<T> {
    Err(Error::UnsupportedAlgorithm("this test hashes, and nothing else".to_owned()))
}
