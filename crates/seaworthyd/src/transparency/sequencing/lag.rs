//! How far a log's published checkpoint is behind what was signed.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use seaworthy_service::ports::LogState;

/// Most sizes that are remembered; beyond it the newest stands for those after it.
const MOST: usize = 4096;

/// The sizes that were seen and are not published, with when they were seen first.
#[derive(Debug, Default)]
pub struct Lag(VecDeque<(u64, Instant)>);

impl Lag {
    /// Takes note of how far a log has come: for how long the oldest entry has been waiting that has its place and is not
    /// published.
    pub fn seen(&mut self, state: &LogState, now: Instant) -> Duration {
        while self.0.front().is_some_and(|(size, _)| *size <= state.published.size) {
            self.0.pop_front();
        }
        let newest = self.0.back().map_or(state.published.size, |(size, _)| *size);
        if state.ordered > newest && self.0.len() < MOST {
            self.0.push_back((state.ordered, now));
        }
        self.0.front().map_or(Duration::ZERO, |(_, since)| now.saturating_duration_since(*since))
    }
}

#[cfg(test)]
mod tests {
    use seaworthy_service::ports::SignedCheckpoint;

    use super::*;

    #[test]
    fn the_oldest_that_is_not_published_counts() {
        let (mut lag, began) = (Lag::default(), Instant::now());
        let mut seen = |ordered, published, after| {
            let published = SignedCheckpoint { size: published, note: Vec::new() };
            let state = LogState { ordered, published, ..LogState::default() };
            lag.seen(&state, began + Duration::from_secs(after)).as_secs()
        };
        assert_eq!(seen(0, 0, 0), 0);
        assert_eq!(seen(10, 0, 1), 0);
        assert_eq!(seen(20, 0, 5), 4);
        assert_eq!(seen(20, 10, 8), 3);
        assert_eq!(seen(30, 20, 9), 0);
        assert_eq!(seen(30, 30, 19), 0);
    }
}
