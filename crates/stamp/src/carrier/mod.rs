//! Carriers: how a stamp travels. Each form is written by one module and read back by it; all of them end in the same
//! COSE bytes, and none of them adds a claim.

mod bits;
mod corners;
mod png;
mod qr;
mod scan;
mod svg;
mod terminal;
mod text;

use seaworthy_model::Code;

pub use qr::{Qr, TooLong};
pub use terminal::Paper;
pub use text::Host;
pub(crate) use text::write as text;

use crate::refusal::Refusal;

/// Most bytes of a file or stream that are worth handing to [`read`].
pub const MAX_INPUT: usize = 32 * 1024 * 1024;
/// How many light modules surround a QR code (ISO/IEC 18004 §9.1).
const QUIET_ZONE: usize = 4;

/// Takes text, a link, a PNG, one of our SVGs or the bytes themselves to the COSE bytes of what claims to be a stamp.
pub fn read(input: &[u8]) -> Result<Vec<u8>, Refusal> {
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
        Err(_) => Ok(input.to_vec()),
    }
}

/// A QR code's text, which must be a stamp's.
fn from_qr(content: &str) -> Result<Vec<u8>, Refusal> {
    text::read(content.trim()).map_err(|refusal| match refusal.code() {
        Code::StampText => Refusal::found(Code::StampQrForeign, refusal.what().unwrap_or_default()),
        _ => refusal,
    })
}
