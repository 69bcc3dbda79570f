//! Checking proofs of inclusion and consistency (RFC 9162 §2.1.3.2 and §2.1.4.2). A proof has one length; a longer or a
//! shorter one is refused.

use crate::hash::Hash;

/// Why a proof proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofFault {
    /// It has too many or too few hashes.
    #[error("the proof has too many or too few hashes")]
    Length,
    /// It leads to another root.
    #[error("the proof leads to another root")]
    Root,
    /// It does not start from the older root.
    #[error("the proof does not lead to the older root")]
    OldRoot,
    /// The leaf, or the older tree, lies beyond the tree.
    #[error("the proof is of something beyond the tree")]
    Beyond,
}

/// Checks that a leaf stands at an index of the tree with a size and root.
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, root: &Hash, proof: &[Hash]) -> Result<(), ProofFault> {
    if index >= size {
        return Err(ProofFault::Beyond);
    }
    let mut way = Way { at: index, last: size - 1 };
    let mut hash = *leaf;
    for sibling in proof {
        hash = if way.step()? { Hash::node(sibling, &hash) } else { Hash::node(&hash, sibling) };
    }
    way.arrived()?;
    if hash == *root { Ok(()) } else { Err(ProofFault::Root) }
}

/// Checks that the tree with a size and root continues the one with an older size and root. Every tree continues the
/// empty one, and a tree itself; both need no hashes.
pub fn verify_consistency(
    old_size: u64,
    old_root: &Hash,
    size: u64,
    root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofFault> {
    if old_size > size {
        return Err(ProofFault::Beyond);
    }
    if old_size == size || old_size == 0 {
        return verify_bare(old_size, old_root, size, root, proof);
    }
    let (start, rest) = if old_size.is_power_of_two() {
        (*old_root, proof)
    } else {
        proof.split_first().map(|(first, rest)| (*first, rest)).ok_or(ProofFault::Length)?
    };
    let mut way = Way { at: old_size - 1, last: size - 1 }.up(u64::trailing_ones);
    let (mut old, mut new) = (start, start);
    for sibling in rest {
        if way.step()? {
            old = Hash::node(sibling, &old);
            new = Hash::node(sibling, &new);
        } else {
            new = Hash::node(&new, sibling);
        }
    }
    way.arrived()?;
    match (old == *old_root, new == *root) {
        (true, true) => Ok(()),
        (false, _) => Err(ProofFault::OldRoot),
        (true, false) => Err(ProofFault::Root),
    }
}

fn verify_bare(old_size: u64, old_root: &Hash, size: u64, root: &Hash, proof: &[Hash]) -> Result<(), ProofFault> {
    if !proof.is_empty() {
        return Err(ProofFault::Length);
    }
    if old_size == 0 && *old_root != Hash::EMPTY {
        return Err(ProofFault::OldRoot);
    }
    if old_size == size && old_root != root { Err(ProofFault::Root) } else { Ok(()) }
}

/// The way from a node up to the root: where it stands among those of its height, and where the last of them stands.
struct Way {
    at: u64,
    last: u64,
}

impl Way {
    /// Goes up past one sibling; whether that stands to the left.
    fn step(&mut self) -> Result<bool, ProofFault> {
        if self.last == 0 {
            return Err(ProofFault::Length);
        }
        let left = self.at & 1 == 1 || self.at == self.last;
        if left && self.at & 1 == 0 {
            // The last one without a sibling of its height: its parents are itself.
            *self = Way { at: self.at, last: self.last }.up(u64::trailing_zeros);
        }
        *self = Way { at: self.at >> 1, last: self.last >> 1 };
        Ok(left)
    }

    fn up(self, heights: fn(u64) -> u32) -> Way {
        let heights = heights(self.at);
        Way { at: self.at.checked_shr(heights).unwrap_or(0), last: self.last.checked_shr(heights).unwrap_or(0) }
    }

    fn arrived(&self) -> Result<(), ProofFault> {
        if self.last == 0 { Ok(()) } else { Err(ProofFault::Length) }
    }
}
