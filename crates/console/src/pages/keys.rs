//! The organisation's public keys, by which stamps are checked.

use std::sync::Arc;

use axum::extract::State;
use maud::html;
use seaworthy_http::Problem;
use seaworthy_http::desk::{Desk, Signed};
use seaworthy_protocol::Octets;

use crate::frame::{self, For};
use crate::html::Html;
use crate::words;

pub(crate) async fn show(State(desk): State<Arc<Desk>>, Signed(actor): Signed) -> Result<Html, Problem> {
    let view = desk.view(actor.organisation)?;
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
    };
    Ok(frame::page(For { actor: &actor, view: &view }, "Keys", body))
}
