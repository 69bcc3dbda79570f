//! 5,000 draws of the C++ library, read where they lie.

use std::path::PathBuf;

use seaworthy_packages::apt::phasing::draw;

#[test]
fn draws_of_libstdcxx() {
    #[expect(clippy::disallowed_methods, reason = "a test asks where the vectors are")]
    let root = std::env::var_os("SEAWORTHY_VECTORS")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors"), PathBuf::from);
    let Ok(text) = std::fs::read_to_string(root.join("versions/apt-phasing/libstdcxx-draws.tsv")) else {
        eprintln!("SKIPPED draws_of_libstdcxx: no vectors; set SEAWORTHY_VECTORS to their folder");
        return;
    };
    let mut cases = 0;
    for line in text.lines() {
        let [source, version, machine, expected] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line:?} has not four columns");
        };
        assert_eq!(draw(source, version, machine).to_string(), expected, "{line}");
        cases += 1;
    }
    assert!(cases >= 5000, "only {cases} draws");
}
