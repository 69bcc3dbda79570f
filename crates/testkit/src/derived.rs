//! Pages that are derived from one definition: a test compares what is committed, and writes it where `UPDATE_DOCS` is
//! set.

use std::fs;
use std::path::Path;

/// Holds a file of the project, named from its root, to its definition.
///
/// # Panics
/// Where the file says something else, or cannot be written.
#[expect(clippy::disallowed_methods, reason = "UPDATE_DOCS=1 writes the page anew")]
pub fn is_up_to_date(path: &str, derived: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let written = fs::write(&file, derived);
        assert!(written.is_ok(), "{path} cannot be written");
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    assert!(written == derived, "{path} is old: cargo xtask docs");
}
