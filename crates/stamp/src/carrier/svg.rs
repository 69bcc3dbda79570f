//! SVG: one path of dark runs on white, with a title for those who hear it. Read back only as we wrote it, byte for
//! byte, since any other SVG would need a renderer to be seen as people see it.

use std::fmt::Write as _;

use seaworthy_model::Code;

use super::QUIET_ZONE;
use super::qr::Qr;
use super::scan;
use crate::refusal::Refusal;

/// Longest side of the largest QR code, quiet zone included.
const MAX_SIDE: usize = 177 + 2 * QUIET_ZONE;
const SIDE_AFTER: &str = " viewBox=\"0 0 ";
const DARK_AFTER: &str = "<path d=\"";

impl Qr {
    /// The code as SVG, 0.4 mm to a module (36 mm for version 16).
    pub fn to_svg(&self) -> String {
        let side = self.framed_width();
        let millimetres = format!("{}.{}mm", side * 4 / 10, side * 4 % 10);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\"{SIDE_AFTER}{side} {side}\" width=\"{millimetres}\" height=\"{millimetres}\" \
             role=\"img\" aria-labelledby=\"title\" shape-rendering=\"crispEdges\">\n\
             <title id=\"title\">Seaworthy stamp as a QR code. To check it: seaworthy check</title>\n\
             <rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/>\n\
             {DARK_AFTER}{}\" fill=\"#000\"/>\n</svg>\n",
            self.runs()
        )
    }

    /// Each dark run of each row: `M x y h length v1 h -length z`.
    fn runs(&self) -> String {
        let side = self.framed_width();
        let mut runs = String::new();
        for y in 0..side {
            let mut x = 0;
            while x < side {
                let length = (x..side).take_while(|&x| self.is_dark(x, y)).count();
                if length > 0 {
                    // Writing to a String does not fail.
                    let _ = write!(runs, "M{x} {y}h{length}v1h-{length}z");
                }
                x += length.max(1);
            }
        }
        runs
    }
}

/// The text of the code in one of our own SVGs.
pub(crate) fn read(text: &str) -> Result<String, Refusal> {
    let qr = modules(text).filter(|qr| qr.to_svg().trim_end() == text).ok_or(Refusal::of(Code::StampSvg))?;
    scan::decode_modules(&qr)
}

fn modules(text: &str) -> Option<Qr> {
    let (_, after) = text.split_once(SIDE_AFTER)?;
    let side: usize = after.split(' ').next()?.parse().ok().filter(|&side| side <= MAX_SIDE)?;
    let width = side.checked_sub(2 * QUIET_ZONE)?;
    let (_, after) = text.split_once(DARK_AFTER)?;
    let (runs, _) = after.split_once('"')?;
    let mut dark = vec![false; width * width];
    for run in runs.split_terminator('z') {
        let (x, y, length) = parse_run(run)?;
        let start = y.checked_sub(QUIET_ZONE)?.checked_mul(width)?.checked_add(x.checked_sub(QUIET_ZONE)?)?;
        dark.get_mut(start..start.checked_add(length)?)?.fill(true);
    }
    Some(Qr::from_modules(width, dark))
}

fn parse_run(run: &str) -> Option<(usize, usize, usize)> {
    let (x, rest) = run.strip_prefix('M')?.split_once(' ')?;
    let (y, rest) = rest.split_once('h')?;
    let (length, _) = rest.split_once('v')?;
    Some((x.parse().ok()?, y.parse().ok()?, length.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "SEAWORTHY:S#MZXW6";

    #[test]
    fn our_own_svg_reads_back_and_no_other() {
        let svg = Qr::of(TEXT).unwrap().to_svg();
        assert_eq!(read(svg.trim()).unwrap(), TEXT);
        assert!(svg.contains("<title id=\"title\">") && svg.contains("role=\"img\""));
        for other in
            [svg.replace("#000", "#fff"), svg.replace("<rect", "<image"), svg.replace("h7v1", "h6v1"), "<svg/>".into()]
        {
            assert_eq!(read(other.trim()).unwrap_err().code(), Code::StampSvg);
        }
    }

    proptest! {
        #[test]
        fn no_svg_panics(side in 0_usize..400, x: usize, y in 0_usize..400, length: usize, text in "\\PC*") {
            let _ = read(&format!("<svg{SIDE_AFTER}{side} {side}\">{DARK_AFTER}M{x} {y}h{length}v1h-{length}z\"/>"));
            let _ = read(&format!("<svg{SIDE_AFTER}{side} {side}\">{DARK_AFTER}{text}\"/>"));
        }
    }
}
