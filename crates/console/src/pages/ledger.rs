//! Who looked at a device's record, and what was done with it.

use std::sync::Arc;

use axum::extract::State;
use maud::html;
use seaworthy_http::desk::{Desk, Signed};
use seaworthy_http::{Path, Problem, Query};
use serde::Deserialize;

use super::device::{DevicePath, reading};
use crate::chooser;
use crate::form::{filled, named};
use crate::frame::{self, For};
use crate::html::{Html, in_query};
use crate::words;

/// Entries of a page.
const PAGE: u32 = 200;

/// Why one looks, and from where on.
#[derive(Deserialize)]
pub(crate) struct Asked {
    reason: Option<String>,
    after: Option<String>,
}

pub(crate) async fn show(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Path(path): Path<DevicePath>,
    Query(asked): Query<Asked>,
) -> Result<Html, Problem> {
    let view = desk.view(actor.organisation)?;
    let of = For { actor: &actor, view: &view };
    let title = format!("Ledger of device {}", words::short(&path.device));
    let address = format!("/devices/{}/ledger", path.device);
    let Some(reason) = filled(asked.reason.as_deref()) else {
        return Ok(frame::page(of, &title, chooser::ask_reason(&address)));
    };
    let after: u64 = named("after", asked.after.as_deref())?.unwrap_or(0);
    let found =
        reading(&desk, &actor, reason, move |reader, scene| reader.ledger(scene.records, path.device, after, PAGE));
    let entries = found.await?;
    let is_full = entries.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
    let body = html! {
        p { "Every look through this server is written here before it is answered; yours is the last entry." }
        div class="table" { table {
            thead { tr {
                th scope="col" { "No." } th scope="col" { "When" } th scope="col" { "What" } th scope="col" { "Who" }
                th scope="col" { "Why" } th scope="col" { "Which parts" }
            } }
            tbody { @for entry in &entries {
                tr {
                    th scope="row" { (entry.sequence) }
                    td { (words::instant(entry.at)) }
                    td { (entry.kind) }
                    td { (entry.who.name) " (" (entry.who.role) ")" }
                    td { (entry.why) @if let Some(query) = &entry.query { " – " (query) } }
                    td { @for (place, field) in entry.fields.iter().enumerate() { @if place > 0 { ", " } (field) } }
                }
            } }
        } }
        @if let Some(last) = entries.last().filter(|_| is_full) {
            p { a rel="next" href={ (address) "?reason=" (in_query(reason)) "&after=" (last.sequence) } { "Next page" } }
        }
    };
    Ok(frame::page(of, &title, body))
}
