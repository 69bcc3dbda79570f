//! A report: the evidence envelope, signed by the device, and the body it names, always whole.

use seaworthy_model::canonical;
use seaworthy_model::{MAX_BODY, Timestamp};
use serde::{Deserialize, Serialize};

use crate::octets::{Digest, Octets};
use crate::sealed::{Message, MessageError, SelfSigned, VERSION};

/// Most bytes that a report may have: the body and a signed envelope.
pub const MAX_REPORT: usize = MAX_BODY + 4096;

/// What differs from one inspection to the next: who, when, in answer to what. The device signs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceEnvelope {
    /// Version of this message.
    pub version: u32,
    /// SHA-256 of the organisation's key that was pinned at enrolment, so that no other organisation can use it.
    pub organisation: Digest,
    /// The device's public key. Its SHA-256 is the device's name.
    pub key: Octets,
    /// Counted up with each message that the device signs for this organisation. It forks when a disk is cloned.
    pub counter: u64,
    /// When the inspection was made, by the device's clock.
    pub inspected_at: Timestamp,
    /// The nonce of the newest acknowledgement; none in evidence that was queued behind other evidence.
    pub nonce: Option<Digest>,
    /// The policy document that the holder agreed to: SHA-256 of its deterministic CBOR.
    pub policy: Digest,
    /// SHA-256 of the body.
    pub body: Digest,
    /// The public half of a fresh key, for the stamp that may come of this: whoever holds it can present the stamp.
    pub presenter: Octets,
}

impl Message for EvidenceEnvelope {
    const TYPE: &'static str = "application/seaworthy-evidence+cbor";
    const MAX_BYTES: usize = 1024;

    fn version(&self) -> u32 {
        self.version
    }

    fn is_sound(&self) -> bool {
        self.counter > 0 && self.presenter.0.len() == 32
    }
}

impl SelfSigned for EvidenceEnvelope {
    fn key(&self) -> &Octets {
        &self.key
    }
}

/// What travels: the signed envelope and the body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Version of this frame.
    pub version: u32,
    /// The sealed [`EvidenceEnvelope`].
    pub envelope: Octets,
    /// The deterministic CBOR of the body.
    pub body: Octets,
}

impl Report {
    /// The media type of a report.
    pub const TYPE: &'static str = "application/seaworthy-report+cbor";

    /// Puts both together.
    pub fn new(envelope: Vec<u8>, body: Vec<u8>) -> Report {
        Report { version: VERSION, envelope: envelope.into(), body: body.into() }
    }

    /// The bytes.
    pub fn encode(&self) -> Result<Vec<u8>, MessageError> {
        Ok(canonical::encode(self)?)
    }

    /// Takes a report apart. Neither part is believed yet.
    pub fn decode(bytes: &[u8]) -> Result<Report, MessageError> {
        if bytes.len() > MAX_REPORT {
            return Err(MessageError::TooLong(bytes.len()));
        }
        let report: Report = canonical::decode(bytes)?;
        if report.version == VERSION { Ok(report) } else { Err(MessageError::Version(report.version)) }
    }
}
