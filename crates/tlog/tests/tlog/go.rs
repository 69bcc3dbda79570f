//! Debian's Go verifies a log of ours with the code of its checksum database.

use std::path::Path;
use std::process::{Command, Output};

use seaworthy_testkit::skip;
use seaworthy_tlog::{Hash, Signer, Tree, cosign};

use crate::log::{Key, Log};

const SOURCES: &str = "/usr/share/gocode";

#[test]
fn go_verifies_checkpoint_inclusion_and_consistency() {
    let size = 66_111;
    let log = Log::of(size, 1000);
    let folder = tempfile::tempdir().unwrap();
    write(&log, folder.path());
    let old = Tree::new(&log, size).root(1234).unwrap();
    let Some(run) = run(folder.path(), &["1234", &old.to_string()]) else { return };
    let said = String::from_utf8(run.stdout).unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let mut tree = Tree::new(&log, size);
    let inclusions = (0..size).filter(|index| index % 97 == 0 || index + 1 == size);
    let mut expected: Vec<String> =
        inclusions.map(|index| format!("inclusion {index} {}", shown(&tree.inclusion(index, size).unwrap()))).collect();
    expected.push(format!("consistency 1234 {}", shown(&tree.consistency(1234, size).unwrap())));
    assert!(said.lines().eq(expected.iter().map(String::as_str)), "Go makes other proofs");
}

#[test]
fn go_refuses_a_changed_entry() {
    let mut log = Log::of(300, 300);
    let (root, bundle) = (log.root(), log.files.get_mut("tile/entries/001.p/44").unwrap());
    *bundle.last_mut().unwrap() ^= 1;
    let folder = tempfile::tempdir().unwrap();
    write(&log, folder.path());
    let Some(run) = run(folder.path(), &["300", &root.to_string()]) else { return };
    assert_eq!(String::from_utf8_lossy(&run.stderr).lines().next(), Some("invalid transparency proof"));
}

fn write(log: &Log, folder: &Path) {
    let mut note = log.note();
    note.add(cosign(note.text(), 1_800_000_000, &Key::witness(7)).unwrap()).unwrap();
    std::fs::write(folder.join("checkpoint"), note.to_string()).unwrap();
    for (path, bytes) in &log.files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

/// As Go prints a list of hashes.
fn shown(hashes: &[Hash]) -> String {
    let hashes: Vec<String> = hashes.iter().map(Hash::to_string).collect();
    format!("[{}]", hashes.join(" "))
}

#[expect(clippy::disallowed_methods, reason = "another implementation is the oracle")]
fn run(folder: &Path, old: &[&str]) -> Option<Output> {
    if !Path::new(SOURCES).join("src/golang.org/x/mod/sumdb/tlog").exists() {
        skip("verify.go", "needs Debian's golang-go and golang-golang-x-mod-dev");
        return None;
    }
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/go/verify.go");
    let cache = folder.join("cache");
    let mut go = Command::new("go");
    go.env("GO111MODULE", "off").env("GOPATH", SOURCES).env("GOCACHE", cache).env("GOFLAGS", "").current_dir(folder);
    let run = go.arg("run").arg(program).arg(folder).arg(Key::log(1).key().to_string()).args(old).output();
    run.inspect_err(|error| skip("verify.go", &format!("go: {error}"))).ok()
}
