//! PyPI `cwt` verifies our stamps. Needs Python and, once, the network; says aloud when it cannot run.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on stops"
)]

mod kit;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use kit::*;
use seaworthy_testkit::skip;

const PACKAGE: &str = "cwt==3.3.0";

/// A Python that has the package, made once under `target/`.
#[expect(clippy::disallowed_methods, reason = "another implementation is the oracle")]
fn python() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python-cwt");
    let python = folder.join("bin/python");
    let has =
        |python: &Path| Command::new(python).args(["-c", "import cwt"]).output().is_ok_and(|run| run.status.success());
    if !has(&python) {
        let made =
            Command::new("python3").args(["-m", "venv"]).arg(&folder).output().is_ok_and(|run| run.status.success());
        let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", PACKAGE];
        if made
            && let Ok(run) = Command::new(&python).args(install).output()
            && !run.status.success()
        {
            skip("pip", &String::from_utf8_lossy(&run.stderr));
        }
    }
    has(&python).then_some(python)
}

#[test]
#[expect(clippy::disallowed_methods, reason = "another implementation is the oracle")]
fn python_cwt_verifies_our_stamp() {
    let Some(python) = python() else {
        return skip(PACKAGE, "python3 -m venv, or pip install, did not work here");
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (public, stamp_file) = (folder.join("cwt.pub"), folder.join("cwt.cbor"));
    fs::write(&public, key(DEVICE).public().to_pem()).unwrap();
    fs::write(&stamp_file, stamp(DEVICE, &particulars()).cbor()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verify_stamp.py");
    let run = Command::new(python).arg(script).arg(public).arg(stamp_file).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let said: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(said["issued"], time(ISSUED).seconds());
    assert_eq!(said["expires"], time(EXPIRES).seconds());
    assert_eq!((&said["status"], &said["version"]), (&2.into(), &1.into()));
    assert_eq!(said["policies"], serde_json::json!(["six-month"]));
}
