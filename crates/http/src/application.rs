//! The state behind the routes, as narrow ports, and the router that holds routes and surroundings together.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::get;
use seaworthy_model::Code;

use crate::client::ClientHeader;
use crate::desk::{Ceremonies, Desk, Intake, KnownBodies};
use crate::gate::Gate;
use crate::health::{Exposure, Readiness};
use crate::limit::Limits;
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::{Action, fence, gate, health, surround};

/// What a single request may cost.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Largest body, in bytes.
    pub body: usize,
    /// From the head of a request to the head of its answer.
    pub deadline: Duration,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds { body: 512 * 1024, deadline: Duration::from_secs(30) }
    }
}

/// What handlers work with. A handler takes the one port that it needs, as `State<Arc<dyn Port>>`.
#[derive(Clone)]
pub struct Application {
    /// Who may do what.
    pub gate: Arc<dyn Gate>,
    /// Where requests meet the use-cases.
    pub desk: Arc<Desk>,
    /// How people come in.
    pub ceremonies: Arc<Ceremonies>,
    /// The entrance for reports.
    pub intake: Intake,
    /// Bodies that were read before.
    pub known_bodies: Arc<KnownBodies>,
    /// Whether requests can be served.
    pub readiness: Readiness,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// Whether `/metrics` is answered here.
    pub exposure: Exposure,
    /// How often requests may come.
    pub limits: Limits,
    /// Where a trusted proxy writes the client's address.
    pub client_header: ClientHeader,
    /// What one request may cost.
    pub bounds: Bounds,
}

macro_rules! ports {
    ($($field:ident: $port:ty,)+) => {
        $(impl FromRef<Application> for $port {
            fn from_ref(application: &Application) -> $port {
                application.$field.clone()
            }
        })+
    };
}

ports! {
    gate: Arc<dyn Gate>,
    desk: Arc<Desk>,
    ceremonies: Arc<Ceremonies>,
    intake: Intake,
    known_bodies: Arc<KnownBodies>,
    readiness: Readiness,
    metrics: Arc<Metrics>,
    exposure: Exposure,
}

/// `/metrics` alone, for a listener of its own.
pub fn metrics_page(metrics: Arc<Metrics>) -> Router {
    let page = Router::new().route("/metrics", get(health::metrics));
    page.fallback(async || Problem::new(Code::RouteUnknown)).with_state(MetricsAlone(metrics))
}

/// The state of that listener.
#[derive(Clone)]
struct MetricsAlone(Arc<Metrics>);

impl FromRef<MetricsAlone> for Arc<Metrics> {
    fn from_ref(alone: &MetricsAlone) -> Arc<Metrics> {
        alone.0.clone()
    }
}

impl FromRef<MetricsAlone> for Exposure {
    fn from_ref(_: &MetricsAlone) -> Exposure {
        Exposure::Here
    }
}

/// An error as a page, with the problem's status.
pub type FailurePage = fn(&Problem) -> Response;

/// What people see, where programs are given documents.
pub struct Pages {
    /// Pages beside the API's routes. They stand behind the same gate, which they ask themselves: one page may take
    /// several actions.
    pub routes: Router<Application>,
    /// Errors, wherever they happen.
    pub failure: FailurePage,
}

/// All routes, each behind the gate, the pages, and what surrounds every request.
///
/// From the outside in: id, log, headers and errors as documents or pages (`surround`); deadline and panics (`fence`);
/// size and rate; the gate with the route's action; the handler.
pub fn router(application: Application, pages: Pages) -> Router {
    let mut routes = pages.routes;
    for &action in Action::ALL {
        let route = crate::routes::route(action);
        let guarded = route.method_router.route_layer(from_fn_with_state((application.clone(), action), gate::guard));
        routes = routes.route(route.path, guarded);
    }
    surrounded(routes, application, pages.failure)
}

fn surrounded(routes: Router<Application>, application: Application, failure: FailurePage) -> Router {
    routes
        .fallback(async || Problem::new(Code::RouteUnknown))
        .layer(DefaultBodyLimit::max(application.bounds.body))
        .layer(from_fn_with_state(application.clone(), fence::fence))
        .layer(from_fn_with_state((application.clone(), failure), surround::surround))
        .with_state(application)
}

#[cfg(test)]
mod tests;
