//! What the server answers a device, as JSON. What counts in it is sealed; the rest is for the holder to read.

use schemars::JsonSchema;
use seaworthy_model::Appraisal;
use serde::{Deserialize, Serialize};

use crate::leaf::{Leaf, SetReadLeaf};
use crate::ledger::Entry;
use crate::octets::{Digest, Octets};

/// What a device asks before it enrols: what would I agree to?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferRequest {
    /// SHA-256 of the organisation's key, as the link names it.
    pub organisation: Digest,
    /// The token of the link.
    pub token: Octets,
}

/// What a device would agree to by enrolling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OfferAnswer {
    /// The organisation's name.
    pub organisation: String,
    /// Its first key, whose SHA-256 the link names.
    pub key: Octets,
    /// The keys after it, oldest first: each a sealed `Successor`.
    pub successors: Vec<Octets>,
    /// The unit that the device would come into.
    pub unit: String,
    /// The sealed `PolicyDocument` that it would be held to.
    pub policy: Octets,
    /// It would wait for approval.
    pub waits: bool,
    /// What the organisation keeps when the device leaves.
    pub kept_when_leaving: String,
}

/// The answer to an enrolment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnrolmentAnswer {
    /// The sealed `Acknowledgement`.
    pub acknowledgement: Octets,
    /// The organisation's later keys, oldest first: each a sealed `Successor`.
    pub successors: Vec<Octets>,
}

/// The answer to a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportAnswer {
    /// The sealed `Acknowledgement`.
    pub acknowledgement: Octets,
    /// The organisation's later keys, oldest first: each a sealed `Successor`.
    pub successors: Vec<Octets>,
    /// What live evidence amounts to; none for history, or where no policy is in force.
    pub appraisal: Option<Appraisal>,
    /// The organisation's stamp, where it passes: the bytes that `seaworthy check` reads.
    pub stamp: Option<Octets>,
    /// What opens the stamp's entry in the organisation's log, where it has one.
    pub leaf: Option<Leaf>,
    /// The sealed policy document in force, where the holder agreed to another one.
    pub policy: Option<Octets>,
}

/// What opens the entry of the organisation's log that commits to an entry of a ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LedgerProof {
    /// The number of the ledger's entry.
    pub sequence: u64,
    /// Where the log commits to it, and the salt.
    pub leaf: Leaf,
    /// Of an entry that tells of a look at a set: that look, which the log commits to in its place.
    pub set_read: Option<SetReadLeaf>,
}

/// The answer to a request of the holder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RequestAnswer")]
pub struct RequestAnswer<E> {
    /// The sealed `Acknowledgement`.
    pub acknowledgement: Octets,
    /// The organisation's later keys, oldest first: each a sealed `Successor`.
    pub successors: Vec<Octets>,
    /// The sealed policy document in force.
    pub policy: Option<Octets>,
    /// The ledger, from its first entry on, where it was asked for.
    pub ledger: Option<Vec<Entry>>,
    /// What proves these entries against the organisation's log; none for entries older than the log.
    #[serde(default)]
    pub proofs: Vec<LedgerProof>,
    /// The sealed `LogDocument`, where the ledger was asked for and the organisation has a log.
    pub log: Option<Octets>,
    /// Everything that is stored of the device, where it was asked for.
    pub export: Option<E>,
}
