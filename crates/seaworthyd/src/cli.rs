//! The command line: the one definition from which parser, help, man pages and completions come.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use seaworthy_model::Timestamp;
use seaworthy_protocol::Digest;
use seaworthy_service::authority::Role;
use seaworthy_tlog::VerifierKey;

use crate::settings::Settings;

/// Serve an organisation of devices: enrolment, evidence, campaigns, reviews.
#[derive(Debug, Parser)]
#[command(
    name = "seaworthyd",
    version,
    about,
    after_help = "Exit codes: 0 done, 1 a true answer is no, 2 usage or configuration, 3 unknown, 70 a fault in Seaworthy."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve until SIGTERM or SIGINT
    Serve(Box<Configured>),
    /// Bring the tables of the store up to date, without serving
    Migrate(Box<Configured>),
    /// Copy the embedded store, also while the server runs; private keys are left out
    Backup {
        /// The file to write; it must not exist.
        target: PathBuf,
        /// Settings.
        #[command(flatten)]
        configured: Box<Configured>,
    },
    /// Put a copy in place of the embedded store, while no server runs
    Restore {
        /// The copy.
        copy: PathBuf,
        /// Settings.
        #[command(flatten)]
        configured: Box<Configured>,
    },
    /// What the operator does beside the server: links, tokens
    Admin(Box<Admin>),
    /// Write down, for whoever has no server, what a device's verdict was and all that shows it
    Prove(Box<Prove>),
    /// Watch transparency logs: as a witness who cosigns them, or as a monitor who reads them
    #[command(subcommand)]
    Log(LogTask),
    /// Print the OpenAPI 3.1 document of the API
    Openapi,
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

/// A task of the operator.
#[derive(Args, Debug)]
pub struct Admin {
    /// The organisation, by its name; only needed where there are several
    #[arg(long, value_name = "NAME", global = true)]
    pub of: Option<String>,
    /// What to do.
    #[command(subcommand)]
    pub task: AdminTask,
}

/// What the operator can do.
#[derive(Debug, Subcommand)]
pub enum AdminTask {
    /// List the organisations and the SHA-256 of their first keys
    Organisations {
        /// Settings.
        #[command(flatten)]
        configured: Box<Configured>,
    },
    /// Print a one-time link that makes an administrator
    Link {
        /// Settings.
        #[command(flatten)]
        configured: Box<Configured>,
    },
    /// Print an API token
    Token {
        /// The role in which it acts: administrator, inspector or reviewer
        #[arg(long, value_name = "ROLE", default_value = "reviewer", value_parser = role)]
        role: Role,
        /// What it is for
        #[arg(long, value_name = "TEXT", default_value = "made by the operator")]
        name: String,
        /// Days until it ends
        #[arg(long, value_name = "COUNT", default_value = "30")]
        days: u32,
        /// Settings.
        #[command(flatten)]
        configured: Box<Configured>,
    },
    /// Print an enrolment link
    Enrolment {
        /// The unit that the device comes into, by its name; the root if absent
        #[arg(long, value_name = "NAME")]
        unit: Option<String>,
        /// A link for many devices, each of which waits for approval; else for one device, at once
        #[arg(long)]
        any: bool,
        /// Days until it ends
        #[arg(long, value_name = "COUNT", default_value = "7")]
        days: u32,
        /// Settings.
        #[command(flatten)]
        configured: Box<Configured>,
    },
}

impl AdminTask {
    /// The settings it was given.
    pub fn configured(&self) -> &Configured {
        match self {
            AdminTask::Organisations { configured }
            | AdminTask::Link { configured }
            | AdminTask::Token { configured, .. }
            | AdminTask::Enrolment { configured, .. } => configured,
        }
    }
}

fn role(text: &str) -> Result<Role, String> {
    let fits = Role::from_name(text).filter(|role| *role != Role::Holder);
    fits.ok_or_else(|| "it is administrator, inspector or reviewer".to_owned())
}

/// What can be done about a log, ours or another's. Only an audit needs the server's data.
#[derive(Debug, Subcommand)]
pub enum LogTask {
    /// Cosign checkpoints of logs that only grow, until SIGTERM or SIGINT
    Witness(Witness),
    /// Follow a log by its public files, and check all of its past
    Monitor(Monitor),
    /// Hold every record of our store to what our log committed to; also while the server runs
    Audit(Box<Audit>),
}

/// What to prove.
#[derive(Args, Debug)]
#[command(
    after_help = "It is checked anywhere: seaworthy check BUNDLE --trust FILE. The look is written into the holder's ledger.\n\
                  Exit codes: 0 written, 1 the device's data was erased, or what is stored is not what the log has, 2 usage or \
                  configuration, 3 there was no verdict then, or the log has not taken in all of it yet."
)]
pub struct Prove {
    /// The device, by its id
    #[arg(long, value_name = "ID")]
    pub device: Digest,
    /// The instant: a date or an RFC 3339 instant
    #[arg(long, value_name = "TIME")]
    pub at: Timestamp,
    /// Why, in a line that the holder will read
    #[arg(long, value_name = "TEXT")]
    pub why: String,
    /// Write it here instead of to standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// The organisation, by its name; only needed where there are several
    #[arg(long, value_name = "NAME")]
    pub of: Option<String>,
    /// Settings.
    #[command(flatten)]
    pub configured: Configured,
}

/// An audit.
#[derive(Args, Debug)]
#[command(
    after_help = "Exit codes: 0 all records are what the log has, 1 some are not, or the log contradicts itself, 2 usage or \
                  configuration, 3 some records wait to be taken in, or something could not be read."
)]
pub struct Audit {
    /// The organisation, by its name; only needed where there are several
    #[arg(long, value_name = "NAME")]
    pub of: Option<String>,
    /// Settings.
    #[command(flatten)]
    pub configured: Configured,
}

/// A witness.
#[derive(Args, Debug)]
pub struct Witness {
    /// Address and port to listen on
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8441")]
    pub listen: SocketAddr,
    /// Private key of the witness, PEM; made at first start
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// Name of the witness, as its cosignatures bear it: an address of its operator without https://
    #[arg(long, value_name = "NAME")]
    pub name: String,
    /// Logs that it knows: a key on each line, or the `log` lines of a log policy
    #[arg(long, value_name = "FILE")]
    pub logs: PathBuf,
    /// Folder in which it keeps what it cosigned; never put back an older copy of it
    #[arg(long, value_name = "DIR")]
    pub state: PathBuf,
    /// Certificate with its chain, PEM; without it, a proxy in front speaks TLS
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// Private key of the certificate, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
}

/// A monitor.
#[derive(Args, Debug)]
#[command(
    after_help = "Exit codes: 0 all is well (--once), 1 the log was caught, 2 usage or configuration, 3 the log could not be read."
)]
pub struct Monitor {
    /// Address of the log (https://…/log/KEY), or a folder that holds a copy of it
    #[arg(value_name = "URL")]
    pub log: String,
    /// Key of the log: name+id+base64
    #[arg(long, value_name = "KEY")]
    pub key: VerifierKey,
    /// Policy that says which witnesses must have cosigned its checkpoints
    #[arg(long, value_name = "FILE")]
    pub log_policy: Option<PathBuf>,
    /// Folder in which the last checkpoint is remembered, and evidence is kept; one for each log
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// Look once, and end
    #[arg(long)]
    pub once: bool,
    /// Seconds from one look to the next
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = clap::value_parser!(u32).range(1..))]
    pub every: u32,
}

/// Settings and where they stand.
#[derive(Args, Debug)]
#[command(
    after_help = "Each setting can stand in the file given with --config (`public_url = …`), in the environment \
                  (SEAWORTHYD_PUBLIC_URL) or here (--public-url); the later of these wins."
)]
pub struct Configured {
    /// TOML file with settings [environment: SEAWORTHYD_CONFIG]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The settings.
    #[command(flatten)]
    pub settings: Settings,
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
