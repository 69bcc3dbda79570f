//! Connections that threads share, handed out in the order in which they were asked for.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A fixed number of connections.
pub(crate) struct Pool<C> {
    connections: Vec<Mutex<C>>,
    queue: Mutex<Queue>,
    moved: Condvar,
}

/// Who waits, by the number that was drawn, and which connections are free.
struct Queue {
    free: VecDeque<usize>,
    drawn: u64,
    served: u64,
}

impl<C> Pool<C> {
    pub fn new(connections: Vec<C>) -> Pool<C> {
        let queue = Queue { free: (0..connections.len()).collect(), drawn: 0, served: 0 };
        let connections = connections.into_iter().map(Mutex::new).collect();
        Pool { connections, queue: Mutex::new(queue), moved: Condvar::new() }
    }

    /// Waits for a connection and works with it. One whose borrower panicked is handed out again: whoever begins a
    /// transaction undoes what it finds.
    pub fn with<R>(&self, work: impl FnOnce(&mut C) -> R) -> Option<R> {
        let loan = self.borrow();
        let connection = self.connections.get(loan.place)?;
        Some(work(&mut *connection.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    fn borrow(&self) -> Loan<'_, C> {
        let mut queue = self.queue();
        let number = queue.drawn;
        queue.drawn += 1;
        loop {
            if queue.served == number
                && let Some(place) = queue.free.pop_front()
            {
                queue.served += 1;
                self.moved.notify_all();
                return Loan { pool: self, place };
            }
            queue = self.moved.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that is given back when this is dropped, also by a panic.
struct Loan<'a, C> {
    pool: &'a Pool<C>,
    place: usize,
}

impl<C> Drop for Loan<'_, C> {
    fn drop(&mut self) {
        self.pool.queue().free.push_front(self.place);
        self.pool.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn one_connection_serves_many_and_survives_a_panic() {
        let pool = Pool::new(vec![0_u32]);
        let within = AtomicU32::new(0);
        thread::scope(|scope| {
            for number in 0..16 {
                let (pool, within) = (&pool, &within);
                let worker = move || {
                    pool.with(|count| {
                        assert_eq!(within.fetch_add(1, Ordering::SeqCst), 0, "two at once");
                        *count += 1;
                        within.fetch_sub(1, Ordering::SeqCst);
                        assert!(number != 7, "as planned");
                    })
                };
                scope.spawn(move || std::panic::catch_unwind(std::panic::AssertUnwindSafe(worker)));
            }
        });
        assert_eq!(pool.with(|count| *count), Some(16));
    }
}
