//! What the log counts of itself (docs/operate.md).

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use seaworthy_http::Metrics;
use seaworthy_service::ports::{LogState, Outcome};

/// Upper bounds in seconds.
const SECONDS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

type OutcomeLabel = [(&'static str, &'static str); 1];

/// The log's counters.
pub struct LogMetrics {
    entries: Counter,
    seconds: Histogram,
    faults: Counter,
    ordered: Gauge,
    signed: Gauge,
    published: Gauge,
    lag: Gauge,
    standing: Gauge,
    answers: Family<OutcomeLabel, Counter>,
    /// How far each log has come: the gauges tell the sum.
    reached: Mutex<BTreeMap<usize, [u64; 3]>>,
}

impl LogMetrics {
    /// Counters that begin, beside those of the server.
    pub fn registered(metrics: &Metrics) -> LogMetrics {
        let ours = LogMetrics {
            entries: Counter::default(),
            seconds: Histogram::new(SECONDS),
            faults: Counter::default(),
            ordered: Gauge::default(),
            signed: Gauge::default(),
            published: Gauge::default(),
            lag: Gauge::default(),
            standing: Gauge::default(),
            answers: Family::default(),
            reached: Mutex::default(),
        };
        // One that never came is 0, not absent.
        for outcome in ["cosigned", "behind", "unreachable", "refused"] {
            drop(ours.answers.get_or_create_owned(&[("outcome", outcome)]));
        }
        metrics.register(|registry| ours.listed(registry));
        ours
    }

    fn listed(&self, registry: &mut Registry) {
        registry.register("log_entries", "Entries that this server took into the log", self.entries.clone());
        registry.register("log_batch_seconds", "Taking a batch into the log, in seconds", self.seconds.clone());
        registry.register("log_faults", "Steps of the log that failed and are made again", self.faults.clone());
        registry.register("log_entries_ordered", "Entries that have their places", self.ordered.clone());
        registry.register("log_entries_signed", "Entries in the newest signed tree", self.signed.clone());
        registry.register("log_entries_published", "Entries in the published tree", self.published.clone());
        let help = "For how long the oldest entry has been waiting that has its place and is not published, in seconds";
        registry.register("log_lag_seconds", help, self.lag.clone());
        let help = "1 if the log has caught up and may grow, 0 if nothing is signed";
        registry.register("log_standing", help, self.standing.clone());
        let help = "Answers of witnesses, by what came of them";
        registry.register("log_witness_answers", help, self.answers.clone());
    }

    /// A batch became durable and signed.
    pub fn took_in(&self, entries: u64, took: Duration) {
        self.entries.inc_by(entries);
        self.seconds.observe(took.as_secs_f64());
    }

    /// A step failed.
    pub fn failed(&self) {
        self.faults.inc();
    }

    /// What the witnesses said.
    pub fn answered(&self, outcomes: &[Outcome]) {
        for outcome in outcomes {
            let label = match outcome {
                Outcome::Cosigned { .. } => "cosigned",
                Outcome::Behind { .. } => "behind",
                Outcome::Unreachable { .. } => "unreachable",
                Outcome::Refused { .. } => "refused",
            };
            self.answers.get_or_create_owned(&[("outcome", label)]).inc();
        }
    }

    /// How far one of the logs has come.
    pub fn reached(&self, log: usize, state: &LogState) {
        let mut reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        reached.insert(log, [state.ordered, state.signed.size, state.published.size]);
        let sum = |of: fn(&[u64; 3]) -> u64| i64::try_from(reached.values().map(of).sum::<u64>()).unwrap_or(i64::MAX);
        self.ordered.set(sum(|[ordered, _, _]| *ordered));
        self.signed.set(sum(|[_, signed, _]| *signed));
        self.published.set(sum(|[_, _, published]| *published));
    }

    /// How all of them are.
    pub fn looked(&self, lag: Duration, stand: bool) {
        self.lag.set(i64::try_from(lag.as_secs()).unwrap_or(i64::MAX));
        self.standing.set(i64::from(stand));
    }
}
