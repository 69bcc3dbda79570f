//! Work on two threads: side by side, or one after the other, bytes handed from the thread that reads them to another
//! that works on them, block by block, with few blocks under way.

use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::ScopedJoinHandle;
use std::{panic, thread};

/// Bytes handed on at once: large enough that waking the other thread does not count, small enough for its cache.
const BLOCK: usize = 256 << 10;

/// Blocks under way between the two.
const BLOCKS: usize = 4;

/// The end that bytes are handed to.
pub(crate) struct Onward {
    block: Vec<u8>,
    full: SyncSender<Vec<u8>>,
    /// Blocks that the other thread is done with.
    emptied: Receiver<Vec<u8>>,
}

impl Onward {
    /// Hands bytes on. Whether anybody takes them still.
    pub(crate) fn pass(&mut self, bytes: &[u8]) -> bool {
        self.block.extend_from_slice(bytes);
        self.block.len() < BLOCK || self.send()
    }

    fn send(&mut self) -> bool {
        let mut next = self.emptied.try_recv().unwrap_or_default();
        next.clear();
        self.full.send(std::mem::replace(&mut self.block, next)).is_ok()
    }
}

/// Runs `produce` here, and `take` on a thread of its own for every block, until it answers that it wants no more.
pub(crate) fn relay<T>(mut take: impl FnMut(&[u8]) -> bool + Send, produce: impl FnOnce(&mut Onward) -> T) -> T {
    let (full, filled) = sync_channel::<Vec<u8>>(BLOCKS);
    let (empty, emptied): (Sender<Vec<u8>>, _) = channel();
    thread::scope(|scope| {
        let taker = scope.spawn(move || {
            for block in filled {
                if !take(&block) {
                    return;
                }
                // A reader that has ended needs no block back.
                let _ = empty.send(block);
            }
        });
        let mut onward = Onward { block: Vec::with_capacity(BLOCK), full, emptied };
        let produced = produce(&mut onward);
        onward.send();
        drop(onward);
        joined(taker);
        produced
    })
}

/// Does one thing here and another on a thread of its own.
pub(crate) fn both<A, B: Send>(here: impl FnOnce() -> A, beside: impl FnOnce() -> B + Send) -> (A, B) {
    thread::scope(|scope| {
        let beside = scope.spawn(beside);
        (here(), joined(beside))
    })
}

/// What a thread has worked out; its panic goes on here.
pub(crate) fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|fault| panic::resume_unwind(fault))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_around_a_block_arrive_whole() {
        for length in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, (BLOCKS + 2) * BLOCK + 7] {
            let bytes: Vec<u8> = (0..length).map(|at| at.to_le_bytes()[0]).collect();
            let mut taken = Vec::new();
            let take = |block: &[u8]| {
                taken.extend_from_slice(block);
                true
            };
            assert!(relay(take, |onward| bytes.chunks(1000).all(|piece| onward.pass(piece))));
            assert_eq!(taken, bytes);
        }
    }

    #[test]
    fn one_who_wants_no_more_ends_it() {
        let pieces = relay(|_| false, |onward| (0..1_000_000).take_while(|_| onward.pass(&[0; 1000])).count());
        assert!(pieces < 1_000_000);
    }
}
