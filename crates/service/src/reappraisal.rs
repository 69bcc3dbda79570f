//! Re-appraisal: when a policy or the catalog changed, what each body in use amounts to now is worked out, once for each
//! body however many devices sent it. Until then nothing is wrong: whoever asks for a body's appraisal makes it. This
//! makes them all, ahead of the asking, in steps that hold no lock for long.

use seaworthy_model::{DAY, Timestamp};
use seaworthy_protocol::Digest;

use crate::appraiser::{Appraiser, Inspected};
use crate::directory::View;
use crate::error::Error;
use crate::id::Id;
use crate::ports::{Records, Store, Tallied, read, write};

/// Bodies for one transaction.
const STEP: usize = 250;

/// Appraises every body in use by the policies in force and the catalog. Returns how many inspections were looked at;
/// `progress` is told after each step.
pub fn reappraise(
    store: &dyn Store,
    view: &View,
    appraiser: &Appraiser,
    at: Timestamp,
    mut progress: impl FnMut(usize, usize),
) -> Result<usize, Error> {
    let organisation = view.organisation.id;
    let root = view.tree.root();
    let groups = read(store, |records| Ok::<_, Error>(records.tally(organisation, root)?))?;
    let wanted = wanted(&groups);
    for (done, chunk) in wanted.chunks(STEP).enumerate() {
        write(store, |records| step(records, view, appraiser, chunk, at))?;
        progress(done.saturating_mul(STEP).saturating_add(chunk.len()), wanted.len());
    }
    Ok(wanted.len())
}

/// The bodies of groups, with their areas, at the ends of their days.
fn wanted(groups: &[Tallied]) -> Vec<(Id, Inspected)> {
    let of_group = |tallied: &Tallied| {
        let (area, body, day) = (tallied.group.area, tallied.group.body?, tallied.group.day);
        let (first, last) = ends(day);
        Some([(area, (body, first)), (area, (body, last))])
    };
    let mut wanted: Vec<(Id, Inspected)> = groups.iter().filter_map(of_group).flatten().collect();
    wanted.sort_unstable();
    wanted.dedup();
    wanted
}

/// The first and the last second of a day.
pub(crate) fn ends(day: i64) -> (Timestamp, Timestamp) {
    let first = day.saturating_mul(DAY);
    (Timestamp::from_seconds(first), Timestamp::from_seconds(first.saturating_add(DAY - 1)))
}

fn step(
    records: &mut dyn Records,
    view: &View,
    appraiser: &Appraiser,
    chunk: &[(Id, Inspected)],
    at: Timestamp,
) -> Result<(), Error> {
    for of_area in chunk.chunk_by(|a, b| a.0 == b.0) {
        let Some(document) = of_area.first().and_then(|(area, _)| view.in_force(*area, at)) else { continue };
        let inspected: Vec<(Digest, Timestamp)> = of_area.iter().map(|(_, inspected)| *inspected).collect();
        appraiser.verdicts(records, view, document, &inspected)?;
    }
    Ok(())
}
