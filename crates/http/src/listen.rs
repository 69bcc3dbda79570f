//! Accepts connections within bounds, plain or by TLS, and stops gently.
//!
//! There is no queue of our own: a connection is attended at once, or closed at once because too many are open. Each
//! open one ends by itself: its client has `Patience::head` to send a whole head, each request has its deadline, and
//! each write of an answer `Patience::write`.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tracing::{info, warn};

use crate::connection::{Host, attend, stopped};
use crate::metrics::Metrics;
use crate::tls::{Certificate, CertificateError};

/// How long a client may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For the head of a request, and between two requests of one connection.
    pub head: Duration,
    /// To take some bytes of an answer.
    pub write: Duration,
    /// For requests in flight when the server stops.
    pub stop: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience { head: Duration::from_secs(10), write: Duration::from_secs(20), stop: Duration::from_secs(10) }
    }
}

/// How one listener serves.
#[derive(Debug)]
pub struct Listening {
    /// The socket.
    pub listener: TcpListener,
    /// TLS with this certificate; plain HTTP without.
    pub certificate: Option<Arc<Certificate>>,
    /// Most connections at once.
    pub connections: u32,
    /// How long clients may take.
    pub patience: Patience,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// Turns true when the server is to stop.
    pub stopping: watch::Receiver<bool>,
}

/// Serves until `stopping` turns true, and then until the requests in flight are answered or out of time.
///
/// # Errors
/// Only before the first connection: a certificate that TLS cannot use.
pub async fn serve(listening: Listening, router: Router) -> Result<(), CertificateError> {
    let Listening { listener, certificate, connections, patience, metrics, mut stopping } = listening;
    let server = certificate.as_ref().map(Certificate::server).transpose()?;
    let tls = server.map(|server| TlsAcceptor::from(Arc::new(server)));
    let host = Host { router, tls, patience, metrics, stopping: stopping.clone() };
    let places = Arc::new(Semaphore::new(usize::try_from(connections).unwrap_or(Semaphore::MAX_PERMITS)));
    tokio::select! {
        () = accept_all(&listener, &host, &places) => {}
        () = stopped(&mut stopping) => {}
    }
    drop(listener);
    // Whoever is still talking then is cut off when the runtime ends.
    if timeout(patience.stop, places.acquire_many(connections)).await.is_err() {
        let left = u64::from(connections).saturating_sub(places.available_permits() as u64);
        info!(left, "stopped before all connections had ended");
    }
    Ok(())
}

async fn accept_all(listener: &TcpListener, host: &Host, places: &Arc<Semaphore>) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => match places.clone().try_acquire_owned() {
                Ok(place) => {
                    host.metrics.connected();
                    tokio::spawn(placed(host.clone(), stream, peer, place));
                }
                Err(_) => host.metrics.refused(),
            },
            Err(error) => pause(&error).await,
        }
    }
}

/// Attends a connection and gives its place back, however it ended.
async fn placed(host: Host, stream: TcpStream, peer: std::net::SocketAddr, place: OwnedSemaphorePermit) {
    let leaving = Leaving { metrics: host.metrics.clone(), _place: place };
    attend(host, stream, peer).await;
    drop(leaving);
}

struct Leaving {
    metrics: Arc<Metrics>,
    _place: OwnedSemaphorePermit,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.metrics.disconnected();
    }
}

/// A client that went away before it was accepted is no news. Where files or memory have run out, trying again at once
/// would only spin.
async fn pause(error: &io::Error) {
    let of_client =
        [io::ErrorKind::ConnectionAborted, io::ErrorKind::ConnectionReset, io::ErrorKind::ConnectionRefused];
    if !of_client.contains(&error.kind()) {
        warn!(%error, "cannot accept connections");
        sleep(Duration::from_millis(50)).await;
    }
}
