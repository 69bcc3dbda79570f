//! The first page: one's own devices, and the units that one may see.

use std::sync::Arc;

use axum::extract::State;
use maud::{Markup, html};
use seaworthy_http::desk::{Desk, Signed};
use seaworthy_http::{Action, Problem};
use seaworthy_service::Id;
use seaworthy_service::access::Why;
use seaworthy_service::authority::Concern;
use seaworthy_service::counts::{Counts, counts};
use seaworthy_service::devices::{DeviceSummary, Reader};

use crate::chooser::ordered;
use crate::frame::{self, For};
use crate::html::{Html, in_query};
use crate::words;

/// Most units that are counted on one page.
const MOST: usize = 200;
/// What a holder's own look is called in the ledger.
const OWN: &str = "my own device";

/// A unit and how its devices stand.
struct Row {
    depth: usize,
    unit: Id,
    name: String,
    counts: Counts,
}

pub(crate) async fn show(State(desk): State<Arc<Desk>>, Signed(actor): Signed) -> Result<Html, Problem> {
    let who = actor.clone();
    let found = desk.write(move |scene| {
        let view = scene.view(&who)?;
        let why = Why::new(OWN)?;
        let reader = Reader { view: &view, appraiser: scene.appraiser, actor: &who, why: &why, now: scene.now };
        let own = reader.mine(scene.records)?;
        let may = |unit: Id| who.may(Action::UnitCounts, Concern::Unit(unit), &view.tree).is_ok();
        let mut rows = Vec::new();
        for (depth, unit) in ordered(&view).into_iter().filter(|(_, unit)| may(unit.id)).take(MOST) {
            let counts = counts(scene.records, &view, scene.appraiser, unit.id, scene.now, scene.now)?;
            rows.push(Row { depth, unit: unit.id, name: unit.name.clone(), counts });
        }
        Ok((view, own, rows))
    });
    let (view, own, rows) = found.await?;
    let body = html! {
        h2 { "My devices" }
        (devices(&own))
        @if !rows.is_empty() { h2 { "Units" } (units(&rows)) }
    };
    Ok(frame::page(For { actor: &actor, view: &view }, "Devices", body))
}

fn devices(own: &[DeviceSummary]) -> Markup {
    if own.is_empty() {
        return html! { p class="none" { "No device is yours here. An inspector makes you an enrolment link." } };
    }
    html! {
        div class="table" { table {
            thead { tr {
                th scope="col" { "Device" } th scope="col" { "Verdict" } th scope="col" { "Turns" }
                th scope="col" { "Inspected" } th scope="col" { "Who looked" }
            } }
            tbody {
                @for device in own {
                    @let path = format!("/devices/{}", device.device);
                    tr {
                        th scope="row" { a href={ (path) "?reason=" (in_query(OWN)) } {
                            (words::called(device.name.as_deref(), &device.device)) } }
                        td { (words::verdict(device.verdict)) }
                        td { (words::instant_or(device.turns_at, "never")) }
                        td { (words::instant_or(device.inspected_at, "never")) }
                        td { a href={ (path) "/ledger?reason=" (in_query(OWN)) } { "Ledger" } }
                    }
                }
            }
        } }
    }
}

fn units(rows: &[Row]) -> Markup {
    html! {
        div class="table" { table {
            thead { tr {
                th scope="col" { "Unit" } th scope="col" { "Pass" } th scope="col" { "Fail" }
                th scope="col" { "Unknown" } th scope="col" { "Not inspected" }
            } }
            tbody {
                @for row in rows {
                    tr {
                        th scope="row" { ("– ".repeat(row.depth)) a href={ "/units/" (row.unit) } { (row.name) } }
                        td { (row.counts.pass) } td { (row.counts.fail) }
                        td { (row.counts.unknown) } td { (row.counts.not_inspected) }
                    }
                }
            }
        } }
        @if rows.len() >= MOST { p class="note" { "These are the first " (MOST) " units; open one to see those below it." } }
    }
}
