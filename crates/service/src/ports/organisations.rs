//! Organisations, their keys and their units.

use schemars::JsonSchema;
use seaworthy_model::Timestamp;
use seaworthy_protocol::{Digest, Leaf};
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::id::Id;

/// An organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Organisation {
    /// Its id.
    pub id: Id,
    /// Its name, as its people and holders know it.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A key that speaks for an organisation. The first has no successor message; each later one was signed by the one
/// before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// Whose it is.
    pub organisation: Id,
    /// Its place in the chain, from 0.
    pub place: u32,
    /// SHA-256 of the public key.
    pub id: Digest,
    /// The public key.
    pub key: [u8; 32],
    /// The sealed `Successor` that the key before it signed; empty for the first.
    pub successor: Vec<u8>,
    /// Since when.
    pub since: Timestamp,
    /// From when on nothing that it signed may be believed.
    pub revoked_at: Option<Timestamp>,
    /// The leaf of its newest change in the log; none for one that is older than the log.
    pub leaf: Option<Leaf>,
}

/// A part of an organisation. Units form a tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unit {
    /// Whose it is.
    pub organisation: Id,
    /// Its id.
    pub id: Id,
    /// The unit above it; none for the root.
    pub parent: Option<Id>,
    /// Its name.
    pub name: String,
}

/// Organisations, keys and units. There are few of them.
pub trait Organisations {
    /// A number that grows with every transaction that changes what the directory holds: organisations, keys, units,
    /// policies, assignments, catalogs, webhooks, logs. In a transaction that writes it MUST count all that is committed
    /// up to this moment; what the transaction itself changed is not counted.
    fn directory_version(&mut self) -> Result<u64, Fault>;
    /// Lets nobody else change what the directory holds of an organisation until the transaction ends: whoever wants to
    /// waits here, or at the change.
    fn hold_directory(&mut self, organisation: Id) -> Result<(), Fault>;
    /// All organisations.
    fn organisations(&mut self) -> Result<Vec<Organisation>, Fault>;
    /// Adds one.
    fn add_organisation(&mut self, organisation: &Organisation) -> Result<(), Fault>;
    /// All keys of all organisations, in the order of their chains.
    fn keys(&mut self) -> Result<Vec<KeyRecord>, Fault>;
    /// Adds a key, or replaces the record of the same organisation and place.
    fn put_key(&mut self, key: &KeyRecord) -> Result<(), Fault>;
    /// All units of an organisation.
    fn units(&mut self, organisation: Id) -> Result<Vec<Unit>, Fault>;
    /// Adds a unit, or replaces the record of the same id.
    fn put_unit(&mut self, unit: &Unit) -> Result<(), Fault>;
    /// Removes a unit. The caller has seen to it that nothing is in it.
    fn remove_unit(&mut self, organisation: Id, unit: Id) -> Result<(), Fault>;
}
