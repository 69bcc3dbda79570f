//! What the server counts, for Prometheus. The names are documented in docs/operate.md; labels take few values, and none
//! tells of a person.

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::{Method, StatusCode};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use seaworthy_model::Timestamp;
use seaworthy_service::webhooks::Outcome;

use crate::desk::Batches;
use crate::surround::RequestIds;

/// The media type of [`Metrics::page`].
pub(crate) const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper bounds in seconds.
const LATENCIES: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// Upper bounds in reports.
const BATCHES: [f64; 8] = [1.0, 4.0, 16.0, 64.0, 128.0, 256.0, 384.0, 512.0];

type Labels = [(&'static str, String); 2];
type StatusLabels = [(&'static str, String); 3];
type OutcomeLabel = [(&'static str, &'static str); 1];

/// The server's counters. Others add theirs by [`Metrics::register`].
pub struct Metrics {
    registry: Mutex<Registry>,
    requests: Family<StatusLabels, Counter>,
    latency: Family<Labels, Histogram, fn() -> Histogram>,
    panics: Counter,
    connections: Gauge,
    accepted: Counter,
    refused: Counter,
    timed_out: Counter,
    reports: Counter,
    batch_reports: Histogram,
    batch_seconds: Histogram,
    attempts: Family<OutcomeLabel, Counter>,
    waiting: Gauge,
    dead: Gauge,
    ids: RequestIds,
}

impl Metrics {
    /// Nothing counted yet. `process` tells the request ids of this process from those of another.
    pub fn new(process: u32) -> Metrics {
        let metrics = Metrics {
            registry: Mutex::new(Registry::with_prefix("seaworthyd")),
            requests: Family::default(),
            latency: Family::new_with_constructor(|| Histogram::new(LATENCIES)),
            panics: Counter::default(),
            connections: Gauge::<i64, _>::default(),
            accepted: Counter::default(),
            refused: Counter::<u64, AtomicU64>::default(),
            timed_out: Counter::default(),
            reports: Counter::default(),
            batch_reports: Histogram::new(BATCHES),
            batch_seconds: Histogram::new(LATENCIES),
            attempts: Family::default(),
            waiting: Gauge::default(),
            dead: Gauge::default(),
            ids: RequestIds::new(process),
        };
        // An outcome that never came is 0, not absent: alerts on its rate see the first one.
        let outcomes = [Outcome::Taken, Outcome::Again(Timestamp::MIN), Outcome::GivenUp, Outcome::Unwanted];
        outcomes.into_iter().for_each(|outcome| drop(metrics.outcome(outcome)));
        metrics.register(|registry| metrics.listed(registry));
        metrics
    }

    fn listed(&self, registry: &mut Registry) {
        registry.register("http_requests", "Requests answered", self.requests.clone());
        registry.register("http_request_seconds", "From request to answer, in seconds", self.latency.clone());
        registry.register("http_panics", "Requests that ended in a fault of ours", self.panics.clone());
        registry.register("http_connections", "Connections open now", self.connections.clone());
        registry.register("http_connections_accepted", "Connections accepted", self.accepted.clone());
        let help = "Connections closed at once because too many were open";
        registry.register("http_connections_refused", help, self.refused.clone());
        let help = "Connections closed because their client was too slow";
        registry.register("http_connections_timed_out", help, self.timed_out.clone());
        registry.register(
            "intake_reports",
            "Reports of which the batch became durable, or failed",
            self.reports.clone(),
        );
        registry.register("intake_batch_reports", "Reports in a batch", self.batch_reports.clone());
        let help = "Taking a batch in and making it durable, in seconds";
        registry.register("intake_batch_seconds", help, self.batch_seconds.clone());
        let help = "Attempts to deliver an event to a webhook, by what came of them";
        registry.register("webhook_attempts", help, self.attempts.clone());
        registry.register("webhook_deliveries_waiting", "Deliveries in the outbox", self.waiting.clone());
        registry.register("webhook_dead_letters", "Deliveries that were given up and are kept", self.dead.clone());
    }

    /// Adds the counters of another part. Names get the prefix `seaworthyd_`, and belong into docs/operate.md.
    pub fn register(&self, add: impl FnOnce(&mut Registry)) {
        add(&mut self.registry.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// All of it, in the OpenMetrics text format.
    pub fn page(&self) -> String {
        let mut page = String::new();
        // Writing into a string fails only where a metric fails to describe itself; the page then ends early, and
        // Prometheus takes no page without its last line.
        let _ = encode(&mut page, &self.registry.lock().unwrap_or_else(PoisonError::into_inner));
        page
    }

    pub(crate) fn request_ids(&self) -> &RequestIds {
        &self.ids
    }

    pub(crate) fn answered(&self, asked: &Asked, status: StatusCode, took: Duration) {
        let [method, route] = asked.labels();
        self.latency.get_or_create(&asked.labels()).observe(took.as_secs_f64());
        self.requests.get_or_create(&[method, route, ("status", status.as_str().to_owned())]).inc();
    }

    pub(crate) fn panicked(&self) {
        self.panics.inc();
    }

    /// What the outbox of all organisations holds, as it was last counted.
    pub fn outbox(&self, waiting: u64, dead: u64) {
        let figure = |count| i64::try_from(count).unwrap_or(i64::MAX);
        self.waiting.set(figure(waiting));
        self.dead.set(figure(dead));
    }

    pub(crate) fn attempted(&self, outcome: Outcome) {
        self.outcome(outcome).inc();
    }

    fn outcome(&self, outcome: Outcome) -> Counter {
        self.attempts.get_or_create_owned(&[("outcome", outcome.name())])
    }

    pub(crate) fn connected(&self) {
        self.accepted.inc();
        self.connections.inc();
    }

    pub(crate) fn disconnected(&self) {
        self.connections.dec();
    }

    pub(crate) fn refused(&self) {
        self.refused.inc();
    }

    pub(crate) fn timed_out(&self) {
        self.timed_out.inc();
    }
}

impl Batches for Metrics {
    fn taken_in(&self, reports: usize, seconds: f64) {
        self.reports.inc_by(u64::try_from(reports).unwrap_or(u64::MAX));
        self.batch_reports.observe(f64::from(u32::try_from(reports).unwrap_or(u32::MAX)));
        self.batch_seconds.observe(seconds);
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// What was asked for, in words of a closed list.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub method: &'static str,
    pub route: String,
}

impl Asked {
    pub(crate) fn new(method: &Method, template: Option<&str>) -> Asked {
        Asked { method: known(method), route: template.unwrap_or("unmatched").to_owned() }
    }

    fn labels(&self) -> Labels {
        [("method", self.method.to_owned()), ("route", self.route.clone())]
    }
}

/// Anybody can make up methods; labels are few.
fn known(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN.into_iter().find(|known| method == known).unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_and_routes_are_few() {
        let metrics = Metrics::new(1);
        for made_up in 0..50 {
            let method = Method::from_bytes(format!("M{made_up}").as_bytes()).unwrap();
            metrics.answered(&Asked::new(&method, None), StatusCode::NOT_FOUND, Duration::ZERO);
        }
        let page = metrics.page();
        assert!(
            page.contains("seaworthyd_http_requests_total{method=\"other\",route=\"unmatched\",status=\"404\"} 50")
        );
        assert!(page.ends_with("# EOF\n"));
    }
}
