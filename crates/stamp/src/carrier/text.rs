//! Text: `SEAWORTHY:S#` or `HTTPS://HOST/S#`, and the bytes in RFC 4648 base32; `P` in place of `S` for a stamp that is
//! presented. Capitals and digits alone, so that a QR code holds it in its dense alphanumeric mode; behind the `#`, so
//! that a browser keeps it to itself. After a dot may stand the stamp's index in the log.
//!
//! One spelling only: lower case, padding, spaces and left-over bits are refused, each under its own code. Only the
//! address before the `#` may be in any case, since browsers write it small.

use data_encoding::{BASE32_NOPAD, DecodeKind};
use seaworthy_model::Code;

use super::index::LogIndex;
use super::{Carried, Kind};
use crate::cose::quoted;
use crate::refusal::Refusal;

const SCHEME: &str = "SEAWORTHY:";
const LINK: &str = "HTTPS://";
const BEFORE_INDEX: char = '.';
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

/// The text of a message.
pub(crate) fn write(kind: Kind, bytes: &[u8], host: Option<&Host>, index: Option<LogIndex>) -> String {
    let (letter, body) = (kind.letter(), BASE32_NOPAD.encode(bytes));
    let index = index.map_or_else(String::new, |index| format!("{BEFORE_INDEX}{index}"));
    match host {
        Some(Host(host)) => format!("{LINK}{host}/{letter}#{body}{index}"),
        None => format!("{SCHEME}{letter}#{body}{index}"),
    }
}

/// What a text carries.
pub(crate) fn read(text: &str) -> Result<Carried, Refusal> {
    let (kind, rest) = parts(text).ok_or_else(|| Refusal::found(Code::StampText, quoted(text)))?;
    let (body, index) = match rest.split_once(BEFORE_INDEX) {
        Some((body, index)) => (body, Some(read_index(index)?)),
        None => (rest, None),
    };
    Ok(Carried { kind, bytes: decode(body, kind.most())?, index })
}

fn read_index(text: &str) -> Result<LogIndex, Refusal> {
    LogIndex::parse(text).ok_or_else(|| Refusal::found(Code::StampTextIndex, quoted(text)))
}

fn decode(body: &str, most: usize) -> Result<Vec<u8>, Refusal> {
    if body.len() > most * 8 / 5 + 1 {
        return Err(Refusal::found(Code::StampTooLarge, format!("{} letters", body.len())));
    }
    BASE32_NOPAD.decode(body.as_bytes()).map_err(|error| match error.kind {
        DecodeKind::Symbol => wrong_letter(body, error.position),
        DecodeKind::Trailing => Refusal::of(Code::StampTextLeftover),
        DecodeKind::Length | DecodeKind::Padding => wrong_length(body),
    })
}

/// What kind a text names, and what stands behind the `#`.
fn parts(text: &str) -> Option<(Kind, &str)> {
    if let Some(rest) = strip(text, SCHEME) {
        return named(rest);
    }
    let (host, page) = strip(text, LINK)?.split_once('/')?;
    if is_host(host) { named(page) } else { None }
}

fn named(rest: &str) -> Option<(Kind, &str)> {
    let (letter, body) = rest.split_once('#')?;
    let is_named = |kind: &Kind| letter.eq_ignore_ascii_case(kind.letter().encode_utf8(&mut [0; 4]));
    Kind::ALL.into_iter().find(is_named).map(|kind| (kind, body))
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
        let foo = |kind, index| Ok(Carried { kind, bytes: b"foo".to_vec(), index });
        assert_eq!(read("SEAWORTHY:S#MZXW6"), foo(Kind::Stamp, None));
        assert_eq!(read("https://check.example:8443/S#MZXW6"), foo(Kind::Stamp, None));
        assert_eq!(read("seaworthy:p#MZXW6"), foo(Kind::Presentation, None));
        assert_eq!(read("HTTPS://CHECK.EXAMPLE/S#MZXW6.0"), foo(Kind::Stamp, LogIndex::new(0)));
        assert_eq!(read("SEAWORTHY:P#MZXW6.9007199254740991"), foo(Kind::Presentation, LogIndex::new((1 << 53) - 1)));
        assert_eq!(code("SEAWORTHY:S#mZXW6"), Code::StampTextLowerCase);
        assert_eq!(code("SEAWORTHY:S#MZX 6"), Code::StampTextLetter);
        assert_eq!(code("SEAWORTHY:S#MZXW6==="), Code::StampTextLetter);
        assert_eq!(code("SEAWORTHY:S#MZXW61"), Code::StampTextLetter);
        assert_eq!(code("SEAWORTHY:S#MZXW6A"), Code::StampTextLength);
        assert_eq!(code("SEAWORTHY:S#MZXW7"), Code::StampTextLeftover);
        assert_eq!(code("SEAWORTHY:S#MZXé6"), Code::StampTextLetter);
    }

    #[test]
    fn an_index_has_one_spelling() {
        for index in ["", "00", "01", "-1", "+1", "1.", "1.1", " 1", "9007199254740992", "99999999999999999999", "٣"] {
            assert_eq!(code(&format!("SEAWORTHY:S#MZXW6.{index}")), Code::StampTextIndex, "{index}");
        }
        assert_eq!(LogIndex::new(1 << 53), None);
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
            "https://check.example/s/S#MZXW6",
            "é",
            "SEAWORTHY",
            "SEAWORTHY:SS#MZXW6",
            "SEAWORTHY:#MZXW6",
        ] {
            assert_eq!(code(text), Code::StampText, "{text}");
        }
    }

    #[test]
    fn a_host_is_a_name_and_nothing_else() {
        let host = Host::parse("check.example");
        assert_eq!(write(Kind::Stamp, b"foo", host.as_ref(), None), "HTTPS://CHECK.EXAMPLE/S#MZXW6");
        let index = LogIndex::new(70_000);
        assert_eq!(write(Kind::Stamp, b"foo", host.as_ref(), index), "HTTPS://CHECK.EXAMPLE/S#MZXW6.70000");
        for text in ["", "a/b", "a@b", "a#b", "ä"] {
            assert_eq!(Host::parse(text), None);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_comes_back(bytes: Vec<u8>, index: Option<u64>, presented: bool, linked: bool) {
            let index = index.and_then(|index| LogIndex::new(index >> 11));
            let kind = if presented { Kind::Presentation } else { Kind::Stamp };
            let host = Host::parse("check.example:8443").filter(|_| linked);
            prop_assert_eq!(read(&write(kind, &bytes, host.as_ref(), index)).unwrap(), Carried { kind, bytes, index });
        }

        #[test]
        fn no_text_panics_and_each_has_one_meaning(text in "\\PC*", rest in "[SP]#[A-Z2-7]{0,20}(\\.[0-9]{0,18})?") {
            let _ = read(&text);
            let whole = format!("SEAWORTHY:{rest}");
            if let Ok(Carried { kind, bytes, index }) = read(&whole) {
                prop_assert_eq!(write(kind, &bytes, None, index), whole);
            }
        }
    }
}
