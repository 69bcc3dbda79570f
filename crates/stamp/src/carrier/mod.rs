//! Carriers: how a stamp travels. Each form is written by one module and read back by it; all of them end in the same
//! COSE bytes, and none of them adds a claim.

mod bits;
mod corners;
mod index;
mod png;
mod qr;
mod scan;
mod svg;
mod terminal;
mod text;

use seaworthy_model::Code;

pub use index::LogIndex;
pub use qr::{Qr, TooLong};
pub use terminal::Paper;
pub use text::Host;
pub(crate) use text::write as text;

use crate::check::MAX_STAMP;
use crate::cose::Message;
use crate::present::{MAX_PRESENTATION, PRESENTATION_TYPE};
use crate::refusal::Refusal;

/// Most bytes of a file or stream that are worth handing to [`read`].
pub const MAX_INPUT: usize = 32 * 1024 * 1024;
/// How many light modules surround a QR code (ISO/IEC 18004 §9.1).
const QUIET_ZONE: usize = 4;

/// What kind of message a carrier says that it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A stamp.
    Stamp,
    /// A stamp that its presenter shows.
    Presentation,
}

impl Kind {
    const ALL: [Kind; 2] = [Kind::Stamp, Kind::Presentation];

    /// The letter before the `#` of a text.
    const fn letter(self) -> char {
        match self {
            Kind::Stamp => 'S',
            Kind::Presentation => 'P',
        }
    }

    /// Most bytes of a message of this kind.
    const fn most(self) -> usize {
        match self {
            Kind::Stamp => MAX_STAMP,
            Kind::Presentation => MAX_PRESENTATION,
        }
    }

    /// The kind of bytes that no text has named: what they say themselves, or else a stamp.
    fn of(bytes: &[u8]) -> Kind {
        match Message::read(bytes) {
            Ok(message) if message.demand(PRESENTATION_TYPE).is_ok() => Kind::Presentation,
            _ => Kind::Stamp,
        }
    }
}

/// What a carrier holds. Nothing of it is believed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// What it says that it is; the check of that kind holds it to it.
    pub kind: Kind,
    /// The COSE bytes.
    pub bytes: Vec<u8>,
    /// Where in the log the stamp is said to be. Nobody signed this.
    pub index: Option<LogIndex>,
}

/// Takes text, a link, a PNG, one of our SVGs or the bytes themselves to the COSE bytes of what claims to be a stamp, or
/// a stamp that is presented.
pub fn read(input: &[u8]) -> Result<Carried, Refusal> {
    if input.len() > MAX_INPUT {
        return Err(Refusal::found(Code::StampTooLarge, format!("{} bytes", input.len())));
    }
    if input.starts_with(png::SIGNATURE) {
        return from_qr(&png::read(input)?);
    }
    match str::from_utf8(input).map(|text| text.trim_start_matches('\u{feff}').trim()) {
        Ok(text) if text.starts_with('<') => from_qr(&svg::read(text)?),
        Ok(text) => text::read(text),
        // No stamp's bytes are UTF-8: they begin with tag 18.
        Err(_) => Ok(Carried { kind: Kind::of(input), bytes: input.to_vec(), index: None }),
    }
}

/// A QR code's text, which must be a stamp's.
fn from_qr(content: &str) -> Result<Carried, Refusal> {
    text::read(content.trim()).map_err(|refusal| match refusal.code() {
        Code::StampText => Refusal::found(Code::StampQrForeign, refusal.what().unwrap_or_default()),
        _ => refusal,
    })
}
