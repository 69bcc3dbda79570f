//! What can be asked of the server, one variant per route. A stand-in until the authority's table has the enum.

macro_rules! actions {
    ($($(#[$meta:meta])* $variant:ident = $name:literal,)+) => {
        /// What can be asked of the server; each action is one route.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Action { $($(#[$meta])* $variant,)+ }

        impl Action {
            /// Every action.
            pub const ALL: &'static [Action] = &[$(Action::$variant,)+];

            /// Its one name: the operation id in OpenAPI.
            pub const fn name(self) -> &'static str {
                match self { $(Action::$variant => $name,)+ }
            }
        }
    };
}

actions! {
    /// Is the process alive?
    HealthAlive = "health-alive",
    /// Can it serve?
    HealthReady = "health-ready",
    /// What has it done so far?
    HealthMetrics = "health-metrics",
}
