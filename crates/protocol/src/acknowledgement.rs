//! An acknowledgement: the organisation's signed answer, given only when what it answers is durable.

use seaworthy_model::{Timestamp, named};
use serde::{Deserialize, Serialize};

use crate::ledger::Head;
use crate::octets::Digest;
use crate::sealed::Message;

named! {
    /// How what a device sent was taken in.
    Reception {
        /// The device is enrolled.
        Enrolled = "enrolled",
        /// The enrolment waits for somebody's approval.
        Waiting = "waiting",
        /// Evidence with a live nonce: appraised, and stamped where it passes.
        Live = "live",
        /// Evidence without a live nonce: stored as history, never stamped.
        History = "history",
        /// A request was heard.
        Heard = "heard",
    }
}

/// What the organisation answers. Its key signs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// Version of this message.
    pub version: u32,
    /// SHA-256 of the device's key.
    pub device: Digest,
    /// SHA-256 of the sealed message that it answers.
    pub answers: Digest,
    /// How that was taken in.
    pub reception: Reception,
    /// The counter of that message.
    pub counter: u64,
    /// When it came in, by the server's clock.
    pub received_at: Timestamp,
    /// What the next evidence must carry to be live.
    pub nonce: Digest,
    /// The head of the holder's ledger: an omission later on shows.
    pub ledger: Head,
    /// The policy document in force: SHA-256 of its deterministic CBOR.
    pub policy: Digest,
}

impl Message for Acknowledgement {
    const TYPE: &'static str = "application/seaworthy-acknowledgement+cbor";
    const MAX_BYTES: usize = 1024;

    fn version(&self) -> u32 {
        self.version
    }
}
