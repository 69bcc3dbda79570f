//! What no request may do: take longer than the deadline, bring more than the body limit, ask too often, or end the
//! process by a panic.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CONTENT_LENGTH;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use seaworthy_model::Code;
use seaworthy_protocol::Digest;

use crate::Application;
use crate::client::Client;
use crate::problem::Problem;
use crate::routes;
use crate::signin::bearer;

/// Layer around all routes.
pub(crate) async fn fence(State(application): State<Application>, request: Request, next: Next) -> Response {
    if let Err(problem) = affordable(&application, &request) {
        return problem.into_response();
    }
    let answer = tokio::time::timeout(application.bounds.deadline, survived(next.run(request))).await;
    match answer {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => {
            // What a panic says may quote data: it stays out of the answer, and the hook of the process tells its place.
            drop(panic);
            application.metrics.panicked();
            Problem::new(Code::Bug).into_response()
        }
        Err(_) => Problem::new(Code::RequestTimedOut).into_response(),
    }
}

/// What can be refused by the head alone.
fn affordable(application: &Application, request: &Request) -> Result<(), Problem> {
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > application.bounds.body) {
        return Err(Problem::new(Code::BodyTooLarge).about(format!("at most {} bytes", application.bounds.body)));
    }
    let is_health = request.extensions().get::<MatchedPath>().is_some_and(|path| routes::is_health(path.as_str()));
    if is_health {
        return Ok(());
    }
    let client = Client::of(request, &application.client_header);
    // A token is counted before it is looked up: whether it is any good costs the store a question.
    let token = bearer(request.headers()).and_then(Result::ok).map(|token| Digest::of(&token.0));
    application.limits.take(client, token, Instant::now()).map_err(|wait| {
        let seconds = wait.as_secs().saturating_add(1);
        Problem::new(Code::TooManyRequests).retry_after(seconds)
    })
}

/// Runs to the end or to a panic. Handlers share nothing that a panic leaves half done: state is behind ports, and their
/// locks are recovered or poisoned.
async fn survived<F: Future>(work: F) -> Result<F::Output, Box<dyn Any + Send>> {
    let mut work = pin!(work);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}
