//! The evidence body: the claims of one inspection as they may leave the device (docs/spec/evidence.md).
//!
//! In: what stays home, the one form of what is sent, and the way back to evidence that can be appraised. Out: who was
//! inspected and when (the envelope says that), hashing, signing. Two devices of one image have one body, so whatever
//! differs between them without changing a verdict is left out or told by the day. A body that is read is one that
//! [`Body::of`] would have written: everything else is refused.

mod claims;
mod lapse;
mod platform;
mod source;
mod told;
mod word;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::canonical::{self, CanonicalError};
use crate::claim::Reason;
use crate::evidence::{Envelope, Evidence, Subject};
use crate::time::Timestamp;

pub use claims::BodyClaims;
pub use lapse::{Lapse, NamedUpdate, SentUpdates};
pub use platform::{
    MountPoint, Scanner, SentAntivirus, SentAutomaticUpdates, SentDiskEncryption, SentDistribution, SentKernel,
    SentLibraries, SentRestart, SentVolume,
};
pub use source::{SentCatalog, SentProof, SentSource};
pub use told::Told;
pub use word::{AdvisoryId, Architecture, Fingerprint, Identifier, PackageName, PackageVersion, Sha256Hex};

/// The version of the form below.
const VERSION: u64 = 1;

/// Longest body, in bytes.
pub const MAX_BODY: usize = 256 << 10;
/// Most updates of a body, counted one by one.
pub const MAX_UPDATES: usize = 4096;
/// Most sources of a body.
pub const MAX_SOURCES: usize = 128;
/// Most volumes of a body.
pub const MAX_VOLUMES: usize = 16;
/// Most advisories that a named update tells of.
pub const MAX_ADVISORIES: usize = 256;

/// What the holder lets leave the device beyond what always does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Grants {
    /// Scope `updates.names`: names and versions of lapsed packages, and the advisories they answer.
    pub update_names: bool,
}

/// The claims of one inspection, as they may leave the device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Body {
    /// The version of this form: 1.
    version: u64,
    /// What was inspected.
    subject: Subject,
    /// The claims.
    claims: BodyClaims,
}

/// A body as it was read, before it is believed to be one.
#[derive(Serialize, Deserialize)]
struct Written {
    version: u64,
    subject: Subject,
    claims: BodyClaims,
}

/// Of a body in another version no more than that is read.
#[derive(Deserialize)]
struct Peek {
    version: u64,
}

/// Why bytes are no body.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BodyError {
    /// Longer than [`MAX_BODY`].
    #[error("the body is longer than {MAX_BODY} bytes")]
    TooLong,
    /// A version that is not known here.
    #[error("the body has version {0}; version {VERSION} is known here")]
    Version(u64),
    /// Not CBOR of this shape, or not in its one canonical form.
    #[error("the body cannot be read")]
    Form(#[from] CanonicalError),
    /// More updates than a body may hold.
    #[error("the body counts more than {MAX_UPDATES} updates")]
    TooMany,
    /// It tells more, or in another order, than a device may send.
    #[error("the body holds what no device sends: dates too fine, entries out of order, or fields that stay home")]
    NotRedacted,
}

impl Body {
    /// What may leave the device of this evidence. Names of updates that make the body too long are left out, and
    /// updates that still do are unknown.
    pub fn of(evidence: &Evidence, grants: Grants) -> Body {
        let body = Body::redacted(evidence, grants);
        if body.fits() {
            return body;
        }
        let nameless = Body::redacted(evidence, Grants { update_names: false });
        if nameless.fits() {
            return nameless;
        }
        let claims = BodyClaims { updates: Told::Unknown { reason: Reason::TooLarge, seen: None }, ..nameless.claims };
        Body { claims, ..nameless }
    }

    fn redacted(evidence: &Evidence, grants: Grants) -> Body {
        let claims = BodyClaims::of(&evidence.claims, grants);
        Body { version: VERSION, subject: evidence.envelope.subject, claims }
    }

    fn fits(&self) -> bool {
        self.canonical_bytes().is_ok_and(|bytes| bytes.len() <= MAX_BODY)
    }

    /// The evidence that an inspection at this instant gave. What stayed home is empty or not there.
    pub fn evidence(&self, inspected_at: Timestamp) -> Evidence {
        let envelope = Envelope { inspected_at, subject: self.subject };
        Evidence { envelope, claims: self.claims.home() }
    }

    /// The bytes whose SHA-256 is the body's address.
    pub fn canonical_bytes(&self) -> Result<Vec<u8>, CanonicalError> {
        canonical::encode(self)
    }

    /// Reads a body, and refuses every byte string that [`Body::of`] would not have written.
    pub fn decode(bytes: &[u8]) -> Result<Body, BodyError> {
        if bytes.len() > MAX_BODY {
            return Err(BodyError::TooLong);
        }
        let written = canonical::decode::<Written>(bytes).map_err(|error| why(bytes, error))?;
        Body::try_from(written)
    }

    /// What was inspected.
    pub fn subject(&self) -> Subject {
        self.subject
    }

    /// The claims.
    pub fn claims(&self) -> &BodyClaims {
        &self.claims
    }

    /// The updates it tells of: offered ones, then withheld ones.
    pub fn lapses(&self) -> impl Iterator<Item = &Lapse> {
        self.claims.updates.seen().into_iter().flat_map(SentUpdates::all)
    }
}

impl TryFrom<Written> for Body {
    type Error = BodyError;

    fn try_from(written: Written) -> Result<Body, BodyError> {
        let Written { version, subject, claims } = written;
        if version != VERSION {
            return Err(BodyError::Version(version));
        }
        let body = Body { version, subject, claims };
        // Before they are laid out one by one.
        let count: u64 = body.lapses().map(|lapse| u64::from(lapse.count)).sum();
        if count > MAX_UPDATES as u64 {
            return Err(BodyError::TooMany);
        }
        let again = Body::redacted(&body.evidence(Timestamp::MIN), Grants { update_names: true });
        if again == body { Ok(body) } else { Err(BodyError::NotRedacted) }
    }
}

fn why(bytes: &[u8], error: CanonicalError) -> BodyError {
    match ciborium::from_reader::<Peek, _>(bytes) {
        Ok(Peek { version }) if version != VERSION => BodyError::Version(version),
        _ => BodyError::Form(error),
    }
}
