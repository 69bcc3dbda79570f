//! HTTP to the organisation's server: bounded in bytes and time, without redirects, encrypted but for this machine itself.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use seaworthy_model::Code;
use seaworthy_protocol::Link;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use ureq::Agent;
use ureq::config::Config;
use ureq::http::{Response, header};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use super::trouble::{Trouble, untrusted};
use crate::failure::{Failure, exit};

/// Longest answer.
pub const MAX_ANSWER: u64 = 4 << 20;
/// Longest answer that holds everything stored of a device.
pub const MAX_EXPORT: u64 = 256 << 20;
/// Longest problem document.
const MAX_PROBLEM: u64 = 64 << 10;
/// Most text of a problem document that is shown.
const MAX_TOLD: usize = 600;
/// From the connection to the last byte.
const LIMIT: Duration = Duration::from_secs(60);
/// The same, for everything that is stored of a device.
const EXPORT_LIMIT: Duration = Duration::from_secs(1800);
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// What was at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// This.
    New {
        /// By which the server knows it.
        etag: Option<String>,
        /// The content.
        bytes: Vec<u8>,
    },
    /// What one has already.
    Same,
}

/// A server, and how to reach it.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
    server: String,
}

impl Client {
    /// A client of this server. `ca` are certificates in PEM that are trusted instead of the system's.
    pub fn new(server: &str, ca: Option<&str>) -> Result<Client, Failure> {
        if !Link::is_private(server) {
            return Err(Failure::new(Code::EnrolmentLink, format!("{server}: not encrypted")));
        }
        let is_plain = server.starts_with("http://");
        let mut config = Config::builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_response_header_size(16 << 10)
            .max_idle_age(Duration::from_secs(5))
            .timeout_global(Some(LIMIT))
            .timeout_connect(Some(CONNECT_LIMIT))
            .user_agent(concat!("seaworthy/", env!("CARGO_PKG_VERSION")));
        if is_plain {
            // What stays on this machine takes no way round.
            config = config.proxy(None);
        } else {
            config = config.https_only(true).tls_config(tls(ca)?);
        }
        Ok(Client { agent: config.build().new_agent(), server: server.to_owned() })
    }

    /// Sends a message, and takes an answer no longer than this apart.
    pub fn post<T: DeserializeOwned>(&self, path: &str, kind: &str, body: &[u8], most: u64) -> Result<T, Trouble> {
        let bytes = self.exchange(path, kind, body, most)?;
        let other = |error| Trouble::untrusted(format!("{}: the answer cannot be read: {error}", self.server));
        serde_json::from_slice(&bytes).map_err(other)
    }

    /// Reads what is at a path, no longer than this in bytes and time; none where there is nothing.
    pub fn get(&self, path: &str, most: u64, limit: Duration) -> Result<Option<Vec<u8>>, Trouble> {
        let request = self.agent.get(format!("{}{path}", self.server)).config().timeout_global(Some(limit)).build();
        let mut response = request.call().map_err(|error| self.silent(&error))?;
        match response.status().as_u16() {
            200 => self.read(&mut response, most).map(Some),
            404 => Ok(None),
            status => Err(self.strange(status, "not as a log is read")),
        }
    }

    /// Reads what is at a path, unless it is what somebody has already by its ETag.
    pub fn fetch(&self, path: &str, etag: Option<&str>, most: u64, limit: Duration) -> Result<Fetched, Trouble> {
        let mut request = self.agent.get(format!("{}{path}", self.server));
        if let Some(etag) = etag {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        let request = request.config().timeout_global(Some(limit)).build();
        let mut response = request.call().map_err(|error| self.silent(&error))?;
        match response.status().as_u16() {
            200 => {
                let etag = response.headers().get(header::ETAG).and_then(|etag| etag.to_str().ok()).map(str::to_owned);
                Ok(Fetched::New { etag, bytes: self.read(&mut response, most)? })
            }
            304 if etag.is_some() => Ok(Fetched::Same),
            status => Err(self.strange(status, "there is nothing to be had")),
        }
    }

    fn exchange(&self, path: &str, kind: &str, body: &[u8], most: u64) -> Result<Vec<u8>, Trouble> {
        let limit = if most > MAX_ANSWER { EXPORT_LIMIT } else { LIMIT };
        let request = self.agent.post(format!("{}{path}", self.server));
        let request = request.header(header::CONTENT_TYPE, kind).header(header::ACCEPT, "application/json");
        let request = request.config().timeout_global(Some(limit)).build();
        let mut response = request.send(body).map_err(|error| self.silent(&error))?;
        match response.status().as_u16() {
            200..=299 => self.read(&mut response, most),
            300..=399 => {
                Err(self.strange(response.status().as_u16(), "it points elsewhere, and redirects are not followed"))
            }
            status => Err(self.refused(status, &mut response)),
        }
    }

    fn read(&self, response: &mut Response<ureq::Body>, most: u64) -> Result<Vec<u8>, Trouble> {
        let mut bytes = Vec::new();
        let read = response.body_mut().as_reader().take(most + 1).read_to_end(&mut bytes);
        read.map_err(|error| self.broken(&error))?;
        if bytes.len() as u64 > most {
            return Err(Trouble::untrusted(format!("{}: the answer is longer than {most} bytes", self.server)));
        }
        Ok(bytes)
    }

    /// A problem document with a code that is known here is a refusal; all else is a server that is not itself.
    fn refused(&self, status: u16, response: &mut Response<ureq::Body>) -> Trouble {
        let problem = self.read(response, MAX_PROBLEM).ok();
        let problem = problem.and_then(|bytes| serde_json::from_slice::<Problem>(&bytes).ok());
        let Some(problem) = problem else { return self.strange(status, "not as an organisation's server answers") };
        let what = problem.detail.or(problem.title).unwrap_or_default();
        let Some(code) = problem.code.as_deref().and_then(Code::from_name) else { return self.strange(status, &what) };
        if !is_final(code) {
            return Trouble::unreachable(format!("{}: {} [{code}]", self.server, told(&what)));
        }
        let failure = Failure::new(code, told(&what)).ending(exit_of(code));
        Trouble::Refused(match problem.hint {
            Some(hint) => failure.hinting(told(&hint)),
            None => failure,
        })
    }

    fn strange(&self, status: u16, what: &str) -> Trouble {
        Trouble::unreachable(format!("{} answered {status}: {}", self.server, told(what)))
    }

    fn silent(&self, error: &ureq::Error) -> Trouble {
        if is_about_trust(error) {
            let failure = untrusted(format!("{}: {error}", self.server));
            return Trouble::Unanswered(failure.hinting(OWN_AUTHORITY));
        }
        Trouble::unreachable(format!("{}: {error}", self.server))
    }

    fn broken(&self, error: &io::Error) -> Trouble {
        Trouble::unreachable(format!("{}: the answer broke off: {error}", self.server))
    }
}

/// What helps where a certificate is not trusted.
const OWN_AUTHORITY: &str = "if the organisation has a certificate authority of its own, enrol with --ca FILE";

/// Whether the connection failed because the server's certificate is not trusted here.
fn is_about_trust(error: &ureq::Error) -> bool {
    let fault = match error {
        ureq::Error::Rustls(fault) => Some(fault),
        ureq::Error::Io(error) => error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()),
        _ => None,
    };
    matches!(fault, Some(rustls::Error::InvalidCertificate(_)))
}

/// A problem document (RFC 9457), as far as it is of use.
#[derive(Deserialize)]
struct Problem {
    title: Option<String>,
    code: Option<String>,
    detail: Option<String>,
    hint: Option<String>,
}

/// What a server has to say is shown up to a length.
fn told(text: &str) -> String {
    text.chars().take(MAX_TOLD).collect()
}

/// Whether the same message would be answered the same again. All other codes are of a server that cannot answer now, or
/// that is not where it is looked for: what waits, waits on.
fn is_final(code: Code) -> bool {
    matches!(
        code,
        Code::ReportMalformed
            | Code::ReportSignature
            | Code::ReportBody
            | Code::ReportReplayed
            | Code::BodyTooLarge
            | Code::RequestInvalid
            | Code::DeviceUnknown
            | Code::DeviceWaiting
            | Code::DeviceRevoked
            | Code::DeviceForked
            | Code::DeviceReplaced
            | Code::DeviceLeft
            | Code::OrganisationUnknown
            | Code::EnrolmentToken
            | Code::PolicyNotAgreed
            | Code::ReplacedUnknown
            | Code::AlreadyThere
            | Code::NoPolicy
    )
}

/// Who waits learns nothing wrong of their device; the rest is for somebody to put right.
fn exit_of(code: Code) -> u8 {
    if code == Code::DeviceWaiting { exit::UNKNOWN } else { exit::USAGE }
}

fn tls(ca: Option<&str>) -> Result<TlsConfig, Failure> {
    let roots = match ca {
        Some(pem) => certificates(pem)?,
        None => system()?,
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = TlsConfig::builder().root_certs(RootCerts::new_with_certs(&roots));
    Ok(config.unversioned_rustls_crypto_provider(provider).build())
}

/// The certificates of a PEM text; at least one.
fn certificates(pem: &str) -> Result<Vec<Certificate<'static>>, Failure> {
    let wrong =
        |why: String| Failure::usage(format!("the certificates to trust: {why}"), "give --ca a file in PEM form");
    let items: Result<Vec<PemItem<'static>>, _> = parse_pem(pem.as_bytes()).collect();
    let items = items.map_err(|error| wrong(error.to_string()))?;
    let certificate = |item| if let PemItem::Certificate(certificate) = item { Some(certificate) } else { None };
    let found: Vec<Certificate<'static>> = items.into_iter().filter_map(certificate).collect();
    if found.is_empty() { Err(wrong("no certificate is among them".to_owned())) } else { Ok(found) }
}

/// The certificates that this system trusts, or those of SSL_CERT_FILE.
fn system() -> Result<Vec<Certificate<'static>>, Failure> {
    let loaded = rustls_native_certs::load_native_certs();
    let owned = |der: &rustls::pki_types::CertificateDer<'_>| Certificate::from_der(der.as_ref()).to_owned();
    let found: Vec<Certificate<'static>> = loaded.certs.iter().map(owned).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let why = loaded.errors.first().map_or_else(|| "none is installed".to_owned(), ToString::to_string);
    let hint = "install ca-certificates, or give the organisation's own with --ca FILE";
    Err(Failure::usage(format!("no certificate authority is trusted here: {why}"), hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_stays_on_this_machine() {
        assert!(Client::new("http://127.0.0.1:1", None).is_ok());
        assert_eq!(Client::new("http://example.org", None).unwrap_err().code, Code::EnrolmentLink);
    }

    #[test]
    fn certificates_are_asked_for_in_pem() {
        assert!(certificates("hello").unwrap_err().what.contains("no certificate is among them"));
        assert!(Client::new("https://example.org", Some("-----BEGIN CERTIFICATE-----\n!")).is_err());
    }

    #[test]
    fn only_what_stays_refused_is_a_refusal() {
        assert!(is_final(Code::DeviceForked) && is_final(Code::EnrolmentToken));
        for code in [Code::TooManyRequests, Code::StoreFull, Code::RouteUnknown, Code::Bug] {
            assert!(!is_final(code), "{code}");
        }
    }
}
