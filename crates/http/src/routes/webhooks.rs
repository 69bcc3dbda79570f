//! Webhooks, and what became of their deliveries. A secret is answered once, when it is made.

use std::sync::Arc;

use axum::extract::State;
use schemars::JsonSchema;
use seaworthy_model::{Code, Timestamp};
use seaworthy_service::Id;
use seaworthy_service::events::EventKind;
use seaworthy_service::ports::{Delivery, DeliveryState, Webhook};
use seaworthy_service::webhooks as outbox;
use serde::{Deserialize, Serialize};

use crate::desk::{Desk, Signed};
use crate::extract::{Answer, Body, Created, Done, Path, Query};
use crate::problem::Problem;
use crate::webhooks::{checked, secret_text};

/// A webhook, without its secret.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Webhook")]
pub(crate) struct ShownWebhook {
    /// Its id; holders' ledgers name it by this and its host.
    id: Id,
    /// The address.
    url: String,
    /// The kinds of events; empty means all.
    events: Vec<String>,
    /// When it was made.
    created_at: Timestamp,
    /// When it was switched off: its receiver answered 410.
    disabled_at: Option<Timestamp>,
}

impl From<Webhook> for ShownWebhook {
    fn from(webhook: Webhook) -> ShownWebhook {
        let Webhook { id, url, events, created_at, disabled_at, .. } = webhook;
        ShownWebhook { id, url, events, created_at, disabled_at }
    }
}

/// The webhooks.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Webhooks")]
pub(crate) struct Webhooks {
    /// The webhooks.
    webhooks: Vec<ShownWebhook>,
}

pub(crate) async fn list(State(desk): State<Arc<Desk>>, Signed(actor): Signed) -> Result<Answer<Webhooks>, Problem> {
    let webhooks = desk.read(move |scene| {
        let view = scene.view(&actor)?;
        outbox::list(scene.records, &view, &actor)
    });
    Ok(Answer(Webhooks { webhooks: webhooks.await?.into_iter().map(Into::into).collect() }))
}

/// A webhook to be made.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewWebhook {
    /// Where events go: `https://…`, or `http://` on the server's own machine.
    #[schemars(length(min = 1, max = 2000))]
    url: String,
    /// The kinds of events; none named means all.
    #[serde(default)]
    #[schemars(length(max = 32))]
    events: Vec<EventKind>,
}

/// A webhook, with its secret, shown once.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "MadeWebhook")]
pub(crate) struct MadeWebhook {
    /// The webhook.
    webhook: ShownWebhook,
    /// What its signatures are checked with: `whsec_` and base64. It is not shown again.
    secret: String,
}

pub(crate) async fn add(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Body(new): Body<NewWebhook>,
) -> Result<Created<MadeWebhook>, Problem> {
    let url = checked(&new.url).map_err(|error| Problem::new(Code::InvalidValue).about(format!("url: {error}")))?;
    let made = desk.change(actor.organisation, move |scene| {
        let view = scene.view(&actor)?;
        outbox::add(scene.records, &view, &actor, url.as_str(), &new.events, scene.now, scene.draw)
    });
    let webhook = made.await?;
    let secret = secret_text(&webhook.secret);
    Ok(Created(MadeWebhook { webhook: webhook.into(), secret }))
}

/// Which webhook.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct WebhookPath {
    /// The webhook's id.
    webhook: Id,
}

pub(crate) async fn remove(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Path(path): Path<WebhookPath>,
) -> Result<Done, Problem> {
    let removed = desk.change(actor.organisation, move |scene| {
        let view = scene.view(&actor)?;
        outbox::remove(scene.records, &view, &actor, path.webhook)
    });
    removed.await.map(|()| Done)
}

/// Which deliveries.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeliveryQuery {
    /// How they stand; `dead` is the dead-letter list.
    state: DeliveryState,
    /// At most so many; 100 unless told.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<u32>,
}

/// A delivery, without what is sent: that may be a verdict, and whoever wants to read one asks for the device.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Delivery")]
pub(crate) struct ShownDelivery {
    /// Its id: the header `webhook-id`.
    id: Id,
    /// The webhook.
    webhook: Id,
    /// The kind of event.
    event: String,
    /// How it stands.
    state: DeliveryState,
    /// Attempts made.
    attempts: u32,
    /// When it is tried next; of one that is not, when it was tried last.
    next_at: Timestamp,
    /// What came of the newest attempt.
    outcome: Option<String>,
    /// When the event happened.
    created_at: Timestamp,
}

impl From<Delivery> for ShownDelivery {
    fn from(delivery: Delivery) -> ShownDelivery {
        let Delivery { id, webhook, event, state, attempts, next_at, outcome, created_at, .. } = delivery;
        ShownDelivery { id, webhook, event, state, attempts, next_at, outcome, created_at }
    }
}

/// Deliveries.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Deliveries")]
pub(crate) struct Deliveries {
    /// The deliveries, newest first.
    deliveries: Vec<ShownDelivery>,
}

pub(crate) async fn deliveries(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Query(query): Query<DeliveryQuery>,
) -> Result<Answer<Deliveries>, Problem> {
    let deliveries = desk.read(move |scene| {
        let view = scene.view(&actor)?;
        outbox::deliveries(scene.records, &view, &actor, query.state, query.limit.unwrap_or(100))
    });
    Ok(Answer(Deliveries { deliveries: deliveries.await?.into_iter().map(Into::into).collect() }))
}

/// Which delivery.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct DeliveryPath {
    /// The delivery's id.
    delivery: Id,
}

pub(crate) async fn retry(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Path(path): Path<DeliveryPath>,
) -> Result<Answer<ShownDelivery>, Problem> {
    let again = desk.write(move |scene| {
        let view = scene.view(&actor)?;
        outbox::retry(scene.records, &view, &actor, path.delivery, scene.now)
    });
    Ok(Answer(again.await?.into()))
}
