//! Says on a terminal how far a long check has come; elsewhere it says nothing.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// Nothing is said of what takes less, and nothing more often.
const PAUSE: Duration = Duration::from_millis(500);

/// A line that is written over until it is cleared.
pub struct Progress {
    last: Instant,
    is_shown: bool,
    is_terminal: bool,
}

impl Progress {
    /// Begins.
    pub fn begin() -> Progress {
        Progress { last: Instant::now(), is_shown: false, is_terminal: io::stderr().is_terminal() }
    }

    /// So many entries of a log are checked.
    pub fn at(&mut self, checked: u64, size: u64) {
        if self.is_terminal && self.last.elapsed() >= PAUSE {
            self.last = Instant::now();
            self.is_shown = true;
            let percent = checked.saturating_mul(100).checked_div(size).unwrap_or(100);
            // Who sees no progress misses nothing.
            let _ = write!(io::stderr(), "\r{checked} of {size} entries checked, {percent} %");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
