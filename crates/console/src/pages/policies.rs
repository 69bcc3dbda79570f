//! Policies: what there is, what is in force where; adding and assigning.

use std::sync::Arc;

use axum::extract::State;
use maud::{Markup, html};
use seaworthy_http::desk::{Desk, Signed};
use seaworthy_http::{Action, Path, Problem};
use seaworthy_model::{Code, Grants};
use seaworthy_service::authority::Concern;
use seaworthy_service::directory::View;
use seaworthy_service::{Id, policies};
use serde::Deserialize;

use crate::chooser::{self, ordered};
use crate::form::Form;
use crate::frame::{self, For};
use crate::html::{Html, SeeOther};
use crate::words;

pub(crate) async fn show(State(desk): State<Arc<Desk>>, Signed(actor): Signed) -> Result<Html, Problem> {
    let view = desk.view(actor.organisation)?;
    actor.may(Action::PolicyList, Concern::Own, &view.tree)?;
    let of = For { actor: &actor, view: &view };
    let body = html! {
        h2 { "In force" } (in_force(&view, desk.now()))
        h2 { "Documents" } (documents(&view))
        @if of.may_somewhere(Action::PolicyAssign) { (assign_form(of)) }
        @if of.may_somewhere(Action::PolicyAdd) { (add_form()) }
    };
    Ok(frame::page(of, "Policies", body))
}

fn in_force(view: &View, now: seaworthy_model::Timestamp) -> Markup {
    html! {
        div class="table" { table {
            thead { tr { th scope="col" { "Unit" } th scope="col" { "Policy" } th scope="col" { "Document" } } }
            tbody { @for (depth, unit) in ordered(view) {
                tr {
                    th scope="row" { ("– ".repeat(depth)) (unit.name) }
                    @match view.in_force(unit.id, now) {
                        Some(document) => { td { (document.record.name) } td { (document.record.sequence) } }
                        None => { td { "none: its devices are not inspected" } td { "–" } }
                    }
                }
            } }
        } }
    }
}

fn documents(view: &View) -> Markup {
    html! {
        div class="table" { table {
            thead { tr {
                th scope="col" { "No." } th scope="col" { "Policy" } th scope="col" { "Signed" } th scope="col" { "SHA-256" }
            } }
            tbody { @for document in &view.documents {
                @let record = &document.record;
                tr {
                    th scope="row" { a href={ "/policies/" (record.sequence) } { (record.sequence) } }
                    td { (record.name) } td { (words::instant(record.issued_at)) } td { code { (record.policy) } }
                }
            } }
        } }
    }
}

fn assign_form(of: For<'_>) -> Markup {
    html! {
        h2 { "Put a policy in force" }
        form method="post" action="/policies/assign" class="panel" {
            (chooser::units(of, Action::PolicyAssign, "unit", "For the unit and all below it without one of their own"))
            label for="sequence" { "The document" }
            select id="sequence" name="sequence" required {
                @for document in of.view.documents.iter().rev() {
                    option value=(document.record.sequence) { (document.record.sequence) ": " (document.record.name) }
                }
            }
            button type="submit" { "Put in force" }
        }
    }
}

fn add_form() -> Markup {
    html! {
        h2 { "Sign a policy" }
        form method="post" action="/policies" class="panel" {
            label for="policy" { "The policy as TOML, or the name of one that is shipped" }
            textarea id="policy" name="policy" required maxlength="65536" spellcheck="false" {}
            span {
                input id="names" name="names" type="checkbox" value="yes";
                " " label for="names" { "Names of lapsed packages leave the device" }
            }
            p class="note" { "Holders see this and agree to it before anything is sent." }
            button type="submit" { "Sign" }
        }
    }
}

/// A policy to be signed.
#[derive(Deserialize)]
pub(crate) struct NewPolicy {
    policy: String,
    names: Option<String>,
}

pub(crate) async fn add(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Form(form): Form<NewPolicy>,
) -> Result<SeeOther, Problem> {
    let policy = policies::read(&form.policy)?;
    let grants = Grants { update_names: form.names.is_some() };
    let view = desk.view(actor.organisation)?;
    actor.may(Action::PolicyAdd, Concern::Root, &view.tree)?;
    let key = desk.signing_key(&view)?;
    let added = desk.change(actor.organisation, move |scene| {
        let view = scene.view(&actor)?;
        policies::sign(scene.records, &view, policy.clone(), grants, &key, scene.now)
    });
    added.await.map(|record| SeeOther(format!("/policies/{}", record.sequence)))
}

/// Where a policy is to be in force.
#[derive(Deserialize)]
pub(crate) struct NewAssignment {
    unit: Id,
    sequence: u64,
}

pub(crate) async fn assign(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Form(form): Form<NewAssignment>,
) -> Result<SeeOther, Problem> {
    desk.put_in_force(actor, form.unit, form.sequence).await?;
    Ok(SeeOther("/policies".to_owned()))
}

/// Which document.
#[derive(Deserialize)]
pub(crate) struct PolicyPath {
    sequence: u64,
}

pub(crate) async fn one(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Path(path): Path<PolicyPath>,
) -> Result<Html, Problem> {
    let view = desk.view(actor.organisation)?;
    actor.may(Action::PolicyShow, Concern::Own, &view.tree)?;
    let document = view.document(path.sequence).ok_or_else(|| Problem::new(Code::NotFound))?;
    let names = document.content.grants.update_names;
    let body = html! {
        dl {
            dt { "Signed" } dd { (words::instant(document.record.issued_at)) }
            dt { "SHA-256 of the policy" } dd { code { (document.record.policy) } }
            dt { "Names of lapsed packages" } dd { @if names { "leave the device" } @else { "stay home" } }
        }
        h2 { "The policy" }
        pre { (serde_json::to_string_pretty(&document.content.policy).unwrap_or_default()) }
    };
    let title = format!("Policy {}: {}", path.sequence, document.record.name);
    Ok(frame::page(For { actor: &actor, view: &view }, &title, body))
}
