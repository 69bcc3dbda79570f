//! The cleartext signature framework (RFC 9580 §7), read strictly: one message and nothing around it.
//!
//! The OpenPGP library reads this frame too, but takes time that grows with the square of the text (63 ms for a
//! 150 kB InRelease); splitting the frame here and leaving the signatures to the library takes 2 ms.

use seaworthy_model::Reason;

const MESSAGE: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----";
const END: &str = "-----END PGP SIGNATURE-----";

/// A clear-signed message taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    /// The text as people read it: dashes unescaped, ends of lines trimmed, with plain line ends.
    pub text: String,
    /// The armoured signatures.
    pub armour: &'a str,
}

impl<'a> Frame<'a> {
    /// Takes a message apart. A file without any such message is unsigned; one that is not exactly one is bad.
    pub(super) fn of(file: &'a str) -> Result<Frame<'a>, Reason> {
        let missing = if file.contains(MESSAGE) { Reason::BadSignature } else { Reason::Unsigned };
        let rest = strip_line(file, MESSAGE).ok_or(missing)?;
        let body = skip_headers(rest).ok_or(Reason::BadSignature)?;
        let (body, armour) = split_signature(body).ok_or(Reason::BadSignature)?;
        Ok(Frame { text: unescape(body).ok_or(Reason::BadSignature)?, armour })
    }

    /// The text in the form that was hashed: lines end with CR LF, the last without.
    pub(super) fn hashed(&self) -> String {
        self.text.strip_suffix('\n').unwrap_or(&self.text).replace('\n', "\r\n")
    }
}

fn strip_line<'a>(text: &'a str, line: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(line)?;
    rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n'))
}

/// Only `Hash` may stand in the header, and an empty line ends it.
fn skip_headers(mut rest: &str) -> Option<&str> {
    loop {
        let (line, after) = rest.split_once('\n')?;
        rest = after;
        match line.trim_end() {
            "" => return Some(rest),
            header if header.starts_with("Hash: ") => {}
            _ => return None,
        }
    }
}

/// The body, and the armoured block that must end the file.
fn split_signature(body: &str) -> Option<(&str, &str)> {
    let start = if body.starts_with(SIGNATURE) { 0 } else { body.find(&format!("\n{SIGNATURE}"))?.checked_add(1)? };
    let (text, armour) = body.split_at_checked(start)?;
    let end = armour.find(END)?.checked_add(END.len())?;
    let (armour, after) = armour.split_at_checked(end)?;
    let whole = after.trim().is_empty() && armour.matches("-----BEGIN").count() == 1;
    whole.then_some((text, armour))
}

fn unescape(body: &str) -> Option<String> {
    let mut text = String::with_capacity(body.len());
    for line in body.lines() {
        let line = match line.strip_prefix("- ") {
            Some(escaped) => escaped,
            None if line.starts_with('-') => return None,
            None => line,
        };
        text.push_str(line.trim_end_matches([' ', '\t', '\r']));
        text.push('\n');
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(body: &str) -> String {
        format!("{MESSAGE}\nHash: SHA256\n\n{body}\n{SIGNATURE}\n\nabc\n{END}\n")
    }

    #[test]
    fn a_message_is_taken_apart() {
        let file = framed("Origin: Debian  \n- -dashed\nSuite: x");
        let frame = Frame::of(&file).unwrap();
        assert_eq!(frame.text, "Origin: Debian\n-dashed\nSuite: x\n");
        assert_eq!(frame.hashed(), "Origin: Debian\r\n-dashed\r\nSuite: x");
    }

    #[test]
    fn nothing_may_stand_around_or_between() {
        assert_eq!(Frame::of("Origin: Debian\n").unwrap_err(), Reason::Unsigned);
        let file = framed("Origin: Debian");
        for bad in [
            format!("Origin: Evil\n{file}"),
            format!("{file}Origin: Evil\n"),
            format!("{file}{file}"),
            file.replace("Hash: SHA256\n\n", "Hash: SHA256\n"),
            file.replace("Hash: SHA256", "Comment: hello"),
            file.replace("Origin", "-Origin"),
            file.replace(END, ""),
        ] {
            assert!(Frame::of(&bad).is_err(), "{bad}");
        }
    }
}
