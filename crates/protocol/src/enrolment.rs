//! Enrolment: a device asks an organisation to take it in.

use seaworthy_model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::octets::{Digest, Octets};
use crate::sealed::{Message, SelfSigned};

/// Longest name that a holder may type, in bytes.
pub const MAX_NOTE: usize = 120;

/// What a device says when it enrols. It signs this with the key that becomes its identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolment {
    /// Version of this message.
    pub version: u32,
    /// SHA-256 of the organisation's key, as the link names it.
    pub organisation: Digest,
    /// The token of the link.
    pub token: Octets,
    /// The device's public key.
    pub key: Octets,
    /// The device's counter; later messages count on from here.
    pub counter: u64,
    /// The device's clock.
    pub device_time: Timestamp,
    /// The policy document that the holder was shown and agreed to.
    pub policy: Digest,
    /// A name for the device, only if the holder typed one.
    pub name: Option<String>,
    /// The holder's name or address, only if they typed it.
    pub holder: Option<String>,
    /// The device that this one was before a reinstall, a lost key or a restored snapshot.
    pub replaces: Option<Digest>,
}

impl Message for Enrolment {
    const TYPE: &'static str = "application/seaworthy-enrolment+cbor";
    const MAX_BYTES: usize = 2048;

    fn version(&self) -> u32 {
        self.version
    }

    fn is_sound(&self) -> bool {
        let short = |note: &Option<String>| note.as_ref().is_none_or(|note| is_note(note));
        self.counter > 0 && self.token.0.len() == 32 && short(&self.name) && short(&self.holder)
    }
}

impl SelfSigned for Enrolment {
    fn key(&self) -> &Octets {
        &self.key
    }
}

/// One line of text that can be shown anywhere.
fn is_note(note: &str) -> bool {
    !note.trim().is_empty() && note.len() <= MAX_NOTE && !note.chars().any(char::is_control)
}
