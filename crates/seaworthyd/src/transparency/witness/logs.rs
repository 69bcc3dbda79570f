//! The logs that a witness knows: a key on each line, alone or as the `log` line of a log policy, whose other lines say
//! nothing to a witness.

use std::collections::BTreeMap;
use std::path::Path;

use seaworthy_tlog::{Algorithm, MAX_POLICY, VerifierKey};

use crate::failure::Failure;
use crate::transparency::{bounded, unusable_list};

/// The keys of each log, by its origin.
pub type Logs = BTreeMap<String, Vec<VerifierKey>>;

/// Reads a list.
pub fn read(path: &Path) -> Result<Logs, Failure> {
    let bytes = bounded(path, MAX_POLICY).map_err(|error| unusable_list(path, &error))?;
    let text = String::from_utf8(bytes).map_err(|_| unusable_list(path, &"not UTF-8"))?;
    parse(&text).map_err(|why| unusable_list(path, &why))
}

fn parse(text: &str) -> Result<Logs, String> {
    let mut logs = Logs::new();
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(key) = key_of(line).map_err(|why| format!("line {number}: {why}"))? {
            logs.entry(key.name().to_owned()).or_default().push(key);
        }
    }
    if logs.is_empty() { Err("no log is in it".to_owned()) } else { Ok(logs) }
}

fn key_of(line: &str) -> Result<Option<VerifierKey>, String> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let key = match words.as_slice() {
        [] | ["witness" | "group" | "quorum", ..] => return Ok(None),
        [first, ..] if first.starts_with('#') => return Ok(None),
        [key] | ["log", key] | ["log", key, _] => *key,
        _ => return Err("a line has one key, or reads `log KEY [URL]`".to_owned()),
    };
    let key: VerifierKey = key.parse().map_err(|fault| format!("{fault}"))?;
    let is_log = key.algorithm() == Algorithm::Ed25519;
    if is_log { Ok(Some(key)) } else { Err("this key does not sign as a log's does".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stand_alone_or_in_a_policy() {
        let key = VerifierKey::new("example.org/log/a", Algorithm::Ed25519, &[7; 32]).unwrap();
        let witness = VerifierKey::new("example.org/w", Algorithm::CosignatureV1, &[8; 32]).unwrap();
        let lists = [
            format!("{key}\n"),
            format!("# ours\n\n  log {key} https://example.org/log/a\nwitness w {witness}\nquorum none\n"),
        ];
        for list in lists {
            assert_eq!(parse(&list).unwrap(), Logs::from([(key.name().to_owned(), vec![key.clone()])]));
        }
        for wrong in ["", "# none\n", "log\n", "nonsense\n", "log a b c\n", &witness.to_string()] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
