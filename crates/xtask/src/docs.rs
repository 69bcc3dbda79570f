//! Writes what is derived from one definition. The tests that compare it with what is committed write it instead when
//! `UPDATE_DOCS` is set.

use std::path::Path;

/// Runs those tests in writing mode.
#[expect(clippy::disallowed_methods, reason = "automation runs programs")]
pub fn run(root: &Path) -> Result<(), String> {
    let status = std::process::Command::new(env!("CARGO"))
        .args(["test", "--workspace", "derived_docs"])
        .env("UPDATE_DOCS", "1")
        .current_dir(root)
        .status();
    status.map(|_| ()).map_err(|error| format!("cargo: {error}"))
}
