//! The two pattern languages of apt's pins: fnmatch(3) without case, and POSIX
//! extended regular expressions between slashes (apt_preferences(5)).

use regex_lite::{Regex, RegexBuilder};
use thiserror::Error;

/// A regular expression that this program cannot read, so that its answer would be
/// a guess.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the regular expression {0:?} cannot be read")]
pub struct UnsupportedPattern(pub String);

/// A pattern ready to be asked.
#[derive(Debug, Clone)]
pub(crate) enum Pattern {
    Glob(String),
    Expression(Regex),
}

impl Pattern {
    /// `/…/` is a regular expression, anything else is a glob.
    pub(crate) fn new(text: &str) -> Result<Self, UnsupportedPattern> {
        match text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
            Some(expression) => regular(expression).map(Self::Expression),
            None => Ok(Self::Glob(text.to_owned())),
        }
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Glob(glob) => glob_matches(glob, text),
            Self::Expression(expression) => expression.is_match(text),
        }
    }
}

/// A POSIX extended expression, matched anywhere in the text, without case.
pub(crate) fn regular(text: &str) -> Result<Regex, UnsupportedPattern> {
    RegexBuilder::new(text)
        .case_insensitive(true)
        .size_limit(1 << 20)
        .build()
        .map_err(|_| UnsupportedPattern(text.to_owned()))
}

/// fnmatch(3) with `FNM_CASEFOLD` and no other flag. Linear memory, at most
/// quadratic time.
pub(crate) fn glob_matches(glob: &str, text: &str) -> bool {
    let (mut glob, mut text) = (glob.as_bytes(), text.as_bytes());
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        if let [b'*', rest @ ..] = glob {
            retry = Some((rest, text));
            glob = rest;
            continue;
        }
        match (one(glob, text.first().copied()), text) {
            (Step::Took(rest), [_, tail @ ..]) => (glob, text) = (rest, tail),
            (Step::End, []) => return true,
            _ => match retry {
                Some((after, [_, tail @ ..])) => {
                    retry = Some((after, tail));
                    (glob, text) = (after, tail);
                }
                _ => return false,
            },
        }
    }
}

enum Step<'a> {
    /// The first element matches the byte; the rest of the glob follows.
    Took(&'a [u8]),
    Failed,
    /// The glob is at its end.
    End,
}

fn one(glob: &[u8], byte: Option<u8>) -> Step<'_> {
    let (literal, rest) = match glob {
        [] => return Step::End,
        [b'?', rest @ ..] => {
            return byte.map_or(Step::Failed, |_| Step::Took(rest));
        }
        [b'[', set @ ..] => match (bracket(set, byte), byte) {
            (Some((true, rest)), Some(_)) => return Step::Took(rest),
            (Some(_), _) => return Step::Failed,
            (None, _) => (b'[', set),
        },
        [b'\\', escaped, rest @ ..] => (*escaped, rest),
        [b'\\'] => return Step::Failed,
        [first, rest @ ..] => (*first, rest),
    };
    match byte {
        Some(byte) if byte.eq_ignore_ascii_case(&literal) => Step::Took(rest),
        _ => Step::Failed,
    }
}

/// Whether the byte is in the bracket expression, and the glob after it; `None`
/// where the bracket never closes, so that it stands for itself.
fn bracket(set: &[u8], byte: Option<u8>) -> Option<(bool, &[u8])> {
    let (negated, mut rest) = match set {
        [b'!' | b'^', rest @ ..] => (true, rest),
        _ => (false, set),
    };
    let wanted = byte.map(|byte| byte.to_ascii_lowercase());
    let (mut found, mut first) = (false, true);
    loop {
        rest = match rest {
            [] => return None,
            [b']', tail @ ..] if !first => return Some((found != negated, tail)),
            [b'[', b':', tail @ ..] => {
                let end = memchr::memmem::find(tail, b":]")?;
                let (name, tail) = tail.split_at(end);
                found |= wanted.is_some_and(|byte| in_class(name, byte));
                tail.get(2..).unwrap_or_default()
            }
            [low, b'-', high, tail @ ..] if *high != b']' => {
                let range = low.to_ascii_lowercase()..=high.to_ascii_lowercase();
                found |= wanted.is_some_and(|byte| range.contains(&byte));
                tail
            }
            [b'\\', one, tail @ ..] | [one, tail @ ..] => {
                found |= wanted == Some(one.to_ascii_lowercase());
                tail
            }
        };
        first = false;
    }
}

fn in_class(name: &[u8], byte: u8) -> bool {
    match name {
        b"alpha" | b"lower" | b"upper" => byte.is_ascii_alphabetic(),
        b"digit" => byte.is_ascii_digit(),
        b"alnum" => byte.is_ascii_alphanumeric(),
        b"punct" => byte.is_ascii_punctuation(),
        b"space" => byte.is_ascii_whitespace(),
        b"blank" => matches!(byte, b' ' | b'\t'),
        b"xdigit" => byte.is_ascii_hexdigit(),
        b"print" => byte.is_ascii_graphic() || byte == b' ',
        b"graph" => byte.is_ascii_graphic(),
        b"cntrl" => byte.is_ascii_control(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn globs_like_fnmatch() {
        for (glob, text, expected) in [
            ("*", "", true),
            ("lib*-dev", "LIBfoo-dev", true),
            ("lib*-dev", "libfoo-devel", false),
            ("a*b*c", "aXXbYYbc", true),
            ("v[0-9].[!0]", "v3.1", true),
            ("v[0-9].[!0]", "v3.0", false),
            ("[]a]", "]", true),
            ("[a", "[a", true),
            ("[[:digit:]]?", "7x", true),
            (r"a\*", "a*", true),
            (r"a\*", "ab", false),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(glob_matches(glob, text), expected, "{glob} on {text}");
        }
    }

    #[test]
    fn slashes_make_an_expression() {
        let pattern = Pattern::new("/^linux-(image|headers)-[[:digit:]]/").unwrap();
        assert!(pattern.matches("linux-image-6.1"));
        assert!(!pattern.matches("xlinux-image-6.1"));
        assert!(Pattern::new("/(/").is_err());
        assert!(Pattern::new("/").unwrap().matches("/"));
    }

    proptest! {
        #[test]
        fn any_text(glob: String, text: String) {
            let _ = glob_matches(&glob, &text);
            prop_assert!(glob_matches("*", &text));
            if let Ok(pattern) = Pattern::new(&glob) { let _ = pattern.matches(&text); }
        }
    }
}
