//! Where in its issuer's log a stamp is. A carrier tells it outside of the signed bytes: a hint, held against the proof
//! where there is one.

use std::fmt;

/// Numbers from here on are not exact in every program that may read them.
const END: u64 = 1 << 53;

/// An index of a log that a carrier can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LogIndex(u64);

impl LogIndex {
    /// Takes an index below 2^53.
    pub fn new(index: u64) -> Option<LogIndex> {
        (index < END).then_some(LogIndex(index))
    }

    /// Reads digits in their one form: no sign, no zeros in front.
    pub fn parse(text: &str) -> Option<LogIndex> {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
        if plain { LogIndex::new(text.parse().ok()?) } else { None }
    }

    /// The number.
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for LogIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
