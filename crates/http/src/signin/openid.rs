//! OpenID Connect Core 1.0: signing in with an account at a provider that the operator configured. Authorization code
//! flow with PKCE (RFC 7636), `state` and `nonce`, and an address to come back to for each provider (RFC 9700 §2.1.2).
//!
//! An account is known by issuer and subject alone, and comes to belong to a person by an invitation alone. No e-mail
//! address or name that a provider tells is ever matched, since whoever can set one there would become that person here.
//! Only `openid` is asked for, so the provider tells no more than the subject.
//!
//! All of it blocks while it talks to a provider: not for an async thread.

mod exchange;
mod provider;
mod web;

use std::collections::BTreeMap;

use data_encoding::BASE64URL_NOPAD;
use seaworthy_model::Timestamp;
use seaworthy_service::draw::Draw;
use serde::{Deserialize, Serialize};

pub use provider::{Provider, ProviderFault};
pub use web::Roots;

use self::exchange::Trip;
use self::provider::Known;
use self::web::Web;
use super::sealed::Purpose;
use super::{Mark, Refusal, Sealer, Site, Why};

/// Longest code, state or issuer that is looked at, in bytes.
const MAX_PARAMETER: usize = 2048;

/// The providers that people can sign in with.
pub struct OpenId {
    known: BTreeMap<String, Known>,
    web: Web,
    sealer: Sealer,
}

/// What somebody who comes back from a provider is about to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Errand {
    /// Sign in.
    SignIn,
    /// Use an invitation.
    Invitation {
        /// Its secret.
        secret: Vec<u8>,
        /// The name that somebody new typed.
        name: String,
    },
}

/// Where the browser goes now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departure {
    /// The provider's address, for `Location`.
    pub location: String,
    /// The value of [`super::Cookie::OpenId`]. It is good for [`super::CEREMONY_SECONDS`].
    pub cookie: String,
}

/// What the provider sent the browser back with: the query of the address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Callback {
    /// The code to be exchanged.
    pub code: Option<String>,
    /// What we sent along.
    pub state: Option<String>,
    /// Who answers (RFC 9207).
    pub iss: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
}

/// Somebody who proved an account at a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// By which the credential is looked up: issuer, a line feed, subject.
    pub handle: Vec<u8>,
    /// The provider's label.
    pub label: String,
    /// What they were about to do.
    pub errand: Errand,
    /// What is used up, and must be spent before a session is made, whatever the provider does with a code that comes
    /// twice.
    pub mark: Mark,
}

/// What the cookie holds, sealed.
#[derive(Serialize, Deserialize)]
struct Journey {
    trip: Trip,
    errand: Errand,
}

impl OpenId {
    /// With providers as configured. `path` is where browsers come back to, below the site: the provider's name is put
    /// after it, so `/a/b/` gives `/a/b/NAME`, which is the address to register there.
    pub fn new(
        providers: Vec<Provider>,
        site: &Site,
        path: &str,
        roots: &Roots,
        sealer: Sealer,
    ) -> Result<OpenId, ProviderFault> {
        let mut known = BTreeMap::new();
        for provider in providers {
            let name = provider.name.clone();
            let taken = known.insert(name.clone(), Known::new(provider, site, path)?);
            if taken.is_some() {
                return Err(ProviderFault::Twice(name));
            }
        }
        Ok(OpenId { known, web: Web::new(roots)?, sealer })
    }

    /// The names and labels of the providers, in the order of names.
    pub fn providers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.known.iter().map(|(name, known)| (name.as_str(), known.label()))
    }

    /// Sends the browser to a provider.
    pub fn begin(
        &self,
        provider: &str,
        errand: Errand,
        at: Timestamp,
        draw: &mut Draw<'_>,
    ) -> Result<Departure, Refusal> {
        let known = self.known(provider)?;
        let mut drawn = || BASE64URL_NOPAD.encode(&draw());
        let trip = Trip { state: drawn(), nonce: drawn(), verifier: drawn() };
        let location = known.location(&self.web, &trip, at)?;
        let journey = serde_json::to_vec(&Journey { trip, errand });
        let journey = journey.map_err(|_| Refusal::Fault("state cannot be written"))?;
        let cookie = self.sealer.seal(Purpose::OpenId, provider.as_bytes(), &journey, at, draw)?;
        Ok(Departure { location, cookie })
    }

    /// Takes the browser back from a provider: `provider` from the path, `cookie` as it was given, if it is there.
    pub fn finish(
        &self,
        provider: &str,
        callback: &Callback,
        cookie: Option<&str>,
        at: Timestamp,
    ) -> Result<Arrival, Refusal> {
        let known = self.known(provider)?;
        let opened = self.sealer.open(Purpose::OpenId, provider.as_bytes(), cookie.unwrap_or_default(), at)?;
        let journey: Option<Journey> = serde_json::from_slice(&opened.content).ok();
        let Journey { trip, errand } = journey.ok_or(Refusal::Unproven(Why::Token))?;
        let code = code(callback, &trip, known)?;
        let subject = known.subject(&self.web, code, &trip, at)?;
        let handle = format!("{}\n{subject}", known.issuer()).into_bytes();
        Ok(Arrival { handle, label: known.label().to_owned(), errand, mark: opened.mark })
    }

    fn known(&self, provider: &str) -> Result<&Known, Refusal> {
        self.known.get(provider).ok_or(Refusal::Unproven(Why::Unknown))
    }
}

/// The code of an answer that belongs to this trip.
fn code<'a>(callback: &'a Callback, trip: &Trip, known: &Known) -> Result<&'a str, Refusal> {
    let fits = |value: &Option<String>, expected: &str| value.as_deref().is_some_and(|value| value == expected);
    if !fits(&callback.state, &trip.state) {
        return Err(Refusal::Unproven(Why::State));
    }
    if callback.iss.is_some() && !fits(&callback.iss, known.issuer()) {
        return Err(Refusal::Unproven(Why::State));
    }
    if callback.error.is_some() {
        return Err(Refusal::Unproven(Why::Provider));
    }
    let code = callback.code.as_deref().filter(|code| !code.is_empty() && code.len() <= MAX_PARAMETER);
    code.ok_or(Refusal::Unproven(Why::Form))
}
