//! A request of the holder about their own device: for its ledger, for all their data, to leave. The device signs it.

use seaworthy_model::{Timestamp, named};
use serde::{Deserialize, Serialize};

use crate::octets::{Digest, Octets};
use crate::sealed::{Message, SelfSigned};

named! {
    /// What a holder may ask for.
    Ask {
        /// A live nonce, and the newest acknowledgement.
        Nonce = "nonce",
        /// Who looked at the device's record.
        Ledger = "ledger",
        /// Everything that is stored of the device.
        Export = "export",
        /// To leave, and to have the device's data erased.
        Leave = "leave",
    }
}

/// A request. Its counter makes sure that it is heard once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRequest {
    /// Version of this message.
    pub version: u32,
    /// SHA-256 of the organisation's key that was pinned at enrolment.
    pub organisation: Digest,
    /// The device's public key.
    pub key: Octets,
    /// Counted up with each message that the device signs for this organisation.
    pub counter: u64,
    /// The device's clock.
    pub device_time: Timestamp,
    /// What is asked for.
    pub ask: Ask,
}

impl Message for DeviceRequest {
    const TYPE: &'static str = "application/seaworthy-request+cbor";
    const MAX_BYTES: usize = 1024;

    fn version(&self) -> u32 {
        self.version
    }

    fn is_sound(&self) -> bool {
        self.counter > 0
    }
}

impl SelfSigned for DeviceRequest {
    fn key(&self) -> &Octets {
        &self.key
    }
}
