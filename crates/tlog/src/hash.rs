//! Hashes of the tree as RFC 6962 §2.1 makes them: leaves and inner nodes of SHA-256 with a byte before them that tells
//! the one from the other.

use std::fmt;

use data_encoding::BASE64;
use ring::digest::{Context, Digest, SHA256, digest};

use crate::line::base64;

/// Length of a hash in bytes.
pub const HASH_LENGTH: usize = 32;

/// A hash of the tree. Written as base64, as all formats of the log write it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash([u8; HASH_LENGTH]);

impl Hash {
    /// The root of the tree that has no leaves: SHA-256 of nothing.
    pub const EMPTY: Hash = Hash([
        0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae,
        0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
    ]);

    /// The hash of a leaf whose entry is given.
    pub fn leaf(entry: &[u8]) -> Hash {
        let mut context = Context::new(&SHA256);
        context.update(&[0]);
        context.update(entry);
        taken(&context.finish())
    }

    /// The hash of the node over two others.
    pub fn node(left: &Hash, right: &Hash) -> Hash {
        let mut bytes = [1; 1 + 2 * HASH_LENGTH];
        let hashes = bytes.iter_mut().skip(1);
        hashes.zip(left.0.iter().chain(&right.0)).for_each(|(byte, &hashed)| *byte = hashed);
        taken(&digest(&SHA256, &bytes))
    }

    /// Takes the 32 bytes.
    pub const fn from_bytes(bytes: [u8; HASH_LENGTH]) -> Hash {
        Hash(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; HASH_LENGTH] {
        &self.0
    }

    /// Reads base64 in its one form: padded, and no bits left over.
    pub fn from_base64(text: &str) -> Option<Hash> {
        base64(text)?.try_into().ok().map(Hash)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64.encode(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// SHA-256 of some bytes, for what is no node of the tree.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; HASH_LENGTH] {
    taken(&digest(&SHA256, bytes)).0
}

fn taken(digest: &Digest) -> Hash {
    // SHA-256 has 32 bytes.
    Hash(digest.as_ref().first_chunk().copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;

    #[test]
    fn the_known_hashes() {
        assert_eq!(Hash(sha256(b"")), Hash::EMPTY);
        let empty_leaf = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
        assert_eq!(HEXLOWER.encode(Hash::leaf(b"").as_bytes()), empty_leaf);
        let two = Hash::node(&Hash::leaf(b""), &Hash::leaf(&[0]));
        let known = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125";
        assert_eq!(HEXLOWER.encode(two.as_bytes()), known);
    }

    #[test]
    fn base64_has_one_form() {
        let text = Hash::leaf(b"x").to_string();
        assert_eq!(Hash::from_base64(&text), Some(Hash::leaf(b"x")));
        assert_eq!(Hash::from_base64(text.trim_end_matches('=')), None);
        assert_eq!(Hash::from_base64(&format!("{text}\n")), None);
        assert_eq!(Hash::from_base64(""), None);
    }
}
