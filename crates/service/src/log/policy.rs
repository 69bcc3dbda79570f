//! What a log's checkers are told to ask for: the log's key, its witnesses and how many of them must have cosigned, as
//! <https://c2sp.org/tlog-policy> writes it. Whoever trusts others writes a policy of their own.

use std::fmt::Write;

use seaworthy_tlog::PolicyWitness;

use super::verifier_key;
use crate::error::Error;
use crate::ports::LogRecord;

/// The name of the group of all witnesses.
const GROUP: &str = "witnesses";

/// The witnesses of a server's logs, and how many of them are enough.
#[derive(Clone, Debug, Default)]
pub struct Quorum {
    /// Each of them.
    pub witnesses: Vec<PolicyWitness>,
    /// How many must have cosigned a checkpoint; of more than there are, all.
    pub enough: usize,
}

/// The policy of a log that is read at an address.
pub fn policy(log: &LogRecord, url: &str, quorum: &Quorum) -> Result<String, Error> {
    let mut text = format!("log {} {url}\n", verifier_key(log)?);
    let mut names = String::new();
    for witness in &quorum.witnesses {
        let url = witness.url.as_ref().map(|url| format!(" {url}")).unwrap_or_default();
        // A `String` takes all that is written.
        let _ = writeln!(text, "witness {} {}{url}", witness.name, witness.key);
        let _ = write!(names, " {}", witness.name);
    }
    let _ = match quorum.enough.min(quorum.witnesses.len()) {
        0 => writeln!(text, "quorum none"),
        enough => writeln!(text, "group {GROUP} {enough}{names}\nquorum {GROUP}"),
    };
    Ok(text)
}

#[cfg(test)]
mod tests {
    use seaworthy_model::Timestamp;
    use seaworthy_tlog::{Algorithm, Policy, VerifierKey};

    use super::*;
    use crate::id::Id;

    fn log() -> LogRecord {
        LogRecord {
            organisation: Id::from_bytes([1; 16]),
            origin: "example.org/log/0011223344556677".into(),
            key: [2; 32],
            statuses: [3; 32],
            sealed: Vec::new(),
            since: Timestamp::MIN,
        }
    }

    fn witness(name: &str, seed: u8) -> PolicyWitness {
        let key = VerifierKey::new(name, Algorithm::CosignatureV1, &[seed; 32]).unwrap();
        PolicyWitness { name: name.into(), key, url: None }
    }

    #[test]
    fn a_policy_is_read_back() {
        let witnesses = vec![witness("one.example", 4), witness("two.example", 5)];
        let quorum = Quorum { witnesses, enough: 2 };
        let text = policy(&log(), "https://example.org/log/0011223344556677", &quorum).unwrap();
        let read = Policy::parse(text.as_bytes()).unwrap();
        assert_eq!(read.logs()[0].key, verifier_key(&log()).unwrap());
        assert_eq!(read.logs()[0].url.as_deref(), Some("https://example.org/log/0011223344556677"));
        assert_eq!((read.witnesses(), read.asks_for_witnesses()), (quorum.witnesses.as_slice(), true));
    }

    #[test]
    fn without_witnesses_none_are_asked_for() {
        for quorum in [Quorum::default(), Quorum { witnesses: vec![witness("one.example", 4)], enough: 0 }] {
            let text = policy(&log(), "https://example.org", &quorum).unwrap();
            assert!(!Policy::parse(text.as_bytes()).unwrap().asks_for_witnesses());
        }
    }
}
