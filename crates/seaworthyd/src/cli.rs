//! The command line: the one definition from which parser, help, man pages and completions come.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use seaworthy_service::authority::Role;

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
