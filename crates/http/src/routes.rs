//! The one list of routes. An action without a route does not compile, and a route is reached by its action alone.

use seaworthy_model::Code;

use crate::{Action, Route, health};

/// The route of an action.
pub(crate) fn route(action: Action) -> Route {
    match action {
        Action::HealthAlive => Route::get("/healthz", health::alive, "Whether the process is alive").under("health"),
        Action::HealthReady => Route::get("/readyz", health::ready, "Whether requests can be served")
            .under("health")
            .fails(&[Code::NotReady]),
        Action::HealthMetrics => Route::get("/metrics", health::metrics, "What the server counts, for Prometheus")
            .under("health")
            .fails(&[Code::RouteUnknown]),
    }
}

/// Health is told however often somebody asks: it costs nothing, and monitors share addresses with others.
pub(crate) fn is_health(path: &str) -> bool {
    ["/healthz", "/readyz", "/metrics"].contains(&path)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_actions_share_a_route() {
        let mut seen = BTreeSet::new();
        for &action in Action::ALL {
            let route = route(action);
            assert!(seen.insert((route.method, route.path)), "{} {}", route.method, route.path);
        }
    }
}
