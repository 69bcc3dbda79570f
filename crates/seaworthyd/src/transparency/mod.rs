//! `seaworthyd log`: logs from the outside. A witness cosigns what only grows, a monitor reads all there is; both trust
//! nothing but the log's key. Here is also how our own log asks its witnesses.

mod audit;
mod client;
mod monitor;
mod note_key;
mod sequencing;
mod web;
mod witness;

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use seaworthy_model::Code;
use seaworthy_tlog::{MAX_POLICY, Policy};

use crate::cli::LogTask;
use crate::configuration;
use crate::failure::Failure;

pub use sequencing::Keeper;

/// Does one of the tasks. `matches` is the whole command line's.
pub fn run(task: &LogTask, matches: &clap::ArgMatches) -> Result<(), Failure> {
    match task {
        LogTask::Witness(options) => witness::run(options),
        LogTask::Monitor(options) => monitor::run(options),
        LogTask::Audit(options) => audit::run(options, &configuration::load(&options.configured, matches)?),
    }
}

/// Reads the policy of a log.
pub fn policy(path: &Path) -> Result<Policy, Failure> {
    let bytes = bounded(path, MAX_POLICY).map_err(|error| unusable_list(path, &error))?;
    Policy::parse(&bytes).map_err(|fault| unusable_list(path, &fault))
}

fn unusable_list(path: &Path, why: &dyn Display) -> Failure {
    Failure::new(Code::LogListInvalid, format!("{}: {why}", path.display()))
}

/// Reads a file that is no longer than this.
fn bounded(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(most as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > most {
        return Err(io::Error::other(format!("it is larger than {most} bytes")));
    }
    Ok(bytes)
}
