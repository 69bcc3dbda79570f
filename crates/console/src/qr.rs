//! A QR code on a page: one path of dark runs on white, whatever the colours of the page.

use maud::{Markup, html};
use seaworthy_stamp::Qr;

/// Light modules around the code (ISO/IEC 18004 §9.1).
const QUIET_ZONE: usize = 4;

/// The code of a text; nothing where the text is too long, since the text stands beside it.
pub(crate) fn svg(text: &str, says: &str) -> Markup {
    let Ok(code) = Qr::of(text) else { return html! {} };
    let side = code.width() + 2 * QUIET_ZONE;
    html! {
        svg class="qr" xmlns="http://www.w3.org/2000/svg" viewBox=(format!("0 0 {side} {side}")) role="img"
            aria-label=(says) shape-rendering="crispEdges" {
            rect width=(side) height=(side) fill="#fff" {}
            path d=(runs(&code, side)) fill="#000" {}
        }
    }
}

fn runs(code: &Qr, side: usize) -> String {
    let mut runs = String::new();
    for y in 0..side {
        let mut x = 0;
        while x < side {
            let length = (x..side).take_while(|&x| code.is_dark(x, y)).count();
            if length > 0 {
                runs.push_str(&format!("M{x} {y}h{length}v1h-{length}z"));
            }
            x += length.max(1);
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_name_and_its_dark_runs() {
        let svg = svg("https://seaworthy.example.org/e#key.token", "Enrolment link").into_string();
        assert!(svg.contains(r#"aria-label="Enrolment link""#) && svg.contains("M4 4h7v1h-7z"), "{svg}");
    }

    #[test]
    fn a_text_that_is_too_long_has_none() {
        assert_eq!(super::svg(&"x".repeat(5000), "").into_string(), "");
    }
}
