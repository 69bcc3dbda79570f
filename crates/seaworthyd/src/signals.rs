//! What the operator tells a running server: stop (SIGTERM, SIGINT), or read the certificate again (SIGHUP).

use std::io;
use std::sync::Arc;
use std::time::Duration;

use seaworthy_http::Certificate;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::time::interval;
use tracing::{error, info};

/// How often the certificate's files are looked at.
const LOOK: Duration = Duration::from_secs(10);

/// Turns `stopping` true at the first SIGTERM or SIGINT.
pub fn stop_on_request(stopping: watch::Sender<bool>) -> io::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        info!("stopping");
        crate::notify::systemd("STOPPING=1");
        stopping.send_replace(true);
        // Whoever still listens for changes sees the sender until the end.
        std::future::pending::<()>().await;
    });
    Ok(())
}

/// Keeps the certificate as its files are. SIGHUP must not end a server without one, either.
pub fn reload_on_request(certificate: Option<Arc<Certificate>>) -> io::Result<()> {
    let mut hang_up = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        let mut look = interval(LOOK);
        loop {
            let asked = tokio::select! {
                _ = hang_up.recv() => true,
                _ = look.tick() => false,
            };
            if let Some(certificate) = certificate.as_ref().filter(|certificate| asked || certificate.is_old()) {
                reload(certificate);
            }
        }
    });
    Ok(())
}

fn reload(certificate: &Certificate) {
    match certificate.read_again() {
        Ok(()) => info!("the certificate was read again"),
        Err(error) => error!(%error, "the certificate cannot be read again; the earlier one stays in use"),
    }
}
