//! Logs and notes of others: the checksum database of Go, a log of certificates, the example of the note format.

use std::fs;
use std::path::Path;

use data_encoding::BASE64;
use seaworthy_testkit::vectors;
use seaworthy_tlog::{Checkpoint, Hash, Note, NoteFault, Seal, VerifierKey, verify_consistency, verify_inclusion};
use serde_json::Value;

/// The root of that log when it had 3,654,490 entries.
const OLD_ROOT: &str = "AuIZ5V6sDUj1vn3Y1K85oOaQ7y+FJJKtyRTl1edIKBQ=";

fn signed(note: &str, key: &str) -> Option<(Note, VerifierKey)> {
    let folder = vectors("tlog/c2sp")?;
    let bytes = fs::read(folder.join(note)).unwrap();
    let key = fs::read_to_string(folder.join(key)).unwrap().trim().parse().unwrap();
    let note = Note::parse(&bytes).unwrap();
    assert_eq!(note.to_string().as_bytes(), bytes);
    Some((note, key))
}

#[test]
fn the_example_of_the_note_format() {
    let Some((note, key)) = signed("signed-note-example.note", "signed-note-example.vkey") else { return };
    assert_eq!(note.text(), "This is an example message.\n");
    assert_eq!(note.signed_by(&key), Ok(Some(Seal { time: None })));
    let changed = Note::parse(note.to_string().replace("example", "exemple").as_bytes()).unwrap();
    assert_eq!(changed.signed_by(&key), Ok(None), "another name is another key");
    let changed = Note::parse(note.to_string().replace("message", "massage").as_bytes()).unwrap();
    assert_eq!(changed.signed_by(&key), Err(NoteFault::Forged("example.com/foo".to_owned())));
}

#[test]
fn a_checkpoint_of_the_checksum_database() {
    let Some((note, key)) = signed("sum.golang.org-35225469.checkpoint", "sum.golang.org.vkey") else { return };
    assert_eq!(note.signed_by(&key), Ok(Some(Seal { time: None })));
    let checkpoint: Checkpoint = note.text().parse().unwrap();
    assert_eq!((checkpoint.origin.as_str(), checkpoint.size), ("go.sum database tree", 35_225_469));
    assert_eq!(checkpoint.to_string(), note.text());
}

/// An answer of the log of certificates, by the beginning of its name.
fn answer(folder: &Path, name: &str) -> Value {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut named = files.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(name));
    serde_json::from_slice(&fs::read(named.next().unwrap()).unwrap()).unwrap()
}

fn hash(value: &Value) -> Hash {
    Hash::from_base64(value.as_str().unwrap()).unwrap()
}

fn hashes(value: &Value) -> Vec<Hash> {
    value.as_array().unwrap().iter().map(hash).collect()
}

#[test]
fn proofs_of_a_log_of_certificates() {
    let Some(folder) = vectors("tlog/azul-rfc6962/crates/tlog_tiles/tests/http_get") else { return };
    let head: Value = serde_json::from_slice(&fs::read(folder.join("get-sth")).unwrap()).unwrap();
    let (size, root) = (head["tree_size"].as_u64().unwrap(), hash(&head["sha256_root_hash"]));
    let entries = answer(&folder, "get-entries");
    let entry = BASE64.decode(entries["entries"][0]["leaf_input"].as_str().unwrap().as_bytes()).unwrap();
    let proof = hashes(&answer(&folder, "get-proof-by-hash")["audit_path"]);
    assert_eq!(verify_inclusion(&Hash::leaf(&entry), 10_000, size, &root, &proof), Ok(()));
    let proof = hashes(&answer(&folder, "get-sth-consistency")["consistency"]);
    let old = Hash::from_base64(OLD_ROOT).unwrap();
    assert_eq!(verify_consistency(3_654_490, &old, size, &root, &proof), Ok(()));
}
