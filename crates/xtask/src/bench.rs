//! Runs every benchmark. Each prints ratios against a peer or a limit measured in the same run.

use std::path::Path;

const BENCHES: [(&str, &str); 2] = [("seaworthy-stamp", "check"), ("seaworthy", "processes")];

/// Runs them one after the other.
pub fn run(root: &Path) -> Result<(), String> {
    BENCHES
        .iter()
        .try_for_each(|(package, bench)| crate::cargo(root, &["bench", "--package", package, "--bench", bench]))
}
