//! How a bucket is spoken to: blocking requests, one to a thread, bounded in bytes and time, without redirects.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::BodyExt;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService,
};
use ureq::Agent;
use ureq::config::Config;
use ureq::http::{Request, Response};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// From the look-up of the name to the last byte of the answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The largest answer: a tile has 8 KiB, a bundle a little more, and a list of partial tiles some hundred bytes for each.
const MAX_ANSWER: u64 = 1 << 20;
/// Connections that are kept: as many as there are requests at once.
const KEPT: usize = 16;

/// Makes connections to where a bucket is, and to where this machine's credentials come from.
#[derive(Clone, Debug)]
pub(super) struct Connector(Agent);

impl Connector {
    /// Believes the authorities that this machine trusts.
    pub(super) fn new() -> Connector {
        let config = Config::builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_response_header_size(16 << 10)
            .max_idle_connections(KEPT)
            .max_idle_connections_per_host(KEPT)
            .timeout_global(Some(PATIENCE))
            .user_agent(concat!("seaworthyd/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls());
        Connector(config.build().new_agent())
    }
}

fn tls() -> TlsConfig {
    let found = rustls_native_certs::load_native_certs().certs;
    let roots: Vec<_> = found.iter().map(|root| Certificate::from_der(root).to_owned()).collect();
    TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .root_certs(RootCerts::from(roots))
        .build()
}

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

/// Whoever polls this waits: each request has a thread to itself (`bucket.rs`).
#[async_trait]
impl HttpService for Connector {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (head, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let answer = match &*body {
            [] => self.0.run(Request::from_parts(head, ())),
            body => self.0.run(Request::from_parts(head, body)),
        };
        let (head, mut body) = answer.map_err(broken)?.into_parts();
        let mut bytes = Vec::new();
        let read = body.as_reader().take(MAX_ANSWER).read_to_end(&mut bytes);
        read.map_err(|error| HttpError::new(HttpErrorKind::Request, error))?;
        // What a server says of an error may quote how the request was signed: only its code is told on.
        let failed = head.status.is_client_error() || head.status.is_server_error();
        let bytes = if failed { code(&bytes).into() } else { bytes };
        Ok(Response::from_parts(head, bytes.into()))
    }
}

/// Every request of ours may come twice: a tile that is there already is compared.
fn broken(error: ureq::Error) -> HttpError {
    let kind = if matches!(error, ureq::Error::ConnectionFailed | ureq::Error::HostNotFound) {
        HttpErrorKind::Connect
    } else {
        HttpErrorKind::Request
    };
    HttpError::new(kind, error)
}

/// The code in an error of S3.
fn code(answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer);
    let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    let code = code.map(|(code, _)| code).unwrap_or_default();
    code.chars().filter(char::is_ascii_alphanumeric).take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_code_of_an_error_is_told() {
        let check = |answer: &str, expected: &str| assert_eq!(code(answer.as_bytes()), expected, "{answer}");
        check("<Error><Code>SignatureDoesNotMatch</Code><AWSAccessKeyId>AK</AWSAccessKeyId>", "SignatureDoesNotMatch");
        check("<Error><Code>Slow\nDown", "");
        check("<html>", "");
        check("", "");
    }
}
