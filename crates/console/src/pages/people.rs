//! People: who there is, what they may, and one-time links by which others come.

use std::sync::Arc;

use axum::extract::State;
use maud::{Markup, html};
use seaworthy_http::desk::{Desk, Signed};
use seaworthy_http::{Action, Path, Problem, Query, invitation_link};
use seaworthy_service::authority::{Concern, Held, Role};
use seaworthy_service::ports::{Person, RoleGrant};
use seaworthy_service::{Id, people};
use serde::Deserialize;

use crate::chooser;
use crate::form::{Form, named};
use crate::frame::{self, For};
use crate::html::{Html, SeeOther};
use crate::words;

/// People of a page.
const PAGE: u32 = 100;

/// Which page.
#[derive(Deserialize)]
pub(crate) struct Asked {
    after: Option<String>,
}

pub(crate) async fn show(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Query(asked): Query<Asked>,
) -> Result<Html, Problem> {
    let after: Option<Id> = named("after", asked.after.as_deref())?;
    let who = actor.clone();
    let found = desk.read(move |scene| {
        let view = scene.view(&who)?;
        who.may(Action::PersonList, Concern::Root, &view.tree)?;
        who.may(Action::PersonShow, Concern::Root, &view.tree)?;
        let mut rows = Vec::new();
        for person in scene.records.people(who.organisation, after, PAGE)? {
            let grants = scene.records.grants(who.organisation, person.id)?;
            rows.push((person, grants));
        }
        Ok((view, rows))
    });
    let (view, rows) = found.await?;
    let of = For { actor: &actor, view: &view };
    let is_full = rows.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
    let body = html! {
        (listed(&rows, of))
        @if let Some((last, _)) = rows.last().filter(|_| is_full) {
            p { a rel="next" href={ "/people?after=" (last.id) } { "Next page" } }
        }
        (invite_form(of))
    };
    Ok(frame::page(of, "People", body))
}

fn listed(rows: &[(Person, Vec<RoleGrant>)], of: For<'_>) -> Markup {
    html! {
        div class="table" { table {
            thead { tr {
                th scope="col" { "Name" } th scope="col" { "Roles" } th scope="col" { "Since" } th scope="col" { "Can sign in" }
            } }
            tbody { @for (person, grants) in rows {
                tr {
                    th scope="row" { (person.name) }
                    td { ul { @for grant in grants { li { (grant.role) " of " (of.unit(grant.unit)) } } } }
                    td { (words::instant(person.created_at)) }
                    td { (switch(person, of)) }
                }
            } }
        } }
    }
}

/// Whether somebody can sign in, and a button that changes it. Nobody does this to themselves.
fn switch(person: &Person, of: For<'_>) -> Markup {
    let is_out = person.disabled_at.is_some();
    html! {
        @if is_out { "no " } @else { "yes " }
        @if person.id != of.actor.id {
            form method="post" action={ "/people/" (person.id) "/change" } {
                input type="hidden" name="enabled" value=(is_out);
                button type="submit" class="quiet" aria-label={ @if is_out { "Let in again: " } @else { "Keep out: " } (person.name) } {
                    @if is_out { "Let in again" } @else { "Keep out" }
                }
            }
        }
    }
}

fn invite_form(of: For<'_>) -> Markup {
    html! {
        h2 { "Invite somebody" }
        form method="post" action="/people/invite" class="panel" {
            label for="role" { "As" }
            select id="role" name="role" required {
                @for role in Role::ALL { option value=(role) { (role) } }
            }
            (chooser::units(of, Action::InvitationAdd, "unit", "In the unit and all below it"))
            (chooser::days("The link is good for how many days", 7))
            button type="submit" { "Make a one-time link" }
        }
    }
}

/// Who is invited.
#[derive(Deserialize)]
pub(crate) struct NewInvitation {
    role: Role,
    unit: Id,
    days: u32,
}

pub(crate) async fn invite(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Form(form): Form<NewInvitation>,
) -> Result<Html, Problem> {
    let (who, held) = (actor.clone(), Held { role: form.role, unit: form.unit });
    let invited = desk.write(move |scene| {
        let view = scene.view(&who)?;
        let ends_at = scene.now.plus_days(form.days);
        let secret = people::invite(scene.records, &view, &who, None, held, ends_at, scene.now, scene.draw)?;
        Ok((view, secret, ends_at))
    });
    let (view, secret, ends_at) = invited.await?;
    let body = html! {
        p class="lead" { "This link is shown now and never again. Give it to one person, by a way that only they read." }
        pre id="one-time-link" class="secret" { (invitation_link(desk.public_url(), &secret)) }
        p class="note" { "It works once, until " (words::instant(ends_at)) "." }
        p { a href="/people" { "Back to the people" } }
    };
    Ok(frame::page(For { actor: &actor, view: &view }, "One-time link", body))
}

/// Which person.
#[derive(Deserialize)]
pub(crate) struct PersonPath {
    person: Id,
}

/// Whether they can sign in.
#[derive(Deserialize)]
pub(crate) struct Change {
    enabled: bool,
}

pub(crate) async fn change(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Path(path): Path<PersonPath>,
    Form(form): Form<Change>,
) -> Result<SeeOther, Problem> {
    let changed = desk.write(move |scene| {
        let view = scene.view(&actor)?;
        let disabled_at = (!form.enabled).then_some(scene.now);
        people::disable(scene.records, &view, &actor, path.person, disabled_at)
    });
    changed.await.map(|_| SeeOther("/people".to_owned()))
}
