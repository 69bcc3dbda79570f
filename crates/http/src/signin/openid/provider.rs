//! One provider: how it is configured, and what it says of itself, which is fetched when it is needed and kept for a
//! while. A provider that is down makes its own sign-ins fail, at once after the first, and nobody else's.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use openidconnect::core::CoreProviderMetadata;
use openidconnect::{ClientId, ClientSecret, IssuerUrl, RedirectUrl};
use seaworthy_model::Timestamp;
use serde::Deserialize;
use url::Url;

use super::web::Web;
use crate::signin::Refusal;
use crate::signin::site::{Site, is_guarded};
use crate::signin::turns::{Turn, Turns};

/// For how long what a provider says of itself is believed, in seconds.
const FRESH_SECONDS: i64 = 3600;
/// After how many seconds a provider is asked again that did not answer, or whose keys did not fit.
const AGAIN_SECONDS: i64 = 15;
/// How often it is asked before that.
const TRIES: usize = 2;
/// How many may talk to one provider at once, and how many wait for how long.
const AT_ONCE: usize = 4;
const QUEUE: usize = 16;
const PATIENCE: Duration = Duration::from_secs(4);

/// A provider as the operator configures it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Its name in addresses: lower-case letters, digits and hyphens.
    pub name: String,
    /// What the button says.
    pub label: String,
    /// Its issuer identifier, exactly as it says it.
    pub issuer: String,
    /// How it knows this server.
    pub client_id: String,
    /// A file with the secret that it gave this server; a public client has none.
    pub client_secret_file: Option<PathBuf>,
}

/// Why providers cannot be used as configured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderFault {
    /// The name cannot stand in an address.
    #[error("{0}: a provider's name is lower-case letters, digits and hyphens")]
    Name(String),
    /// Two have one name.
    #[error("{0}: two providers have this name")]
    Twice(String),
    /// The issuer is no address, or plain HTTP and not on the machine itself.
    #[error("{0}: the issuer must be an https:// address")]
    Issuer(String),
    /// A file cannot be read.
    #[error("{}: {}", .0.display(), .1)]
    File(PathBuf, String),
}

/// A provider and what is known of it.
pub(super) struct Known {
    pub(super) name: String,
    label: String,
    pub(super) issuer: IssuerUrl,
    pub(super) client: ClientId,
    pub(super) secret: Option<ClientSecret>,
    pub(super) comes_back: RedirectUrl,
    said: Mutex<Said>,
    turns: Turns,
}

/// What a provider said of itself, and when it was asked last.
#[derive(Default)]
struct Said {
    metadata: Option<(Arc<CoreProviderMetadata>, Timestamp)>,
    asked: Option<Timestamp>,
    fault: String,
}

impl Known {
    pub(super) fn new(provider: Provider, site: &Site, path: &str) -> Result<Known, ProviderFault> {
        let Provider { name, label, issuer, client_id, client_secret_file } = provider;
        let sound = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        if name.is_empty() || !name.bytes().all(sound) {
            return Err(ProviderFault::Name(name));
        }
        let wrong = || ProviderFault::Issuer(name.clone());
        let address = Url::parse(&issuer).map_err(|_| wrong())?;
        if !is_guarded(&address) || address.query().is_some() || address.fragment().is_some() {
            return Err(wrong());
        }
        let issuer = IssuerUrl::new(issuer).map_err(|_| wrong())?;
        let back = format!("{}{path}{name}", site.origin());
        let comes_back = RedirectUrl::new(back).map_err(|_| ProviderFault::Name(name.clone()))?;
        let secret = client_secret_file.map(secret_of).transpose()?;
        let turns = Turns::new(AT_ONCE, QUEUE, PATIENCE);
        let client = ClientId::new(client_id);
        Ok(Known { name, label, issuer, client, secret, comes_back, said: Mutex::default(), turns })
    }

    pub(super) fn label(&self) -> &str {
        &self.label
    }

    pub(super) fn issuer(&self) -> &str {
        self.issuer.as_str()
    }

    /// A turn at talking to it, so that a slow one does not hold all threads.
    pub(super) fn turn(&self) -> Result<Turn<'_>, Refusal> {
        self.turns.take()
    }

    /// What it says of itself, not older than an hour. To be asked for within a turn.
    pub(super) fn metadata(&self, web: &Web, at: Timestamp) -> Result<Arc<CoreProviderMetadata>, Refusal> {
        let said = self.said();
        if let Some((metadata, since)) = &said.metadata
            && at < *since + FRESH_SECONDS
        {
            return Ok(metadata.clone());
        }
        if said.was_asked_lately(at) {
            return Err(self.unreachable(said.fault.clone()));
        }
        drop(said);
        self.ask(web, at)
    }

    /// The same anew, since its keys did not fit; `None` where it was asked just now.
    pub(super) fn metadata_again(&self, web: &Web, at: Timestamp) -> Option<Arc<CoreProviderMetadata>> {
        if self.said().was_asked_lately(at) { None } else { self.ask(web, at).ok() }
    }

    fn ask(&self, web: &Web, at: Timestamp) -> Result<Arc<CoreProviderMetadata>, Refusal> {
        let answers = (0..TRIES).map(|_| CoreProviderMetadata::discover(&self.issuer, web));
        let mut fault = String::new();
        let found = answers.into_iter().find_map(|answer| answer.map_err(|error| fault = chain(&error)).ok());
        let mut said = self.said();
        said.asked = Some(at);
        said.fault.clone_from(&fault);
        let metadata = Arc::new(found.ok_or_else(|| self.unreachable(fault))?);
        said.metadata = Some((metadata.clone(), at));
        Ok(metadata)
    }

    pub(super) fn unreachable(&self, what: String) -> Refusal {
        Refusal::Unreachable { provider: self.name.clone(), what }
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Said {
    fn was_asked_lately(&self, at: Timestamp) -> bool {
        // A clock that went back must not silence a provider.
        self.asked.is_some_and(|asked| at >= asked && at < asked + AGAIN_SECONDS)
    }
}

fn secret_of(path: PathBuf) -> Result<ClientSecret, ProviderFault> {
    let text = fs::read_to_string(&path).map_err(|error| ProviderFault::File(path, error.to_string()))?;
    Ok(ClientSecret::new(text.trim().to_owned()))
}

/// An error with what lies behind it.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_configured() {
        let site = Site::new("https://seaworthy.example.org").unwrap();
        let check = |name: &str, issuer: &str, expected: Result<&str, ProviderFault>| {
            let (label, client_id) = ("Example".to_owned(), "seaworthy".to_owned());
            let (name, issuer) = (name.to_owned(), issuer.to_owned());
            let known = Known::new(Provider { name, label, issuer, client_id, client_secret_file: None }, &site, "/a/");
            assert_eq!(known.as_ref().map(|known| known.comes_back.as_str()).map_err(Clone::clone), expected);
        };
        let issuer = |name: &str| Err(ProviderFault::Issuer(name.to_owned()));
        check("main-1", "https://id.example.org", Ok("https://seaworthy.example.org/a/main-1"));
        check("local", "http://127.0.0.1:3000", Ok("https://seaworthy.example.org/a/local"));
        check("plain", "http://id.example.org", issuer("plain"));
        check("file", "file:///etc/passwd", issuer("file"));
        check("query", "https://id.example.org/?a", issuer("query"));
        check("none", "", issuer("none"));
        check("", "https://id.example.org", Err(ProviderFault::Name(String::new())));
        check("a/b", "https://id.example.org", Err(ProviderFault::Name("a/b".to_owned())));
    }
}
