//! Takes what is due from the outbox, sends it, and writes down what came of it.

use std::sync::Arc;
use std::time::Duration;

use seaworthy_model::Timestamp;
use seaworthy_service::Error;
use seaworthy_service::ports::{Delivery, Webhook};
use seaworthy_service::webhooks::{self, Outcome};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tracing::warn;

use super::address::Reach;
use super::backoff;
use super::sender::{Answered, PATIENCE, Sender};
use crate::desk::Desk;
use crate::metrics::Metrics;

/// Most attempts at once.
const IN_FLIGHT: usize = 4;
/// How often the outbox is looked at.
const BEAT: Duration = Duration::from_secs(1);
/// For how long what was taken is nobody else's: longer than an attempt can last.
const CLAIM_SECONDS: i64 = 60;

/// What an attempt works with.
#[derive(Clone)]
struct Post {
    desk: Arc<Desk>,
    sender: Arc<Sender>,
    metrics: Arc<Metrics>,
}

/// Sends what is due until the server stops. What is under way then ends within the time of one attempt.
pub async fn dispatch(desk: Arc<Desk>, metrics: Arc<Metrics>, reach: Reach, mut stopping: watch::Receiver<bool>) {
    let started = tokio::task::spawn_blocking(move || Sender::new(reach, PATIENCE)).await;
    let Ok(sender) = started.map(Arc::new) else { return warn!("webhooks are not sent: a fault of ours") };
    let post = Post { desk, sender, metrics };
    let places = Arc::new(Semaphore::new(IN_FLIGHT));
    loop {
        // A place for the first; the others come as far as there are more.
        let place = tokio::select! {
            place = Arc::clone(&places).acquire_owned() => place,
            _ = stopping.changed() => return,
        };
        let Ok(place) = place else { return };
        if round(&post, &places, place).await {
            continue;
        }
        tokio::select! {
            () = tokio::time::sleep(BEAT) => {}
            _ = stopping.changed() => return,
        }
    }
}

/// Takes as much as there are places, and begins to send it. True if there may be more.
async fn round(post: &Post, places: &Arc<Semaphore>, first: OwnedSemaphorePermit) -> bool {
    if !post.desk.directory().views().any(|view| !view.listeners.is_empty()) {
        return false;
    }
    let mut free = vec![first];
    while let Ok(place) = Arc::clone(places).try_acquire_owned() {
        free.push(place);
    }
    let (wanted, desk) = (free.len(), Arc::clone(&post.desk));
    let due = tokio::task::spawn_blocking(move || take(&desk, wanted)).await;
    let due = match due {
        Ok(Ok(due)) => due,
        Ok(Err(error)) => {
            warn!(%error, "webhooks wait: the outbox cannot be read");
            return false;
        }
        Err(_) => return false,
    };
    let is_full = due.len() == wanted;
    for ((webhook, delivery), place) in due.into_iter().zip(free) {
        let post = post.clone();
        tokio::task::spawn_blocking(move || {
            let _place = place;
            post.attempt(&webhook, &delivery);
        });
    }
    is_full
}

/// What is due, each with its webhook.
fn take(desk: &Desk, limit: usize) -> Result<Vec<(Webhook, Delivery)>, Error> {
    let limit = u32::try_from(limit).unwrap_or(u32::MAX);
    desk.write_here(|scene| {
        let due = scene.records.take_due(scene.now, scene.now + CLAIM_SECONDS, limit)?;
        let mut taken = Vec::with_capacity(due.len());
        for delivery in due {
            let known = scene.records.webhooks(delivery.organisation)?;
            let webhook = known.into_iter().find(|webhook| webhook.id == delivery.webhook);
            taken.extend(webhook.map(|webhook| (webhook, delivery)));
        }
        Ok(taken)
    })
}

impl Post {
    /// One attempt, and what came of it. If that cannot be written down, the delivery is due again when its claim ends.
    fn attempt(&self, webhook: &Webhook, delivery: &Delivery) {
        let desk = &self.desk;
        let (outcome, words) = match webhook.disabled_at {
            Some(_) => (Outcome::GivenUp, "the webhook is switched off".to_owned()),
            None => judged(self.sender.send(webhook, delivery, desk.now()), delivery, desk.now(), desk.draw()[0]),
        };
        self.metrics.attempted(outcome);
        let concluded =
            desk.write_here(|scene| webhooks::conclude(scene.records, delivery, outcome, &words, scene.now));
        let concluded = concluded.and_then(|()| if outcome == Outcome::Unwanted { desk.reload() } else { Ok(()) });
        if let Err(error) = concluded {
            warn!(%error, "what came of a webhook could not be written down");
        }
    }
}

/// What follows from an answer.
pub(super) fn judged(answered: Answered, delivery: &Delivery, at: Timestamp, chance: u8) -> (Outcome, String) {
    let words = match answered {
        Answered::Status(status) => format!("HTTP {status}"),
        Answered::Nothing(why) => why.to_owned(),
    };
    let outcome = match answered {
        Answered::Status(200..=299) => Outcome::Taken,
        Answered::Status(410) => Outcome::Unwanted,
        _ => {
            let again = backoff::next(delivery.attempts.saturating_add(1), at, chance);
            again.map_or(Outcome::GivenUp, Outcome::Again)
        }
    };
    (outcome, words)
}
