//! Stanzas of fields: deb822(5), Debian Policy §5.1, as apt reads them.
//!
//! A stanza ends at an empty line (a line of blanks does not end it). Field names
//! are compared without case, and of two equal names the last one counts. Lines
//! that open with a blank continue the field above them.

use std::borrow::Cow;

use memchr::memmem;

/// Whether lines that open with `#` are comments: they are in files people write,
/// not in files tools write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comments {
    /// Drop them.
    Dropped,
    /// Read them like any other line.
    Kept,
}

/// The text without carriage returns at line ends and, if asked, without comments,
/// ready for [`stanzas`]. Borrows when there is nothing to drop.
#[must_use]
pub fn plain(text: &[u8], comments: Comments) -> Cow<'_, [u8]> {
    let drop_comments = comments == Comments::Dropped && memchr::memchr(b'#', text).is_some();
    if !drop_comments && memchr::memchr(b'\r', text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut kept = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        if drop_comments && line.first() == Some(&b'#') {
            continue;
        }
        let body = line.strip_suffix(b"\n").unwrap_or(line);
        let end = body.iter().rposition(|&byte| byte != b'\r').map_or(0, |last| last + 1);
        kept.extend_from_slice(body.get(..end).unwrap_or_default());
        if line.len() > body.len() {
            kept.push(b'\n');
        }
    }
    Cow::Owned(kept)
}

/// One stanza, borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stanza<'a>(&'a [u8]);

/// The stanzas of a text that has no carriage returns (see [`plain`]).
pub fn stanzas(text: &[u8]) -> impl Iterator<Item = Stanza<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        while let [b'\n', tail @ ..] = rest {
            rest = tail;
        }
        if rest.is_empty() {
            return None;
        }
        let end = memmem::find(rest, b"\n\n").map_or(rest.len(), |at| at + 1);
        let (stanza, tail) = rest.split_at(end);
        rest = tail;
        Some(Stanza(stanza))
    })
}

impl<'a> Stanza<'a> {
    /// A stanza whose bounds the caller has found.
    #[must_use]
    pub fn new(text: &'a [u8]) -> Self {
        Self(text)
    }

    /// Name and value of each field, in order. A value spans its continuation lines
    /// and has no blanks at its ends. Lines without a colon are passed over.
    pub fn fields(self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            loop {
                if rest.is_empty() {
                    return None;
                }
                let (lines, tail) = rest.split_at(logical_line(rest));
                rest = tail;
                // Names are short: the plain search is faster here.
                let colon = lines.iter().position(|byte| matches!(byte, b':' | b'\n'));
                let Some((name, [b':', value @ ..])) = colon.and_then(|colon| lines.split_at_checked(colon)) else {
                    continue;
                };
                if !name.first().is_some_and(u8::is_ascii_whitespace) {
                    return Some((name.trim_ascii_end(), value.trim_ascii()));
                }
            }
        })
    }

    /// The value of the last field of that name.
    #[must_use]
    pub fn field(self, name: &str) -> Option<&'a [u8]> {
        self.fields().filter(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes())).last().map(|(_, value)| value)
    }

    /// The value of a field as text; bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn text(self, name: &str) -> Option<String> {
        self.field(name).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// The words of a field's value.
    #[must_use]
    pub fn words(self, name: &str) -> Option<Vec<String>> {
        self.text(name).map(|value| value.split_ascii_whitespace().map(str::to_owned).collect())
    }
}

/// Length of the first line with its newline and the lines that continue it.
fn logical_line(text: &[u8]) -> usize {
    let mut end = 0;
    loop {
        let rest = text.get(end..).unwrap_or_default();
        match memchr::memchr(b'\n', rest) {
            None => return text.len(),
            Some(at) => end += at + 1,
        }
        if !text.get(end).is_some_and(|byte| matches!(byte, b' ' | b'\t' | 0x0b | 0x0c | b'\r')) {
            return end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn only(text: &str) -> Stanza<'_> {
        stanzas(text.as_bytes()).next().unwrap()
    }

    #[test]
    fn last_of_equal_names_counts_and_case_does_not() {
        let stanza = only("Package: a\nPACKAGE : b\nDepends: x,\n y\n\n");
        assert_eq!(stanza.text("package").unwrap(), "b");
        assert_eq!(stanza.field("Depends").unwrap(), b"x,\n y");
    }

    #[test]
    fn a_line_of_blanks_does_not_end_a_stanza() {
        let all: Vec<_> = stanzas(b"\n\nA: 1\n \nB: 2\n\n\n\nA: 3").collect();
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].field("B").unwrap(), b"2");
        assert_eq!(all[1].field("A").unwrap(), b"3");
    }

    #[test]
    fn comments_go_even_inside_a_field() {
        let text = plain(b"# head\nSuites: a\n# no\n b\r\n", Comments::Dropped);
        let stanza = stanzas(&text).next().unwrap();
        assert_eq!(stanza.words("Suites").unwrap(), ["a", "b"]);
    }

    proptest! {
        #[test]
        fn any_bytes(text: Vec<u8>) {
            let text = plain(&text, Comments::Dropped);
            for stanza in stanzas(&text) {
                prop_assert!(stanza.fields().count() <= text.len());
                let _ = stanza.words("A");
            }
        }
    }
}
