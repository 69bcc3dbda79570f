//! COSE_Sign1 (RFC 9052 §4.2) as Seaworthy signs every message: tag 18, a protected header of exactly `alg`, `kid` and
//! `typ` (RFC 9596), an empty unprotected header, one payload, one signature.
//!
//! [`Message::read`] takes any COSE_Sign1 in deterministic form and holds it against nothing but its shape; what a
//! certain kind of message must say in its header is for [`Message::demand`].

use seaworthy_model::Code;

use crate::cbor::{Fault, Reader, Writer, check_form};
use crate::key::{KeyId, PublicKey, SigningKey};
use crate::refusal::Refusal;

/// COSE_Sign1_Tagged.
const TAG: u64 = 18;
/// `Ed25519` of RFC 9864; the older `EdDSA` (-8) is refused.
const ALGORITHM: i64 = -19;
const HEADER_ALGORITHM: i64 = 1;
const HEADER_KEY: i64 = 4;
const HEADER_TYPE: i64 = 16;
/// What a Sig_structure of a COSE_Sign1 begins with.
const CONTEXT: &str = "Signature1";

/// A signed message, taken apart. Nothing in it is believed before [`Message::verify`].
#[derive(Clone, Debug)]
pub struct Message<'a> {
    protected: &'a [u8],
    header: Header<'a>,
    payload: &'a [u8],
    signature: &'a [u8],
}

/// The protected header, as far as it is known.
#[derive(Clone, Debug, Default)]
struct Header<'a> {
    algorithm: Option<i64>,
    key_hint: Option<&'a [u8]>,
    content_type: Option<&'a str>,
    unknown: Option<i64>,
}

impl<'a> Message<'a> {
    /// Takes a message apart; refuses every form but the one.
    pub fn read(bytes: &'a [u8]) -> Result<Message<'a>, Refusal> {
        let mut reader = Reader::new(bytes);
        match reader.tag()? {
            Some(TAG) => {}
            Some(other) => return Err(Refusal::found(Code::StampTag, format!("CBOR tag {other}"))),
            None => return Err(Refusal::found(Code::StampTag, "no CBOR tag")),
        }
        check_form(bytes)?;
        if reader.array()? != 4 {
            return Err(Fault::Shape.into());
        }
        let protected = reader.byte_string()?;
        if reader.map()? != 0 {
            return Err(Refusal::of(Code::StampUnprotected));
        }
        let payload = reader.byte_string()?;
        let signature = reader.byte_string()?;
        Ok(Message { protected, header: Header::read(protected)?, payload, signature })
    }

    /// Refuses a message that is not of this type, or whose header says anything else than it must.
    pub fn demand(&self, content_type: &str) -> Result<(), Refusal> {
        match self.header.content_type {
            None => return Err(Refusal::of(Code::StampTypMissing)),
            Some(found) if found != content_type => return Err(Refusal::found(Code::StampTyp, quoted(found))),
            Some(_) => {}
        }
        match self.header.algorithm {
            Some(ALGORITHM) => {}
            Some(other) => return Err(Refusal::found(Code::StampAlgorithm, format!("algorithm {other}"))),
            None => return Err(Refusal::found(Code::StampAlgorithm, "no algorithm")),
        }
        if let Some(label) = self.header.unknown {
            return Err(Refusal::found(Code::StampHeader, format!("header {label}")));
        }
        if self.key_hint().is_none() { Err(Refusal::found(Code::StampHeader, "no key id of 8 bytes")) } else { Ok(()) }
    }

    /// Whose key may have signed: the first eight bytes of the key's SHA-256. A hint, never a proof.
    pub fn key_hint(&self) -> Option<[u8; 8]> {
        self.header.key_hint.and_then(|hint| hint.try_into().ok())
    }

    /// The payload, whoever signed it: only to learn whose key to verify the message with.
    pub fn dangerous_unverified_payload(&self) -> &'a [u8] {
        self.payload
    }

    /// What the signature covers: the Sig_structure of RFC 9052 §4.4, without external data.
    pub fn to_be_signed(&self) -> Vec<u8> {
        to_be_signed(self.protected, self.payload)
    }

    /// The payload, if this key signed the message.
    pub fn verify(&self, key: &PublicKey) -> Option<&'a [u8]> {
        key.verify(&self.to_be_signed(), self.signature).then_some(self.payload)
    }
}

impl<'a> Header<'a> {
    fn read(protected: &'a [u8]) -> Result<Header<'a>, Refusal> {
        check_form(protected)?;
        let mut reader = Reader::new(protected);
        let mut header = Header::default();
        for _ in 0..reader.map()? {
            match label(&mut reader)? {
                HEADER_ALGORITHM => header.algorithm = Some(reader.integer()?),
                HEADER_KEY => header.key_hint = Some(reader.byte_string()?),
                HEADER_TYPE => header.content_type = Some(reader.text()?),
                label => {
                    header.unknown.get_or_insert(label);
                    reader.skip()?;
                }
            }
        }
        Ok(header)
    }
}

/// The next label of a header. All of ours are integers; a text stands for whatever is none of ours.
fn label(reader: &mut Reader<'_>) -> Result<i64, Fault> {
    let mut ahead = reader.clone();
    match ahead.integer() {
        Ok(label) => {
            *reader = ahead;
            Ok(label)
        }
        Err(_) => reader.skip().map(|()| i64::MIN),
    }
}

/// Signs a payload as a message of one type.
pub fn sign(key: &SigningKey, content_type: &str, payload: &[u8]) -> Vec<u8> {
    signed(key, &header(key.public().id(), content_type), payload)
}

/// What a key with this id would sign for a payload of one type.
pub(crate) fn draft(key: KeyId, content_type: &str, payload: &[u8]) -> Vec<u8> {
    to_be_signed(&header(key, content_type), payload)
}

/// Signs what [`draft`] made; none if the bytes are no Sig_structure, or the header names another key.
pub(crate) fn sign_draft(key: &SigningKey, draft: &[u8]) -> Option<Vec<u8>> {
    let (protected, payload) = parts(draft).ok()?;
    let named = Header::read(protected).ok()?.key_hint? == key.public().id().hint();
    named.then(|| signed(key, protected, payload))
}

/// The protected header and the payload of a Sig_structure.
fn parts(draft: &[u8]) -> Result<(&[u8], &[u8]), Fault> {
    check_form(draft)?;
    let mut reader = Reader::new(draft);
    let shaped = reader.array()? == 4 && reader.text()? == CONTEXT;
    let (protected, external, payload) = (reader.byte_string()?, reader.byte_string()?, reader.byte_string()?);
    if shaped && external.is_empty() { Ok((protected, payload)) } else { Err(Fault::Shape) }
}

fn header(key: KeyId, content_type: &str) -> Vec<u8> {
    let mut header = Writer::with_capacity(64);
    header.map(3).integer(HEADER_ALGORITHM).integer(ALGORITHM);
    header.integer(HEADER_KEY).byte_string(&key.hint());
    header.integer(HEADER_TYPE).text(content_type);
    header.into_bytes()
}

fn signed(key: &SigningKey, protected: &[u8], payload: &[u8]) -> Vec<u8> {
    let signature = key.sign(&to_be_signed(protected, payload));
    let mut message = Writer::with_capacity(payload.len() + 160);
    message.tag(TAG).array(4).byte_string(protected).map(0).byte_string(payload).byte_string(&signature);
    message.into_bytes()
}

/// The Sig_structure of RFC 9052 §4.4, without external data.
fn to_be_signed(protected: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut writer = Writer::with_capacity(protected.len() + payload.len() + 32);
    writer.array(4).text(CONTEXT).byte_string(protected).byte_string(&[]).byte_string(payload);
    writer.into_bytes()
}

/// A text out of a message that may come from anybody: shown short, and without what could steer a terminal.
pub(crate) fn quoted(text: &str) -> String {
    let shown: String = text.chars().take(60).map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect();
    format!("`{shown}`")
}
