//! Bodies that were read before, so that a million devices of one image cost one reading.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

use seaworthy_protocol::Digest;

/// Digests held; then the older half is let go.
const HELD: usize = 32_768;

/// Digests of bodies that are sound: two generations, the young one is filled.
#[derive(Default)]
pub struct KnownBodies(RwLock<(HashSet<Digest>, HashSet<Digest>)>);

impl KnownBodies {
    /// Whether a body of this digest was read and is sound.
    pub fn has(&self, digest: &Digest) -> bool {
        let held = self.0.read().unwrap_or_else(PoisonError::into_inner);
        held.0.contains(digest) || held.1.contains(digest)
    }

    /// A body of this digest was read and is sound.
    pub fn add(&self, digest: Digest) {
        if self.has(&digest) {
            return;
        }
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if held.0.len() >= HELD / 2 {
            held.1 = std::mem::take(&mut held.0);
        }
        held.0.insert(digest);
    }
}
