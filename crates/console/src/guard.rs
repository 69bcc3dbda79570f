//! What stands before every page: the gate, with the actions that the page stands for. Whoever is not signed in is sent
//! to sign in; every other refusal, and every error of a handler, becomes a page.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use seaworthy_http::{Action, Application, Problem};
use seaworthy_model::Code;

use crate::failure;
use crate::html::SeeOther;

/// Layer of one page.
pub(crate) async fn guard(
    State((application, needs)): State<(Application, &'static [Action])>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    for &action in needs {
        if let Err(problem) = application.gate.admit(action, &mut parts).await {
            return refused(&problem);
        }
    }
    let response = next.run(Request::from_parts(parts, body)).await;
    match response.extensions().get::<Problem>() {
        Some(problem) => refused(problem),
        None => response,
    }
}

fn refused(problem: &Problem) -> Response {
    match problem.code {
        Code::NotSignedIn => SeeOther("/sign-in".to_owned()).into_response(),
        _ => failure::page(problem),
    }
}
