//! The right edge of a tree: as much as it takes to append and to know the root.

use crate::hash::Hash;
use crate::line::MAX_NUMBER;

/// A tree reduced to its size and the roots of the perfect trees that it consists of, from the largest to the smallest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    peaks: Vec<Hash>,
}

impl Edge {
    /// The tree without leaves.
    pub const fn empty() -> Edge {
        Edge { size: 0, peaks: Vec::new() }
    }

    /// An edge of what [`Edge::size`] and [`Edge::peaks`] gave; none if they do not fit.
    pub fn from_peaks(size: u64, peaks: Vec<Hash>) -> Option<Edge> {
        let fits = size <= MAX_NUMBER && u32::try_from(peaks.len()) == Ok(size.count_ones());
        fits.then_some(Edge { size, peaks })
    }

    /// How many leaves the tree has.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the perfect trees, from the largest to the smallest.
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        fold(&self.peaks)
    }

    /// Appends the hash of a leaf.
    pub fn push(&mut self, leaf: Hash) {
        self.push_noting(leaf, |_, _| {});
    }

    /// Appends the hash of a leaf, and tells the root of each perfect tree that it completes: the height, and the hash.
    pub(crate) fn push_noting(&mut self, leaf: Hash, mut note: impl FnMut(u32, Hash)) {
        let mut hash = leaf;
        note(0, hash);
        for height in 1..=self.size.trailing_ones() {
            let Some(left) = self.peaks.pop() else { break };
            hash = Hash::node(&left, &hash);
            note(height, hash);
        }
        self.peaks.push(hash);
        self.size += 1;
    }
}

/// The root over perfect trees that stand side by side.
pub(crate) fn fold(peaks: &[Hash]) -> Hash {
    peaks.iter().rev().copied().reduce(|right, left| Hash::node(&left, &right)).unwrap_or(Hash::EMPTY)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6962 §2.1, to the letter.
    fn root(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Hash::EMPTY,
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                Hash::node(&root(left), &root(right))
            }
        }
    }

    #[test]
    fn the_root_is_that_of_the_definition() {
        let leaves: Vec<Hash> = (0..300_u16).map(|index| Hash::leaf(&index.to_be_bytes())).collect();
        let mut edge = Edge::empty();
        for (size, leaf) in leaves.iter().enumerate() {
            assert_eq!(edge.root(), root(&leaves[..size]));
            assert_eq!(Edge::from_peaks(edge.size(), edge.peaks().to_vec()), Some(edge.clone()));
            edge.push(*leaf);
        }
        assert_eq!(Edge::from_peaks(3, vec![leaves[0]]), None);
        assert_eq!(Edge::from_peaks(u64::MAX, vec![leaves[0]; 64]), None);
    }
}
