//! Man pages and shell completions, derived from the command line's definition.

use std::fs;
use std::io::Write;
use std::path::Path;

use clap::CommandFactory;

use crate::cli::Cli;
use crate::failure::Failure;

/// Completions for a shell.
pub fn completions(shell: clap_complete::Shell, out: &mut dyn Write) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "seaworthyd", &mut script);
    out.write_all(&script).map_err(Failure::output)
}

/// A page per command.
pub fn pages(folder: &Path, out: &mut dyn Write) -> Result<(), Failure> {
    let written = fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(Cli::command(), folder));
    written.map_err(|error| Failure::unwritable(folder, &error))?;
    writeln!(out, "man pages are in {}", folder.display()).map_err(Failure::output)
}
