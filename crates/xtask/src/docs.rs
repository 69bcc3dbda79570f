//! Writes what is derived from one definition. The tests that compare it with what is committed write it instead when
//! `UPDATE_DOCS` is set; twice, because some read what others write.

use std::path::Path;

/// The tests that keep derived pages, schema and vectors.
const KEEPERS: [&[&str]; 7] = [
    &["--package", "seaworthy-model", "--test", "evidence"],
    &["--package", "seaworthy-protocol", "--test", "messages"],
    &["--package", "seaworthy-appraise", "--test", "reference"],
    &["--package", "seaworthy-stamp", "--test", "stamp", "vectors"],
    &["--package", "seaworthy-service", "--test", "authority"],
    &["--package", "seaworthy", "up_to_date"],
    &["--package", "seaworthyd", "up_to_date"],
];

/// Runs those tests in writing mode.
#[expect(clippy::disallowed_methods, reason = "automation runs programs")]
pub fn run(root: &Path) -> Result<(), String> {
    for keeper in KEEPERS.iter().chain(&KEEPERS) {
        let mut cargo = std::process::Command::new(env!("CARGO"));
        cargo.arg("test").args(*keeper).env("UPDATE_DOCS", "1").current_dir(root);
        cargo.status().map_err(|error| format!("cargo: {error}"))?;
    }
    Ok(())
}
