//! How many files, and with them connections, the system lets this process open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::warn;

/// Files that are open beside connections: the store's, the log's, those of the metrics' listener.
const BESIDE: u64 = 256;

/// Raises the limit as far as the system lets us, and says how many of the wanted connections fit.
pub fn connections(wanted: u32) -> u32 {
    let maximum = getrlimit(Resource::Nofile).maximum;
    // Where the system refuses, the limit stays as it is.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let allowed = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let fitting = fitting(wanted, allowed);
    if fitting < wanted {
        warn!(wanted, fitting, "the limit of open files is too low for connection_limit; see LimitNOFILE");
    }
    fitting
}

fn fitting(wanted: u32, allowed: u64) -> u32 {
    let left = allowed.saturating_sub(BESIDE).max(16);
    wanted.min(u32::try_from(left).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_files_are_kept_for_the_store() {
        assert_eq!(fitting(12_000, u64::MAX), 12_000);
        assert_eq!(fitting(12_000, 1024), 768);
        assert_eq!(fitting(12_000, 10), 16);
    }
}
