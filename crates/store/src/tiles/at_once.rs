//! Many things that each wait for a disk or a server, done at the same time.

use std::io;
use std::thread;

/// Most that are done at once.
const AT_ONCE: usize = 16;

/// Does the same with each; the first fault, if there was one. `broken` tells that there are no more threads.
pub(super) fn at_once<T: Sync, E: Send>(
    things: &[T],
    broken: impl Fn(io::Error) -> E,
    work: impl Fn(&T) -> Result<(), E> + Sync,
) -> Result<(), E> {
    if things.len() < 2 {
        return things.iter().try_for_each(work);
    }
    let each = |share: &[T]| share.iter().try_for_each(&work);
    thread::scope(|scope| {
        let shares = things.chunks(things.len().div_ceil(AT_ONCE));
        let started = shares.map(|share| thread::Builder::new().spawn_scoped(scope, move || each(share)));
        let started: Vec<_> = started.collect();
        started.into_iter().try_for_each(|started| {
            let ended = |_| Err(broken(io::Error::other("a thread ended early")));
            started.map_err(&broken)?.join().unwrap_or_else(ended)
        })
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn each_is_done_and_a_fault_is_told() {
        for count in [0, 1, 2, 15, 16, 17, 100] {
            let things: Vec<usize> = (0..count).collect();
            let done = Mutex::new(Vec::new());
            let note = |thing: &usize| {
                done.lock().unwrap().push(*thing);
                Ok::<(), usize>(())
            };
            at_once(&things, |_| 0, note).unwrap();
            let mut done = done.into_inner().unwrap();
            done.sort_unstable();
            assert_eq!(done, things);
        }
        let fails = |thing: &usize| if *thing == 70 { Err(70) } else { Ok(()) };
        assert_eq!(at_once(&(0..100).collect::<Vec<_>>(), |_| 0, fails), Err(70));
    }
}
