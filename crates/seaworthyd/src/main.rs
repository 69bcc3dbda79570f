//! Serve an organisation of devices.

mod admin;
mod cli;
mod configuration;
mod copies;
mod entrance;
mod failure;
mod files;
mod folder;
mod keyring;
mod log;
mod man;
mod notify;
mod office;
mod operator;
mod prove;
mod pulse;
mod reference;
mod serve;
mod settings;
mod signals;
mod tasks;
mod tiles;
mod transparency;

use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use cli::{Cli, Command};
use failure::Failure;

fn main() -> ExitCode {
    let matches = Cli::command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    panic::set_hook(Box::new(log::panicked));
    match panic::catch_unwind(AssertUnwindSafe(|| run(&cli.command, &matches))) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(failure)) => ExitCode::from(report(&failure)),
        Err(_) => ExitCode::from(report(&Failure::bug("the place stands in the line above"))),
    }
}

fn run(command: &Command, matches: &clap::ArgMatches) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match command {
        Command::Serve(args) => {
            drop(out);
            serve::run(&configuration::load(args, matches)?)
        }
        Command::Migrate(args) => copies::migrate(&configuration::load(args, matches)?, &mut out),
        Command::Backup { target, configured } => {
            copies::backup(&configuration::load(configured, matches)?, target, &mut out)
        }
        Command::Restore { copy, configured } => {
            copies::restore(&configuration::load(configured, matches)?, copy, &mut out)
        }
        Command::Admin(args) => admin::run(args, &configuration::load(args.task.configured(), matches)?, &mut out),
        Command::Prove(args) => prove::run(args, &configuration::load(&args.configured, matches)?, &mut out),
        Command::Log(task) => {
            drop(out);
            transparency::run(task, matches)
        }
        Command::Openapi => print(&mut out, &seaworthy_http::document(env!("CARGO_PKG_VERSION"))),
        Command::Completions { shell } => man::completions(*shell, &mut out),
        Command::Man { folder } => man::pages(folder, &mut out),
    }
}

fn print(out: &mut dyn Write, document: &serde_json::Value) -> Result<(), Failure> {
    writeln!(out, "{document:#}").map_err(Failure::output)
}

/// The one place where a failure becomes text: code, place, hint.
fn report(failure: &Failure) -> u8 {
    // Nobody reads a closed pipe, and its writer meant no error.
    if failure.is_closed_pipe() {
        return failure.exit;
    }
    // With standard error closed there is nobody to tell.
    let _ = writeln!(io::stderr(), "error[{}]: {}", failure.code, failure.what);
    if !failure.hint.is_empty() {
        let _ = writeln!(io::stderr(), "  hint: {}", failure.hint);
    }
    failure.exit
}
