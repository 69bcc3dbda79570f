//! Is the process alive, can it serve, what has it done: for those who keep it running.

use std::fmt;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use seaworthy_model::Code;
use serde::Serialize;
use tokio::sync::watch;

use crate::extract::Answer;
use crate::metrics::{self, Metrics};
use crate::problem::Problem;

/// Says why requests cannot be served just now; it must answer at once, from what is known already.
pub type Ready = dyn Fn() -> Result<(), String> + Send + Sync;

/// Whether requests can be served: never while the server stops.
#[derive(Clone)]
pub struct Readiness {
    stopping: watch::Receiver<bool>,
    ready: Arc<Ready>,
}

impl Readiness {
    /// `stopping` turns true when the server begins to stop.
    pub fn new(stopping: watch::Receiver<bool>, ready: Arc<Ready>) -> Readiness {
        Readiness { stopping, ready }
    }

    fn check(&self) -> Result<(), Problem> {
        if *self.stopping.borrow() {
            return Err(Problem::new(Code::NotReady).about("the server is stopping"));
        }
        (self.ready)().map_err(|why| Problem::new(Code::NotReady).about(why).retry_after(1))
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readiness").field("stopping", &*self.stopping.borrow()).finish_non_exhaustive()
    }
}

/// Whether `/metrics` is answered beside the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposure {
    /// It is.
    Here,
    /// It is answered elsewhere or nowhere.
    Elsewhere,
}

/// How the server is.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Health {
    /// What can be said of it.
    status: Status,
}

/// What can be said of it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    /// The process answers.
    Alive,
    /// Requests are served.
    Ready,
}

/// The process answers.
pub(crate) async fn alive() -> Answer<Health> {
    Answer(Health { status: Status::Alive })
}

/// Requests are served.
pub(crate) async fn ready(State(readiness): State<Readiness>) -> Result<Answer<Health>, Problem> {
    readiness.check().map(|()| Answer(Health { status: Status::Ready }))
}

/// The metrics page in the OpenMetrics text format.
#[derive(Debug)]
pub(crate) struct Page(String);

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, metrics::OPEN_METRICS)], self.0).into_response()
    }
}

/// The counters, where they are answered.
pub(crate) async fn metrics(
    State(exposure): State<Exposure>,
    State(metrics): State<Arc<Metrics>>,
) -> Result<Page, Problem> {
    match exposure {
        Exposure::Here => Ok(Page(metrics.page())),
        Exposure::Elsewhere => Err(Problem::new(Code::RouteUnknown).about("metrics are answered elsewhere")),
    }
}
