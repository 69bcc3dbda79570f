//! Using a one-time link. Its secret stands behind the `#`, which reaches no server: the script sends it, or whoever has
//! none pastes the link.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};
use seaworthy_http::desk::{Ceremonies, Guest, LinkSecret, ShownInvitation, Ways};
use seaworthy_http::{Path, Problem};
use serde::Deserialize;

use super::sign_in::{ProviderPath, has_none, leaving, providers, with_cookie};
use crate::form::Form;
use crate::frame;
use crate::html::{Html, SeeOther};
use crate::words;

pub(crate) async fn ask() -> Html {
    let body = html! {
        p class="lead" { "You were given a one-time link. It makes you a way to sign in." }
        form method="post" action="/welcome" class="panel" {
            label for="link" { "Your one-time link" }
            input id="link" name="link" required maxlength="2048" autocomplete="off" spellcheck="false"
                aria-describedby="link-told";
            p id="link-told" class="note" { "Paste the whole link, with what follows the #." }
            button type="submit" { "Continue" }
        }
    };
    frame::with_script("Welcome", body)
}

/// The link as it was pasted.
#[derive(Deserialize)]
pub(crate) struct LinkForm {
    link: String,
}

pub(crate) async fn show(
    State(ceremonies): State<Arc<Ceremonies>>,
    Form(form): Form<LinkForm>,
) -> Result<Html, Problem> {
    let invitation = ceremonies.invitation(&LinkSecret::of(&form.link)?).await?;
    let secret = form.link.trim().rsplit('#').next().unwrap_or_default();
    Ok(frame::with_script("Welcome", choice(&invitation, &ceremonies.ways(), secret)))
}

fn choice(invitation: &ShownInvitation, ways: &Ways, secret: &str) -> Markup {
    let is_new = invitation.person.is_none();
    html! {
        p class="lead" {
            @match &invitation.person {
                Some(person) => { "Another way to sign in for " strong { (person) } "." }
                None => { "You become " strong { (invitation.role) } " of " strong { (invitation.unit) } " at "
                    (invitation.organisation) "." }
            }
        }
        p class="note" { "The link works once, until " (words::instant(invitation.ends_at)) "." }
        @if ways.passkeys { (passkey(secret, is_new)) }
        (providers(&ways.providers, "/welcome/openid/", &|name| carried(secret, is_new, &format!("provider-{name}"))))
        @if ways.passwords { (by_password(secret, is_new)) }
        @if has_none(ways) { p { "There is no way to sign in at this address: passkeys need a host name." } }
    }
}

/// The secret, and the name of somebody new. `form` keeps the ids of several forms apart.
fn carried(secret: &str, is_new: bool, form: &str) -> Markup {
    let id = format!("name-{form}");
    html! {
        input type="hidden" name="secret" value=(secret);
        @if is_new {
            label for=(id) { "Your name, as others here know it" }
            input id=(id) name="name" required maxlength="100" autocomplete="name";
        }
    }
}

fn passkey(secret: &str, is_new: bool) -> Markup {
    html! {
        form id="passkey-register" class="panel" hidden {
            h2 { "With a passkey" }
            (carried(secret, is_new, "passkey"))
            label for="label" { "A name for this passkey" }
            input id="label" name="label" required maxlength="100" value="My passkey" autocomplete="off";
            button type="submit" { "Make a passkey" }
        }
        p id="said" role="status" {}
        noscript { p { "Passkeys need the script of this page." } }
    }
}

fn by_password(secret: &str, is_new: bool) -> Markup {
    html! {
        form method="post" action="/welcome/password" class="panel" {
            h2 { "With a password" }
            (carried(secret, is_new, "password"))
            label for="sign_in_name" { "Name to sign in with" }
            input id="sign_in_name" name="sign_in_name" required maxlength="256" autocomplete="username";
            label for="password" { "Password, at least 12 characters" }
            input id="password" name="password" type="password" required minlength="12" maxlength="256"
                autocomplete="new-password";
            button type="submit" { "Choose this password" }
        }
    }
}

/// What the form for a password holds.
#[derive(Deserialize)]
pub(crate) struct PasswordForm {
    secret: String,
    #[serde(default)]
    name: String,
    sign_in_name: String,
    password: String,
}

pub(crate) async fn password(
    State(ceremonies): State<Arc<Ceremonies>>,
    Form(form): Form<PasswordForm>,
) -> Result<Response, Problem> {
    let guest = Guest { secret: LinkSecret::of(&form.secret)?, name: form.name };
    let session = ceremonies.accept_password(guest, form.sign_in_name, form.password).await?;
    Ok(with_cookie(ceremonies.session_cookie(&session)?, SeeOther("/".to_owned())))
}

/// What the form for a provider holds.
#[derive(Deserialize)]
pub(crate) struct ProviderForm {
    secret: String,
    #[serde(default)]
    name: String,
}

pub(crate) async fn openid(
    State(ceremonies): State<Arc<Ceremonies>>,
    Path(path): Path<ProviderPath>,
    Form(form): Form<ProviderForm>,
) -> Result<Response, Problem> {
    let guest = Guest { secret: LinkSecret::of(&form.secret)?, name: form.name };
    let (location, cookie) = ceremonies.depart(path.provider, Some(guest)).await?;
    Ok(with_cookie(cookie, leaving(&location)))
}
