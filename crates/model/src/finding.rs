//! Findings and the appraisal they make up.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::claim::{Reason, named};
use crate::code::Code;
use crate::policy::PolicyId;
use crate::time::Timestamp;
use crate::timeline::Timeline;
use crate::updates::Dated;

named! {
    /// How grave a lapse is. An advisory is shown and never changes a verdict.
    Severity {
        /// Shown; changes no verdict.
        Advisory = "advisory",
        /// To be mended in time.
        Minor = "minor",
        /// To be mended soon.
        Major = "major",
        /// Not to be used as it is.
        Dangerous = "dangerous",
    }
}

/// Since when a lapse stands: not before the one instant, and by the other at the latest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Interval {
    /// It did not stand before this instant (late by at most).
    pub not_before: Option<Dated>,
    /// It stood by this instant (late by at least).
    pub by: Option<Dated>,
}

impl Interval {
    /// Days for which the lapse stands at an instant: at least, rounded down, and at most, rounded up.
    pub fn days(&self, at: Timestamp) -> (Option<i64>, Option<i64>) {
        let at_least = self.by.map(|by| at.days_since(by.at).max(0));
        let at_most = self.not_before.map(|first| first.at.days_since(at).saturating_neg().max(0));
        (at_least, at_most)
    }
}

/// How a lapse is mended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fix {
    /// What to do, in words.
    pub advice: String,
    /// The command that does it, where one does.
    pub command: Option<String>,
}

/// What one rule has to say of one subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Stable code; `seaworthy explain CODE` tells more.
    pub code: Code,
    /// What it is about: a package, a volume, a source; none where the code says it all.
    pub subject: Option<String>,
    /// How grave a lapse of this rule is.
    pub severity: Severity,
    /// The verdict at every instant.
    pub timeline: Timeline,
    /// Why it is unknown or not applicable, where it is.
    pub reason: Option<Reason>,
    /// Since when the lapse stands.
    pub since: Option<Interval>,
    /// When it becomes a fail, or became one.
    pub due: Option<Timestamp>,
    /// How to mend it.
    pub fix: Option<Fix>,
}

/// Evidence, catalog and policy together: findings and the verdict at every instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Appraisal {
    /// The policy it was held to.
    pub policy: PolicyId,
    /// The verdict at every instant.
    pub timeline: Timeline,
    /// The findings, in the order of the policy's rules.
    pub findings: Vec<Finding>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::updates::DateSource;

    #[test]
    fn lateness_is_rounded_away_from_what_is_not_proved() {
        let dated = |text: &str, from| Some(Dated { at: text.parse().unwrap(), from });
        let since = Interval {
            not_before: dated("2025-04-18T20:47:00Z", DateSource::InstalledBuild),
            by: dated("2026-07-11T10:16:37Z", DateSource::ReleaseDate),
        };
        assert_eq!(since.days("2026-11-22T14:00:00Z".parse().unwrap()), (Some(134), Some(583)));
        assert_eq!(since.days("2025-01-01".parse().unwrap()), (Some(0), Some(0)));
        assert_eq!(Interval { not_before: None, by: None }.days(Timestamp::MAX), (None, None));
    }
}
