//! The nouns of Seaworthy and its closed schema: evidence, claims, findings, timelines, policies, canonical bytes and
//! the catalogue of codes.
//!
//! In: data types and their invariants. Out: any I/O, clock, environment or randomness; any decision (those live in
//! `seaworthy-appraise`). The words are those of RFC 9334 (RATS) where it has one.

mod address;
pub mod body;
pub mod canonical;
mod claim;
mod code;
mod evidence;
mod finding;
mod place;
mod policy;
mod protections;
mod scope;
mod time;
mod timeline;
mod updates;

pub use address::is_private;
pub use body::{Body, BodyError, Grants, MAX_BODY};
pub use claim::{Claim, ClaimId, Reason};
pub use code::{Code, Entry, codes};
pub use evidence::{Claims, Envelope, Evidence, Subject};
pub use finding::{Appraisal, Finding, Fix, Interval, Severity};
pub use place::Place;
pub use policy::{Grade, Policy, PolicyId, Rule, RuleKind, Which};
pub use protections::{
    Antivirus, AutomaticUpdates, AutomaticUpdatesGap, DiskEncryption, Distribution, Encryption, Firewall, FirewallKind,
    Kernel, MandatoryAccessControl, MandatoryAccessControlKind, Restart, RootLogin, ScreenLock, SecureBoot, Ssh,
    StaleLibraries, Volume,
};
pub use scope::Scope;
pub use time::{DAY, Timestamp, TimestampError};
pub use timeline::{Span, Timeline, Verdict};
pub use updates::{
    Catalog, CatalogSource, DateSource, Dated, KeptBack, OtherBuild, PendingUpdate, Proof, Rating, SourceRole, Updates,
};
