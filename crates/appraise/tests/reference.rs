//! docs/reference/policy.md says what the definition says.

use std::path::PathBuf;

#[test]
#[expect(clippy::disallowed_methods, reason = "UPDATE_DOCS=1 writes the page anew")]
fn the_reference_is_up_to_date() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/policy.md");
    let page = seaworthy_appraise::policy::reference();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "{} is old: UPDATE_DOCS=1 cargo test -p seaworthy-appraise --test reference",
        path.display()
    );
}
