//! Counts by verdict: a sum over the groups of a unit's tally, now or as of an hour of the past.
//!
//! A group knows the day of its inspections, not their seconds. Where the two ends of that day lead to different verdicts
//! the graver one is counted (fail, then unknown, then pass), so that a count never shows a pass that is none.

use schemars::JsonSchema;
use seaworthy_model::{Timestamp, Verdict};
use seaworthy_protocol::Digest;
use serde::Serialize;

use crate::appraiser::{Appraiser, Inspected};
use crate::directory::{Document, View};
use crate::error::Error;
use crate::id::Id;
use crate::ports::{Records, Tallied};
use crate::reappraisal::ends;
use crate::tally::hour;

/// How many devices of a unit, and of all below it, stand how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counts {
    /// They pass.
    pub pass: u64,
    /// They fail.
    pub fail: u64,
    /// It cannot be told, or the evidence grew stale.
    pub unknown: u64,
    /// They never sent evidence, or no policy is in force for them. Never a pass.
    pub not_inspected: u64,
}

impl Counts {
    fn add(&mut self, verdict: Option<Verdict>, devices: u64) {
        let count = match verdict {
            Some(Verdict::Pass) => &mut self.pass,
            Some(Verdict::Fail) => &mut self.fail,
            Some(Verdict::Unknown | Verdict::NotApplicable) => &mut self.unknown,
            None => &mut self.not_inspected,
        };
        *count = count.saturating_add(devices);
    }
}

/// Counts a unit at an instant; past ones as they stood at the end of that hour.
pub fn counts(
    records: &mut dyn Records,
    view: &View,
    appraiser: &Appraiser,
    unit: Id,
    at: Timestamp,
    now: Timestamp,
) -> Result<Counts, Error> {
    let organisation = view.organisation.id;
    let groups = if hour(at) < hour(now) {
        records.tally_at(organisation, unit, hour(at))?
    } else {
        records.tally(organisation, unit)?
    };
    let mut counts = Counts::default();
    let mut by_area = groups;
    by_area.sort_unstable_by_key(|tallied| tallied.group);
    for of_area in by_area.chunk_by(|a, b| a.group.area == b.group.area) {
        area(records, view, appraiser, of_area, at, &mut counts)?;
    }
    Ok(counts)
}

fn area(
    records: &mut dyn Records,
    view: &View,
    appraiser: &Appraiser,
    groups: &[Tallied],
    at: Timestamp,
    counts: &mut Counts,
) -> Result<(), Error> {
    let document = groups.first().and_then(|tallied| view.in_force(tallied.group.area, at));
    let Some(document) = document else {
        groups.iter().for_each(|tallied| counts.add(None, tallied.devices));
        return Ok(());
    };
    let verdicts = verdicts(records, view, appraiser, document, groups, at)?;
    groups.iter().zip(verdicts).for_each(|(tallied, verdict)| counts.add(verdict, tallied.devices));
    Ok(())
}

/// The verdict of each group; none for those without evidence.
fn verdicts(
    records: &mut dyn Records,
    view: &View,
    appraiser: &Appraiser,
    document: &Document,
    groups: &[Tallied],
    at: Timestamp,
) -> Result<Vec<Option<Verdict>>, Error> {
    let bounds = |body: Digest, day: i64| {
        let (first, last) = ends(day);
        // Nothing is inspected after the instant that is asked about.
        [(body, first.min(at)), (body, last.min(at))]
    };
    let with_body = groups.iter().filter_map(|tallied| Some(bounds(tallied.group.body?, tallied.group.day)));
    let wanted: Vec<Inspected> = with_body.flatten().collect();
    let found = appraiser.verdicts(records, view, document, &wanted)?;
    let ends: Vec<Verdict> = wanted
        .iter()
        .zip(&found)
        .map(|((_, inspected), found)| {
            found.as_ref().and_then(|found| found.verdict_at(*inspected, at)).unwrap_or(Verdict::Unknown)
        })
        .collect();
    let mut pairs = ends.chunks(2).map(graver);
    Ok(groups.iter().map(|tallied| tallied.group.body.and_then(|_| pairs.next())).collect())
}

fn graver(ends: &[Verdict]) -> Verdict {
    let graver_first = [Verdict::Fail, Verdict::Unknown, Verdict::NotApplicable];
    graver_first.into_iter().find(|verdict| ends.contains(verdict)).unwrap_or(Verdict::Pass)
}
