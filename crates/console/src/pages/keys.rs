//! The organisation's public keys, by which stamps are checked; making the next one.

use std::sync::Arc;

use axum::extract::State;
use maud::{Markup, html};
use seaworthy_http::desk::{Desk, Signed};
use seaworthy_http::{Action, Problem, rotate_key};
use seaworthy_protocol::Octets;

use crate::form::{Form, NoFields};
use crate::frame::{self, For};
use crate::html::{Html, SeeOther};
use crate::words;

pub(crate) async fn show(State(desk): State<Arc<Desk>>, Signed(actor): Signed) -> Result<Html, Problem> {
    let view = desk.view(actor.organisation)?;
    let of = For { actor: &actor, view: &view };
    let signing = view.signing_key().map(|key| key.place);
    let body = html! {
        p { "Stamps of this organisation are checked with its trust file, offline. "
            a href={ "/api/v1/organisations/" (view.root_key()) "/trust.toml" } { "Trust file" } }
        pre { "seaworthy check --trust trust.toml STAMP" }
        div class="table" { table {
            thead { tr {
                th scope="col" { "Place" } th scope="col" { "Key" } th scope="col" { "Since" } th scope="col" { "State" }
            } }
            tbody { @for key in &view.keys {
                tr {
                    th scope="row" { (key.place) }
                    td {
                        "SHA-256 " code { (key.id) }
                        br;
                        "Public key " code { (Octets::from(key.key.to_vec())) }
                    }
                    td { (words::instant(key.since)) }
                    td {
                        @match key.revoked_at {
                            Some(at) => { "revoked from " (words::instant(at)) " on" }
                            None if signing == Some(key.place) => { "signs now" }
                            None => { "signs no more; what it signed holds" }
                        }
                    }
                }
            } }
        } }
        @if of.may_somewhere(Action::KeyRotate) { (rotate_form()) }
    };
    Ok(frame::page(of, "Keys", body))
}

fn rotate_form() -> Markup {
    html! {
        h2 { "Make the next key" }
        form method="post" action="/keys/rotate" class="panel" {
            p { "The key that signs now names the next one, which signs from then on. Devices follow by themselves; whoever \
                 checks stamps takes the trust file anew. What was signed before holds." }
            p class="note" { "Where several servers work together, each needs the new file in its folder of keys." }
            button type="submit" { "Make the next key" }
        }
    }
}

pub(crate) async fn rotate(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Form(NoFields {}): Form<NoFields>,
) -> Result<SeeOther, Problem> {
    rotate_key(&desk, actor).await.map(|_| SeeOther("/keys".to_owned()))
}
