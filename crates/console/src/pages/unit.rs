//! A unit: counts, now or as of an instant, and its devices once it is said why one looks.

use std::sync::Arc;

use axum::extract::State;
use maud::{Markup, html};
use seaworthy_http::desk::{Desk, Signed};
use seaworthy_http::{Action, Path, Problem, Query};
use seaworthy_model::{Code, Timestamp};
use seaworthy_protocol::Digest;
use seaworthy_service::access::Why;
use seaworthy_service::authority::Concern;
use seaworthy_service::counts::counts;
use seaworthy_service::devices::{DeviceSummary, Page, Reader};
use seaworthy_service::{Id, units};
use serde::Deserialize;

use crate::chooser;
use crate::form::{Form, filled, instant, named};
use crate::frame::{self, For};
use crate::html::{Html, SeeOther, in_query};
use crate::words;

/// Devices of a page.
const PAGE: u32 = 100;

/// Which unit.
#[derive(Deserialize)]
pub(crate) struct UnitPath {
    pub(crate) unit: Id,
}

/// What is asked. Forms send empty fields, too.
#[derive(Clone, Default, Deserialize)]
pub(crate) struct Asked {
    reason: Option<String>,
    as_of: Option<String>,
    below: Option<String>,
    after: Option<String>,
}

/// What is asked, understood.
struct Question {
    reason: Option<String>,
    as_of: Option<Timestamp>,
    below: bool,
    after: Option<Digest>,
}

impl Question {
    fn of(asked: &Asked) -> Result<Question, Problem> {
        Ok(Question {
            reason: filled(asked.reason.as_deref()).map(str::to_owned),
            as_of: instant(asked.as_of.as_deref())?,
            below: asked.below.is_some(),
            after: named("after", asked.after.as_deref())?,
        })
    }

    /// The address of this page with the same question, after a device.
    fn address(&self, unit: Id, after: &Digest) -> String {
        let reason = in_query(self.reason.as_deref().unwrap_or_default());
        let as_of = self.as_of.map(|at| format!("&as_of={at}")).unwrap_or_default();
        let below = if self.below { "&below=yes" } else { "" };
        format!("/units/{unit}?reason={reason}{as_of}{below}&after={after}")
    }
}

pub(crate) async fn show(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Path(path): Path<UnitPath>,
    Query(asked): Query<Asked>,
) -> Result<Html, Problem> {
    let question = Arc::new(Question::of(&asked)?);
    let (who, ask) = (actor.clone(), Arc::clone(&question));
    let found = desk.write(move |scene| {
        let view = scene.view(&who)?;
        who.may(Action::UnitCounts, Concern::Unit(path.unit), &view.tree)?;
        let at = ask.as_of.unwrap_or(scene.now);
        let counted = counts(scene.records, &view, scene.appraiser, path.unit, at, scene.now)?;
        let Some(reason) = &ask.reason else { return Ok((view, counted, None)) };
        let why = Why::new(reason)?;
        let reader = Reader { view: &view, appraiser: scene.appraiser, actor: &who, why: &why, now: scene.now };
        let page = Page { state: None, after: ask.after, limit: PAGE, as_of: ask.as_of, below: ask.below };
        let devices = reader.list(scene.records, path.unit, &page)?;
        Ok((view, counted, Some(devices)))
    });
    let (view, counted, devices) = found.await?;
    let of = For { actor: &actor, view: &view };
    let unit = view.tree.unit(path.unit).ok_or_else(|| Problem::new(Code::NotFound))?;
    let may = |action| actor.may(action, Concern::Unit(unit.id), &view.tree).is_ok();
    let body = html! {
        p { @match question.as_of { Some(at) => { "As of " (words::instant(at)) } None => { "Now" } } ", with all units below." }
        (words::counts(&counted))
        @if may(Action::EnrolmentTokenAdd) { p { a href={ "/units/" (unit.id) "/enrol" } { "Enrol devices" } } }
        h2 { "Look at its devices" }
        (questions(unit.id, &asked, question.below))
        @if let Some(devices) = &devices { (listed(devices, &question, unit.id)) }
        @if may(Action::UnitAdd) { (add_form(unit.id)) }
    };
    Ok(frame::page(of, &unit.name, body))
}

fn questions(unit: Id, asked: &Asked, below: bool) -> Markup {
    html! {
        form method="get" action={ "/units/" (unit) } class="panel" {
            (chooser::reason(asked.reason.as_deref().unwrap_or_default()))
            label for="as_of" { "As of (UTC); empty means now" }
            input id="as_of" name="as_of" type="datetime-local" value=(picker(asked.as_of.as_deref()));
            span {
                input id="below" name="below" type="checkbox" value="yes" checked[below];
                " " label for="below" { "Also the devices of the units below" }
            }
            button type="submit" { "Show" }
        }
        form method="get" action={ "/units/" (unit) } class="panel" {
            label for="count_as_of" { "Or only the counts, as of (UTC)" }
            input id="count_as_of" name="as_of" type="datetime-local" value=(picker(asked.as_of.as_deref()));
            button type="submit" class="quiet" { "Count" }
        }
    }
}

/// What a picker takes: without zone and seconds.
fn picker(as_of: Option<&str>) -> String {
    as_of.unwrap_or_default().chars().take(16).collect()
}

fn listed(devices: &[DeviceSummary], question: &Question, unit: Id) -> Markup {
    let reason = in_query(question.reason.as_deref().unwrap_or_default());
    let full = devices.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
    html! {
        h2 { "Devices" }
        @if devices.is_empty() { p class="none" { "No devices" @if question.after.is_some() { " more" } "." } } @else {
            div class="table" { table {
                thead { tr {
                    th scope="col" { "Device" } th scope="col" { "Holder" } th scope="col" { "State" }
                    th scope="col" { "Verdict" } th scope="col" { "Turns" } th scope="col" { "Inspected" }
                } }
                tbody {
                    @for device in devices {
                        tr {
                            th scope="row" { a href={ "/devices/" (device.device) "?reason=" (reason) } {
                                (words::called(device.name.as_deref(), &device.device)) } }
                            td { (device.holder.as_deref().unwrap_or("–")) }
                            td { (device.state) }
                            td { (words::verdict(device.verdict)) }
                            td { (words::instant_or(device.turns_at, "–")) }
                            td { (words::instant_or(device.inspected_at, "never")) }
                        }
                    }
                }
            } }
        }
        @if let Some(last) = devices.last().filter(|_| full) {
            p { a href=(question.address(unit, &last.device)) rel="next" { "Next page" } }
        }
    }
}

fn add_form(unit: Id) -> Markup {
    html! {
        h2 { "Add a unit below" }
        form method="post" action={ "/units/" (unit) "/units" } class="panel" {
            label for="name" { "Its name" }
            input id="name" name="name" required maxlength="100" autocomplete="off";
            button type="submit" { "Add" }
        }
    }
}

/// A unit to be added.
#[derive(Deserialize)]
pub(crate) struct NewUnit {
    name: String,
}

pub(crate) async fn add(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Path(path): Path<UnitPath>,
    Form(form): Form<NewUnit>,
) -> Result<SeeOther, Problem> {
    let added = desk.change(actor.organisation, move |scene| {
        let view = scene.view(&actor)?;
        units::add(scene.records, &view, &actor, path.unit, &form.name, scene.draw)
    });
    added.await.map(|unit| SeeOther(format!("/units/{}", unit.id)))
}
