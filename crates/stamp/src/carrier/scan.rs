//! Finding and reading the one QR code in a picture, by `rqrr`.
//!
//! A picture may come from anybody. `rqrr` is known to panic on some (WanzenBug/rqrr issue 54, an assertion in its
//! geometry), so each attempt is fenced in: what panics has no readable code. And it
//! copies the picture for each three corners that might belong together, so that a small file full of corners would keep
//! it busy for minutes: `corners` counts them first, on the very bits that `rqrr` then sees.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rqrr::{Grid, PreparedImage, SimpleGrid};
use seaworthy_model::Code;

use super::QUIET_ZONE;
use super::bits::Bits;
use super::corners;
use super::qr::Qr;
use crate::refusal::Refusal;

/// Pictures with more pixels are halved until they have no more: a photograph has far more than a code needs.
const AMPLE: usize = 4_000_000;
/// Pictures with fewer pixels are also looked at in three times their size: `rqrr` wants several pixels to a module.
const SMALL: usize = 500_000;

/// A picture in shades of grey, one byte to a pixel, 0 is black.
#[derive(Clone, Debug)]
pub(crate) struct Grey {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) pixels: Vec<u8>,
}

/// What one look at a picture saw.
struct Seen {
    texts: Vec<String>,
    unreadable: bool,
}

/// The text of the one code in the picture.
pub(crate) fn scan(mut picture: Grey) -> Result<String, Refusal> {
    while picture.pixels.len() > AMPLE {
        picture = picture.halved();
    }
    let mut unreadable = false;
    for look in looks(&picture) {
        let seen = look_at(&look());
        unreadable |= seen.unreadable;
        let mut texts = seen.texts.into_iter();
        match (texts.next(), texts.next()) {
            (Some(text), None) => return Ok(text),
            (Some(_), Some(_)) => return Err(Refusal::of(Code::StampQrMany)),
            (None, _) => {}
        }
    }
    Err(Refusal::of(if unreadable { Code::StampQrUnreadable } else { Code::StampQrNone }))
}

/// The ways in which a picture is looked at, one after the other, until one shows a code.
fn looks(picture: &Grey) -> Vec<Box<dyn Fn() -> Grey + '_>> {
    let size = picture.pixels.len();
    let mut looks: Vec<Box<dyn Fn() -> Grey + '_>> = Vec::new();
    looks.push(Box::new(|| picture.clone()));
    looks.push(Box::new(|| picture.negative()));
    if size <= SMALL {
        looks.push(Box::new(|| picture.tripled()));
        looks.push(Box::new(|| picture.negative().tripled()));
    }
    looks
}

fn look_at(picture: &Grey) -> Seen {
    let bits = Bits::of(picture);
    let given_up = Seen { texts: Vec::new(), unreadable: true };
    if corners::are_too_many(&bits) {
        return given_up;
    }
    let looked = catch_unwind(AssertUnwindSafe(|| {
        let at = |x, y| bits.is_dark(x, y);
        let mut prepared = PreparedImage::prepare_from_bitmap(bits.width, bits.height, at);
        let decoded: Vec<_> = prepared.detect_grids().iter().map(|grid| grid.decode()).collect();
        let unreadable = decoded.iter().any(Result::is_err);
        let mut texts: Vec<String> = decoded.into_iter().flatten().map(|(_, text)| text).collect();
        texts.sort_unstable();
        texts.dedup();
        Seen { texts, unreadable }
    }));
    looked.unwrap_or(given_up)
}

/// The text of a code whose modules are known.
pub(crate) fn decode_modules(qr: &Qr) -> Result<String, Refusal> {
    let decoded = catch_unwind(AssertUnwindSafe(|| {
        let grid = SimpleGrid::from_func(qr.width(), |x, y| qr.is_dark(x + QUIET_ZONE, y + QUIET_ZONE));
        Grid::new(grid).decode()
    }));
    match decoded {
        Ok(Ok((_, text))) => Ok(text),
        _ => Err(Refusal::of(Code::StampQrUnreadable)),
    }
}

impl Grey {
    /// The pixel there, or the nearest one.
    fn at(&self, x: usize, y: usize) -> u8 {
        let x = x.min(self.width.saturating_sub(1));
        let y = y.min(self.height.saturating_sub(1));
        self.pixels.get(y * self.width + x).copied().unwrap_or(u8::MAX)
    }

    fn negative(&self) -> Grey {
        Grey { pixels: self.pixels.iter().map(|pixel| u8::MAX - pixel).collect(), ..*self }
    }

    fn halved(&self) -> Grey {
        self.redrawn(self.width.div_ceil(2), self.height.div_ceil(2), |x, y| {
            let sum: u16 = [(0, 0), (1, 0), (0, 1), (1, 1)]
                .map(|(dx, dy)| u16::from(self.at(2 * x + dx, 2 * y + dy)))
                .iter()
                .sum();
            u8::try_from(sum / 4).unwrap_or(u8::MAX)
        })
    }

    fn tripled(&self) -> Grey {
        self.redrawn(self.width * 3, self.height * 3, |x, y| self.at(x / 3, y / 3))
    }

    fn redrawn(&self, width: usize, height: usize, pixel: impl Fn(usize, usize) -> u8) -> Grey {
        let pixel = &pixel;
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| pixel(x, y))).collect();
        Grey { width, height, pixels }
    }
}
