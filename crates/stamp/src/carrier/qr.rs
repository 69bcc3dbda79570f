//! QR codes (ISO/IEC 18004), error correction M: a text as a square of dark and light modules.

use std::fmt;

use qrcode::{Color, EcLevel, QrCode};

use super::QUIET_ZONE;

/// A text that no QR code holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the stamp is too long for a QR code")
    }
}

impl std::error::Error for TooLong {}

/// A QR code without its quiet zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Qr {
    width: usize,
    dark: Vec<bool>,
}

impl Qr {
    /// The smallest code that holds the text.
    pub fn of(text: &str) -> Result<Qr, TooLong> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(|_| TooLong)?;
        Ok(Qr { width: code.width(), dark: code.into_colors().into_iter().map(|color| color == Color::Dark).collect() })
    }

    pub(crate) const fn from_modules(width: usize, dark: Vec<bool>) -> Qr {
        Qr { width, dark }
    }

    /// Modules along one side.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// The version of the standard's table of sizes, 1 to 40.
    pub const fn version(&self) -> usize {
        self.width.saturating_sub(17) / 4
    }

    /// Modules along one side, quiet zone included.
    pub(crate) const fn framed_width(&self) -> usize {
        self.width + 2 * QUIET_ZONE
    }

    /// Whether a module is dark, counted from the corner of the quiet zone. Everything around the code is light.
    pub fn is_dark(&self, x: usize, y: usize) -> bool {
        let inside = |at: usize| at.checked_sub(QUIET_ZONE).filter(|&at| at < self.width);
        match (inside(x), inside(y)) {
            (Some(x), Some(y)) => self.dark.get(y * self.width + x).copied().unwrap_or(false),
            _ => false,
        }
    }
}
