//! Webhooks: where an organisation wants to be told of events, and what became of each delivery.

use seaworthy_model::{Code, Timestamp};

use crate::authority::{Action, Actor, Concern};
use crate::directory::View;
use crate::draw::{self, Draw};
use crate::error::Error;
use crate::events::EventKind;
use crate::id::Id;
use crate::ports::{Delivery, DeliveryState, Records, Webhook};

/// Most webhooks of one organisation: each event is written once for each.
pub const MAX_WEBHOOKS: usize = 16;
/// Most deliveries of one answer; the newest.
pub const MAX_DELIVERIES: u32 = 1000;

/// For how long after its last attempt a dead letter is kept, in seconds: 90 days.
pub const DEAD_SECONDS: i64 = 90 * 86_400;

/// Adds a webhook. The address was checked by the caller. Its secret is shown now and never again.
pub fn add(
    records: &mut dyn Records,
    view: &View,
    actor: &Actor,
    url: &str,
    kinds: &[EventKind],
    at: Timestamp,
    draw: &mut Draw<'_>,
) -> Result<Webhook, Error> {
    actor.may(Action::WebhookAdd, Concern::Root, &view.tree)?;
    if records.webhooks(view.organisation.id)?.len() >= MAX_WEBHOOKS {
        return Err(Error::refused_for(Code::InvalidValue, format!("at most {MAX_WEBHOOKS} webhooks; remove one")));
    }
    let mut kinds = kinds.to_vec();
    kinds.sort_unstable();
    kinds.dedup();
    let webhook = Webhook {
        organisation: view.organisation.id,
        id: draw::id(draw),
        url: url.to_owned(),
        secret: draw(),
        events: kinds.into_iter().map(|kind| kind.name().to_owned()).collect(),
        created_at: at,
        disabled_at: None,
    };
    records.put_webhook(&webhook)?;
    Ok(webhook)
}

/// All webhooks.
pub fn list(records: &mut dyn Records, view: &View, actor: &Actor) -> Result<Vec<Webhook>, Error> {
    actor.may(Action::WebhookList, Concern::Root, &view.tree)?;
    Ok(records.webhooks(view.organisation.id)?)
}

/// Removes a webhook with its deliveries.
pub fn remove(records: &mut dyn Records, view: &View, actor: &Actor, webhook: Id) -> Result<(), Error> {
    actor.may(Action::WebhookRemove, Concern::Root, &view.tree)?;
    known(records, view.organisation.id, webhook)?.ok_or_else(|| Error::refused(Code::NotFound))?;
    Ok(records.remove_webhook(view.organisation.id, webhook)?)
}

fn known(records: &mut dyn Records, organisation: Id, webhook: Id) -> Result<Option<Webhook>, Error> {
    Ok(records.webhooks(organisation)?.into_iter().find(|known| known.id == webhook))
}

/// The newest deliveries in one state. What was sent in them is no part of an answer: that would be a look at a device's
/// record that nobody wrote down.
pub fn deliveries(
    records: &mut dyn Records,
    view: &View,
    actor: &Actor,
    state: DeliveryState,
    limit: u32,
) -> Result<Vec<Delivery>, Error> {
    actor.may(Action::DeliveryList, Concern::Root, &view.tree)?;
    Ok(records.deliveries(view.organisation.id, state, limit.clamp(1, MAX_DELIVERIES))?)
}

/// Tries a delivery again, now and from its first attempt on: one that was given up, or one that waits.
pub fn retry(
    records: &mut dyn Records,
    view: &View,
    actor: &Actor,
    delivery: Id,
    at: Timestamp,
) -> Result<Delivery, Error> {
    actor.may(Action::DeliveryRetry, Concern::Root, &view.tree)?;
    let organisation = view.organisation.id;
    let mut found = None;
    for state in [DeliveryState::Dead, DeliveryState::Waiting] {
        let listed = records.deliveries(organisation, state, MAX_DELIVERIES)?;
        found = found.or(listed.into_iter().find(|listed| listed.id == delivery));
    }
    let found = found.ok_or_else(|| Error::refused(Code::NotFound))?;
    if known(records, organisation, found.webhook)?.is_none_or(|webhook| webhook.disabled_at.is_some()) {
        return Err(Error::refused_for(Code::AlreadyThere, "its webhook is switched off; add it anew"));
    }
    let again = Delivery { state: DeliveryState::Waiting, attempts: 0, next_at: at, ..found };
    records.put_deliveries(std::slice::from_ref(&again))?;
    Ok(again)
}

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver took it.
    Taken,
    /// It is tried again at an instant.
    Again(Timestamp),
    /// It was tried for the last time.
    GivenUp,
    /// The receiver wants no more: its webhook is switched off.
    Unwanted,
}

impl Outcome {
    /// Its word in the metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Outcome::Taken => "taken",
            Outcome::Again(_) => "again",
            Outcome::GivenUp => "given-up",
            Outcome::Unwanted => "unwanted",
        }
    }
}

/// Writes down what came of an attempt, and in which words. A webhook that was removed meanwhile stays removed.
pub fn conclude(
    records: &mut dyn Records,
    delivery: &Delivery,
    outcome: Outcome,
    words: &str,
    at: Timestamp,
) -> Result<(), Error> {
    let Some(webhook) = known(records, delivery.organisation, delivery.webhook)? else { return Ok(()) };
    let (state, next_at) = match outcome {
        Outcome::Taken => (DeliveryState::Delivered, at),
        Outcome::Again(next) => (DeliveryState::Waiting, next),
        Outcome::GivenUp | Outcome::Unwanted => (DeliveryState::Dead, at),
    };
    if outcome == Outcome::Unwanted && webhook.disabled_at.is_none() {
        switch_off(records, webhook, at)?;
    }
    let concluded = Delivery {
        state,
        next_at,
        attempts: delivery.attempts.saturating_add(1),
        outcome: Some(words.to_owned()),
        ..delivery.clone()
    };
    Ok(records.put_deliveries(&[concluded])?)
}

/// Switches a webhook off; what waits for it is given up.
fn switch_off(records: &mut dyn Records, webhook: Webhook, at: Timestamp) -> Result<(), Error> {
    let waiting = records.deliveries(webhook.organisation, DeliveryState::Waiting, MAX_DELIVERIES)?;
    let outcome = Some("the webhook is switched off".to_owned());
    let own = waiting.into_iter().filter(|waiting| waiting.webhook == webhook.id);
    let given_up = own.map(|own| Delivery { state: DeliveryState::Dead, outcome: outcome.clone(), ..own });
    records.put_deliveries(&given_up.collect::<Vec<_>>())?;
    Ok(records.put_webhook(&Webhook { disabled_at: Some(at), ..webhook })?)
}
