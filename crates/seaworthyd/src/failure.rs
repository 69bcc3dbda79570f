//! What stops a command: a code, what happened, and what to do. Rendered once, in `main`.

use std::io;
use std::path::Path;

use seaworthy_model::Code;

/// Exit codes (see `seaworthyd --help`); the same as those of `seaworthy`.
pub mod exit {
    /// A true answer that is no.
    pub const NO: u8 = 1;
    /// The command line or the configuration is wrong.
    pub const USAGE: u8 = 2;
    /// Nothing is known.
    pub const UNKNOWN: u8 = 3;
    /// A fault in Seaworthy.
    pub const BUG: u8 = 70;
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Failure {
    /// Stable code; `seaworthy explain CODE` tells more.
    pub code: Code,
    /// What happened, and where.
    pub what: String,
    /// What to do; empty where the catalogue says it all.
    pub hint: String,
    /// How the process ends.
    pub exit: u8,
    /// Standard output was closed by its reader.
    closed_pipe: bool,
}

impl Failure {
    /// With the code's own hint.
    pub fn new(code: Code, what: impl Into<String>) -> Failure {
        Failure { code, what: what.into(), hint: code.entry().fix.to_owned(), exit: exit::USAGE, closed_pipe: false }
    }

    /// With another hint than the code's own.
    #[must_use]
    pub fn hinting(self, hint: impl Into<String>) -> Failure {
        Failure { hint: hint.into(), ..self }
    }

    /// With another end of the process than that of a wrong configuration.
    #[must_use]
    pub fn ending(self, exit: u8) -> Failure {
        Failure { exit, ..self }
    }

    /// A mistake on the command line.
    pub fn usage(what: impl Into<String>) -> Failure {
        Failure::new(Code::UsageError, what).hinting("see seaworthyd serve --help")
    }

    /// A file that could not be written.
    pub fn unwritable(path: &Path, error: &io::Error) -> Failure {
        Failure::new(Code::OutputUnwritable, format!("{}: {error}", path.display()))
    }

    /// Standard output that could not be written.
    pub fn output(error: io::Error) -> Failure {
        let failure = Failure::new(Code::OutputUnwritable, format!("standard output: {error}"));
        let (closed_pipe, exit) =
            if error.kind() == io::ErrorKind::BrokenPipe { (true, 0) } else { (false, exit::USAGE) };
        Failure { closed_pipe, exit, ..failure.hinting("make room, or write elsewhere") }
    }

    /// Whether there is nobody left to tell; all they wanted was done.
    pub fn is_closed_pipe(&self) -> bool {
        self.closed_pipe
    }

    /// A fault of ours.
    pub fn bug(what: impl Into<String>) -> Failure {
        Failure { exit: exit::BUG, ..Failure::new(Code::Bug, what) }
    }
}
