//! Decoys: places that no stamp has, some of which turn revoked as time goes by. Whoever watches a list cannot tell how
//! many stamps were revoked, nor that one was when a place turns.

use seaworthy_model::{DAY, Timestamp};

use super::slots::BEYOND;
use super::{Permutation, Purpose, drawn_below};
use crate::ports::StatusListRecord;

/// For how long after a list was opened decoys turn.
pub const DECOY_DAYS: u32 = 400;
/// Most decoys that turn: a thousandth of the places. The least is half of that.
pub const MOST_DECOYS: u32 = 1_048;

/// The decoys of a list, in the order in which they turn.
#[derive(Clone, PartialEq, Eq)]
pub struct Decoys(Vec<(Timestamp, u32)>);

impl Decoys {
    /// Works the schedule out: how many, which places, and when each of them turns, all drawn from the seed.
    pub fn of(list: &StatusListRecord, permutation: &Permutation) -> Decoys {
        let least = MOST_DECOYS / 2;
        let more = drawn_below(&list.seed, Purpose::DecoyCount, 0, u64::from(MOST_DECOYS - least) + 1);
        let count = least.saturating_add(u32::try_from(more).unwrap_or_default());
        let turns = |number| {
            let span = DAY.unsigned_abs().saturating_mul(DECOY_DAYS.into());
            let after = drawn_below(&list.seed, Purpose::DecoyTime, number, span);
            list.opened_at + i64::try_from(after).unwrap_or_default()
        };
        let decoy = |number: u32| Some((turns(number), permutation.place(BEYOND.saturating_add(number))?));
        let mut decoys: Vec<(Timestamp, u32)> = (0..count).filter_map(decoy).collect();
        decoys.sort_unstable();
        Decoys(decoys)
    }

    /// The places that have turned by an instant.
    pub fn turned(&self, at: Timestamp) -> impl ExactSizeIterator<Item = u32> {
        let turned = self.0.partition_point(|(turns, _)| *turns <= at);
        self.0.iter().take(turned).map(|(_, place)| *place)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::id::Id;
    use crate::ports::STATUS_PLACES;

    fn list(seed: u8) -> StatusListRecord {
        StatusListRecord {
            organisation: Id::from_bytes([1; 16]),
            number: 0,
            address: "https://example.org/status/00/0".into(),
            seed: [seed; 32],
            handed_out: 0,
            opened_at: Timestamp::from_seconds(1_800_000_000),
        }
    }

    #[test]
    fn decoys_turn_little_by_little_and_are_no_stamps() {
        let mut counts = BTreeSet::new();
        for seed in 0..8 {
            let list = list(seed);
            let permutation = Permutation::of(&list.seed);
            let decoys = Decoys::of(&list, &permutation);
            let turned = |days| decoys.turned(list.opened_at.plus_days(days)).len();
            assert_eq!(decoys.turned(list.opened_at - 1).len(), 0);
            let (half, all) = (turned(DECOY_DAYS / 2), turned(DECOY_DAYS));
            assert!(all <= MOST_DECOYS as usize && all >= MOST_DECOYS as usize / 2);
            assert!((all * 2 / 5..all * 3 / 5).contains(&half), "{half} of {all}");
            assert_eq!(turned(DECOY_DAYS * 10), all);
            let never: BTreeSet<u32> =
                (BEYOND..STATUS_PLACES).filter_map(|counter| permutation.place(counter)).collect();
            assert!(decoys.turned(Timestamp::MAX).all(|place| never.contains(&place)), "no stamp has that place");
            counts.insert(all);
        }
        assert!(counts.len() > 4, "how many there are is a secret, too");
    }
}
