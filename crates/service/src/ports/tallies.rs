//! Tallies: how many active devices of a unit, and of all below it, have which body, inspected on which day. Kept up with
//! each report, so that counts by verdict are a sum over groups and never a scan over devices.

use seaworthy_protocol::Digest;

use super::Fault;
use crate::id::Id;

/// Devices that are alike: one policy, one body, one day of inspection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Group {
    /// The unit whose assignment decides the policy of these devices.
    pub area: Id,
    /// Their body; none for devices without evidence.
    pub body: Option<Digest>,
    /// The day of their inspection, in whole days since 1970 (UTC); 0 without evidence.
    pub day: i64,
}

/// How many devices of a group a unit has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tallied {
    /// The group.
    pub group: Group,
    /// How many.
    pub devices: u64,
}

/// Tallies.
pub trait Tallies {
    /// Changes how many devices of a group a unit counts, its own and those below it. `hour` is the whole hour since
    /// 1970 of the change: the state at the end of each hour stays known.
    fn shift(&mut self, organisation: Id, hour: i64, shifts: &[(Id, Group, i64)]) -> Result<(), Fault>;
    /// The groups of a unit now.
    fn tally(&mut self, organisation: Id, unit: Id) -> Result<Vec<Tallied>, Fault>;
    /// The groups of a unit as they stood at the end of an hour.
    fn tally_at(&mut self, organisation: Id, unit: Id, hour: i64) -> Result<Vec<Tallied>, Fault>;
    /// Works all tallies of an organisation out anew, from the devices' standings. `paths` gives for each unit its area
    /// and itself with the units above it. Returns how many devices were counted.
    fn retally(&mut self, organisation: Id, hour: i64, paths: &[(Id, Id, Vec<Id>)]) -> Result<u64, Fault>;
}
