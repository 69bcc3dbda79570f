//! The vendors' own cases, read where they lie: their licences differ from ours.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test stops at the first surprise, says what it skips, and asks where the vectors are"
)]

use std::cmp::Ordering;
use std::path::PathBuf;

use seaworthy_versions::dpkg;

fn vectors() -> Option<PathBuf> {
    let root = std::env::var_os("SEAWORTHY_VECTORS")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors"), PathBuf::from);
    root.join("versions").is_dir().then_some(root)
}

fn check(file: &str, at_least: usize) {
    let Some(root) = vectors() else {
        eprintln!("SKIPPED {file}: no vectors; set SEAWORTHY_VECTORS to their folder");
        return;
    };
    let text = std::fs::read_to_string(root.join("versions").join(file)).expect(file);
    let mut cases = 0;
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let [left, operator, right] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{file}: {line:?} has not three columns");
        };
        let expected = match operator {
            "<" => Ordering::Less,
            "=" => Ordering::Equal,
            ">" => Ordering::Greater,
            other => panic!("{file}: operator {other:?}"),
        };
        assert_eq!(dpkg::compare(left, right), expected, "{file}: {line}");
        assert_eq!(dpkg::compare(right, left), expected.reverse(), "{file}: {line}");
        cases += 1;
    }
    assert!(cases >= at_least, "{file}: only {cases} cases");
}

#[test]
fn dpkg_own_cases() {
    check("dpkg/Dpkg_Version.tsv", 43);
}

#[test]
fn apt_own_cases() {
    check("apt/compareversion.tsv", 64);
}
