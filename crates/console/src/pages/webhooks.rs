//! Webhooks: who is told of events, what waits to be told, and what was given up. A secret is shown once, in the answer
//! to the form; what is sent in a delivery is shown to nobody, since it may be a verdict.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use maud::{Markup, html};
use seaworthy_http::desk::{Desk, Signed};
use seaworthy_http::webhooks::{checked, secret_text};
use seaworthy_http::{Path, Problem};
use seaworthy_model::Code;
use seaworthy_service::Id;
use seaworthy_service::events::EventKind;
use seaworthy_service::ports::{Delivery, DeliveryState, Webhook};
use seaworthy_service::webhooks;
use serde::Deserialize;

use crate::form::{Form, NoFields};
use crate::frame::{self, For};
use crate::html::{Html, SeeOther};
use crate::words;

/// Deliveries of a list; the newest.
const MOST: u32 = 50;

pub(crate) async fn show(State(desk): State<Arc<Desk>>, Signed(actor): Signed) -> Result<Html, Problem> {
    let who = actor.clone();
    let found = desk.read(move |scene| {
        let view = scene.view(&who)?;
        let listed = webhooks::list(scene.records, &view, &who)?;
        let mut standing = |state| webhooks::deliveries(scene.records, &view, &who, state, MOST);
        let (dead, waiting) = (standing(DeliveryState::Dead)?, standing(DeliveryState::Waiting)?);
        Ok((view, listed, dead, waiting))
    });
    let (view, listed, dead, waiting) = found.await?;
    let body = html! {
        p class="lead" { "Programs elsewhere that are told of events. A holder sees in their ledger who was told of their device." }
        (table(&listed))
        h2 { "Dead letters" }
        (deliveries(&dead, &listed, "Nothing was given up."))
        h2 { "Waiting" }
        (deliveries(&waiting, &listed, "Nothing waits."))
        (add_form())
    };
    Ok(frame::page(For { actor: &actor, view: &view }, "Webhooks", body))
}

fn table(listed: &[Webhook]) -> Markup {
    if listed.is_empty() {
        return html! { p class="none" { "There is no webhook." } };
    }
    html! {
        div class="table" { table {
            thead { tr {
                th scope="col" { "Address" } th scope="col" { "Events" } th scope="col" { "Since" }
                th scope="col" { "State" } th scope="col" { "Remove" }
            } }
            tbody { @for webhook in listed {
                tr {
                    th scope="row" { (webhook.url) }
                    td { @if webhook.events.is_empty() { "all" } @else { (webhook.events.join(", ")) } }
                    td { (words::instant(webhook.created_at)) }
                    td { @match webhook.disabled_at {
                        Some(at) => { "off since " (words::instant(at)) ": its receiver wants no more" }
                        None => { "on" }
                    } }
                    td { form method="post" action={ "/webhooks/" (webhook.id) "/remove" } {
                        button type="submit" class="quiet" aria-label={ "Remove: " (webhook.url) } { "Remove" }
                    } }
                }
            } }
        } }
        p class="note" { "With a webhook its deliveries are removed, too." }
    }
}

fn deliveries(found: &[Delivery], listed: &[Webhook], none: &str) -> Markup {
    if found.is_empty() {
        return html! { p class="none" { (none) } };
    }
    let url = |id| listed.iter().find(|webhook| webhook.id == id).map_or("a webhook that is gone", |known| &known.url);
    html! {
        div class="table" { table {
            thead { tr {
                th scope="col" { "Event" } th scope="col" { "To" } th scope="col" { "Happened" } th scope="col" { "Attempts" }
                th scope="col" { "What came of the last" } th scope="col" { "Send" }
            } }
            tbody { @for delivery in found {
                tr {
                    th scope="row" { (delivery.event) }
                    td { (url(delivery.webhook)) }
                    td { (words::instant(delivery.created_at)) }
                    td { (delivery.attempts) }
                    td { (delivery.outcome.as_deref().unwrap_or("none yet")) }
                    td { form method="post" action={ "/deliveries/" (delivery.id) "/retry" } {
                        button type="submit" class="quiet" aria-label={ "Send now: " (delivery.event) " " (delivery.id) } { "Send now" }
                    } }
                }
            } }
        } }
        @if found.len() >= usize::try_from(MOST).unwrap_or(usize::MAX) { p class="note" { "These are the newest " (MOST) "." } }
    }
}

fn add_form() -> Markup {
    html! {
        h2 { "Add a webhook" }
        form method="post" action="/webhooks" class="panel" {
            label for="url" { "Address" }
            input id="url" name="url" type="url" required maxlength="2000" autocomplete="off" aria-describedby="url-told";
            p id="url-told" class="note" { "https://, or http:// to the server's own machine." }
            fieldset {
                legend { "Which events; none chosen means all" }
                @for kind in EventKind::ALL {
                    p { input id=(kind) name=(kind) type="checkbox" value="yes"; " " label for=(kind) { (kind) } }
                }
            }
            button type="submit" { "Add" }
        }
    }
}

/// A webhook to be added.
#[derive(Deserialize)]
pub(crate) struct NewWebhook {
    url: String,
    /// The kinds that were chosen, each a field of its name.
    #[serde(flatten)]
    kinds: BTreeMap<String, String>,
}

pub(crate) async fn add(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Form(form): Form<NewWebhook>,
) -> Result<Html, Problem> {
    let wrong = |what: String| Problem::new(Code::InvalidValue).about(what);
    let url = checked(form.url.trim()).map_err(|error| wrong(format!("address: {error}")))?;
    let kind = |name: &String| EventKind::from_name(name).ok_or_else(|| wrong(format!("event: {name:?}")));
    let kinds = form.kinds.keys().map(kind).collect::<Result<Vec<_>, _>>()?;
    let who = actor.clone();
    let added = desk.change(actor.organisation, move |scene| {
        let view = scene.view(&who)?;
        let added = webhooks::add(scene.records, &view, &who, url.as_str(), &kinds, scene.now, scene.draw)?;
        Ok((view, added))
    });
    let (view, added) = added.await?;
    let body = html! {
        p class="lead" { "This secret is shown now and never again. The receiver checks with it that events come from here." }
        pre id="webhook-secret" class="secret" { (secret_text(&added.secret)) }
        p { "Events go to " code { (added.url) } "." }
        p { a href="/webhooks" { "Back to the webhooks" } }
    };
    Ok(frame::page(For { actor: &actor, view: &view }, "Webhook", body))
}

/// Which webhook.
#[derive(Deserialize)]
pub(crate) struct WebhookPath {
    webhook: Id,
}

pub(crate) async fn remove(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Path(path): Path<WebhookPath>,
    Form(NoFields {}): Form<NoFields>,
) -> Result<SeeOther, Problem> {
    let removed = desk.change(actor.organisation, move |scene| {
        let view = scene.view(&actor)?;
        webhooks::remove(scene.records, &view, &actor, path.webhook)
    });
    removed.await.map(|()| SeeOther("/webhooks".to_owned()))
}

/// Which delivery.
#[derive(Deserialize)]
pub(crate) struct DeliveryPath {
    delivery: Id,
}

pub(crate) async fn retry(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Path(path): Path<DeliveryPath>,
    Form(NoFields {}): Form<NoFields>,
) -> Result<SeeOther, Problem> {
    let again = desk.write(move |scene| {
        let view = scene.view(&actor)?;
        webhooks::retry(scene.records, &view, &actor, path.delivery, scene.now)
    });
    again.await.map(|_| SeeOther("/webhooks".to_owned()))
}
