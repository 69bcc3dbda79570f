//! The report of an inspection: what `--format json` prints, and what the human form is drawn from. Its JSON Schema is
//! derived from these types and shipped as docs/schema/inspect-v1.json.

use schemars::JsonSchema;
use seaworthy_model::{Appraisal, Claims, Evidence, Finding, PolicyId, Subject, Timeline, Timestamp, Verdict};
use serde::Serialize;

/// Version of this document's shape.
const VERSION: u32 = 1;

/// An inspection and its appraisal.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "seaworthy inspect, version 1")]
pub struct Report {
    /// Version of this shape.
    pub version: u32,
    /// The verdict at `as_of`.
    pub verdict: Verdict,
    /// The instant the verdict is for.
    pub as_of: Timestamp,
    /// When the inspection was made.
    pub inspected_at: Timestamp,
    /// What was inspected.
    pub subject: Subject,
    /// The policy it was held to.
    pub policy: PolicyId,
    /// What was found, each claim known, not applicable or unknown.
    pub claims: Claims,
    /// What the policy's rules have to say of it.
    pub findings: Vec<Reported>,
    /// The verdict at every instant.
    pub timeline: Timeline,
    /// One command that mends every lapse that a command can mend.
    pub fix: Option<String>,
}

/// A finding and its verdict at `as_of`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Reported {
    /// The verdict at `as_of`.
    pub verdict: Verdict,
    /// The finding.
    #[serde(flatten)]
    pub finding: Finding,
}

impl Report {
    /// Puts evidence and appraisal together, as of an instant.
    pub fn new(evidence: Evidence, appraisal: Appraisal, as_of: Timestamp, fix: Option<String>) -> Report {
        let reported = |finding: Finding| Reported { verdict: finding.timeline.at(as_of), finding };
        Report {
            version: VERSION,
            verdict: verdict_of(appraisal.timeline.at(as_of)),
            as_of,
            inspected_at: evidence.envelope.inspected_at,
            subject: evidence.envelope.subject,
            policy: appraisal.policy,
            claims: evidence.claims,
            findings: appraisal.findings.into_iter().map(reported).collect(),
            timeline: appraisal.timeline,
            fix,
        }
    }
}

/// A device to which nothing applied was not judged.
fn verdict_of(verdict: Verdict) -> Verdict {
    if verdict == Verdict::NotApplicable { Verdict::Unknown } else { verdict }
}

#[cfg(test)]
mod tests {
    use seaworthy_testkit::derived;

    use super::*;
    use crate::schema;

    #[test]
    fn the_schema_is_up_to_date() {
        let mut schema = serde_json::to_string_pretty(&schema::of::<Report>()).unwrap();
        schema.push('\n');
        derived::is_up_to_date("docs/schema/inspect-v1.json", &schema);
    }
}
