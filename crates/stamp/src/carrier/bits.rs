//! A picture in black and white: a pixel is dark if it is darker than what surrounds it.

use super::scan::Grey;

/// How many blocks the longer side is cut into.
const BLOCKS: usize = 20;
/// A pixel is compared with the blocks up to this many around its own.
const REACH: usize = 2;
/// Dark means below this share of the mean around it, in hundredths: flat ground is light.
const SHARE: u64 = 95;

/// Dark and light pixels.
#[derive(Clone, Debug)]
pub(crate) struct Bits {
    pub(crate) width: usize,
    pub(crate) height: usize,
    dark: Vec<bool>,
}

impl Bits {
    pub(crate) fn of(picture: &Grey) -> Bits {
        let block = (picture.width.max(picture.height) / BLOCKS).max(8);
        let blocks = Blocks::of(picture, block);
        let rows = picture.pixels.chunks(picture.width.max(1)).enumerate();
        let dark = rows
            .flat_map(|(y, row)| {
                let limits = blocks.limits(y / block);
                row.iter()
                    .enumerate()
                    .map(move |(x, &pixel)| limits.get(x / block).is_some_and(|&limit| u64::from(pixel) * 100 < limit))
            })
            .collect();
        Bits { width: picture.width, height: picture.height, dark }
    }

    /// Whether a pixel is dark; everything around the picture is light.
    pub(crate) fn is_dark(&self, x: usize, y: usize) -> bool {
        x < self.width && self.dark.get(y * self.width + x).copied().unwrap_or(false)
    }
}

/// Sum and number of the pixels of each block.
struct Blocks {
    across: usize,
    sums: Vec<(u64, u64)>,
}

impl Blocks {
    fn of(picture: &Grey, block: usize) -> Blocks {
        let across = picture.width.div_ceil(block);
        let mut sums = vec![(0, 0); across * picture.height.div_ceil(block)];
        for (y, row) in picture.pixels.chunks(picture.width.max(1)).enumerate() {
            for (x, part) in row.chunks(block).enumerate() {
                if let Some((sum, count)) = sums.get_mut(y / block * across + x) {
                    *sum += part.iter().map(|&pixel| u64::from(pixel)).sum::<u64>();
                    *count += part.len() as u64;
                }
            }
        }
        Blocks { across, sums }
    }

    /// For each block of a row: a hundred times the value below which its pixels are dark.
    fn limits(&self, row: usize) -> Vec<u64> {
        let limit = |column: usize| {
            let rows = row.saturating_sub(REACH)..=row + REACH;
            let around = rows.flat_map(|y| {
                (column.saturating_sub(REACH)..=(column + REACH).min(self.across - 1)).map(move |x| (x, y))
            });
            let (sum, count) = around
                .filter_map(|(x, y)| self.sums.get(y * self.across + x))
                .fold((0, 0), |(sum, count), part| (sum + part.0, count + part.1));
            sum * SHARE / count.max(1)
        };
        (0..self.across).map(limit).collect()
    }
}
