//! Keeping the tallies: what each change of a device means for its unit and the units above it, summed over a batch.

use std::collections::BTreeMap;

use seaworthy_model::Timestamp;

use crate::directory::View;
use crate::error::Error;
use crate::id::Id;
use crate::intake::group;
use crate::ports::{Current, DeviceState, Group, Records, Standing};

/// Changes of tallies, by unit and group. Only active devices count.
#[derive(Debug, Default)]
pub(crate) struct Shifts(BTreeMap<(Id, Group), i64>);

impl Shifts {
    /// A device that was active is active no more.
    pub(crate) fn leaves(&mut self, view: &View, standing: &Standing) {
        if standing.state == DeviceState::Active {
            self.count(view, standing.unit, standing.current, -1);
        }
    }

    /// A device is active from now on. Its standing says so already.
    pub(crate) fn comes(&mut self, view: &View, standing: &Standing) {
        if standing.state == DeviceState::Active {
            self.count(view, standing.unit, standing.current, 1);
        }
    }

    /// An active device has other evidence from now on.
    pub(crate) fn moves(&mut self, view: &View, standing: &Standing, current: Option<Current>) {
        self.count(view, standing.unit, standing.current, -1);
        self.count(view, standing.unit, current, 1);
    }

    fn count(&mut self, view: &View, unit: Id, current: Option<Current>, by: i64) {
        let group = group(view, unit, current);
        for above in view.tree.path(unit) {
            let sum = self.0.entry((above, group)).or_default();
            *sum = sum.saturating_add(by);
        }
    }

    /// Writes what is left when everything is summed up.
    pub(crate) fn write(self, records: &mut dyn Records, organisation: Id, at: Timestamp) -> Result<(), Error> {
        let changed = self.0.into_iter().filter(|(_, by)| *by != 0);
        let shifts: Vec<(Id, Group, i64)> = changed.map(|((unit, group), by)| (unit, group, by)).collect();
        if shifts.is_empty() {
            return Ok(());
        }
        Ok(records.shift(organisation, hour(at), &shifts)?)
    }
}

/// The whole hour since 1970.
pub(crate) fn hour(at: Timestamp) -> i64 {
    at.seconds().div_euclid(3600)
}
