//! Webhooks, against another implementation of the same format.

use std::path::Path;
use std::process::Command;

use seaworthy_http::webhooks::{Signature, secret_text};
use seaworthy_model::Timestamp;
use seaworthy_testkit::python;

/// The reference implementation of Standard Webhooks in Python.
const PACKAGE: &str = "standardwebhooks==1.0.0";
const SECRET: [u8; 32] = [0x5a; 32];
const ID: &str = "0123456789abcdef0123456789abcdef";
const PAYLOAD: &str = r#"{"type":"device-left","timestamp":"2026-01-01T00:00:00Z","data":{"unit":"ünï"}}"#;

#[test]
#[expect(clippy::disallowed_methods, reason = "another implementation is the oracle")]
fn another_implementation_signs_alike() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python-standardwebhooks");
    let Some(python) = python(&folder, PACKAGE, "standardwebhooks") else { return };
    let script = format!(
        "from standardwebhooks.webhooks import Webhook\n\
         from datetime import datetime, timezone\n\
         at = datetime.fromtimestamp(1767225600, tz=timezone.utc)\n\
         print(Webhook('{}').sign('{ID}', at, '{PAYLOAD}'))",
        secret_text(&SECRET)
    );
    let run = Command::new(python).args(["-c", &script]).output().unwrap();
    let ours = Signature::new(&SECRET, ID, Timestamp::from_seconds(1_767_225_600), PAYLOAD.as_bytes());
    let theirs = String::from_utf8_lossy(&run.stdout);
    assert_eq!(theirs.trim(), ours.to_string(), "{}", String::from_utf8_lossy(&run.stderr));
}
