//! What the server does by the clock: it looks at what replicas changed, sweeps away what ended, and counts its outbox.

use std::sync::Arc;
use std::time::Duration;

use seaworthy_http::desk::Desk;
use seaworthy_http::{Metrics, REMEMBERED_SECONDS};
use seaworthy_service::Error;
use seaworthy_service::ports::{DeliveryState, read};
use seaworthy_service::webhooks::DEAD_SECONDS;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use tracing::warn;

/// How often the directory is loaded anew.
const RELOAD: Duration = Duration::from_secs(5);
/// How often what ended is swept away.
const SWEEP: Duration = Duration::from_secs(3600);
/// How often what waits in the outbox is counted.
const COUNT: Duration = Duration::from_secs(5);

/// Starts all of it; it ends when the server stops.
pub fn keep(desk: &Arc<Desk>, metrics: &Arc<Metrics>, stopping: &watch::Receiver<bool>) {
    let metrics = Arc::clone(metrics);
    every(RELOAD, desk, stopping, Desk::reload);
    every(SWEEP, desk, stopping, sweep);
    every(COUNT, desk, stopping, move |desk| count(desk, &metrics));
}

fn sweep(desk: &Desk) -> Result<(), Error> {
    desk.write_here(|scene| {
        scene.records.sweep(scene.now)?;
        Ok(scene.records.forget(scene.now - REMEMBERED_SECONDS, scene.now - DEAD_SECONDS)?)
    })
}

fn count(desk: &Desk, metrics: &Metrics) -> Result<(), Error> {
    let directory = desk.directory();
    let (waiting, dead) = read(desk.store(), |records| {
        let (mut waiting, mut dead) = (0, 0);
        for view in directory.views() {
            waiting += records.count_deliveries(view.organisation.id, DeliveryState::Waiting)?;
            dead += records.count_deliveries(view.organisation.id, DeliveryState::Dead)?;
        }
        Ok::<_, Error>((waiting, dead))
    })?;
    metrics.outbox(waiting, dead);
    Ok(())
}

fn every(
    period: Duration,
    desk: &Arc<Desk>,
    stopping: &watch::Receiver<bool>,
    work: impl Fn(&Desk) -> Result<(), Error> + Send + Sync + 'static,
) {
    let (desk, mut stopping, work) = (Arc::clone(desk), stopping.clone(), Arc::new(work));
    tokio::spawn(async move {
        let mut ticks = interval(period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                _ = stopping.changed() => return,
            }
            let (desk, work) = (Arc::clone(&desk), Arc::clone(&work));
            match tokio::task::spawn_blocking(move || work(&desk)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => warn!(%error, "a task was put off"),
                Err(error) => warn!(%error, "a task ended in a fault of ours"),
            }
        }
    });
}
