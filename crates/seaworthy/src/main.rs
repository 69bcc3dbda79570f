//! Seaworthy for the device, the service desk and the checker.

mod agent;
mod agree;
mod check;
mod cli;
mod enrol;
mod explain;
mod export;
mod failure;
mod form;
mod inspect;
mod judged;
mod kept;
mod key;
mod leave;
mod ledger;
mod man;
mod newest;
mod organisation;
mod policy;
mod present;
mod progress;
mod proof;
mod render;
mod report;
mod reporting;
mod schema;
mod scope;
mod stamp;
mod standing;
mod surroundings;

use std::io::{self, BufWriter, Write};
use std::panic;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use clap::Parser;

use cli::{Cli, Command};
use failure::{Failure, exit};
use render::Clean;
use surroundings::Surroundings;

fn main() -> ExitCode {
    let cli = Cli::parse();
    panic::set_hook(Box::new(|panic| *last_panic() = Some(panic.to_string())));
    let ran = panic::catch_unwind(|| {
        let around = Surroundings::read();
        let mut out = BufWriter::new(io::stdout().lock());
        let code = run(&cli.command, &around, &mut out);
        let flushed = out.flush().map_err(Failure::output).or_else(Failure::unless_closed_pipe);
        code.and_then(|code| flushed.map(|()| code))
    });
    match ran {
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(failure)) => ExitCode::from(report(&failure)),
        Err(_) => ExitCode::from(report(&Failure::bug(last_panic().take().unwrap_or_default()))),
    }
}

/// Where and why something panicked last. What a probe or a decoder fences in is no news to the user; what reaches
/// `main` is reported from here.
fn last_panic() -> impl std::ops::DerefMut<Target = Option<String>> {
    static LAST: Mutex<Option<String>> = Mutex::new(None);
    LAST.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run(command: &Command, around: &Surroundings, out: &mut dyn Write) -> Result<u8, Failure> {
    match command {
        Command::Inspect(args) => inspect::run(args, around, out),
        Command::Stamp(args) => stamp::run(args, around, out),
        Command::Present(args) => present::run(args, around, out),
        Command::Check(args) => check::run(args, around, out),
        Command::Enrol(args) => enrol::run(args, around, out),
        Command::Report(args) => reporting::run(args, around, out),
        Command::Agent(args) => agent::run(args, around),
        Command::Agree(args) => agree::run(args, around, out),
        Command::Ledger(args) => ledger::run(args, around, out),
        Command::Export(args) => export::run(args, around, out),
        Command::Leave(args) => leave::run(args, around, out),
        Command::Organisation => standing::run(around, out).map(|()| exit::PASS),
        Command::Policy(args) => policy::run(args, out).map(|()| exit::PASS),
        Command::Scope(args) => scope::run(args, out).map(|()| exit::PASS),
        Command::Explain(args) => explain::run(args, out).map(|()| exit::PASS),
        Command::Key => key::run(&around.state, out).map(|()| exit::PASS),
        Command::Completions { shell } => man::completions(*shell, out).map(|()| exit::PASS),
        Command::Man { folder } => man::pages(folder, out).map(|()| exit::PASS),
    }
}

/// The one place where a failure becomes text: code, place, hint.
fn report(failure: &Failure) -> u8 {
    // Nobody reads a closed pipe, and its writer meant no error.
    if failure.is_closed_pipe() {
        return failure.exit;
    }
    say(&format!("error[{}]: {}", failure.code, failure.what));
    if !failure.hint.is_empty() {
        say(&format!("  hint: {}", failure.hint));
    }
    failure.exit
}

/// Says something to the person at the terminal, beside the output. Paths and policies may be anybody's.
fn say(text: &str) {
    for line in text.lines() {
        // With standard error closed there is nobody to tell.
        let _ = writeln!(io::stderr(), "{}", Clean(line));
    }
}
