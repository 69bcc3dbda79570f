//! The command line: the one definition from which parser, help, man pages and completions come.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

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
