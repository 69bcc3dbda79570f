//! The little of HTTP that a provider is asked with: no redirects, short waits, small answers.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use openidconnect::{HttpRequest, HttpResponse, SyncHttpClient};
use ureq::Agent;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use url::Url;

use super::ProviderFault;
use crate::signin::site::is_guarded;

/// How long one request may take, connection and all.
const PATIENCE: Duration = Duration::from_secs(8);
/// Longest answer that is read, in bytes.
const MAX_ANSWER: u64 = 1 << 20;

/// Whose certificates are believed.
#[derive(Clone, Debug, Default)]
pub enum Roots {
    /// The authorities that this machine trusts.
    #[default]
    System,
    /// The authorities of a PEM file, and no others.
    File(PathBuf),
}

/// Asks providers.
pub(super) struct Web {
    agent: Agent,
}

/// Why a provider was not asked, or gave no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum WebFault {
    /// Anybody on the way could read or change it.
    #[error("plain HTTP is for the machine itself only")]
    Plain,
    /// No connection, no certificate, no answer in time, or too much of it.
    #[error("{0}")]
    Failed(#[from] ureq::Error),
}

impl Web {
    pub(super) fn new(roots: &Roots) -> Result<Web, ProviderFault> {
        let tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .root_certs(authorities(roots)?)
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .timeout_global(Some(PATIENCE))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .proxy(None)
            .build();
        Ok(Web { agent: config.new_agent() })
    }
}

impl SyncHttpClient for Web {
    type Error = WebFault;

    fn call(&self, request: HttpRequest) -> Result<HttpResponse, WebFault> {
        let address = Url::parse(&request.uri().to_string());
        if !address.is_ok_and(|address| is_guarded(&address)) {
            return Err(WebFault::Plain);
        }
        let (parts, mut body) = self.agent.run(request)?.into_parts();
        let bytes = body.with_config().limit(MAX_ANSWER).read_to_vec()?;
        Ok(HttpResponse::from_parts(parts, bytes))
    }
}

/// Without any authority only plain HTTP on the machine itself works.
fn authorities(roots: &Roots) -> Result<RootCerts, ProviderFault> {
    let certificates = match roots {
        Roots::System => {
            let found = rustls_native_certs::load_native_certs().certs;
            found.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect()
        }
        Roots::File(path) => in_file(path)?,
    };
    Ok(RootCerts::from(certificates))
}

fn in_file(path: &Path) -> Result<Vec<Certificate<'static>>, ProviderFault> {
    let unusable = |what: String| ProviderFault::File(path.to_owned(), what);
    let pem = fs::read(path).map_err(|error| unusable(error.to_string()))?;
    let items = parse_pem(&pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    let certificates: Vec<_> = items.collect();
    if certificates.is_empty() { Err(unusable("there is no certificate in it".to_owned())) } else { Ok(certificates) }
}
