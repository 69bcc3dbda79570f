//! What the server does by the clock: it looks at what replicas changed, and sweeps away what ended.

use std::sync::Arc;
use std::time::Duration;

use seaworthy_http::REMEMBERED_SECONDS;
use seaworthy_http::desk::Desk;
use seaworthy_service::Error;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use tracing::warn;

/// How often the directory is loaded anew.
const RELOAD: Duration = Duration::from_secs(5);
/// How often what ended is swept away.
const SWEEP: Duration = Duration::from_secs(3600);

/// Starts all of it; it ends when the server stops.
pub fn keep(desk: &Arc<Desk>, stopping: watch::Receiver<bool>) {
    every(RELOAD, desk, &stopping, |desk| desk.reload());
    every(SWEEP, desk, &stopping, sweep);
}

fn sweep(desk: &Desk) -> Result<(), Error> {
    desk.write_here(|scene| {
        scene.records.sweep(scene.now)?;
        Ok(scene.records.forget(scene.now - REMEMBERED_SECONDS)?)
    })
}

fn every(period: Duration, desk: &Arc<Desk>, stopping: &watch::Receiver<bool>, work: fn(&Desk) -> Result<(), Error>) {
    let (desk, mut stopping) = (Arc::clone(desk), stopping.clone());
    tokio::spawn(async move {
        let mut ticks = interval(period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                _ = stopping.changed() => return,
            }
            let desk = Arc::clone(&desk);
            match tokio::task::spawn_blocking(move || work(&desk)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => warn!(%error, "a task was put off"),
                Err(error) => warn!(%error, "a task ended in a fault of ours"),
            }
        }
    });
}
