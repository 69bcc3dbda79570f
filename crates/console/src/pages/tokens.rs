//! API tokens: by which programs use the API. A secret is shown once, in the answer to the form.

use std::sync::Arc;

use axum::extract::State;
use maud::{Markup, html};
use seaworthy_http::desk::{Desk, Signed};
use seaworthy_http::signin::ApiSecret;
use seaworthy_http::{Action, Path, Problem};
use seaworthy_service::Id;
use seaworthy_service::authority::Role;
use seaworthy_service::ports::ApiToken;
use seaworthy_service::tokens::{self, WantedToken};
use serde::Deserialize;

use crate::chooser;
use crate::form::{Form, NoFields};
use crate::frame::{self, For};
use crate::html::{Html, SeeOther};
use crate::words;

pub(crate) async fn show(State(desk): State<Arc<Desk>>, Signed(actor): Signed) -> Result<Html, Problem> {
    let who = actor.clone();
    let found = desk.read(move |scene| {
        let view = scene.view(&who)?;
        let listed = tokens::apis(scene.records, &view, &who)?;
        Ok((view, listed))
    });
    let (view, listed) = found.await?;
    let of = For { actor: &actor, view: &view };
    let body = html! {
        p class="lead" { "With a token a program acts in one role, in one unit and all below it, until the token ends." }
        (table(&listed, of))
        (add_form(of))
    };
    Ok(frame::page(of, "API tokens", body))
}

fn table(listed: &[ApiToken], of: For<'_>) -> Markup {
    if listed.is_empty() {
        return html! { p class="none" { "There is no token." } };
    }
    html! {
        div class="table" { table {
            thead { tr {
                th scope="col" { "Name" } th scope="col" { "Role" } th scope="col" { "Made" } th scope="col" { "Ends" }
                th scope="col" { "Revoke" }
            } }
            tbody { @for token in listed {
                tr {
                    th scope="row" { (token.name) }
                    td { (token.role) " of " (of.unit(token.unit)) }
                    td { (words::instant(token.created_at)) }
                    td { (words::instant(token.ends_at)) }
                    td { form method="post" action={ "/tokens/" (token.id) "/remove" } {
                        button type="submit" class="quiet" aria-label={ "Revoke: " (token.name) } { "Revoke" }
                    } }
                }
            } }
        } }
    }
}

fn add_form(of: For<'_>) -> Markup {
    html! {
        h2 { "Make a token" }
        form method="post" action="/tokens" class="panel" {
            label for="name" { "What it is for" }
            input id="name" name="name" required maxlength="100" autocomplete="off";
            label for="role" { "As" }
            select id="role" name="role" required {
                @for role in Role::ALL.iter().filter(|role| **role != Role::Holder) { option value=(role) { (role) } }
            }
            (chooser::units(of, Action::ApiTokenAdd, "unit", "In the unit and all below it"))
            (chooser::days("The token is good for how many days", 90))
            button type="submit" { "Make the token" }
        }
    }
}

/// A token to be made.
#[derive(Deserialize)]
pub(crate) struct NewToken {
    name: String,
    role: Role,
    unit: Id,
    days: u32,
}

pub(crate) async fn add(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Form(form): Form<NewToken>,
) -> Result<Html, Problem> {
    let who = actor.clone();
    let made = desk.write(move |scene| {
        let view = scene.view(&who)?;
        let ends_at = scene.now.plus_days(form.days);
        let wanted = WantedToken { name: form.name.clone(), role: form.role, unit: form.unit, ends_at };
        let made = tokens::add_api(scene.records, &view, &who, &wanted, scene.now, scene.draw)?;
        Ok((view, made))
    });
    let (view, (token, secret)) = made.await?;
    let body = html! {
        p class="lead" { "This token is shown now and never again. Whoever has it acts as " (token.role) "." }
        pre id="api-token" class="secret" { (ApiSecret(secret)) }
        p { "The program sends it as " code { "Authorization: Bearer …" } ", until " (words::instant(token.ends_at)) "." }
        p { a href="/tokens" { "Back to the tokens" } }
    };
    Ok(frame::page(For { actor: &actor, view: &view }, "API token", body))
}

/// Which token.
#[derive(Deserialize)]
pub(crate) struct TokenPath {
    token: Id,
}

pub(crate) async fn remove(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Path(path): Path<TokenPath>,
    Form(NoFields {}): Form<NoFields>,
) -> Result<SeeOther, Problem> {
    let removed = desk.write(move |scene| {
        let view = scene.view(&actor)?;
        tokens::remove_api(scene.records, &view, &actor, path.token)
    });
    removed.await.map(|()| SeeOther("/tokens".to_owned()))
}
