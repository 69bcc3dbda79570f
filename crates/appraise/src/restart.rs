//! What is installed but does not run yet: kernels, restarts that packages asked for, replaced libraries.

use seaworthy_model::{Claims, Code, DateSource, Dated, Interval, Reason, Timestamp};

use crate::case::Case;
use crate::draft::{Draft, judged};

pub(crate) fn kernel(case: &Case, allowed_days: u32) -> Draft {
    judged(&case.evidence.claims.kernel, Code::KernelCurrent, |kernel| {
        if kernel.current {
            return Draft::pass(Code::KernelCurrent);
        }
        let draft =
            outstanding(Code::KernelCurrent, dated(kernel.installed_at, DateSource::Installation), case, allowed_days);
        draft.about(format!("{} -> {}", kernel.running, kernel.newest))
    })
}

pub(crate) fn restart(case: &Case, allowed_days: u32) -> Draft {
    judged(&case.evidence.claims.restart, Code::RestartRequired, |restart| {
        if restart.required {
            outstanding(Code::RestartRequired, dated(restart.since, DateSource::RestartRequest), case, allowed_days)
        } else {
            Draft::pass(Code::RestartRequired)
        }
    })
}

/// A lapse that stood at the inspection, so since then at the latest. Where nobody knows its beginning it may be late
/// already, and is for certain once the allowed days have passed since the inspection.
fn outstanding(code: Code, since: Option<Dated>, case: &Case, allowed_days: u32) -> Draft {
    let draft = if since.is_some() { Draft::pass(code) } else { Draft::undated(code) };
    let latest = since.map_or(case.inspected_at(), |since| since.at.min(case.inspected_at()));
    draft.failing(latest.plus_days(allowed_days)).since(Interval { not_before: since, by: since })
}

fn dated(at: Option<Timestamp>, from: DateSource) -> Option<Dated> {
    at.map(|at| Dated { at, from })
}

pub(crate) fn stale_libraries(claims: &Claims) -> Draft {
    judged(&claims.stale_libraries, Code::LibrariesCurrent, |libraries| {
        if libraries.processes > 0 {
            Draft::fail(Code::LibrariesCurrent).about(how_many(libraries.processes))
        } else if libraries.unreadable > 0 {
            Draft::unknown(Code::LibrariesCurrent, Reason::NoRight)
        } else {
            Draft::pass(Code::LibrariesCurrent)
        }
    })
}

/// A body tells only whether there are any, and comes back as one.
fn how_many(processes: u32) -> String {
    if processes == 1 { "at least one process".to_owned() } else { format!("{processes} processes") }
}
