//! Text: `SEAWORTHY:S#` or `HTTPS://HOST/S#`, and the bytes in RFC 4648 base32. Capitals and digits alone, so that a QR
//! code holds it in its dense alphanumeric mode; behind the `#`, so that a browser keeps it to itself.
//!
//! One spelling only: lower case, padding, spaces and left-over bits are refused, each under its own code. Only the
//! address before the `#` may be in any case, since browsers write it small.

use data_encoding::{BASE32_NOPAD, DecodeKind};
use seaworthy_model::Code;

use crate::cose::quoted;
use crate::refusal::Refusal;

const SCHEME: &str = "SEAWORTHY:S#";
const LINK: &str = "HTTPS://";
const PAGE: &str = "/S#";
const MAX_HOST: usize = 80;

/// The host of a check page, in capitals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host(String);

impl Host {
    /// Takes a host name, with a port if need be: letters, digits, dots, hyphens and a colon.
    pub fn parse(text: &str) -> Option<Host> {
        is_host(text).then(|| Host(text.to_ascii_uppercase()))
    }
}

fn is_host(text: &str) -> bool {
    let fits = (1..=MAX_HOST).contains(&text.len());
    fits && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:".contains(&byte))
}

/// The text of a stamp.
pub(crate) fn write(bytes: &[u8], host: Option<&Host>) -> String {
    let body = BASE32_NOPAD.encode(bytes);
    match host {
        Some(Host(host)) => format!("{LINK}{host}{PAGE}{body}"),
        None => format!("{SCHEME}{body}"),
    }
}

/// The bytes that a text carries.
pub(crate) fn read(text: &str) -> Result<Vec<u8>, Refusal> {
    let body = body(text).ok_or_else(|| Refusal::found(Code::StampText, quoted(text)))?;
    if body.len() > crate::check::MAX_STAMP * 8 / 5 + 1 {
        return Err(Refusal::found(Code::StampTooLarge, format!("{} letters", body.len())));
    }
    BASE32_NOPAD.decode(body.as_bytes()).map_err(|error| match error.kind {
        DecodeKind::Symbol => wrong_letter(body, error.position),
        DecodeKind::Trailing => Refusal::of(Code::StampTextLeftover),
        DecodeKind::Length | DecodeKind::Padding => wrong_length(body),
    })
}

/// What stands behind the prefix.
fn body(text: &str) -> Option<&str> {
    if let Some(body) = strip(text, SCHEME) {
        return Some(body);
    }
    let rest = strip(text, LINK)?;
    let (host, path) = rest.split_at_checked(rest.find('/')?)?;
    if is_host(host) { strip(path, PAGE) } else { None }
}

fn strip<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// A text of impossible length is first asked for a letter that is none.
fn wrong_length(body: &str) -> Refusal {
    match body.bytes().position(|byte| !matches!(byte, b'A'..=b'Z' | b'2'..=b'7')) {
        Some(at) => wrong_letter(body, at),
        None => Refusal::found(Code::StampTextLength, format!("{} letters", body.len())),
    }
}

fn wrong_letter(body: &str, at: usize) -> Refusal {
    let letter = body.get(at..).and_then(|rest| rest.chars().next()).unwrap_or('?');
    let code = if letter.is_ascii_lowercase() { Code::StampTextLowerCase } else { Code::StampTextLetter };
    Refusal::found(code, format!("{} at {}", quoted(letter.encode_utf8(&mut [0; 4])), at + 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(text: &str) -> Code {
        read(text).unwrap_err().code()
    }

    #[test]
    fn one_spelling_is_read() {
        assert_eq!(read("SEAWORTHY:S#MZXW6").unwrap(), b"foo");
        assert_eq!(read("https://check.example:8443/S#MZXW6").unwrap(), b"foo");
        assert_eq!(code("SEAWORTHY:S#mZXW6"), Code::StampTextLowerCase);
        assert_eq!(code("SEAWORTHY:S#MZX 6"), Code::StampTextLetter);
        assert_eq!(code("SEAWORTHY:S#MZXW6==="), Code::StampTextLetter);
        assert_eq!(code("SEAWORTHY:S#MZXW61"), Code::StampTextLetter);
        assert_eq!(code("SEAWORTHY:S#MZXW6A"), Code::StampTextLength);
        assert_eq!(code("SEAWORTHY:S#MZXW7"), Code::StampTextLeftover);
        assert_eq!(code("SEAWORTHY:S#MZXé6"), Code::StampTextLetter);
    }

    #[test]
    fn what_is_no_stamp_is_said_to_be_none() {
        for text in [
            "",
            "MZXW6",
            "http://check.example/S#MZXW6",
            "https://check.example/T#MZXW6",
            "https:///S#MZXW6",
            "https://a b/S#MZXW6",
            "é",
            "SEAWORTHY",
        ] {
            assert_eq!(code(text), Code::StampText, "{text}");
        }
    }

    #[test]
    fn a_host_is_a_name_and_nothing_else() {
        assert_eq!(write(b"foo", Host::parse("check.example").as_ref()), "HTTPS://CHECK.EXAMPLE/S#MZXW6");
        for text in ["", "a/b", "a@b", "a#b", "ä"] {
            assert_eq!(Host::parse(text), None);
        }
    }

    proptest! {
        #[test]
        fn bytes_come_back(bytes: Vec<u8>) {
            prop_assert_eq!(read(&write(&bytes, None)).unwrap(), bytes);
        }

        #[test]
        fn no_text_panics_and_each_has_one_meaning(text in "\\PC*", body in "[A-Z2-7]{0,20}") {
            let _ = read(&text);
            let whole = format!("SEAWORTHY:S#{body}");
            if let Ok(bytes) = read(&whole) {
                prop_assert_eq!(write(&bytes, None), whole);
            }
        }
    }
}
