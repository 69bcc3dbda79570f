//! Devices that wait to be let in.

use std::sync::Arc;

use axum::extract::State;
use maud::{Markup, html};
use seaworthy_http::desk::{Desk, Signed};
use seaworthy_http::{Action, Problem, Query};
use seaworthy_service::Id;
use seaworthy_service::access::Why;
use seaworthy_service::authority::{Actor, Concern};
use seaworthy_service::devices::{DeviceSummary, MAX_PAGE, Page, Reader};
use seaworthy_service::directory::View;
use seaworthy_service::ports::DeviceState;
use serde::Deserialize;

use crate::chooser;
use crate::form::filled;
use crate::frame::{self, For};
use crate::html::Html;
use crate::words;

/// Why one looks.
#[derive(Deserialize)]
pub(crate) struct Reasoned {
    reason: Option<String>,
}

pub(crate) async fn show(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Query(query): Query<Reasoned>,
) -> Result<Html, Problem> {
    let view = desk.view(actor.organisation)?;
    let of = For { actor: &actor, view: &view };
    let Some(reason) = filled(query.reason.as_deref()).map(str::to_owned) else {
        return Ok(frame::page(of, "Waiting devices", chooser::ask_reason("/waiting")));
    };
    let (who, why) = (actor.clone(), Why::new(&reason)?);
    let waiting = desk.write(move |scene| {
        let view = scene.view(&who)?;
        let reader = Reader { view: &view, appraiser: scene.appraiser, actor: &who, why: &why, now: scene.now };
        let page = Page { state: Some(DeviceState::Waiting), limit: MAX_PAGE, below: true, ..Page::default() };
        let mut waiting = Vec::new();
        for unit in topmost(&who, &view) {
            waiting.extend(reader.list(scene.records, unit, &page)?);
        }
        Ok(waiting)
    });
    let body = html! { (listed(&waiting.await?, of, &reason)) };
    Ok(frame::page(of, "Waiting devices", body))
}

/// The units in which somebody may let devices in, without those that lie below another of them.
fn topmost(actor: &Actor, view: &View) -> Vec<Id> {
    let may = |unit: Id| actor.may(Action::DeviceApprove, Concern::Unit(unit), &view.tree).is_ok();
    let top = |unit: &seaworthy_service::ports::Unit| !unit.parent.is_some_and(may);
    view.tree.units().filter(|unit| may(unit.id) && top(unit)).map(|unit| unit.id).collect()
}

fn listed(waiting: &[DeviceSummary], of: For<'_>, reason: &str) -> Markup {
    if waiting.is_empty() {
        return html! { p class="none" { "No device waits." } };
    }
    let unit = |id| of.view.tree.unit(id).map_or("", |unit| unit.name.as_str());
    html! {
        p { "Compare the device's id with what its holder sees: " code { "seaworthy status" } "." }
        div class="table" { table {
            thead { tr {
                th scope="col" { "Device" } th scope="col" { "Holder" } th scope="col" { "Unit" } th scope="col" { "Id" }
                th scope="col" { "Let it in" }
            } }
            tbody {
                @for device in waiting {
                    tr {
                        th scope="row" { (words::called(device.name.as_deref(), &device.device)) }
                        td { (device.holder.as_deref().unwrap_or("–")) }
                        td { (unit(device.unit)) }
                        td { code { (device.device) } }
                        td { form method="post" action={ "/devices/" (device.device) "/approve" } {
                            input type="hidden" name="reason" value=(reason);
                            button type="submit" { "Approve" }
                        } }
                    }
                }
            }
        } }
    }
}
