//! PyPI `cwt` verifies our stamps. Needs Python and, once, the network; says aloud when it cannot run.
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::kit::*;
use seaworthy_testkit::python;

const PACKAGE: &str = "cwt==3.3.0";

#[test]
#[expect(clippy::disallowed_methods, reason = "another implementation is the oracle")]
fn python_cwt_verifies_our_stamp() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let Some(python) = python(&folder.join("python-cwt"), PACKAGE, "cwt") else { return };
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
