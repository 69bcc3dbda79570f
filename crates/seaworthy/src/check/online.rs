//! `check --online`: status lists fetched where stamps say that they are, and kept for when nobody answers.
//!
//! An address is believed only of a stamp that a trusted key signed, and a list only if a trusted key signed that. Whoever
//! serves the list learns that somebody looks into it, and not for which stamp.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use seaworthy_inspect::StateDirectory;
use seaworthy_model::{Code, Timestamp};
use seaworthy_protocol::{Digest, Octets};
use seaworthy_stamp::{MAX_STATUS_LIST, Refusal, Shown, Trust};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::organisation::{Client, Fetched};

/// Folder of the state folder in which fetched lists are kept.
const FOLDER: &str = "status-lists";
/// How long a server may take: somebody waits at a door.
const LIMIT: Duration = Duration::from_secs(10);
/// For how long a list is not asked for again within one run, whether it was fetched or not.
const FRESH: Duration = Duration::from_secs(300);

/// A list as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    address: String,
    etag: Option<String>,
    list: Octets,
}

/// What came of asking for a list.
#[derive(Clone, Debug, Default)]
pub struct Looked {
    /// The newest list that counts: the one fetched, or one that was kept.
    pub list: Option<Vec<u8>>,
    /// When it was made.
    pub issued: Option<Timestamp>,
    /// Why none could be fetched.
    pub trouble: Option<String>,
}

/// Where lists are fetched, and kept.
pub struct Online {
    ca: Option<String>,
    kept: StateDirectory,
    looked: RefCell<BTreeMap<String, (Instant, Looked)>>,
}

impl Online {
    /// `ca` is a file of certificates in PEM that are trusted instead of the system's.
    pub fn new(ca: Option<&Path>, state: &StateDirectory) -> Result<Online, Failure> {
        let unreadable =
            |path: &Path, error| Failure::new(Code::InputUnreadable, format!("{}: {error}", path.display()));
        let read = |path: &Path| fs::read_to_string(path).map_err(|error| unreadable(path, error));
        let kept = StateDirectory::new(state.path().join(FOLDER));
        Ok(Online { ca: ca.map(read).transpose()?, kept, looked: RefCell::default() })
    }

    /// The list of an address, asked for once in a while.
    pub fn look(&self, address: &str, trust: &Trust) -> Looked {
        let known = self.looked.borrow().get(address).filter(|(at, _)| at.elapsed() < FRESH).cloned();
        if let Some((_, looked)) = known {
            return looked;
        }
        let looked = self.ask(address, trust);
        self.looked.borrow_mut().insert(address.to_owned(), (Instant::now(), looked.clone()));
        looked
    }

    fn ask(&self, address: &str, trust: &Trust) -> Looked {
        let name = format!("{}.json", Digest::of(address.as_bytes()));
        let kept = self.kept.read_json::<Kept>(&name).filter(|kept| kept.address == address);
        // What no trusted key signed is as if it were not there.
        let kept = kept.and_then(|kept| Some((issued(trust, &kept.list.0).ok()?, kept)));
        let etag = kept.as_ref().and_then(|(_, kept)| kept.etag.as_deref());
        let trouble = match self.fetch(address, etag) {
            Ok(Fetched::Same) => None,
            Err(trouble) => Some(trouble),
            Ok(Fetched::New { etag, bytes }) => match issued(trust, &bytes) {
                // One that is older than what was seen is a replay, or a replica that lags.
                Ok(at) if kept.as_ref().is_none_or(|(before, _)| *before <= at) => {
                    self.keep(&name, &Kept { address: address.to_owned(), etag, list: Octets(bytes.clone()) });
                    return Looked { list: Some(bytes), issued: Some(at), trouble: None };
                }
                Ok(_) => None,
                Err(refusal) => Some(format!("what {address} answered counts for nothing: {refusal}")),
            },
        };
        match kept {
            Some((at, kept)) => Looked { list: Some(kept.list.0), issued: Some(at), trouble },
            None => Looked { trouble, ..Looked::default() },
        }
    }

    /// A checker that can write nothing checks all the same.
    fn keep(&self, name: &str, kept: &Kept) {
        let written = serde_json::to_vec(kept).map(|bytes| self.kept.write_lightly(name, &bytes));
        let _ = written;
    }

    fn fetch(&self, address: &str, etag: Option<&str>) -> Result<Fetched, String> {
        let (server, path) = split(address);
        let client = Client::new(server, self.ca.as_deref()).map_err(|failure| failure.what)?;
        client.fetch(path, etag, MAX_STATUS_LIST as u64, LIMIT).map_err(|trouble| trouble.failure().what)
    }
}

/// The address of the list by which a stamp can be looked up that is good as far as is known without.
pub fn lookable(checked: &Result<Shown, Refusal>) -> Option<String> {
    let facts = match checked {
        Ok(shown) => shown.checked().facts(),
        Err(refusal) if [Code::StatusListMissing, Code::StatusListExpired].contains(&refusal.code()) => {
            refusal.facts()?
        }
        Err(_) => return None,
    };
    facts.status.as_ref().map(|status| status.uri.clone())
}

/// How a stamp comes out whose list could not be fetched, and why.
pub fn unfetched(checked: Result<Shown, Refusal>, trouble: String) -> Result<(Shown, Option<String>), Refusal> {
    let refusal = match checked {
        Ok(shown) => return Ok((shown, Some(trouble))),
        Err(refusal) => refusal,
    };
    let told = Refusal::new(refusal.code(), trouble);
    Err(match refusal.facts() {
        Some(facts) => told.with_facts(facts.clone()),
        None => told,
    })
}

/// When a list was made that counts for this trust.
fn issued(trust: &Trust, list: &[u8]) -> Result<Timestamp, String> {
    trust.clone().add_status_list(list).map_err(|refusal| refusal.to_string())
}

/// An address as server and path.
fn split(address: &str) -> (&str, &str) {
    let host = address.find("://").map_or(0, |at| at.saturating_add(3));
    let end = address.get(host..).and_then(|rest| rest.find('/')).map_or(address.len(), |at| host.saturating_add(at));
    address.split_at_checked(end).unwrap_or((address, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_server_and_a_path() {
        for (server, path) in [
            ("https://example.org", "/status/00ff/1"),
            ("http://[::1]:8440", "/status/00ff/1"),
            ("https://example.org", ""),
        ] {
            assert_eq!(split(&format!("{server}{path}")), (server, path));
        }
    }
}
