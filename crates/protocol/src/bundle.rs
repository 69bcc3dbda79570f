//! Bundles (`docs/spec/bundle.md`): all that is needed to work out anew, without a server, what a device's verdict was at
//! an instant, and the proofs that the log has had each part of it. The organisation signs the whole.
//!
//! In: the form, and [`recompute`], which believes nothing that it has not verified. Out: whose key is trusted.

mod recompute;

use seaworthy_model::{MAX_BODY, Timeline, Timestamp, Verdict, named};
use seaworthy_tlog::MAX_PROOF;
use serde::{Deserialize, Serialize};

use crate::leaf::{AssignmentLeaf, CatalogLeaf, ReportLeaf};
use crate::octets::{Digest, Octets};
use crate::sealed::Message;

pub use recompute::{BundleError, Part, Recomputed, recompute};

/// Most keys that follow the first.
const MAX_KEYS: usize = 64;
/// Longest checkpoint, with its cosignatures.
const MAX_CHECKPOINT: usize = 64 << 10;
/// Most offers: as many as a body names updates.
const MAX_OFFERS: usize = 4096;

/// What a device's verdict was at an instant, and all that it follows from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundle {
    /// Version of this message.
    pub version: u32,
    /// SHA-256 of the organisation's first key.
    pub organisation: Digest,
    /// That key.
    pub key: Octets,
    /// The sealed successors, one for each key that followed.
    pub successors: Vec<Octets>,
    /// When the bundle was made.
    pub made_at: Timestamp,
    /// SHA-256 of the device's key.
    pub device: Digest,
    /// The instant asked about.
    pub at: Timestamp,
    /// The device came into its unit after that instant: the policy is that of the unit in which it is now.
    pub moved: bool,
    /// The sealed [`LogDocument`](crate::LogDocument).
    pub log: Octets,
    /// The checkpoint to which all proofs lead, with its cosignatures.
    pub checkpoint: String,
    /// The newest live report that had come in by then.
    pub report: ReportPart,
    /// The policy document in force for the device's unit then.
    pub policy: PolicyPart,
    /// By what it was in force.
    pub assignment: AssignmentPart,
    /// The catalog in force then; none where none was loaded yet, which is the empty one.
    pub catalog: Option<CatalogPart>,
    /// When the organisation first saw the offers that the body names.
    pub seen: Vec<SeenOffer>,
    /// What the server says.
    pub verdict: Verdict,
    /// What the server says for every instant, by this report.
    pub timeline: Timeline,
}

/// That a record is in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeafProof {
    /// The index of its entry.
    pub index: u64,
    /// The salt, which opens the entry.
    pub salt: Octets,
    /// Hashes from the entry's sibling up.
    pub hashes: Vec<Digest>,
}

/// A report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportPart {
    /// The sealed envelope.
    pub envelope: Octets,
    /// The deterministic CBOR of the body.
    pub body: Octets,
    /// When it came in.
    pub received_at: Timestamp,
    /// The instant for which it is appraised.
    pub inspected_at: Timestamp,
    /// Its nonce was live.
    pub live: bool,
    /// None for one that is older than the log.
    pub proof: Option<LeafProof>,
}

/// A policy document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyPart {
    /// The sealed document.
    pub document: Octets,
    /// None for one that is older than the log.
    pub proof: Option<LeafProof>,
}

/// A document put in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignmentPart {
    /// What the log commits to.
    pub record: AssignmentLeaf,
    /// None for one that is older than the log.
    pub proof: Option<LeafProof>,
}

/// A catalog put in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogPart {
    /// Its deterministic CBOR.
    pub content: Octets,
    /// Since when.
    pub since: Timestamp,
    /// None for one that is older than the log.
    pub proof: Option<LeafProof>,
}

/// An update, and when the organisation first saw it offered to any of its devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenOffer {
    /// Binary package.
    pub package: String,
    /// Its architecture.
    pub architecture: String,
    /// The version that was offered.
    pub candidate: String,
    /// When.
    pub at: Timestamp,
}

impl Message for Bundle {
    const TYPE: &'static str = "application/seaworthy-bundle+cbor";
    const MAX_BYTES: usize = 32 << 20;

    fn version(&self) -> u32 {
        self.version
    }

    fn is_sound(&self) -> bool {
        let proofs = [&self.report.proof, &self.policy.proof, &self.assignment.proof];
        let proofs = proofs.into_iter().chain(self.catalog.as_ref().map(|catalog| &catalog.proof));
        self.at <= self.made_at
            && self.successors.len() <= MAX_KEYS
            && self.checkpoint.len() <= MAX_CHECKPOINT
            && self.report.body.0.len() <= MAX_BODY
            && self.seen.len() <= MAX_OFFERS
            && proofs.flatten().all(LeafProof::is_sound)
    }
}

impl LeafProof {
    fn is_sound(&self) -> bool {
        self.salt.0.len() == 32 && self.hashes.len() <= MAX_PROOF
    }
}

impl ReportPart {
    /// What the log commits to, of a device.
    fn record(&self, device: Digest) -> ReportLeaf {
        ReportLeaf {
            device,
            message: Digest::of(&self.envelope.0),
            received_at: self.received_at,
            inspected_at: self.inspected_at,
            live: self.live,
        }
    }
}

impl CatalogPart {
    fn record(&self) -> CatalogLeaf {
        CatalogLeaf { digest: Digest::of(&self.content.0), since: self.since }
    }
}

named! {
    /// What a bundle does not prove, and the organisation alone says.
    Gap {
        /// The report is older than the log.
        Report = "report-before-log",
        /// The policy document is older than the log.
        Policy = "policy-before-log",
        /// The policy was put in force before there was a log.
        Assignment = "assignment-before-log",
        /// The catalog is older than the log.
        Catalog = "catalog-before-log",
        /// No catalog was loaded yet.
        NoCatalog = "no-catalog",
        /// The device came into its unit later; the policy is that of the unit in which it is now.
        Moved = "unit-changed",
        /// In which unit the device was.
        Unit = "unit",
        /// When updates were first seen on the organisation's devices.
        FirstSeen = "first-seen",
        /// That no later report, policy or catalog counted at that instant.
        Newest = "newest",
    }
}

impl Gap {
    /// In words, for people.
    pub const fn says(self) -> &'static str {
        match self {
            Gap::Report => "the report: it is older than the log",
            Gap::Policy => "the policy document: it is older than the log (the organisation's key signed it)",
            Gap::Assignment => "that the policy was in force: it was put in force before there was a log",
            Gap::Catalog => "the catalog: it is older than the log",
            Gap::NoCatalog => "that no catalog was loaded yet",
            Gap::Moved => "the policy: the device came into its unit later, and this is the policy of that unit",
            Gap::Unit => "in which unit the device was",
            Gap::FirstSeen => "when updates were first seen on the organisation's devices",
            Gap::Newest => "that no later report, policy or catalog counted at that instant",
        }
    }

    /// Whether a record has no proof because, by its own date, it is older than the log.
    pub const fn is_before_log(self) -> bool {
        matches!(self, Gap::Report | Gap::Policy | Gap::Assignment | Gap::Catalog)
    }
}

impl Bundle {
    /// What it does not prove. [`recompute`] has seen to it that nothing which is younger than the log lacks its proof.
    pub fn gaps(&self) -> Vec<Gap> {
        let catalog = self.catalog.as_ref();
        let gaps = [
            (Gap::Report, self.report.proof.is_none()),
            (Gap::Policy, self.policy.proof.is_none()),
            (Gap::Assignment, self.assignment.proof.is_none()),
            (Gap::Catalog, catalog.is_some_and(|catalog| catalog.proof.is_none())),
            (Gap::NoCatalog, catalog.is_none()),
            (Gap::Moved, self.moved),
            (Gap::Unit, !self.moved),
            (Gap::FirstSeen, true),
            (Gap::Newest, true),
        ];
        gaps.into_iter().filter(|(_, is_open)| *is_open).map(|(gap, _)| gap).collect()
    }

    /// Whether bytes look like a bundle: as a signed message names its type, near its beginning.
    pub fn is_like(bytes: &[u8]) -> bool {
        let head = bytes.get(..bytes.len().min(96)).unwrap_or_default();
        head.windows(Bundle::TYPE.len()).any(|part| part == Bundle::TYPE.as_bytes())
    }
}
