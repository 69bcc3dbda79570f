//! In which order a list's places are handed out: a Feistel network of eight rounds on two halves of ten bits, whose round
//! function is SHA-256 under the list's seed.

use super::{Purpose, drawn};
use crate::ports::STATUS_PLACES;

const ROUNDS: u32 = 8;
const HALF_BITS: u32 = 10;
const HALF: u32 = 1 << HALF_BITS;
/// Halves that one hash has.
const IN_A_HASH: u32 = 16;

/// From counters to places, each to one of its own. Some 16 kB, worked out once for a list.
#[derive(Clone, PartialEq, Eq)]
pub struct Permutation {
    /// The round functions as tables.
    rounds: Vec<Vec<u32>>,
}

impl Permutation {
    /// That of a seed.
    pub fn of(seed: &[u8; 32]) -> Permutation {
        let hash = |number| drawn(seed, Purpose::Round, number);
        let round = |round: u32| {
            let hashes = (0..HALF / IN_A_HASH).map(|part| hash(round * HALF + part));
            hashes.flat_map(halves).collect()
        };
        Permutation { rounds: (0..ROUNDS).map(round).collect() }
    }

    /// The place of a counter below [`STATUS_PLACES`]; none for others.
    pub fn place(&self, counter: u32) -> Option<u32> {
        if counter >= STATUS_PLACES {
            return None;
        }
        let (mut left, mut right) = (counter >> HALF_BITS, counter % HALF);
        for round in &self.rounds {
            let mixed = left ^ round.get(usize::try_from(right).ok()?)?;
            (left, right) = (right, mixed);
        }
        Some(left << HALF_BITS | right)
    }
}

fn halves(hash: [u8; 32]) -> Vec<u32> {
    let pairs = hash.chunks_exact(2).map(|pair| pair.iter().fold(0, |half, &byte| half << 8 | u32::from(byte)));
    pairs.map(|half| half % HALF).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_is_handed_out_once_in_an_order_of_its_own() {
        let orders = [[0; 32], [0xFF; 32]].map(|seed| {
            let permutation = Permutation::of(&seed);
            let mut seen = vec![false; STATUS_PLACES as usize];
            let mut beside = 0;
            for counter in 0..STATUS_PLACES {
                let place = permutation.place(counter).unwrap();
                assert!(!std::mem::replace(&mut seen[place as usize], true), "{place} twice");
                let next = permutation.place(counter + 1);
                beside += u32::from(next.is_some_and(|next| next.abs_diff(place) < 1024));
            }
            assert!(seen.into_iter().all(|seen| seen));
            // By chance two places are so near each other once in 512 times.
            assert!((1_500..2_600).contains(&beside), "{beside} neighbours");
            assert_eq!(permutation.place(STATUS_PLACES), None);
            (0..8).map(|counter| permutation.place(counter).unwrap()).collect::<Vec<_>>()
        });
        assert_ne!(orders[0], orders[1]);
    }
}
