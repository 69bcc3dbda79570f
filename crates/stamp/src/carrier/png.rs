//! PNG: written with one bit to a pixel; read in any colour type, within limits of size and memory.

use std::io::Cursor;

use png::{BitDepth, ColorType, Decoder, DecodingError, Encoder, Limits, Transformations};
use seaworthy_model::Code;

use super::qr::Qr;
use super::scan::{self, Grey};
use crate::refusal::Refusal;

/// The first bytes of every PNG.
pub(crate) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Most pixels that are read.
const MAX_PIXELS: u64 = 64_000_000;
/// Most pixels of an interlaced picture, which must be held whole in colour.
const MAX_INTERLACED: u64 = 16_000_000;
/// Most memory that the decoder may take for itself.
const MAX_DECODER_BYTES: usize = 16 * 1024 * 1024;
/// How many pixels a module may have along its side.
const PIXELS: std::ops::RangeInclusive<usize> = 4..=64;

impl Qr {
    /// The code as PNG with its quiet zone; `pixels` to a module, held between 4 and 64.
    pub fn to_png(&self, pixels: usize) -> Result<Vec<u8>, super::TooLong> {
        let pixels = pixels.clamp(*PIXELS.start(), *PIXELS.end());
        let side = self.framed_width() * pixels;
        let rows: Vec<u8> = (0..side).flat_map(|y| self.packed_row(y / pixels, pixels)).collect();
        let mut file = Vec::new();
        let side = u32::try_from(side).map_err(|_| super::TooLong)?;
        let mut encoder = Encoder::new(&mut file, side, side);
        encoder.set_color(ColorType::Grayscale);
        encoder.set_depth(BitDepth::One);
        let written = encoder.write_header().and_then(|mut writer| {
            writer.write_image_data(&rows)?;
            writer.finish()
        });
        written.map(|()| file).map_err(|_| super::TooLong)
    }

    /// One row of pixels, eight to a byte, light is 1.
    fn packed_row(&self, y: usize, pixels: usize) -> Vec<u8> {
        let row: Vec<bool> = (0..self.framed_width() * pixels).map(|x| !self.is_dark(x / pixels, y)).collect();
        row.chunks(8)
            .map(|eight| eight.iter().zip(0..).fold(0, |byte, (&light, at)| byte | u8::from(light) << (7 - at)))
            .collect()
    }
}

/// The text of the one QR code in a PNG.
pub(crate) fn read(file: &[u8]) -> Result<String, Refusal> {
    scan::scan(decode(file)?)
}

fn decode(file: &[u8]) -> Result<Grey, Refusal> {
    let mut decoder = Decoder::new_with_limits(Cursor::new(file), Limits { bytes: MAX_DECODER_BYTES });
    decoder.set_transformations(Transformations::normalize_to_color8());
    let info = decoder.read_header_info().map_err(refused)?;
    let (width, height, interlaced) = (info.width, info.height, info.interlaced);
    let most = if interlaced { MAX_INTERLACED } else { MAX_PIXELS };
    if u64::from(width) * u64::from(height) > most {
        return Err(Refusal::found(Code::StampImageTooLarge, format!("{width} × {height} pixels")));
    }
    let mut reader = decoder.read_info().map_err(refused)?;
    let samples = reader.output_color_type().0.samples();
    let mut pixels = Vec::with_capacity(width as usize * height as usize);
    if interlaced {
        let mut whole = vec![0; reader.output_buffer_size().ok_or(Refusal::of(Code::StampImageTooLarge))?];
        reader.next_frame(&mut whole).map_err(refused)?;
        append_grey(&mut pixels, &whole, samples);
    } else {
        while let Some(row) = reader.next_row().map_err(refused)? {
            append_grey(&mut pixels, row.data(), samples);
        }
    }
    Ok(Grey { width: width as usize, height: height as usize, pixels })
}

/// Adds pixels of 1 to 4 samples (grey, grey and alpha, colour, colour and alpha) as they look on white paper.
fn append_grey(pixels: &mut Vec<u8>, samples: &[u8], per_pixel: usize) {
    pixels.extend(samples.chunks_exact(per_pixel).map(|pixel| match *pixel {
        [grey, alpha] => on_white(grey, alpha),
        [red, green, blue] => luma(red, green, blue),
        [red, green, blue, alpha] => on_white(luma(red, green, blue), alpha),
        [grey, ..] => grey,
        [] => u8::MAX,
    }));
}

/// Rec. 601, in sixteenths of sixteen.
fn luma(red: u8, green: u8, blue: u8) -> u8 {
    let sum = 77 * u32::from(red) + 150 * u32::from(green) + 29 * u32::from(blue);
    u8::try_from(sum / 256).unwrap_or(u8::MAX)
}

fn on_white(grey: u8, alpha: u8) -> u8 {
    let sum = u32::from(grey) * u32::from(alpha) + 255 * (255 - u32::from(alpha));
    u8::try_from(sum / 255).unwrap_or(u8::MAX)
}

fn refused(error: DecodingError) -> Refusal {
    Refusal::of(match error {
        DecodingError::LimitsExceeded => Code::StampImageTooLarge,
        _ => Code::StampImage,
    })
}
