//! Signing in and out.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use seaworthy_http::desk::{Ceremonies, ShownProvider, Visitor, Ways};
use seaworthy_http::signin::Cookie;
use seaworthy_http::{Path, Problem, Query};
use seaworthy_model::Code;
use serde::Deserialize;

use crate::failure::sentence;
use crate::form::{Form, NoFields};
use crate::frame;
use crate::html::{Html, SeeOther};

/// What a sign-in that went elsewhere came back with.
#[derive(Deserialize)]
pub(crate) struct Refused {
    /// The code of what went wrong.
    refused: Option<String>,
}

pub(crate) async fn show(State(ceremonies): State<Arc<Ceremonies>>, Query(query): Query<Refused>) -> Html {
    let ways = ceremonies.ways();
    let refused = query.refused.as_deref().and_then(Code::from_name);
    let body = html! {
        @if let Some(code) = refused {
            div class="panel" role="alert" {
                p { strong { (sentence(code.entry().title)) } }
                p { (code.entry().fix) }
            }
        }
        @if ways.passkeys { (passkey()) }
        (providers(&ways.providers, "/sign-in/openid/", &|_| html! {}))
        @if ways.passwords { (by_password()) }
        @if has_none(&ways) {
            p { "There is no way to sign in at this address. Browsers know passkeys for host names only: open the server by \
                 the name that its operator set as its public address." }
        }
        p class="note" { "New here? Open the one-time link that you were given." }
    };
    frame::with_script("Sign in", body)
}

fn passkey() -> Markup {
    html! {
        form id="passkey-sign-in" class="panel" hidden {
            h2 { "With a passkey" }
            button type="submit" { "Sign in with a passkey" }
        }
        p id="said" role="status" {}
        noscript { p { "Passkeys need the script of this page." } }
    }
}

/// A button for each provider, with the fields that its form carries.
pub(crate) fn providers(providers: &[ShownProvider], path: &str, fields: &dyn Fn(&str) -> Markup) -> Markup {
    html! {
        @for provider in providers {
            form method="post" action={ (path) (provider.name) } class="panel" {
                (fields(&provider.name))
                button type="submit" { "Continue with " (provider.label) }
            }
        }
    }
}

fn by_password() -> Markup {
    html! {
        form method="post" action="/sign-in" class="panel" {
            h2 { "With a password" }
            label for="name" { "Sign-in name" }
            input id="name" name="name" autocomplete="username" required maxlength="256";
            label for="password" { "Password" }
            input id="password" name="password" type="password" autocomplete="current-password" required maxlength="256";
            button type="submit" { "Sign in" }
        }
    }
}

/// A page that gives the browser a cookie.
pub(crate) fn with_cookie(cookie: HeaderValue, page: impl IntoResponse) -> Response {
    let mut response = page.into_response();
    response.headers_mut().append(SET_COOKIE, cookie);
    response
}

/// What the form holds.
#[derive(Deserialize)]
pub(crate) struct PasswordForm {
    name: String,
    password: String,
}

pub(crate) async fn password(
    State(ceremonies): State<Arc<Ceremonies>>,
    visitor: Visitor,
    Form(form): Form<PasswordForm>,
) -> Result<Response, Problem> {
    let session = ceremonies.with_password(visitor.client, &form.name, form.password).await?;
    Ok(with_cookie(ceremonies.session_cookie(&session)?, SeeOther("/".to_owned())))
}

/// Which provider.
#[derive(Deserialize)]
pub(crate) struct ProviderPath {
    pub(crate) provider: String,
}

pub(crate) async fn openid(
    State(ceremonies): State<Arc<Ceremonies>>,
    Path(path): Path<ProviderPath>,
    Form(NoFields {}): Form<NoFields>,
) -> Result<Response, Problem> {
    let (location, cookie) = ceremonies.depart(path.provider, None).await?;
    Ok(with_cookie(cookie, leaving(&location)))
}

/// A page between, since browsers follow no redirect of a form to another site where forms may go to our own only.
pub(crate) fn leaving(location: &str) -> Html {
    let body = html! { p { a href=(location) { "Continue at your provider" } } };
    frame::leaving("To your provider", location, body)
}

pub(crate) async fn out(State(ceremonies): State<Arc<Ceremonies>>, visitor: Visitor) -> Result<Response, Problem> {
    if let Some(session) = visitor.session {
        ceremonies.sign_out(session).await?;
    }
    Ok(with_cookie(ceremonies.forget(Cookie::Session)?, SeeOther("/sign-in".to_owned())))
}

/// Whether nobody can sign in at this address.
pub(crate) fn has_none(ways: &Ways) -> bool {
    !ways.passkeys && !ways.passwords && ways.providers.is_empty()
}
