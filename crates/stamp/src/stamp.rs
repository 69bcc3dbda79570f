//! A stamp's bytes, and the forms in which it is carried.

use crate::carrier::{self, Host, Kind, LogIndex, Paper, Qr, TooLong};
use seaworthy_model::{Code, Timestamp};

use crate::claims::Claims;
use crate::cose::Message;
use crate::refusal::Refusal;

/// What a stamp's protected header says that it is (RFC 9596).
pub const CONTENT_TYPE: &str = "application/seaworthy-stamp+cwt";

/// What a stamp says of itself, whoever signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Its random name.
    pub id: [u8; 16],
    /// When it was issued.
    pub issued: Timestamp,
    /// The first instant at which it is no longer valid.
    pub expires: Timestamp,
    /// Thumbprint (RFC 9679) of the key that presents it.
    pub presenter: [u8; 32],
    /// The first bytes of SHA-256 of its issuer's key.
    pub issuer_hint: [u8; 8],
}

/// A stamp: the bytes of a signed message. Having one says nothing of who signed it; see [`crate::check`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    bytes: Vec<u8>,
    index: Option<LogIndex>,
}

impl Stamp {
    pub(crate) const fn from_signed(bytes: Vec<u8>) -> Stamp {
        Stamp { bytes, index: None }
    }

    /// Reads a stamp from anything that carries one, without believing it: to carry it in another form.
    pub fn read(input: &[u8]) -> Result<Stamp, Refusal> {
        let carried = carrier::read(input)?;
        if carried.kind != Kind::Stamp {
            return Err(Refusal::found(Code::StampTyp, "a presentation of one"));
        }
        Message::read(&carried.bytes)?.demand(CONTENT_TYPE)?;
        Ok(Stamp { bytes: carried.bytes, index: carried.index })
    }

    /// The stamp with its index in the log, which every carrier but its bytes then tells.
    #[must_use]
    pub fn at(self, index: Option<LogIndex>) -> Stamp {
        Stamp { index, ..self }
    }

    /// Where in the log its carrier says that it is. Nobody signed this.
    pub const fn index(&self) -> Option<LogIndex> {
        self.index
    }

    /// The COSE bytes (`.cbor`).
    pub fn cbor(&self) -> &[u8] {
        &self.bytes
    }

    /// What it says of itself: for its holder, who knows where it is from.
    pub fn dangerous_unverified_terms(&self) -> Result<Terms, Refusal> {
        let message = Message::read(&self.bytes)?;
        let claims = Claims::decode(message.dangerous_unverified_payload())?;
        Ok(Terms {
            id: claims.id,
            issued: claims.issued,
            expires: claims.expires,
            presenter: claims.presenter,
            issuer_hint: message.key_hint().unwrap_or_default(),
        })
    }

    /// What its signature covers: the `Sig_structure` of RFC 9052 §4.4.
    pub fn to_be_signed(&self) -> Option<Vec<u8>> {
        Message::read(&self.bytes).ok().map(|message| message.to_be_signed())
    }

    /// The text (`.txt`): `SEAWORTHY:S#…`, or a link to the check page of a host.
    pub fn to_text(&self, host: Option<&Host>) -> String {
        carrier::text(Kind::Stamp, &self.bytes, host, self.index)
    }

    /// The QR code of the text.
    pub fn to_qr(&self, host: Option<&Host>) -> Result<Qr, TooLong> {
        Qr::of(&self.to_text(host))
    }

    /// The QR code as PNG: black and white, with its quiet zone, `pixels` (4 to 64) to a module.
    pub fn to_png(&self, host: Option<&Host>, pixels: usize) -> Result<Vec<u8>, TooLong> {
        self.to_qr(host)?.to_png(pixels)
    }

    /// The QR code as SVG.
    pub fn to_svg(&self, host: Option<&Host>) -> Result<String, TooLong> {
        Ok(self.to_qr(host)?.to_svg())
    }

    /// The QR code as lines of half blocks.
    pub fn to_terminal(&self, host: Option<&Host>, paper: Paper) -> Result<String, TooLong> {
        Ok(self.to_qr(host)?.to_terminal(paper))
    }
}
