//! What `inspect --format json` prints is what docs/schema/inspect-v1.json describes: asked of PyPI `jsonschema`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::kit::{Holder, old_debian, updated_root};
use seaworthy_testkit::python;

const PACKAGE: &str = "jsonschema==4.23.0";

const SCRIPT: &str = "
import json, sys
from jsonschema import Draft202012Validator, FormatChecker
schema = json.load(open(sys.argv[1]))
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema, format_checker=FormatChecker())
for path in sys.argv[2:]:
    for error in validator.iter_errors(json.load(open(path))):
        print(path, error.json_path, error.message[:300])
";

#[test]
fn real_reports_are_what_the_schema_says() {
    let python = python(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("python-jsonschema"), PACKAGE, "jsonschema");
    let Some(python) = python else { return };
    let (holder, disk, updated) = (Holder::new(), old_debian(), updated_root());
    let disk = disk.path().to_str().unwrap().to_owned();
    let mut runs: Vec<Vec<&str>> = vec![
        vec![],
        vec!["--policy", "essential-eight", "--prove"],
        vec!["--only", "updates"],
        vec!["--as-of", "2020-01-01"],
        vec!["--root", &disk],
    ];
    let updated = updated.as_ref().map(|root| root.path().to_str().unwrap());
    runs.extend(updated.map(|path| vec!["--root", path, "--policy", "six-month"]));
    let mut files = Vec::new();
    for (index, run) in runs.iter().enumerate() {
        let said = holder.run(&[&["inspect", "--format", "json"], run.as_slice()].concat());
        let file = holder.path().join(format!("{index}.json"));
        fs::write(&file, said.out).unwrap();
        files.push(file);
    }
    let wrong = holder.path().join("wrong.json");
    let said = holder.run(&["inspect", "--format", "json"]).out;
    fs::write(&wrong, said.replacen("\"version\": 1,", "\"version\": 1, \"browsing\": [],", 1)).unwrap();

    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema/inspect-v1.json");
    let errors = |files: &[PathBuf]| {
        let run = Command::new(&python).args(["-c", SCRIPT]).arg(&schema).args(files).output().unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        String::from_utf8(run.stdout).unwrap()
    };
    assert_eq!(errors(&files), "");
    assert!(errors(&[wrong]).contains("browsing"), "a field outside the schema is refused");
}
