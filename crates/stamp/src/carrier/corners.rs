//! Counting the corners of QR codes in a picture, by the marks that `rqrr` knows them by: a dark ring around a dark
//! stone, cut across as 1:1:3:1:1.

use std::collections::BTreeSet;

use super::bits::Bits;

/// More corners than this are no photograph of a stamp: a code has three.
const MOST: usize = 24;

/// Whether a picture has more corners than are worth looking at.
pub(crate) fn are_too_many(bits: &Bits) -> bool {
    let mut regions = Regions::of(bits);
    let rows = std::mem::take(&mut regions.rows);
    let mut stones = BTreeSet::new();
    for row in rows {
        for cut in row.threes() {
            stones.extend(regions.stone(cut));
        }
        if stones.len() > MOST {
            return true;
        }
    }
    false
}

/// Dark pixels side by side in one row.
#[derive(Clone, Copy, Debug)]
struct Run {
    start: usize,
    end: usize,
    label: usize,
}

/// The dark runs of a row, from left to right.
#[derive(Debug, Default)]
struct Row(Vec<Run>);

impl Row {
    fn threes(&self) -> impl Iterator<Item = [Run; 3]> + '_ {
        self.0.windows(3).filter_map(|runs| runs.try_into().ok())
    }
}

/// Dark regions: runs that touch each other from row to row have one root.
#[derive(Default)]
struct Regions {
    rows: Vec<Row>,
    parents: Vec<usize>,
    sizes: Vec<usize>,
}

impl Regions {
    fn of(bits: &Bits) -> Regions {
        let mut regions = Regions::default();
        let mut above = Row::default();
        for y in 0..bits.height {
            let row = regions.row(bits, y);
            regions.join(&above, &row);
            regions.rows.push(std::mem::replace(&mut above, row));
        }
        regions.rows.push(above);
        regions
    }

    fn row(&mut self, bits: &Bits, y: usize) -> Row {
        let mut runs = Vec::new();
        let mut start = None;
        for x in 0..=bits.width {
            match (bits.is_dark(x, y), start) {
                (true, None) => start = Some(x),
                (false, Some(from)) => {
                    runs.push(Run { start: from, end: x, label: self.parents.len() });
                    self.parents.push(self.parents.len());
                    self.sizes.push(x - from);
                    start = None;
                }
                _ => {}
            }
        }
        Row(runs)
    }

    /// Joins the runs of two rows that touch, going along both at once.
    fn join(&mut self, above: &Row, below: &Row) {
        let (mut above, mut below) = (above.0.iter().peekable(), below.0.iter().peekable());
        while let (Some(&&upper), Some(&&lower)) = (above.peek(), below.peek()) {
            if upper.start < lower.end && lower.start < upper.end {
                self.unite(upper.label, lower.label);
            }
            if upper.end < lower.end {
                above.next()
            } else {
                below.next()
            };
        }
    }

    fn unite(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        if one == other {
            return;
        }
        let size = self.size(one);
        if let (Some(parent), Some(sum)) = (self.parents.get_mut(one), self.sizes.get_mut(other)) {
            *parent = other;
            *sum += size;
        }
    }

    /// The root of a run's region, with the way to it made shorter for the next time.
    fn root(&mut self, mut label: usize) -> usize {
        loop {
            let parent = self.parent(label);
            if parent == label {
                return label;
            }
            let beyond = self.parent(parent);
            if let Some(entry) = self.parents.get_mut(label) {
                *entry = beyond;
            }
            label = beyond;
        }
    }

    fn parent(&self, label: usize) -> usize {
        self.parents.get(label).copied().unwrap_or(label)
    }

    fn size(&self, root: usize) -> usize {
        self.sizes.get(root).copied().unwrap_or_default()
    }

    /// The region of the stone, if three runs cut across a corner.
    fn stone(&mut self, [left, middle, right]: [Run; 3]) -> Option<usize> {
        if !is_cut_across(&left, &middle, &right) {
            return None;
        }
        let (ring, stone) = (self.root(left.label), self.root(middle.label));
        let closed = ring == self.root(right.label) && ring != stone;
        let share = self.size(stone) * 100 / self.size(ring).max(1);
        (closed && (10..=70).contains(&share)).then_some(stone)
    }
}

/// 1:1:3:1:1, each within three quarters of a module.
fn is_cut_across(left: &Run, middle: &Run, right: &Run) -> bool {
    let length = |run: &Run| run.end - run.start;
    let narrow = [length(left), middle.start - left.end, right.start - middle.end, length(right)];
    let module = narrow.iter().sum::<usize>() / 4;
    let slack = module * 3 / 4;
    narrow.iter().all(|&run| run.abs_diff(module) <= slack) && length(middle).abs_diff(3 * module) <= slack
}
