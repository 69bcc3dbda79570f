//! A timeline: the verdict at every instant, past and future. Pure data; nothing is re-run because a clock moved.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::claim::named;
use crate::time::Timestamp;

named! {
    /// What can be said of a device, or of one rule, at an instant.
    Verdict {
        /// Everything asked for is in order.
        Pass = "pass",
        /// The question does not arise.
        NotApplicable = "not-applicable",
        /// It could not be told. Never a pass.
        Unknown = "unknown",
        /// Something is not in order.
        Fail = "fail",
    }
}

/// A verdict from an instant until the next span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Span {
    /// First instant of the span; none for the span without a beginning.
    pub from: Option<Timestamp>,
    /// The verdict during it.
    pub verdict: Verdict,
}

const NO_TIMELINE: &str = "not a timeline: the first span has no beginning, the others ascend, and neighbours differ";

/// A verdict for every instant. The first span has no beginning, starts ascend strictly, and neighbours differ;
/// reading one from outside refuses every other shape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Timeline(Vec<Span>);

impl TryFrom<Vec<Span>> for Timeline {
    type Error = &'static str;

    fn try_from(spans: Vec<Span>) -> Result<Timeline, &'static str> {
        let begins = spans.first().is_some_and(|span| span.from.is_none());
        let ascends = |pair: &[Span]| matches!(pair, [a, b] if a.from < b.from && a.verdict != b.verdict);
        if begins && spans.windows(2).all(ascends) { Ok(Timeline(spans)) } else { Err(NO_TIMELINE) }
    }
}

impl<'de> Deserialize<'de> for Timeline {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Timeline, D::Error> {
        Timeline::try_from(Vec::<Span>::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// How many of several timelines say what at one instant.
#[derive(Default)]
struct Tally {
    pass: usize,
    not_applicable: usize,
    unknown: usize,
    fail: usize,
}

impl Tally {
    fn of(&self, verdict: Verdict) -> usize {
        match verdict {
            Verdict::Pass => self.pass,
            Verdict::NotApplicable => self.not_applicable,
            Verdict::Unknown => self.unknown,
            Verdict::Fail => self.fail,
        }
    }

    fn count(&mut self, verdict: Verdict) -> &mut usize {
        match verdict {
            Verdict::Pass => &mut self.pass,
            Verdict::NotApplicable => &mut self.not_applicable,
            Verdict::Unknown => &mut self.unknown,
            Verdict::Fail => &mut self.fail,
        }
    }

    fn add(&mut self, verdict: Verdict) {
        *self.count(verdict) += 1;
    }

    fn exchange(&mut self, change: &Change) {
        let before = self.count(change.before);
        *before = before.saturating_sub(1);
        self.add(change.after);
    }
}

/// One of several timelines turns.
struct Change {
    at: Option<Timestamp>,
    before: Verdict,
    after: Verdict,
}

impl Timeline {
    /// One verdict for all time.
    pub fn always(verdict: Verdict) -> Timeline {
        Timeline(vec![Span { from: None, verdict }])
    }

    /// This timeline, with another verdict from an instant on.
    #[must_use]
    pub fn then(mut self, from: Timestamp, verdict: Verdict) -> Timeline {
        self.0.retain(|span| span.from < Some(from));
        self.extend(Some(from), verdict);
        self
    }

    /// The spans, earliest first.
    pub fn spans(&self) -> &[Span] {
        &self.0
    }

    /// The verdict at an instant. Every instant has one.
    pub fn at(&self, instant: Timestamp) -> Verdict {
        let after = self.0.partition_point(|span| span.from <= Some(instant));
        self.0.get(after.saturating_sub(1)).map_or(Verdict::Unknown, |span| span.verdict)
    }

    /// The first instant after `instant` at which the verdict is another one.
    pub fn next_change(&self, instant: Timestamp) -> Option<Timestamp> {
        let after = self.0.partition_point(|span| span.from <= Some(instant));
        self.0.get(after).and_then(|span| span.from)
    }

    /// Folds timelines into one: at each instant `combine` may ask how many of them say what.
    ///
    /// One pass over all changes in the order of time, so that many findings cost no more than sorting their changes.
    pub fn fold<'a>(
        timelines: impl IntoIterator<Item = &'a Timeline>,
        combine: impl Fn(&dyn Fn(Verdict) -> usize) -> Verdict,
    ) -> Timeline {
        let mut tally = Tally::default();
        let mut changes = Vec::new();
        for timeline in timelines {
            timeline.0.first().into_iter().for_each(|span| tally.add(span.verdict));
            changes.extend(timeline.changes());
        }
        changes.sort_unstable_by_key(|change| change.at);
        let mut folded = Timeline::always(combine(&|verdict| tally.of(verdict)));
        for together in changes.chunk_by(|a, b| a.at == b.at) {
            together.iter().for_each(|change| tally.exchange(change));
            let at = together.first().and_then(|change| change.at);
            folded.extend(at, combine(&|verdict| tally.of(verdict)));
        }
        folded
    }

    fn changes(&self) -> impl Iterator<Item = Change> {
        self.0.iter().zip(self.0.iter().skip(1)).map(|(before, after)| Change {
            at: after.from,
            before: before.verdict,
            after: after.verdict,
        })
    }

    /// Adds a span after all others, unless it says the same as the last.
    fn extend(&mut self, from: Option<Timestamp>, verdict: Verdict) {
        if self.0.last().map(|span| span.verdict) != Some(verdict) {
            self.0.push(Span { from, verdict });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn spans_answer_for_every_instant() {
        let line = Timeline::always(Verdict::Unknown).then(t(10), Verdict::Pass).then(t(20), Verdict::Fail);
        let seen: Vec<_> = [i64::MIN, 9, 10, 19, 20, i64::MAX].iter().map(|&s| line.at(t(s))).collect();
        use Verdict::{Fail, Pass, Unknown};
        assert_eq!(seen, [Unknown, Unknown, Pass, Pass, Fail, Fail]);
        assert_eq!(line.next_change(t(10)), Some(t(20)));
        assert_eq!(line.next_change(t(20)), None);
    }

    #[test]
    fn a_later_word_replaces_what_stood_after_it() {
        let line = Timeline::always(Verdict::Unknown).then(t(20), Verdict::Fail).then(t(10), Verdict::Pass);
        assert_eq!(line.spans().len(), 2);
        assert_eq!(line.at(t(30)), Verdict::Pass);
    }

    #[test]
    fn a_fold_sees_every_timeline_at_every_instant() {
        use Verdict::{Fail, Pass, Unknown};
        let a = Timeline::always(Unknown).then(t(10), Pass).then(t(30), Fail);
        let b = Timeline::always(Unknown).then(t(10), Pass).then(t(20), Unknown);
        let worst = |how_many: &dyn Fn(Verdict) -> usize| {
            [Fail, Unknown].into_iter().find(|&verdict| how_many(verdict) > 0).unwrap_or(Pass)
        };
        let both = Timeline::fold([&a, &b], worst);
        assert_eq!(both, Timeline::always(Unknown).then(t(10), Pass).then(t(20), Unknown).then(t(30), Fail));
        assert_eq!(Timeline::fold([], worst), Timeline::always(Pass));
    }

    #[test]
    fn only_spans_that_answer_for_every_instant_are_read() {
        let span = |from: Option<i64>, verdict| Span { from: from.map(t), verdict };
        use Verdict::{Fail, Pass};
        assert!(Timeline::try_from(vec![span(None, Pass), span(Some(1), Fail)]).is_ok());
        for spans in [
            vec![],
            vec![span(Some(1), Pass)],
            vec![span(None, Pass), span(None, Fail)],
            vec![span(None, Pass), span(Some(1), Pass)],
            vec![span(None, Pass), span(Some(2), Fail), span(Some(1), Pass)],
        ] {
            assert_eq!(Timeline::try_from(spans), Err(NO_TIMELINE));
        }
    }
}
