//! When a delivery that was not taken is tried again.

use seaworthy_model::Timestamp;

/// Seconds to wait after the first attempt, the second, and so on; after the last one it is given up. Two days in all.
const DELAYS: [i64; 9] = [5, 30, 120, 600, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600];

/// When to try again after so many attempts; none when there were enough. `chance` spreads what failed together: up to a
/// fifth is added.
pub(super) fn next(attempts: u32, at: Timestamp, chance: u8) -> Option<Timestamp> {
    let place = usize::try_from(attempts).ok()?.checked_sub(1)?;
    let delay = *DELAYS.get(place)?;
    Some(at + delay.saturating_add(delay.saturating_mul(i64::from(chance)).div_euclid(5 * 255)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_and_end() {
        let check = |attempts: u32, chance: u8, expected: Option<i64>| {
            let at = Timestamp::from_seconds(1000);
            let next = next(attempts, at, chance).map(|next| next.seconds() - 1000);
            assert_eq!(next, expected, "{attempts} attempts, {chance}");
        };
        check(0, 0, None);
        check(1, 0, Some(5));
        check(1, 255, Some(6));
        check(2, 0, Some(30));
        check(3, 0, Some(120));
        check(4, 255, Some(720));
        check(5, 0, Some(3600));
        check(9, 0, Some(86_400));
        check(9, 255, Some(103_680));
        check(10, 0, None);
        check(u32::MAX, 255, None);
    }
}
