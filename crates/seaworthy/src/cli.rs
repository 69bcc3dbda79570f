//! The command line: the one definition from which parser, help, man pages and completions come.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use seaworthy_model::{ClaimId, Timestamp};
use seaworthy_protocol::Digest;
use seaworthy_stamp::Challenge;

use crate::check::CheckArgs;
use crate::policy::PolicyArgs;

/// Is this device seaworthy? What is wrong, since when, by when, and what mends it.
#[derive(Debug, Parser)]
#[command(
    name = "seaworthy",
    version,
    about,
    after_help = "Exit codes: 0 pass, 1 fail, 2 usage or configuration, 3 unknown, 70 a fault in Seaworthy.\n\
                  Nothing leaves a device that its holder has not enrolled; `seaworthy scope` shows what is read."
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
    /// Draw a code which shows that this device holds its stamp, good for a minute or for a challenge
    #[command(after_help = PRESENT_HELP)]
    Present(PresentArgs),
    /// Check stamps, without any network
    Check(CheckArgs),
    /// Enrol this device with an organisation: see what it asks for, and agree or not
    #[command(after_help = ENROL_HELP)]
    Enrol(EnrolArgs),
    /// Inspect this device and report to its organisation
    #[command(after_help = REPORT_HELP)]
    Report(ReportArgs),
    /// Report as a timer does: quiet, patient, and never twice at once
    #[command(after_help = AGENT_HELP)]
    Agent(AgentArgs),
    /// See what the organisation's newest policy asks for beyond what you agreed to, and agree or not
    Agree(ConsentArgs),
    /// Show who looked at this device's record at the organisation, when, why, and at what
    #[command(after_help = LEDGER_HELP)]
    Ledger(LedgerArgs),
    /// Take out everything that the organisation stores of this device, as JSON
    Export(ExportArgs),
    /// Leave the organisation, and have this device's data erased there
    Leave(ConsentArgs),
    /// Show with whom this device is enrolled, and how that stands; asks nobody
    Organisation,
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
    /// Inspect nothing: write here what proves that the organisation's newest stamp is in its log
    #[arg(long, value_name = "FILE", conflicts_with_all = ["policy", "root", "advisories", "prove", "out"])]
    pub proof: Option<PathBuf>,
}

const PRESENT_HELP: &str = "\
A copy of a stamp is as good as the stamp. This signs it with the stamp's own key, which never leaves this device, together
with the time; the code is good for 60 seconds. Where the checker has drawn a challenge (seaworthy check --new-challenge),
give it with --challenge: then nobody's clock matters.";

/// Arguments of `present`.
#[derive(Args, Debug)]
pub struct PresentArgs {
    /// Present this stamp instead of the newest one: PNG, SVG, text or bytes
    #[arg(long, value_name = "FILE")]
    pub stamp: Option<PathBuf>,
    /// Answer this challenge instead of telling the time
    #[arg(long, value_name = "CODE")]
    pub challenge: Option<Challenge>,
    /// Write it here instead of drawing it: .png, .svg, .txt or .cbor
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Draw a new one every 30 seconds, for so long
    #[arg(long = "for", value_name = "SECONDS", conflicts_with_all = ["challenge", "out"])]
    pub seconds: Option<u32>,
}

const ENROL_HELP: &str = "\
Your organisation gives you the link, https://HOST/e#KEY.TOKEN. Put it in quotes. KEY is what this device will believe
the organisation by; no answer under another key counts.

Before anything is sent you see the rules, what leaves the device and what does not, and who keeps what. --show adds the
literal document, and ends there. Run it as root to enrol the system: a user's own enrolment can tell only what that
user can see.

After a reinstall, a lost key or a restored snapshot use --again: this device gets a new key, the old one is kept aside,
and somebody at the organisation has to approve.";

const REPORT_HELP: &str = "\
Exit codes: 0 pass, 1 fail, 3 unknown, or not delivered: the report then waits and goes out with the next one.
--show prints exactly what would be sent, and sends nothing.";

const AGENT_HELP: &str = "\
Exit codes: 0 delivered, whatever the verdict; 3 not delivered; 1 the ledger was changed; 2 this device has to be put
right. dist/seaworthy-agent.timer runs it; nothing stays resident.";

const LEDGER_HELP: &str = "\
Each entry names the hash of the one before it, and this device remembers the newest one that was signed. If an entry is
missing, changed or gone, this ends with error[ledger-broken] and exit code 1, and what shows it is kept.

--verify looks every entry up in the organisation's log as well. Witnesses see to it that the log only grows, so an entry
that is there cannot be taken back. One that is not ends with error[ledger-unlogged] and exit code 1.";

/// Arguments of `enrol`.
#[derive(Args, Debug)]
pub struct EnrolArgs {
    /// The link that the organisation gave you, in quotes
    #[arg(value_name = "LINK")]
    pub link: String,
    /// A name for this device, which the organisation will see
    #[arg(long, value_name = "TEXT")]
    pub name: Option<String>,
    /// Your name or address, which the organisation will see
    #[arg(long, value_name = "TEXT")]
    pub holder: Option<String>,
    /// Enrol anew under a new key: after a reinstall, a lost key, a restored snapshot
    #[arg(long)]
    pub again: bool,
    /// The id of the device that this one was before, where it is not remembered here
    #[arg(long, value_name = "ID", requires = "again")]
    pub replaces: Option<Digest>,
    /// Show the literal document that a report would be now, and end
    #[arg(long)]
    pub show: bool,
    /// Agree without being asked
    #[arg(long, conflicts_with = "show")]
    pub yes: bool,
    /// Trust these certificates, in PEM, for this server instead of the system's
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
}

/// Arguments of `report`.
#[derive(Args, Debug)]
pub struct ReportArgs {
    /// Show exactly what would be sent, and send nothing
    #[arg(long)]
    pub show: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Also write the organisation's stamp here: .png, .svg, .txt or .cbor
    #[arg(long, value_name = "FILE", conflicts_with = "show")]
    pub stamp: Option<PathBuf>,
    /// Also list what passed, and where each claim was read
    #[arg(long, short)]
    pub verbose: bool,
}

/// Arguments of `agent`.
#[derive(Args, Debug)]
pub struct AgentArgs {
    /// Report once and end; there is no other way, and a timer does the rest
    #[arg(long, required = true)]
    pub once: bool,
    /// First wait for a random time, up to so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub jitter: u32,
}

/// Arguments of commands that ask before they act.
#[derive(Args, Debug)]
pub struct ConsentArgs {
    /// Agree without being asked
    #[arg(long)]
    pub yes: bool,
}

/// Arguments of `ledger`.
#[derive(Args, Debug)]
pub struct LedgerArgs {
    /// Also look every entry up in the organisation's log, where nobody can take one out
    #[arg(long)]
    pub verify: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Arguments of `export`.
#[derive(Args, Debug)]
pub struct ExportArgs {
    /// Write it here instead of to standard output
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
