//! The frame around every page: head, skip link, navigation, one heading, main part.

use maud::{DOCTYPE, Markup, html};
use seaworthy_http::Action;
use seaworthy_service::Id;
use seaworthy_service::authority::{Actor, Concern, Need};
use seaworthy_service::directory::View;

use crate::html::Html;

/// Whom a page is for.
#[derive(Clone, Copy)]
pub(crate) struct For<'a> {
    pub actor: &'a Actor,
    pub view: &'a View,
}

impl For<'_> {
    /// Whether something leads anywhere for them: in any unit at all.
    pub(crate) fn may_somewhere(&self, action: Action) -> bool {
        match action.need() {
            Need::Open | Need::Own => true,
            Need::Unit(roles) => self.actor.roles.iter().any(|held| roles.contains(&held.role)),
            Need::Root(_) => self.actor.may(action, Concern::Root, &self.view.tree).is_ok(),
        }
    }

    /// The name of a unit.
    pub(crate) fn unit(&self, id: Id) -> &str {
        self.view.tree.unit(id).map_or("a unit that is gone", |unit| unit.name.as_str())
    }
}

/// Where the navigation leads, and what it takes to be shown.
const PLACES: [(&str, &str, Action); 7] = [
    ("/", "Devices", Action::DeviceMine),
    ("/waiting", "Waiting", Action::DeviceApprove),
    ("/policies", "Policies", Action::PolicyList),
    ("/people", "People", Action::PersonList),
    ("/tokens", "Tokens", Action::ApiTokenList),
    ("/webhooks", "Webhooks", Action::WebhookList),
    ("/keys", "Keys", Action::OrganisationShow),
];

/// A page for somebody who is signed in.
pub(crate) fn page(of: For<'_>, title: &str, body: Markup) -> Html {
    let head = html! {
        nav aria-label="Main" {
            ul {
                @for (path, name, action) in PLACES {
                    @if of.may_somewhere(action) { li { a href=(path) { (name) } } }
                }
            }
        }
        form method="post" action="/sign-out" class="who" {
            span { (of.actor.name) }
            button type="submit" class="quiet" { "Sign out" }
        }
    };
    document(title, &of.view.organisation.name, head, html! {}, body)
}

/// A page for anybody.
pub(crate) fn bare(title: &str, body: Markup) -> Html {
    document(title, "Seaworthy", html! {}, html! {}, body)
}

/// A page for anybody that needs the script for passkeys.
pub(crate) fn with_script(title: &str, body: Markup) -> Html {
    document(title, "Seaworthy", html! {}, html! { script src="/assets/passkey.js" defer {} }, body)
}

/// A page that sends the browser on by itself, and has a link for browsers that do not go.
pub(crate) fn leaving(title: &str, location: &str, body: Markup) -> Html {
    let on = html! { meta http-equiv="refresh" content=(format!("0; url={location}")); };
    document(title, "Seaworthy", html! {}, on, body)
}

fn document(title: &str, place: &str, head: Markup, extra: Markup, body: Markup) -> Html {
    Html(html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " – " (place) }
                link rel="stylesheet" href="/assets/style.css";
                link rel="icon" href="data:,";
                (extra)
            }
            body {
                a class="skip" href="#main" { "Skip to the content" }
                header { p class="place" { (place) } (head) }
                main id="main" tabindex="-1" { h1 { (title) } (body) }
            }
        }
    })
}
