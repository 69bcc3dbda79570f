//! A draft: what one rule says of one subject, before the limits of the evidence itself are laid over it.

use seaworthy_model::{
    Claim, Code, DateSource, Dated, Finding, Fix, Interval, Reason, Severity, Timeline, Timestamp, Verdict,
};

use serde::{Deserialize, Serialize};

use crate::fix;

/// The span of time in which evidence says anything.
pub(crate) struct Window {
    /// The inspection: nothing is known before it.
    pub(crate) from: Timestamp,
    /// The evidence grew stale: nothing is known from here on.
    pub(crate) until: Timestamp,
    /// The clock was right; else nothing is known at all.
    pub(crate) clock_is_right: bool,
}

/// What one rule says of one subject, whenever it was inspected within a span of instants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Draft {
    code: Code,
    subject: Option<String>,
    /// The verdict at the inspection.
    first: Verdict,
    /// Later verdicts. Each replaces what was said for its instant and after; one before the inspection counts there.
    turns: [Option<(Timestamp, Verdict)>; 2],
    reason: Option<Reason>,
    since: Option<Interval>,
    due: Option<Timestamp>,
    fix: Option<Fix>,
}

impl Draft {
    fn new(code: Code, first: Verdict, reason: Option<Reason>) -> Draft {
        Draft { code, subject: None, first, turns: [None, None], reason, since: None, due: None, fix: None }
    }

    pub(crate) fn pass(code: Code) -> Draft {
        Draft::new(code, Verdict::Pass, None)
    }

    pub(crate) fn fail(code: Code) -> Draft {
        Draft::new(code, Verdict::Fail, None)
    }

    pub(crate) fn pass_if(code: Code, in_order: bool) -> Draft {
        if in_order { Draft::pass(code) } else { Draft::fail(code) }
    }

    pub(crate) fn unknown(code: Code, reason: Reason) -> Draft {
        Draft::new(code, Verdict::Unknown, Some(reason))
    }

    /// Unknown because dates are: no reason of the catalogue, the interval tells it.
    pub(crate) fn undated(code: Code) -> Draft {
        Draft::new(code, Verdict::Unknown, None)
    }

    pub(crate) fn not_applicable(code: Code, reason: Option<Reason>) -> Draft {
        Draft::new(code, Verdict::NotApplicable, reason)
    }

    pub(crate) fn about(mut self, subject: impl Into<String>) -> Draft {
        self.subject = Some(subject.into());
        self
    }

    /// Another verdict from an instant on. The earlier turn is named first; there is room for two.
    pub(crate) fn turning(mut self, at: Timestamp, verdict: Verdict) -> Draft {
        if let Some(free) = self.turns.iter_mut().find(|turn| turn.is_none()) {
            *free = Some((at, verdict));
        }
        self
    }

    /// A fail from this instant on, which is its due date.
    pub(crate) fn failing(self, at: Timestamp) -> Draft {
        Draft { due: Some(at), ..self.turning(at, Verdict::Fail) }
    }

    pub(crate) fn since(self, since: Interval) -> Draft {
        Draft { since: Some(since), ..self }
    }

    pub(crate) fn mended_by(self, fix: Fix) -> Draft {
        Draft { fix: Some(fix), ..self }
    }

    /// The finding, as far as the evidence reaches.
    pub(crate) fn finding(self, severity: Severity, window: &Window) -> Finding {
        if !window.clock_is_right {
            return self.under_a_wrong_clock(severity);
        }
        let timeline = self.timeline(window);
        let lapse = timeline.spans().iter().any(|span| span.verdict == Verdict::Fail);
        let fix = self.fix.or_else(|| match self.reason {
            Some(reason) if self.first != Verdict::NotApplicable => Some(fix::of_reason(reason)),
            _ if lapse => Some(fix::of_code(self.code)),
            _ => None,
        });
        // A lapse without a date of its own stands since this inspection at the latest, and is due.
        let undated = self.first == Verdict::Fail && self.since.is_none();
        let seen = Dated { at: window.from, from: DateSource::Inspection };
        let Draft { code, subject, reason, since, due, .. } = self;
        let since = since.or(undated.then_some(Interval { not_before: None, by: Some(seen) }));
        let due = due.or(undated.then_some(window.from));
        Finding { code, subject, severity, timeline, reason, since, due, fix }
    }

    /// The verdicts, as if evidence reached everywhere. From an inspection on they are the finding's.
    pub(crate) fn course(&self) -> Timeline {
        let turns = self.turns.iter().flatten();
        turns.fold(Timeline::always(self.first), |course, &(at, verdict)| course.then(at, verdict))
    }

    fn timeline(&self, window: &Window) -> Timeline {
        let mut timeline = Timeline::always(Verdict::Unknown).then(window.from, self.first);
        for &(at, verdict) in self.turns.iter().flatten() {
            timeline = timeline.then(at.max(window.from), verdict);
        }
        timeline.then(window.until, Verdict::Unknown)
    }

    fn under_a_wrong_clock(self, severity: Severity) -> Finding {
        Finding {
            code: self.code,
            subject: self.subject,
            severity,
            timeline: Timeline::always(Verdict::Unknown),
            reason: Some(Reason::ClockWrong),
            since: None,
            due: None,
            fix: Some(fix::of_reason(Reason::ClockWrong)),
        }
    }
}

/// What a known claim says, or the draft of one that is not known.
pub(crate) fn known<T>(claim: &Claim<T>, code: Code) -> Result<&T, Box<Draft>> {
    match claim {
        Claim::Known { value, .. } => Ok(value),
        Claim::NotApplicable { reason, .. } => Err(Box::new(Draft::not_applicable(code, Some(*reason)))),
        Claim::Unknown { reason, .. } => Err(Box::new(Draft::unknown(code, *reason))),
    }
}

/// The draft of a rule that judges one claim as a whole.
pub(crate) fn judged<T>(claim: &Claim<T>, code: Code, judge: impl FnOnce(&T) -> Draft) -> Draft {
    known(claim, code).map_or_else(|draft| *draft, judge)
}
