//! HTTP to logs and witnesses: bounded in bytes and time, without redirects, encrypted but for this machine itself.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use seaworthy_protocol::Link;
use ureq::Agent;
use ureq::config::Config;
use ureq::http::{Response, header};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// From the look-up of the name to the last byte of the answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Connections that are kept for the next request.
const KEPT: usize = 8;

/// There was no answer, or none that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Silence {
    /// No whole answer came.
    #[error("{0}")]
    Unreachable(String),
    /// The answer is longer than it may be.
    #[error("the answer is longer than {0} bytes")]
    TooLong(u64),
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: Vec<u8>,
}

/// A place on the web: an address under which paths are asked for.
#[derive(Debug)]
pub struct Web {
    agent: Agent,
    base: String,
}

impl Web {
    /// The place at an address; none if that is neither encrypted nor on this machine.
    pub fn at(address: &str) -> Option<Web> {
        let base = address.trim_end_matches('/').to_owned();
        if !Link::is_private(&base) || base.contains(['?', '#', '@', ' ']) {
            return None;
        }
        let mut config = Config::builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_response_header_size(16 << 10)
            .max_idle_connections_per_host(KEPT)
            .max_idle_age(Duration::from_secs(5))
            .timeout_global(Some(PATIENCE))
            .user_agent(concat!("seaworthyd/", env!("CARGO_PKG_VERSION")));
        // What stays on this machine takes no way round.
        config = if base.starts_with("http:") { config.proxy(None) } else { config.https_only(true).tls_config(tls()) };
        Some(Web { agent: config.build().new_agent(), base })
    }

    /// The address.
    pub fn address(&self) -> &str {
        &self.base
    }

    /// What stands under a path, no longer than this, and not out of a cache on the way.
    pub fn get(&self, path: &str, most: u64) -> Result<Answer, Silence> {
        let request = self.agent.get(format!("{}/{path}", self.base)).header(header::CACHE_CONTROL, "no-cache");
        read(request.call(), most)
    }

    /// The answer to a body that is sent to a path, no longer than this.
    pub fn post(&self, path: &str, body: &[u8], most: u64) -> Result<Answer, Silence> {
        let request = self.agent.post(format!("{}/{path}", self.base)).header(header::CONTENT_TYPE, "text/plain");
        read(request.send(body), most)
    }
}

fn read(answer: Result<Response<ureq::Body>, ureq::Error>, most: u64) -> Result<Answer, Silence> {
    let mut answer = answer.map_err(|error| Silence::Unreachable(error.to_string()))?;
    let mut body = Vec::new();
    let read = answer.body_mut().as_reader().take(most + 1).read_to_end(&mut body);
    read.map_err(|error| Silence::Unreachable(format!("the answer broke off: {error}")))?;
    let fits = body.len() as u64 <= most;
    if fits { Ok(Answer { status: answer.status().as_u16(), body }) } else { Err(Silence::TooLong(most)) }
}

/// Believes the authorities that this machine trusts.
fn tls() -> TlsConfig {
    let found = rustls_native_certs::load_native_certs().certs;
    let roots: Vec<_> = found.iter().map(|root| Certificate::from_der(root).to_owned()).collect();
    TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .root_certs(RootCerts::from(roots))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_stays_on_this_machine() {
        assert_eq!(Web::at("http://127.0.0.1:1/log/").unwrap().address(), "http://127.0.0.1:1/log");
        for address in ["http://log.example.org", "log.example.org", "http://127.0.0.1/?a", "file:///etc", ""] {
            assert!(Web::at(address).is_none(), "{address}");
        }
    }
}
