//! Pages that are derived from one definition: a test compares what is committed, and writes it where `UPDATE_DOCS` is
//! set.

use std::fs;
use std::path::Path;

/// Holds a file of the project to its definition.
#[expect(clippy::disallowed_methods, reason = "UPDATE_DOCS=1 writes the page anew")]
pub fn is_up_to_date(path: &str, derived: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, derived).unwrap();
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    assert!(written == derived, "{path} is old: cargo xtask docs");
}
