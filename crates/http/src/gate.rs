//! Who may do what: asked before every handler, with the action of its route.

use std::pin::Pin;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use seaworthy_model::Code;

use crate::problem::Problem;
use crate::{Action, Application, remembered};

/// The answer of a gate, when it comes.
pub type Admission<'a> = Pin<Box<dyn Future<Output = Result<(), Problem>> + Send + 'a>>;

/// Who may do what.
///
/// An implementation MUST admit only whom the authority's table lets through for the action, and MUST leave in
/// `parts.extensions` what it learnt of the caller, so that no handler asks again. It MUST NOT read the body.
pub trait Gate: Send + Sync {
    /// Lets a request through to its handler, or says why not.
    fn admit<'a>(&'a self, action: Action, parts: &'a mut Parts) -> Admission<'a>;
}

/// Lets anybody see the server's health, and nothing else.
#[derive(Clone, Copy, Debug)]
pub struct HealthOnly;

impl Gate for HealthOnly {
    fn admit<'a>(&'a self, action: Action, _: &'a mut Parts) -> Admission<'a> {
        let is_health = [Action::HealthAlive, Action::HealthReady, Action::HealthMetrics].contains(&action);
        let admitted = if is_health { Ok(()) } else { Err(Problem::new(Code::RouteUnknown)) };
        Box::pin(std::future::ready(admitted))
    }
}

/// Layer of one route.
pub(crate) async fn guard(
    State((application, action)): State<(Application, Action)>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    match application.gate.admit(action, &mut parts).await {
        Ok(()) => remembered::once(application, Request::from_parts(parts, body), next).await,
        Err(problem) => problem.into_response(),
    }
}
