//! Age of an installed scanner's signatures.

use seaworthy_model::{Code, Verdict};

use crate::case::Case;
use crate::draft::{Draft, judged};

/// Old at the inspection is a lapse. Fresh ones grow old later, unless the scanner renews them, which nobody has seen.
pub(crate) fn draft(case: &Case, max_age_days: u32) -> Draft {
    judged(&case.evidence.claims.antivirus, Code::AntivirusFresh, |scanner| {
        let made = scanner.signatures_at.min(case.inspected_at());
        let end = made.plus_days(max_age_days);
        let draft = if end <= case.inspected_at() {
            Draft::pass(Code::AntivirusFresh).failing(end)
        } else {
            Draft::pass(Code::AntivirusFresh).turning(end, Verdict::Unknown)
        };
        draft.about(scanner.product.as_str())
    })
}
