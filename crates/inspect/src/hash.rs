//! SHA-256, in one piece or of what comes piece by piece.

use data_encoding::HEXLOWER;
use ring::digest::{Context, SHA256};

/// A digest and how many bytes it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// SHA-256, lower-case hexadecimal.
    pub sha256: String,
    /// Length in bytes.
    pub size: u64,
}

/// Digest of bytes in memory, lower-case hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    HEXLOWER.encode(ring::digest::digest(&SHA256, bytes).as_ref())
}

/// Takes bytes and gives their digest.
pub(crate) struct Hasher {
    context: Context,
    size: u64,
    limit: u64,
}

impl Hasher {
    /// More than `limit` bytes are only counted: their digest is not that of a text so long.
    pub(crate) fn new(limit: u64) -> Hasher {
        Hasher { context: Context::new(&SHA256), size: 0, limit }
    }

    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.size = self.size.saturating_add(bytes.len() as u64);
        if self.size <= self.limit {
            self.context.update(bytes);
        }
    }

    pub(crate) fn finish(self) -> Digest {
        Digest { sha256: HEXLOWER.encode(self.context.finish().as_ref()), size: self.size }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_hash_as_the_whole_and_what_is_too_long_is_only_counted() {
        let bytes = vec![7_u8; 1000];
        let of = |limit| {
            let mut hasher = Hasher::new(limit);
            bytes.chunks(7).for_each(|piece| hasher.feed(piece));
            hasher.finish()
        };
        assert_eq!(of(1000), Digest { sha256: sha256(&bytes), size: 1000 });
        let long = of(999);
        assert_eq!(long.size, 1000);
        assert_ne!(long.sha256, sha256(&bytes));
    }
}
