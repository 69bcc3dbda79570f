//! A word to whoever waits at the terminal, when an inspection takes longer than a moment.

use std::io::{self, Write};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// Nobody wonders before.
const PATIENCE: Duration = Duration::from_secs(1);
const WAITING: &str = "inspecting: reading package lists and checking their signatures ...";

/// Does the work; where somebody watches standard error and it takes long, a line there says so, and goes again.
pub fn during<T>(watched: bool, work: impl FnOnce() -> T) -> T {
    if watched { telling(&mut io::stderr(), PATIENCE, work) } else { work() }
}

fn telling<T>(terminal: &mut (impl Write + Send), patience: Duration, work: impl FnOnce() -> T) -> T {
    thread::scope(|scope| {
        let (done, waiting) = channel::<()>();
        let tell = move || {
            if waiting.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                // A terminal that went away needs no telling.
                let _ = write!(terminal, "{WAITING}").and_then(|()| terminal.flush());
                let _ = waiting.recv();
                let _ = write!(terminal, "\r\u{1b}[K").and_then(|()| terminal.flush());
            }
        };
        // Without a thread it goes untold.
        let _ = thread::Builder::new().spawn_scoped(scope, tell);
        let result = work();
        drop(done);
        result
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(patience: u64, work: u64) -> String {
        let mut terminal = Vec::new();
        let result = telling(&mut terminal, Duration::from_millis(patience), || {
            thread::sleep(Duration::from_millis(work));
            7
        });
        assert_eq!(result, 7);
        String::from_utf8(terminal).unwrap()
    }

    #[test]
    fn only_long_work_is_told_of_and_the_line_goes_again() {
        assert_eq!(told(60_000, 0), "");
        assert_eq!(told(1, 200), format!("{WAITING}\r\u{1b}[K"));
    }
}
