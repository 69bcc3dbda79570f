//! Sealing and opening: a message of a type, its deterministic CBOR, and the signature over it.

use seaworthy_model::canonical::{self, CanonicalError};
use seaworthy_stamp::{PublicKey, SigningKey, cose};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::octets::{Digest, Octets};

/// The version of every message here. Old versions stay readable; unknown ones are refused by name.
pub const VERSION: u32 = 1;

/// What a message of one kind is.
pub trait Message: Serialize + DeserializeOwned {
    /// Its protected type (RFC 9596).
    const TYPE: &'static str;
    /// Most bytes that one may have.
    const MAX_BYTES: usize;

    /// The version it names.
    fn version(&self) -> u32;

    /// Whether what it says is within the limits of its kind.
    fn is_sound(&self) -> bool {
        true
    }
}

/// A message that names the key which signs it: a device's.
pub trait SelfSigned: Message {
    /// The 32 bytes of the key.
    fn key(&self) -> &Octets;
}

/// Why a message is not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Longer than its kind may be.
    #[error("{0} bytes are more than such a message may have")]
    TooLong(usize),
    /// No COSE_Sign1 of our one form, or of another type.
    #[error("not a signed message of type {expected}: {found}")]
    Form {
        /// The type that was asked for.
        expected: &'static str,
        /// What is wrong.
        found: String,
    },
    /// Another key signed it, or the bytes were changed.
    #[error("the signature is not of the expected key")]
    Signature,
    /// It says what no message of its kind says.
    #[error("{0}")]
    Content(String),
    /// It is of a version unknown here.
    #[error("version {0} is unknown here; this program knows version {VERSION}")]
    Version(u32),
}

impl From<CanonicalError> for MessageError {
    fn from(error: CanonicalError) -> MessageError {
        MessageError::Content(error.to_string())
    }
}

/// Signs a message.
pub fn seal<M: Message>(message: &M, key: &SigningKey) -> Result<Vec<u8>, MessageError> {
    Ok(cose::sign(key, M::TYPE, &canonical::encode(message)?))
}

/// Reads a message that this key must have signed.
pub fn open<M: Message>(bytes: &[u8], key: &PublicKey) -> Result<M, MessageError> {
    let message = read::<M>(bytes)?;
    content(message.verify(key).ok_or(MessageError::Signature)?)
}

/// Reads a message that any of these keys signed: one chain of an organisation's.
pub(crate) fn open_by_any<M: Message>(bytes: &[u8], keys: &[PublicKey]) -> Result<M, MessageError> {
    let mut failed = MessageError::Signature;
    for key in keys {
        match open(bytes, key) {
            Ok(message) => return Ok(message),
            Err(MessageError::Signature) => {}
            Err(other) => failed = other,
        }
    }
    Err(failed)
}

/// Reads a message that the key it names must have signed.
pub fn open_own<M: SelfSigned>(bytes: &[u8]) -> Result<(M, PublicKey), MessageError> {
    let signed = read::<M>(bytes)?;
    let message: M = content(signed.dangerous_unverified_payload())?;
    let key = message.key().array().and_then(|key| PublicKey::from_bytes(key).ok());
    let key = key.ok_or_else(|| MessageError::Content("the key is no Ed25519 public key".into()))?;
    signed.verify(&key).ok_or(MessageError::Signature)?;
    Ok((message, key))
}

/// What a message says, named by content: SHA-256 of its deterministic CBOR.
pub fn digest_of<M: Message>(message: &M) -> Result<Digest, MessageError> {
    Ok(Digest::of(&canonical::encode(message)?))
}

fn read<M: Message>(bytes: &[u8]) -> Result<cose::Message<'_>, MessageError> {
    if bytes.len() > M::MAX_BYTES {
        return Err(MessageError::TooLong(bytes.len()));
    }
    let form = |refusal: seaworthy_stamp::Refusal| MessageError::Form { expected: M::TYPE, found: refusal.to_string() };
    let message = cose::Message::read(bytes).map_err(form)?;
    message.demand(M::TYPE).map_err(form)?;
    Ok(message)
}

pub(crate) fn content<M: Message>(payload: &[u8]) -> Result<M, MessageError> {
    let message: M = canonical::decode(payload)?;
    match message.version() {
        VERSION if message.is_sound() => Ok(message),
        VERSION => Err(MessageError::Content("a value is outside its limits".into())),
        other => Err(MessageError::Version(other)),
    }
}
