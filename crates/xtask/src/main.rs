//! Automation: `cargo xtask tidy` keeps the architecture, `cargo xtask bench` measures, `cargo xtask docs` derives,
//! `cargo xtask fuzz` looks for input that breaks a parser.

mod bench;
mod docs;
mod fuzz;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const USAGE: &str = "cargo xtask tidy   check layers, lints and module heads
cargo xtask bench [NAME [WORD…]]  measure against peers and limits, and print the ratios
cargo xtask docs   write what is derived: JSON Schema, reference of codes
cargo xtask fuzz [SECONDS [TARGET]]  run the fuzz targets, 60 seconds each";

#[expect(clippy::print_stderr, reason = "a command line tool speaks there")]
fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let task = arguments.next();
    let arguments: Vec<String> = arguments.collect();
    let done = match task.as_deref() {
        Some("tidy") => tidy::run(&root()),
        Some("bench") => bench::run(&root(), &arguments),
        Some("docs") => docs::run(&root()),
        Some("fuzz") => fuzz::run(&root(), &arguments),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// The workspace's folder.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Runs cargo in the workspace.
#[expect(clippy::disallowed_methods, reason = "automation runs programs")]
fn cargo(root: &Path, arguments: &[&str]) -> Result<(), String> {
    let what = format!("cargo {}", arguments.join(" "));
    passes(Command::new(env!("CARGO")).args(arguments).current_dir(root), &what)
}

/// Runs a command that must end well.
fn passes(command: &mut Command, what: &str) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{what}: {status}")),
        Err(error) => Err(format!("{what}: {error}")),
    }
}
