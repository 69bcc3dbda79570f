//! The command line: the one definition from which parser, help, man pages and completions come.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use seaworthy_model::{ClaimId, Timestamp};

use crate::check::CheckArgs;
use crate::policy::PolicyArgs;

/// Is this device seaworthy? What is wrong, since when, by when, and what mends it.
#[derive(Debug, Parser)]
#[command(
    name = "seaworthy",
    version,
    about,
    after_help = "Exit codes: 0 pass, 1 fail, 2 usage or configuration, 3 unknown, 70 a fault in Seaworthy.\n\
                  Nothing leaves the device; `seaworthy scope` shows what is read."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Inspect this device, or a mounted disk, and say what is wrong and what mends it
    Inspect(InspectArgs),
    /// Inspect, and issue a stamp that anyone can check offline; only for a pass
    Stamp(StampArgs),
    /// Check stamps, without any network
    Check(CheckArgs),
    /// List, show and check policies
    Policy(PolicyArgs),
    /// Show the whole scope of an inspection, or what a policy would read
    Scope(ScopeArgs),
    /// Explain a code: what it means, what was looked at, what to do
    Explain(ExplainArgs),
    /// Show this device's public key, making it on first use
    Key,
    /// Write shell completions to standard output
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Write the man pages into a folder
    Man {
        /// The folder; made if need be.
        folder: PathBuf,
    },
}

/// How output is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Human,
    /// For programs: JSON, described by docs/schema/inspect-v1.json.
    Json,
}

/// What and by which rules to inspect.
#[derive(Args, Debug)]
pub struct Subject {
    /// A shipped policy (see `seaworthy policy list`) or a TOML file
    #[arg(long, value_name = "NAME|FILE", default_value = "baseline")]
    pub policy: String,
    /// Inspect the disk mounted here instead of this device
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// OSV advisory records, a JSON file or a folder of them: adds ratings, dates and CVE ids to updates
    #[arg(long, value_name = "FILE|DIR")]
    pub advisories: Option<PathBuf>,
    /// Check signatures and hashes again, whatever earlier inspections proved
    #[arg(long)]
    pub prove: bool,
}

/// Arguments of `inspect`.
#[derive(Args, Debug)]
pub struct InspectArgs {
    /// What and by which rules.
    #[command(flatten)]
    pub subject: Subject,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// The verdict at another time, on the same timeline: a date or an RFC 3339 instant
    #[arg(long, value_name = "TIME")]
    pub as_of: Option<Timestamp>,
    /// Only these claims; the others stay unknown, so that such a run never passes
    #[arg(long, value_name = "CLAIM", value_delimiter = ',', num_args = 1.., value_parser = claim)]
    pub only: Vec<ClaimId>,
    /// Also list what passed, and where each claim was read
    #[arg(long, short)]
    pub verbose: bool,
}

/// Arguments of `stamp`.
#[derive(Args, Debug)]
pub struct StampArgs {
    /// What and by which rules.
    #[command(flatten)]
    pub subject: Subject,
    /// Write the stamp here instead of drawing it: .png, .svg, .txt or .cbor
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Arguments of `scope`.
#[derive(Args, Debug)]
pub struct ScopeArgs {
    /// Only what this policy would read
    #[arg(long, value_name = "NAME|FILE")]
    pub policy: Option<String>,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Arguments of `explain`.
#[derive(Args, Debug)]
pub struct ExplainArgs {
    /// The code; without it, all codes are listed
    pub code: Option<String>,
}

fn claim(text: &str) -> Result<ClaimId, String> {
    ClaimId::from_name(text).ok_or_else(|| {
        let names: Vec<_> = ClaimId::ALL.iter().map(|id| id.name()).collect();
        format!("no such claim; the claims are {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
