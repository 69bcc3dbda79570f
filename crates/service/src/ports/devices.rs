//! Devices: what the exchange with them needs (their standing), and what people read of them (with recorded access).

use schemars::JsonSchema;
use seaworthy_model::{Timestamp, named};
use seaworthy_protocol::{Digest, Head};
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::access::{Access, SetAccess};
use crate::id::Id;

named! {
    /// Where a device stands with its organisation.
    DeviceState {
        /// It waits for approval.
        Waiting = "waiting",
        /// It is enrolled.
        Active = "active",
        /// Its key was used twice: a clone, or a restored snapshot.
        Forked = "forked",
        /// Another device took its place.
        Replaced = "replaced",
        /// It was revoked.
        Revoked = "revoked",
        /// It left; its data is erased.
        Left = "left",
    }
}

/// The newest evidence of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Current {
    /// SHA-256 of the body.
    pub body: Digest,
    /// The instant for which it is appraised: the device's own, held between the nonce and the receipt.
    pub inspected_at: Timestamp,
    /// When it came in.
    pub received_at: Timestamp,
}

/// What the exchange with a device needs to know of it. Read and written by the exchange alone, never shown to people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its organisation.
    pub organisation: Id,
    /// SHA-256 of its key.
    pub device: Digest,
    /// Its public key.
    pub key: [u8; 32],
    /// Its unit.
    pub unit: Id,
    /// How it stands.
    pub state: DeviceState,
    /// The counter of its newest message.
    pub counter: u64,
    /// SHA-256 of that message, sealed.
    pub message: Digest,
    /// The answer to that message, to be given again: deterministic CBOR of the acknowledgement.
    pub answer: Vec<u8>,
    /// What its next evidence must carry to be live.
    pub nonce: Digest,
    /// When that nonce was given out.
    pub nonce_at: Timestamp,
    /// The head of its ledger.
    pub ledger: Head,
    /// Number of the newest set read that is told in its ledger.
    pub listed: u64,
    /// Its newest evidence.
    pub current: Option<Current>,
    /// The stamp that its newest message brought.
    pub stamp: Option<Id>,
}

/// What people know a device by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// Its organisation.
    pub organisation: Id,
    /// SHA-256 of its key.
    pub device: Digest,
    /// A name for it, if the holder typed one.
    pub name: Option<String>,
    /// The holder, if they typed that.
    pub holder: Option<String>,
    /// The holder's account, if the enrolment token named one.
    pub person: Option<Id>,
    /// When it was enrolled.
    pub enrolled_at: Timestamp,
    /// The device that it replaces, or asks to.
    pub replaces: Option<Digest>,
}

/// A device as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedDevice {
    /// What it is known by.
    pub identity: Identity,
    /// Its unit.
    pub unit: Id,
    /// How it stands.
    pub state: DeviceState,
    /// Its newest evidence; as of an instant, the newest that had come in by then.
    pub current: Option<Current>,
}

/// Which devices of a set to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceQuery<'a> {
    /// In these units.
    pub units: &'a [Id],
    /// Only those in one state.
    pub state: Option<DeviceState>,
    /// Only those of this person.
    pub person: Option<Id>,
    /// After this device, in the order of device ids.
    pub after: Option<Digest>,
    /// At most so many.
    pub limit: u32,
    /// With the evidence as of this instant: of what had come in by then. `None` is now.
    pub as_of: Option<Timestamp>,
}

/// Devices.
pub trait Devices {
    /// Where devices stand, in any order; unknown ones are left out. The rows are locked until the transaction ends.
    fn standings(&mut self, organisation: Id, devices: &[Digest]) -> Result<Vec<Standing>, Fault>;
    /// Adds standings, or replaces those of the same devices.
    fn put_standings(&mut self, standings: &[Standing]) -> Result<(), Fault>;
    /// Adds what a device is known by, or replaces it.
    fn put_identity(&mut self, identity: &Identity) -> Result<(), Fault>;
    /// What a device is known by.
    fn identity(&mut self, access: &Access) -> Result<Option<Identity>, Fault>;
    /// A page of devices, in the order of device ids.
    fn devices(&mut self, access: &SetAccess, query: &DeviceQuery<'_>) -> Result<Vec<ListedDevice>, Fault>;
    /// How many devices of a unit itself are in each state: whether it can be removed, what waits for approval.
    fn states(&mut self, organisation: Id, unit: Id) -> Result<Vec<(DeviceState, u64)>, Fault>;
    /// The unit of a device, if there is such a device: whether somebody may look at all.
    fn unit_of(&mut self, organisation: Id, device: &Digest) -> Result<Option<(Id, Option<Id>)>, Fault>;
    /// Erases what a device is known by, its readings with their envelopes, its ledger's entries, and of its stamps what
    /// was signed; with them the salts of their leaves. Standing, ledger head, and the stamps' ids, policies, dates and
    /// places in status lists stay.
    fn erase(&mut self, organisation: Id, device: &Digest) -> Result<(), Fault>;
}
