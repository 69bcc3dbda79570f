//! Oracles from PyPI: a Python that has a package, in a folder of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::skip;

/// A Python in which a package (`cwt==3.3.0`) is installed that brings a module (`cwt`), made once in a folder. Needs
/// the network for that; where it cannot be had, that is said aloud.
#[expect(clippy::disallowed_methods, reason = "another implementation is the oracle")]
pub fn python(folder: &Path, package: &str, module: &str) -> Option<PathBuf> {
    let python = folder.join("bin/python");
    let import = format!("import {module}");
    let has = || Command::new(&python).args(["-c", &import]).output().is_ok_and(|run| run.status.success());
    if !has() {
        let made =
            Command::new("python3").args(["-m", "venv"]).arg(folder).output().is_ok_and(|run| run.status.success());
        let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", package];
        if made
            && let Ok(run) = Command::new(&python).args(install).output()
            && !run.status.success()
        {
            skip("pip", &String::from_utf8_lossy(&run.stderr));
        }
    }
    if !has() {
        skip(package, "python3 -m venv, or pip install, did not work here");
        return None;
    }
    Some(python)
}
