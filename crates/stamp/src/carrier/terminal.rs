//! Terminal: two modules to a character, by half blocks.

use std::fmt::Write as _;

use super::qr::Qr;

/// What the code is drawn on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paper {
    /// Black on white by escape codes: reads on any terminal that has colours.
    Painted,
    /// No escape codes, on a terminal that writes light on dark.
    Dark,
    /// No escape codes, on paper or a terminal that writes dark on light.
    Light,
}

/// Black on the white of the 256-colour cube; the sixteen named colours are whatever the theme makes of them.
const BEGIN: &str = "\x1b[38;5;16;48;5;231m";
const END: &str = "\x1b[0m";

impl Qr {
    /// Lines of half blocks with the quiet zone, each with its line end.
    pub fn to_terminal(&self, paper: Paper) -> String {
        let (begin, end) = if paper == Paper::Painted { (BEGIN, END) } else { ("", "") };
        let inked = |x, y| self.is_dark(x, y) != (paper == Paper::Dark);
        let mut drawn = String::new();
        for y in (0..self.framed_width()).step_by(2) {
            let line: String = (0..self.framed_width()).map(|x| block(inked(x, y), inked(x, y + 1))).collect();
            // Writing to a String does not fail.
            let _ = writeln!(drawn, "{begin}{line}{end}");
        }
        drawn
    }
}

const fn block(upper: bool, lower: bool) -> char {
    match (upper, lower) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) => ' ',
    }
}
