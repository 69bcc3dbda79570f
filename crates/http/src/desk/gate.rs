//! The gate of the desk: who asks, by session cookie or API token, found once for each request.
//!
//! Whether they may do it *there* depends on the unit or device concerned, and is asked of the authority's table by each
//! use-case. The gate keeps out whom no row of the table could let in.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::Method;
use axum::http::request::Parts;
use seaworthy_model::Code;
use seaworthy_service::Error;
use seaworthy_service::authority::{Action, Actor, Need};
use seaworthy_service::{people, tokens};

use super::Desk;
use crate::describe::{Input, Sketch};
use crate::gate::{Admission, Gate};
use crate::problem::Problem;
use crate::signin::{Cookie, bearer, is_same_origin};

/// Asks the desk who somebody is.
pub struct DeskGate(pub Arc<Desk>);

/// Whoever is signed in.
#[derive(Clone, Debug)]
pub struct Signed(pub Actor);

impl<S: Send + Sync> FromRequestParts<S> for Signed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Signed, Problem> {
        parts.extensions.get::<Signed>().cloned().ok_or_else(|| Problem::new(Code::NotSignedIn))
    }
}

impl Input for Signed {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.errors.extend([Code::NotSignedIn, Code::NotAllowed, Code::StoreUnavailable, Code::StoreFull]);
        sketch.signed = true;
    }
}

impl Gate for DeskGate {
    fn admit<'a>(&'a self, action: Action, parts: &'a mut Parts) -> Admission<'a> {
        Box::pin(async move {
            if action.need() == Need::Open {
                return Ok(());
            }
            let actor = self.who(parts).await?;
            if let Need::Unit(roles) | Need::Root(roles) = action.need() {
                let reads_own = matches!(action, Action::DeviceShow | Action::DeviceHistory | Action::DeviceLedger);
                if !reads_own && !actor.roles.iter().any(|held| roles.contains(&held.role)) {
                    return Err(Problem::new(Code::NotAllowed));
                }
            }
            parts.extensions.insert(Signed(actor));
            Ok(())
        })
    }
}

impl DeskGate {
    async fn who(&self, parts: &Parts) -> Result<Actor, Problem> {
        if let Some(token) = bearer(&parts.headers) {
            let token = token.map_err(|_| Problem::new(Code::NotSignedIn))?;
            return self.0.read(move |scene| tokens::actor(scene.records, &token.0, scene.now)).await;
        }
        let Some(secret) = Cookie::session_secret(&parts.headers, self.0.site()) else {
            return Err(Problem::from(Error::refused(Code::NotSignedIn)));
        };
        let changes = !matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
        if changes && !is_same_origin(&parts.headers, self.0.site()) {
            return Err(Problem::new(Code::NotAllowed).about("the request comes from another site"));
        }
        self.0.read(move |scene| people::actor(scene.records, &secret, scene.now)).await
    }
}
