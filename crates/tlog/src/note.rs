//! Signed notes (<https://c2sp.org/signed-note>): a text, and lines of signatures under it.
//!
//! Signatures of keys that nobody asks for are kept and mean nothing. One that bears name and id of a known key and is
//! not its signature makes the whole note refused.

use std::fmt;

use data_encoding::BASE64;

use crate::cosignature;
use crate::key::{Algorithm, NoteKeyId, Signer, VerifierKey, is_key_name};
use crate::line::base64;

/// Longest note in bytes.
pub const MAX_NOTE: usize = 1 << 20;
/// Most signatures in a note.
pub const MAX_SIGNATURES: usize = 100;

const DASH: &str = "— ";

/// Why something is no note, or not the note of whom it names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteFault {
    /// It is longer than [`MAX_NOTE`].
    #[error("the note has {0} bytes; at most {MAX_NOTE} are read")]
    TooLarge(usize),
    /// It is not UTF-8, or has control characters.
    #[error("the note is not plain UTF-8 text")]
    Characters,
    /// No empty line stands before signatures.
    #[error("the note has no signatures after an empty line")]
    Unsigned,
    /// Its text does not end with a line end.
    #[error("the text of a note ends with a line end")]
    Text,
    /// A line is no signature.
    #[error("signature {0} of the note is none of the form `— name base64`")]
    Signature(usize),
    /// It has more than [`MAX_SIGNATURES`].
    #[error("the note has more than {MAX_SIGNATURES} signatures")]
    TooMany,
    /// What bears the name of a known key is not its signature.
    #[error("the signature that bears the name of {0} is not by its key")]
    Forged(String),
    /// The key does not sign in this way.
    #[error("the key of {0} does not sign in this way")]
    Algorithm(String),
    /// A cosignature states a time that no clock shows.
    #[error("a cosignature needs a time after 1970 and within 63 bits")]
    Time,
}

/// A line of a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    name: String,
    id: NoteKeyId,
    bytes: Vec<u8>,
}

impl Signature {
    /// Signs a text. The key must be one of Ed25519.
    pub fn sign(text: &str, signer: &dyn Signer) -> Result<Signature, NoteFault> {
        check_text(text)?;
        let key = signer.key();
        if key.algorithm() != Algorithm::Ed25519 {
            return Err(NoteFault::Algorithm(key.name().to_owned()));
        }
        Ok(Signature::of(key, signer.sign(text.as_bytes()).to_vec()))
    }

    /// Reads lines of signatures, as a witness answers them.
    pub fn parse_lines(text: &str) -> Result<Vec<Signature>, NoteFault> {
        let mut signatures = Vec::new();
        for line in text.split_inclusive('\n') {
            if signatures.len() == MAX_SIGNATURES {
                return Err(NoteFault::TooMany);
            }
            signatures.push(parse_line(line).ok_or(NoteFault::Signature(signatures.len() + 1))?);
        }
        Ok(signatures)
    }

    pub(crate) fn of(key: &VerifierKey, bytes: Vec<u8>) -> Signature {
        Signature { name: key.name().to_owned(), id: key.id(), bytes }
    }

    /// The name of the key that it bears.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id of the key that it bears.
    pub const fn id(&self) -> NoteKeyId {
        self.id
    }

    /// What the key's algorithm made.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn bears(&self, key: &VerifierKey) -> bool {
        self.name == key.name() && self.id == key.id()
    }
}

/// The line, with its end.
impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.id.0[..], &self.bytes].concat();
        writeln!(f, "{DASH}{} {}", self.name, BASE64.encode(&bytes))
    }
}

/// A text and signatures, of which nothing is believed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

/// A signature that was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seal {
    /// The time of a cosignature, in seconds since 1970.
    pub time: Option<u64>,
}

impl Note {
    /// Reads a note.
    pub fn parse(bytes: &[u8]) -> Result<Note, NoteFault> {
        if bytes.len() > MAX_NOTE {
            return Err(NoteFault::TooLarge(bytes.len()));
        }
        let whole = std::str::from_utf8(bytes).map_err(|_| NoteFault::Characters)?;
        check_characters(whole)?;
        let (text, signatures) = whole.rsplit_once("\n\n").ok_or(NoteFault::Unsigned)?;
        let signatures = Signature::parse_lines(signatures)?;
        if signatures.is_empty() {
            Err(NoteFault::Unsigned)
        } else {
            Ok(Note { text: format!("{text}\n"), signatures })
        }
    }

    /// A note of a text and its first signature.
    pub fn sign(text: &str, signer: &dyn Signer) -> Result<Note, NoteFault> {
        let signature = Signature::sign(text, signer)?;
        Ok(Note { text: text.to_owned(), signatures: vec![signature] })
    }

    /// The text, with its line end. Believe it only once [`Note::signed_by`] has named a signer.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// All signatures, known or not.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Adds a signature under the others; one that is there already is not repeated.
    pub fn add(&mut self, signature: Signature) -> Result<(), NoteFault> {
        if self.signatures.contains(&signature) {
            return Ok(());
        }
        if self.signatures.len() >= MAX_SIGNATURES {
            return Err(NoteFault::TooMany);
        }
        self.signatures.push(signature);
        Ok(())
    }

    /// Whether a key signed the note. Of several cosignatures by one key all must be good, and the latest counts.
    pub fn signed_by(&self, key: &VerifierKey) -> Result<Option<Seal>, NoteFault> {
        let mut newest = None;
        for signature in self.signatures.iter().filter(|signature| signature.bears(key)) {
            let forged = || NoteFault::Forged(key.name().to_owned());
            let seal = match key.algorithm() {
                Algorithm::Ed25519 if key.verify(self.text.as_bytes(), &signature.bytes) => Seal { time: None },
                Algorithm::CosignatureV1 => {
                    Seal { time: Some(cosignature::verify(key, &self.text, &signature.bytes).ok_or_else(forged)?) }
                }
                Algorithm::Ed25519 => return Err(forged()),
                Algorithm::MlDsa44 => continue,
            };
            newest = newest.max(Some(seal.time));
        }
        Ok(newest.map(|time| Seal { time }))
    }
}

/// The note as it is stored and sent.
impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| signature.fmt(f))
    }
}

/// Whether a text may be signed.
pub(crate) fn check_text(text: &str) -> Result<(), NoteFault> {
    check_characters(text)?;
    if text.len() > MAX_NOTE {
        return Err(NoteFault::TooLarge(text.len()));
    }
    if text.ends_with('\n') { Ok(()) } else { Err(NoteFault::Text) }
}

fn check_characters(text: &str) -> Result<(), NoteFault> {
    let plain = text.bytes().all(|byte| byte >= b' ' || byte == b'\n');
    if plain { Ok(()) } else { Err(NoteFault::Characters) }
}

fn parse_line(line: &str) -> Option<Signature> {
    let (name, encoded) = line.strip_prefix(DASH)?.strip_suffix('\n')?.split_once(' ')?;
    let decoded = base64(encoded)?;
    let (id, bytes) = decoded.split_first_chunk()?;
    let whole = is_key_name(name) && !bytes.is_empty();
    whole.then(|| Signature { name: name.to_owned(), id: NoteKeyId(*id), bytes: bytes.to_vec() })
}
