//! One connection, from the first byte to the last.
//!
//! Until a client has sent something there is no buffer, no TLS state and no HTTP state for it: thousands of silent
//! connections cost little more than their sockets.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;
use tracing::debug;

use crate::client::Peer;
use crate::listen::Patience;
use crate::metrics::Metrics;
use crate::patient::Patient;

/// Largest head of a request; more is answered by 431.
const MOST_HEAD: usize = 16 * 1024;
/// Most header fields of a request.
const MOST_FIELDS: usize = 64;

/// What all connections of a listener share.
#[derive(Clone)]
pub(crate) struct Host {
    pub router: Router,
    pub tls: Option<TlsAcceptor>,
    pub patience: Patience,
    pub metrics: Arc<Metrics>,
    pub stopping: watch::Receiver<bool>,
}

/// Serves one client until it or we have had enough.
pub(crate) async fn attend(host: Host, stream: TcpStream, peer: SocketAddr) {
    let mut stopping = host.stopping.clone();
    // Only latency is lost where the socket refuses it.
    let _ = stream.set_nodelay(true);
    let spoke = tokio::select! {
        spoke = timeout(host.patience.head, stream.readable()) => spoke,
        () = stopped(&mut stopping) => return,
    };
    if spoke.is_err() {
        host.metrics.timed_out();
        return;
    }
    let stream = Patient::new(stream, host.patience.write);
    match host.tls.clone() {
        None => Box::pin(talk(host, stream, peer)).await,
        Some(tls) => Box::pin(talk_tls(host, tls, stream, peer)).await,
    }
}

async fn talk_tls(host: Host, tls: TlsAcceptor, stream: Patient<TcpStream>, peer: SocketAddr) {
    match timeout(host.patience.head, tls.accept(stream)).await {
        Ok(Ok(stream)) => talk(host, stream, peer).await,
        Ok(Err(error)) => debug!(%error, "no TLS"),
        Err(_) => host.metrics.timed_out(),
    }
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin>(host: Host, stream: S, peer: SocketAddr) {
    let mut stopping = host.stopping.clone();
    let serve = service_fn(|mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        host.router.clone().oneshot(request.map(Body::new))
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(host.patience.head)
        .max_buf_size(MOST_HEAD)
        .max_headers(MOST_FIELDS);
    let mut connection = std::pin::pin!(http.serve_connection(TokioIo::new(stream), serve));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopped(&mut stopping) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        if error.is_timeout() {
            host.metrics.timed_out();
        }
        debug!(%error, "connection ended");
    }
}

/// Ends when the server is to stop.
pub(crate) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // A sender that is gone will not say it any more: stopping is the safe reading.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}
