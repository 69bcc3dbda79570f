//! Keys that verify notes, in their text form `name+id+base64` (<https://c2sp.org/signed-note>), and the port through
//! which notes are signed: private keys stay outside this crate.

use std::fmt;
use std::str::FromStr;

use data_encoding::{BASE64, HEXLOWER};
use ring::signature::{ED25519, UnparsedPublicKey};

use crate::hash::sha256;
use crate::line::base64;

/// Longest text of a key in bytes.
const MAX_TEXT: usize = 4096;
/// Length of a public key of ML-DSA-44 in bytes.
const ML_DSA_44: usize = 1312;

/// What signs notes.
pub trait Signer {
    /// The public half, which says how the signature is made.
    fn key(&self) -> &VerifierKey;

    /// The Ed25519 signature over the message (RFC 8032).
    fn sign(&self, message: &[u8]) -> [u8; 64];
}

/// How a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// Ed25519 over the text of the note (0x01).
    Ed25519,
    /// A cosignature with a time, by Ed25519 (0x04).
    CosignatureV1,
    /// A cosignature by ML-DSA-44 (0x06). Known by name only: nothing that it signed counts.
    MlDsa44,
}

impl Algorithm {
    const fn byte(self) -> u8 {
        match self {
            Algorithm::Ed25519 => 0x01,
            Algorithm::CosignatureV1 => 0x04,
            Algorithm::MlDsa44 => 0x06,
        }
    }

    const fn key_length(self) -> usize {
        match self {
            Algorithm::Ed25519 | Algorithm::CosignatureV1 => 32,
            Algorithm::MlDsa44 => ML_DSA_44,
        }
    }
}

/// The short name of a key beside its long one: the first four bytes of a hash over both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NoteKeyId(pub [u8; 4]);

impl fmt::Display for NoteKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

/// Why a text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifierKeyFault {
    /// It has not the three parts.
    #[error("not a key of the form name+id+base64")]
    Form,
    /// The name is empty, or has spaces or plus signs.
    #[error("the key's name is empty, or has a space, a plus sign or a control character")]
    Name,
    /// The algorithm is none of those known.
    #[error("the key's algorithm {0:#04x} is not known")]
    Algorithm(u8),
    /// The key has not the length of its algorithm.
    #[error("the key has {0} bytes, which its algorithm's have not")]
    Length(usize),
    /// The id is not that of name and key.
    #[error("the id is not that of this name and key: a character was changed")]
    Id,
}

/// A public key with its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VerifierKey {
    name: String,
    id: NoteKeyId,
    algorithm: Algorithm,
    bytes: Vec<u8>,
}

impl VerifierKey {
    /// A key of its parts.
    pub fn new(name: &str, algorithm: Algorithm, bytes: &[u8]) -> Result<VerifierKey, VerifierKeyFault> {
        if !is_key_name(name) {
            return Err(VerifierKeyFault::Name);
        }
        if bytes.len() != algorithm.key_length() {
            return Err(VerifierKeyFault::Length(bytes.len()));
        }
        let id = id(name, algorithm, bytes);
        Ok(VerifierKey { name: name.to_owned(), id, algorithm, bytes: bytes.to_vec() })
    }

    /// The name that its signatures bear.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id that its signatures bear.
    pub const fn id(&self) -> NoteKeyId {
        self.id
    }

    /// How it signs.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The bytes of the public key.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether the message was signed with this key's private half by Ed25519.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.bytes).verify(message, signature).is_ok()
    }
}

impl FromStr for VerifierKey {
    type Err = VerifierKeyFault;

    fn from_str(text: &str) -> Result<VerifierKey, VerifierKeyFault> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(VerifierKeyFault::Form);
        };
        if text.len() > MAX_TEXT {
            return Err(VerifierKeyFault::Form);
        }
        let id = HEXLOWER.decode(id.as_bytes()).ok().and_then(|id| <[u8; 4]>::try_from(id).ok());
        let id = id.ok_or(VerifierKeyFault::Form)?;
        let typed = base64(key).ok_or(VerifierKeyFault::Form)?;
        let (&byte, bytes) = typed.split_first().ok_or(VerifierKeyFault::Form)?;
        let known = [Algorithm::Ed25519, Algorithm::CosignatureV1, Algorithm::MlDsa44];
        let algorithm = known.into_iter().find(|algorithm| algorithm.byte() == byte);
        let key = VerifierKey::new(name, algorithm.ok_or(VerifierKeyFault::Algorithm(byte))?, bytes)?;
        if key.id == NoteKeyId(id) { Ok(key) } else { Err(VerifierKeyFault::Id) }
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let typed = [&[self.algorithm.byte()], self.bytes.as_slice()].concat();
        write!(f, "{}+{}+{}", self.name, self.id, BASE64.encode(&typed))
    }
}

/// Whether a name may stand in a note: not empty, no spaces of any script, no plus signs, nothing that controls.
pub(crate) fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '+' || c < ' ')
}

fn id(name: &str, algorithm: Algorithm, key: &[u8]) -> NoteKeyId {
    let hash = sha256(&[name.as_bytes(), b"\n", &[algorithm.byte()], key].concat());
    NoteKeyId(hash.first_chunk().copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_are_checked() {
        let key = VerifierKey::new("example.com/log", Algorithm::Ed25519, &[7; 32]).unwrap();
        let text = key.to_string();
        assert_eq!(text.parse(), Ok(key.clone()));
        let faults = [
            ("", VerifierKeyFault::Form),
            ("a+b", VerifierKeyFault::Form),
            (&text.replace("example", "exempla"), VerifierKeyFault::Id),
            (&text.replace("example", " xample"), VerifierKeyFault::Name),
            (&text.to_uppercase(), VerifierKeyFault::Form),
            (&format!("{text}="), VerifierKeyFault::Form),
            ("a+00000000+", VerifierKeyFault::Form),
            ("a+00000000+AQ==", VerifierKeyFault::Length(0)),
            ("a+00000000+Ag==", VerifierKeyFault::Algorithm(2)),
        ];
        for (text, fault) in faults {
            assert_eq!(text.parse::<VerifierKey>(), Err(fault), "{text}");
        }
        let witness = VerifierKey::new("example.com/log", Algorithm::CosignatureV1, &[7; 32]).unwrap();
        assert_ne!(witness.id(), key.id());
        let quantum = VerifierKey::new("example.com/w", Algorithm::MlDsa44, &[1; ML_DSA_44]).unwrap();
        assert_eq!(quantum.to_string().parse(), Ok(quantum));
    }

    proptest! {
        #[test]
        fn any_text(text in "\\PC*|[a-z]+\\+[0-9a-f]{8}\\+[A-Za-z0-9+/]{44}") {
            if let Ok(key) = text.parse::<VerifierKey>() {
                prop_assert_eq!(key.to_string(), text);
            }
        }
    }
}
