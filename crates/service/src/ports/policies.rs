//! Policy documents, where they are in force, and the server's catalog.

use schemars::JsonSchema;
use seaworthy_model::Timestamp;
use seaworthy_protocol::{Digest, Leaf};
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::id::Id;

/// A policy document of an organisation. Never changed, never removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PolicyRecord {
    /// Whose it is.
    pub organisation: Id,
    /// Its number, counted up from 1.
    pub sequence: u64,
    /// SHA-256 of the document's deterministic CBOR: its content address.
    pub digest: Digest,
    /// SHA-256 of the policy inside, as stamps name it.
    pub policy: Digest,
    /// The policy's name.
    pub name: String,
    /// When it was signed.
    pub issued_at: Timestamp,
    /// The sealed `PolicyDocument`.
    #[serde(skip)]
    #[schemars(skip)]
    pub sealed: Vec<u8>,
    /// Its leaf of the log; none for one that is older than the log.
    #[serde(skip)]
    #[schemars(skip)]
    pub leaf: Option<Leaf>,
}

/// A policy document is in force for a unit, and for what is below it without one of its own, since an instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Assignment {
    /// The organisation.
    pub organisation: Id,
    /// The unit.
    pub unit: Id,
    /// Since when.
    pub since: Timestamp,
    /// The document's number.
    pub sequence: u64,
    /// Its leaf of the log; none for one that is older than the log.
    #[serde(skip)]
    #[schemars(skip)]
    pub leaf: Option<Leaf>,
}

/// A version of the server's catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogRecord {
    /// Whose it is.
    pub organisation: Id,
    /// SHA-256 of its deterministic CBOR.
    pub digest: Digest,
    /// Since when it is in force.
    pub since: Timestamp,
    /// Its deterministic CBOR.
    pub bytes: Vec<u8>,
    /// Its leaf of the log; none for one that is older than the log.
    pub leaf: Option<Leaf>,
}

/// Policies, assignments and catalogs. There are few; their history is kept, so that the past can be told.
pub trait Policies {
    /// Adds a policy document. A sequence that exists is a [`Fault::Conflict`].
    fn add_policy(&mut self, policy: &PolicyRecord) -> Result<(), Fault>;
    /// All policy documents of an organisation, oldest first.
    fn policies(&mut self, organisation: Id) -> Result<Vec<PolicyRecord>, Fault>;
    /// Adds an assignment.
    fn add_assignment(&mut self, assignment: &Assignment) -> Result<(), Fault>;
    /// All assignments of an organisation, past ones too, oldest first.
    fn assignments(&mut self, organisation: Id) -> Result<Vec<Assignment>, Fault>;
    /// Adds a catalog; one of the same digest and instant stays.
    fn add_catalog(&mut self, catalog: &CatalogRecord) -> Result<(), Fault>;
    /// All catalogs of an organisation, oldest first, without their bytes.
    fn catalogs(&mut self, organisation: Id) -> Result<Vec<CatalogRecord>, Fault>;
    /// The bytes of a catalog.
    fn catalog(&mut self, organisation: Id, digest: &Digest) -> Result<Option<Vec<u8>>, Fault>;
}
