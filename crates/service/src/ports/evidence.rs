//! Bodies, readings of them, their appraisals, and the stamps that came of it.

use seaworthy_model::Timestamp;
use seaworthy_protocol::{Digest, Leaf};

use super::Fault;
use crate::access::Access;
use crate::id::Id;

/// A body. Kept once for all devices that sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyRecord {
    /// The organisation.
    pub organisation: Id,
    /// SHA-256 of the bytes.
    pub digest: Digest,
    /// Its deterministic CBOR.
    pub bytes: Vec<u8>,
}

/// One report of a device. Never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The organisation.
    pub organisation: Id,
    /// The device.
    pub device: Digest,
    /// The counter of the message.
    pub counter: u64,
    /// SHA-256 of the sealed envelope.
    pub message: Digest,
    /// When it came in.
    pub received_at: Timestamp,
    /// When the device says that it inspected.
    pub device_time: Timestamp,
    /// The instant for which it is appraised.
    pub inspected_at: Timestamp,
    /// Its nonce was live.
    pub live: bool,
    /// SHA-256 of the body.
    pub body: Digest,
    /// The sealed envelope, as the device signed it.
    pub envelope: Vec<u8>,
    /// Its leaf of the log; none for one that is older than the log.
    pub leaf: Option<Leaf>,
}

/// Where the status of a stamp stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StatusPlace {
    /// The number of the status list.
    pub list: u32,
    /// The place in it.
    pub place: u32,
}

/// A stamp that was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StampRecord {
    /// The organisation.
    pub organisation: Id,
    /// The stamp's id.
    pub id: Id,
    /// The device it was issued to.
    pub device: Digest,
    /// SHA-256 of the policy.
    pub policy: Digest,
    /// From when it stands.
    pub issued_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
    /// What its signature covers: its `Sig_structure`. Empty for one that is older than the log, and once its device is
    /// erased.
    pub signed: Vec<u8>,
    /// Where its status stands; none for one that is older than status lists.
    pub status: Option<StatusPlace>,
    /// Its leaf of the log; none for one that is older than the log, and once its device is erased.
    pub leaf: Option<Leaf>,
}

/// What a body, a policy and a catalog together say, for inspections within a span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAppraisal {
    /// The organisation.
    pub organisation: Id,
    /// SHA-256 of the body.
    pub body: Digest,
    /// SHA-256 of the policy.
    pub policy: Digest,
    /// SHA-256 of the catalog.
    pub catalog: Digest,
    /// First instant of inspection for which it holds.
    pub from: Timestamp,
    /// First instant for which it does not hold any more.
    pub until: Timestamp,
    /// Deterministic CBOR of the `SharedAppraisal`.
    pub bytes: Vec<u8>,
}

/// Evidence and what came of it.
pub trait EvidenceRecords {
    /// Adds bodies; those that are there stay.
    fn add_bodies(&mut self, bodies: &[BodyRecord]) -> Result<(), Fault>;
    /// The bytes of bodies, for appraisal, in any order; unknown ones are left out.
    fn bodies(&mut self, organisation: Id, digests: &[Digest]) -> Result<Vec<BodyRecord>, Fault>;
    /// Adds readings; one of the same device and counter stays.
    fn add_readings(&mut self, readings: &[Reading]) -> Result<(), Fault>;
    /// The SHA-256 of the sealed envelope that a device sent under a counter.
    fn message_of(&mut self, organisation: Id, device: &Digest, counter: u64) -> Result<Option<Digest>, Fault>;
    /// The readings of a device that came in before an instant, newest first, at most `limit`.
    fn readings(&mut self, access: &Access, before: Timestamp, limit: u32) -> Result<Vec<Reading>, Fault>;
    /// Adds appraisals; those of the same body, policy, catalog and span stay.
    fn add_appraisals(&mut self, appraisals: &[StoredAppraisal]) -> Result<(), Fault>;
    /// All appraisals of a policy and a catalog for these bodies.
    fn appraisals(
        &mut self,
        organisation: Id,
        policy: &Digest,
        catalog: &Digest,
        bodies: &[Digest],
    ) -> Result<Vec<StoredAppraisal>, Fault>;
    /// Adds stamps; one of the same id stays.
    fn add_stamps(&mut self, stamps: &[StampRecord]) -> Result<(), Fault>;
    /// The stamps of a device, newest first, at most `limit`.
    fn stamps(&mut self, access: &Access, limit: u32) -> Result<Vec<StampRecord>, Fault>;
    /// A stamp that a device was issued at an instant, for the exchange with that device.
    fn stamp_of(
        &mut self,
        organisation: Id,
        device: &Digest,
        issued_at: Timestamp,
        id: Id,
    ) -> Result<Option<StampRecord>, Fault>;
    /// When each offer was first seen on any device of the organisation. Those that are not there yet are added with the
    /// instant given; those that are there keep theirs. An offer is named `PACKAGE:ARCHITECTURE CANDIDATE`.
    fn first_seen(&mut self, organisation: Id, seen: &[(String, Timestamp)])
    -> Result<Vec<(String, Timestamp)>, Fault>;
}
