//! Test data written by others. It lies beside the project, never in it; without it a test says what it skips.

use std::io::Write;
use std::path::{Path, PathBuf};

/// Where a vector file or folder lies: under `SEAWORTHY_VECTORS`, else `../shared/vectors` beside the project.
/// Absent: says aloud what is skipped, and answers `None`.
#[expect(clippy::disallowed_methods, reason = "tests choose their vectors by the environment")]
pub fn vectors(path: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("SEAWORTHY_VECTORS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors"), PathBuf::from);
    let found = folder.join(path);
    if found.exists() {
        return Some(found);
    }
    skip(&format!("vectors/{path}"), "the vectors folder is not here; set SEAWORTHY_VECTORS");
    None
}

/// Says aloud, past the test runner's capture, that something was skipped and why.
pub fn skip(what: &str, why: &str) {
    // A closed standard error leaves nobody to tell.
    let _ = writeln!(std::io::stderr(), "SKIPPED {what}: {why}");
}
