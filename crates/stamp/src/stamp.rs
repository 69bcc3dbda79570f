//! A stamp's bytes, and the forms in which it is carried.

use crate::carrier::{self, Host, Paper, Qr, TooLong};
use crate::cose::Message;
use crate::refusal::Refusal;

/// What a stamp's protected header says that it is (RFC 9596).
pub const CONTENT_TYPE: &str = "application/seaworthy-stamp+cwt";

/// A stamp: the bytes of a signed message. Having one says nothing of who signed it; see [`crate::check`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    bytes: Vec<u8>,
}

impl Stamp {
    pub(crate) const fn from_signed(bytes: Vec<u8>) -> Stamp {
        Stamp { bytes }
    }

    /// Reads a stamp from anything that carries one, without believing it: to carry it in another form.
    pub fn read(input: &[u8]) -> Result<Stamp, Refusal> {
        let bytes = carrier::read(input)?;
        Message::read(&bytes)?.demand(CONTENT_TYPE)?;
        Ok(Stamp { bytes })
    }

    /// The COSE bytes (`.cbor`).
    pub fn cbor(&self) -> &[u8] {
        &self.bytes
    }

    /// What its signature covers: the `Sig_structure` of RFC 9052 §4.4.
    pub fn to_be_signed(&self) -> Option<Vec<u8>> {
        Message::read(&self.bytes).ok().map(|message| message.to_be_signed())
    }

    /// The text (`.txt`): `SEAWORTHY:S#…`, or a link to the check page of a host.
    pub fn to_text(&self, host: Option<&Host>) -> String {
        carrier::text(&self.bytes, host)
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
