//! The messages between a device and its organisation, both ways. Each is a COSE_Sign1 with a protected type
//! (`docs/spec/evidence.md`), so that one can never stand for another, and each names its version.
//!
//! In: what the messages say, sealing and opening, the hash chain of the holder's ledger, enrolment links. Out: network,
//! clock and randomness (arguments); whether a message is believed in its context (`seaworthy-service` and the device's
//! own `organisation` module decide that).

mod acknowledgement;
mod answers;
mod bundle;
mod enrolment;
mod evidence;
mod key;
mod leaf;
mod ledger;
mod link;
mod log;
mod octets;
mod policy;
mod proof;
mod request;
mod sealed;

pub use acknowledgement::{Acknowledgement, Reception};
pub use answers::{EnrolmentAnswer, LedgerProof, OfferAnswer, OfferRequest, ReportAnswer, RequestAnswer};
pub use bundle::{
    AssignmentPart, Bundle, BundleError, CatalogPart, Gap, LeafProof, Part, PolicyPart, Recomputed, ReportPart,
    SeenOffer, recompute,
};
pub use enrolment::{Enrolment, MAX_NOTE};
pub use evidence::{EvidenceEnvelope, MAX_REPORT, Report};
pub use key::Successor;
pub use leaf::{
    AssignmentLeaf, CatalogLeaf, EntryLeaf, KeyLeaf, LOG_ENTRY, Leaf, LeafKind, LogEntry, ReportLeaf, RevocationLeaf,
    RevocationReason, Salt, SetReadLeaf, record,
};
pub use ledger::{Break, Entry, EntryKind, Field, Head, Ledger, Who};
pub use link::{Link, LinkError};
pub use log::{BatchPlace, LogDocument};
pub use octets::{Digest, Octets};
pub use policy::PolicyDocument;
pub use proof::{ProofError, Proven, Witnessed, extra, prove};
pub use request::{Ask, DeviceRequest};
pub use sealed::{Message, MessageError, SelfSigned, VERSION, digest_of, open, open_own, seal};
