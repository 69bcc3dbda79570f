//! Turns at something that costs memory and time: so many at once, so many more in a queue, the rest is sent away.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::Refusal;

/// Who works and who waits.
#[derive(Debug, Default)]
struct Counts {
    working: usize,
    waiting: usize,
}

/// Hands out turns. Waiting blocks the thread.
#[derive(Debug)]
pub(crate) struct Turns {
    at_once: usize,
    queue: usize,
    patience: Duration,
    counts: Mutex<Counts>,
    freed: Condvar,
}

/// A turn; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Turn<'a>(&'a Turns);

impl Turns {
    pub(crate) fn new(at_once: usize, queue: usize, patience: Duration) -> Turns {
        Turns { at_once, queue, patience, counts: Mutex::default(), freed: Condvar::new() }
    }

    /// A turn, after some wait if need be.
    pub(crate) fn take(&self) -> Result<Turn<'_>, Refusal> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.working >= self.at_once {
            if counts.waiting >= self.queue {
                return Err(Refusal::Busy);
            }
            counts.waiting = counts.waiting.saturating_add(1);
            let waited = self.freed.wait_timeout_while(counts, self.patience, |now| now.working >= self.at_once);
            (counts, _) = waited.unwrap_or_else(PoisonError::into_inner);
            counts.waiting = counts.waiting.saturating_sub(1);
        }
        if counts.working >= self.at_once {
            return Err(Refusal::Busy);
        }
        counts.working = counts.working.saturating_add(1);
        Ok(Turn(self))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut counts = self.0.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.working = counts.working.saturating_sub(1);
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn the_queue_is_bounded_and_moves() {
        let turns = Turns::new(1, 1, Duration::from_secs(20));
        let first = turns.take().unwrap();
        thread::scope(|scope| {
            let second = scope.spawn(|| turns.take().map(drop));
            while turns.counts.lock().unwrap().waiting == 0 {
                thread::yield_now();
            }
            assert_eq!(turns.take().map(drop), Err(Refusal::Busy));
            drop(first);
            assert_eq!(second.join().unwrap(), Ok(()));
        });
    }

    #[test]
    fn patience_ends() {
        let turns = Turns::new(1, 1, Duration::from_millis(1));
        let _first = turns.take().unwrap();
        assert_eq!(turns.take().map(drop), Err(Refusal::Busy));
        assert_eq!(turns.counts.lock().unwrap().waiting, 0);
    }
}
