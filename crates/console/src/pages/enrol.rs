//! Making an enrolment link: shown once, as text and as a QR code.

use std::sync::Arc;

use axum::extract::State;
use maud::{Markup, html};
use seaworthy_http::desk::{Desk, Signed};
use seaworthy_http::{Action, Path, Problem};
use seaworthy_model::Code;
use seaworthy_service::authority::Concern;
use seaworthy_service::ports::TokenKind;
use seaworthy_service::tokens::{self, Wanted};
use serde::Deserialize;

use super::unit::UnitPath;
use crate::form::{Form, named};
use crate::frame::{self, For};
use crate::html::Html;
use crate::{chooser, qr, words};

pub(crate) async fn ask(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Path(path): Path<UnitPath>,
) -> Result<Html, Problem> {
    let view = desk.view(actor.organisation)?;
    actor.may(Action::EnrolmentTokenAdd, Concern::Unit(path.unit), &view.tree)?;
    let unit = view.tree.unit(path.unit).ok_or_else(|| Problem::new(Code::NotFound))?;
    let body = html! {
        p class="lead" { "A link by which devices come into " strong { (unit.name) } "." }
        form method="post" action={ "/units/" (unit.id) "/enrol" } class="panel" { (fields(&actor.id.to_string())) }
    };
    Ok(frame::page(For { actor: &actor, view: &view }, "Enrol devices", body))
}

fn fields(own: &str) -> Markup {
    html! {
        label for="kind" { "What it lets in" }
        select id="kind" name="kind" {
            option value=(TokenKind::OneTime) { "One device, at once" }
            option value=(TokenKind::Organisation) { "Any device, each of which waits for approval" }
        }
        (chooser::days("Good for how many days", 7))
        label for="holder" { "Whose devices these are" }
        select id="holder" name="holder" {
            option value="" { "Nobody who has an account here" }
            option value=(own) { "Mine" }
        }
        button type="submit" { "Make the link" }
    }
}

/// What the form holds.
#[derive(Deserialize)]
pub(crate) struct NewLink {
    kind: TokenKind,
    days: u32,
    holder: Option<String>,
}

pub(crate) async fn make(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Path(path): Path<UnitPath>,
    Form(form): Form<NewLink>,
) -> Result<Html, Problem> {
    let holder = named("holder", form.holder.as_deref())?;
    let (who, server) = (actor.clone(), desk.public_url().to_owned());
    let made = desk.write(move |scene| {
        let view = scene.view(&who)?;
        let ends_at = scene.now.plus_days(form.days);
        let wanted = Wanted { kind: form.kind, unit: path.unit, holder, ends_at };
        let made = tokens::add_enrolment(scene.records, &view, &who, wanted, &server, scene.now, scene.draw)?;
        Ok((view, made))
    });
    let (view, (token, link)) = made.await?;
    let link = link.to_string();
    let body = html! {
        p class="lead" { "This link is shown now and never again." }
        (qr::svg(&link, "The enrolment link as a QR code"))
        p { "On the device:" }
        pre id="enrolment-link" class="secret" { "seaworthy enrol '" (link) "'" }
        p class="note" { "It is worth nothing after " (words::instant(token.ends_at)) "." }
        p { a href={ "/units/" (path.unit) } { "Back to the unit" } }
    };
    Ok(frame::page(For { actor: &actor, view: &view }, "Enrolment link", body))
}
