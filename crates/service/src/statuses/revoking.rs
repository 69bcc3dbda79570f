//! Taking stamps back.

use std::collections::BTreeMap;

use seaworthy_model::Timestamp;
use seaworthy_protocol::RevocationReason;

use crate::error::Error;
use crate::id::Id;
use crate::ports::{Records, Revocation, StampRecord, Standing, StatusPlace};

/// The revocations of all stamps of a device that have not ended; those of a batch that is not written yet are among them.
pub(crate) fn of_device(
    records: &mut dyn Records,
    device: &Standing,
    unwritten: &[StampRecord],
    reason: RevocationReason,
    at: Timestamp,
) -> Result<Vec<Revocation>, Error> {
    let mut stamps = records.stamps_in_force(device.organisation, &device.device, at)?;
    stamps.extend(unwritten.iter().filter(|stamp| stamp.device == device.device).cloned());
    of_stamps(records, device.organisation, &stamps, reason, at)
}

/// The revocations of stamps; those that are older than status lists have none.
pub(crate) fn of_stamps(
    records: &mut dyn Records,
    organisation: Id,
    stamps: &[StampRecord],
    reason: RevocationReason,
    at: Timestamp,
) -> Result<Vec<Revocation>, Error> {
    if stamps.iter().all(|stamp| stamp.status.is_none()) {
        return Ok(Vec::new());
    }
    let lists = records.status_lists(organisation)?.into_iter();
    let addresses: BTreeMap<u32, String> = lists.map(|list| (list.number, list.address)).collect();
    let listed = stamps.iter().filter_map(|stamp| Some((stamp, stamp.status?)));
    let revocation = |(stamp, status): (&StampRecord, StatusPlace)| {
        let missing = || Error::damaged(format!("there is no status list {}", status.list));
        Ok(Revocation {
            organisation,
            status,
            address: addresses.get(&status.list).cloned().ok_or_else(missing)?,
            stamp: stamp.id,
            device: stamp.device,
            reason,
            at,
            leaf: None,
        })
    };
    listed.map(revocation).collect()
}
