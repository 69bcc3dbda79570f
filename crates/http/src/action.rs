//! What can be asked of the server, one variant per route. A stand-in until the authority's table has the enum.

use seaworthy_model::named;

named! {
    /// What can be asked of the server; each action is one route, and its name is the route's operation id.
    Action {
        /// Whether the process is alive.
        HealthAlive = "health-alive",
        /// Whether it can serve.
        HealthReady = "health-ready",
        /// What it has done so far.
        HealthMetrics = "health-metrics",
    }
}
