//! One attempt: a POST to an address that was looked at after it was resolved, without redirects, within a time, and
//! with nothing believed of the answer but its status.

use std::io::Read;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use seaworthy_model::Timestamp;
use seaworthy_service::ports::{Delivery, Webhook};
use ureq::Agent;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

use super::address::Reach;
use super::checked;
use super::signature::Signature;

/// From the look-up of the name to the end of the answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);
/// Most bytes of an answer that are read; they are thrown away.
const MAX_ANSWER: u64 = 64 << 10;

/// Sends deliveries. All of it blocks.
pub(super) struct Sender {
    agent: Agent,
}

/// What an attempt came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answered {
    /// The receiver answered with this status.
    Status(u16),
    /// It did not answer, and why.
    Nothing(&'static str),
}

impl Sender {
    /// Believes the authorities that this machine trusts.
    pub(super) fn new(reach: Reach, patience: Duration) -> Sender {
        let found = rustls_native_certs::load_native_certs().certs;
        let roots: Vec<_> = found.iter().map(|root| Certificate::from_der(root).to_owned()).collect();
        let tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .root_certs(RootCerts::from(roots))
            .build();
        // No proxy: behind one, the addresses would be looked up by somebody else, and not be checked.
        let config = Config::builder()
            .tls_config(tls)
            .proxy(None)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_response_header_size(16 << 10)
            .max_idle_connections(0)
            .timeout_global(Some(patience))
            .user_agent(concat!("seaworthyd/", env!("CARGO_PKG_VERSION")))
            .build();
        let resolver = Checked { reach, inner: DefaultResolver::default() };
        Sender { agent: Agent::with_parts(config, DefaultConnector::default(), resolver) }
    }

    /// One attempt at a delivery.
    pub(super) fn send(&self, webhook: &Webhook, delivery: &Delivery, at: Timestamp) -> Answered {
        let Ok(url) = checked(&webhook.url) else { return Answered::Nothing("its address is none") };
        let id = delivery.id.to_string();
        let signature = Signature::new(&webhook.secret, &id, at, delivery.payload.as_bytes());
        let request = self
            .agent
            .post(url.as_str())
            .header("content-type", "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", at.seconds().to_string())
            .header("webhook-signature", signature.to_string());
        match request.send(delivery.payload.as_bytes()) {
            Ok(mut response) => {
                let mut rest = response.body_mut().as_reader().take(MAX_ANSWER);
                // The status is the answer; a body that breaks off changes nothing.
                _ = std::io::copy(&mut rest, &mut std::io::sink());
                Answered::Status(response.status().as_u16())
            }
            Err(error) => Answered::Nothing(words(&error)),
        }
    }
}

/// Why there was no answer, in words of ours: an error's own may quote what the receiver sent.
fn words(error: &ureq::Error) -> &'static str {
    match error {
        ureq::Error::Timeout(_) => "no answer in time",
        ureq::Error::HostNotFound => "its name is unknown",
        ureq::Error::ConnectionFailed => "no connection",
        ureq::Error::Rustls(_) | ureq::Error::Tls(_) | ureq::Error::TlsRequired => "no trusted encryption",
        ureq::Error::Other(other) if other.is::<Refused>() => "its address is in a network that is not allowed",
        ureq::Error::Io(_) => "the connection failed",
        _ => "no answer that can be read",
    }
}

/// An address that may not be spoken to.
#[derive(Debug, thiserror::Error)]
#[error("an address that may not be spoken to")]
struct Refused;

/// Resolves a name once, and gives out its addresses only if all of them may be spoken to. The connection is made to one
/// of these: a name that resolves to something else a moment later gains nothing.
#[derive(Debug)]
struct Checked {
    reach: Reach,
    inner: DefaultResolver,
}

impl Resolver for Checked {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        let is_plain = uri.scheme_str() != Some("https");
        let may = |address: &SocketAddr| {
            let ip = address.ip();
            self.reach.allows(ip) && (!is_plain || ip.to_canonical().is_loopback())
        };
        if found.iter().all(may) { Ok(found) } else { Err(ureq::Error::Other(Box::new(Refused))) }
    }
}
