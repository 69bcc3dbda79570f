//! The small readers that apt's configuration files share.

/// Yes or no as apt reads it: a number 0 or 1 in C notation, or one of ten words.
/// Empty text is no.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match integer(text) {
        Some((0, "")) => return Some(false),
        Some((1, "")) => return Some(true),
        _ => {}
    }
    let is_one_of = |words: [&str; 5]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if text.is_empty() || is_one_of(["no", "false", "without", "off", "disable"]) {
        Some(false)
    } else if is_one_of(["yes", "true", "with", "on", "enable"]) {
        Some(true)
    } else {
        None
    }
}

/// The number at the start, as strtol(3) with base 0 reads it, and what follows.
/// `None` where there is no number. Numbers beyond 64 bits saturate.
pub(crate) fn integer(text: &str) -> Option<(i64, &str)> {
    let text = text.trim_ascii_start();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let hexadecimal = digits
        .strip_prefix("0x")
        .or_else(|| digits.strip_prefix("0X"))
        .filter(|rest| rest.starts_with(|first: char| first.is_ascii_hexdigit()));
    let (radix, digits) = match hexadecimal {
        Some(rest) => (16, rest),
        None if digits.starts_with('0') => (8, digits),
        None => (10, digits),
    };
    let end = digits.find(|digit: char| !digit.is_digit(radix)).unwrap_or(digits.len());
    let (number, rest) = digits.split_at_checked(end).filter(|(number, _)| !number.is_empty())?;
    let magnitude = i64::from_str_radix(number, radix).unwrap_or(i64::MAX);
    Some((if negative { -magnitude } else { magnitude }, rest))
}

/// Splits at a character; empty text gives nothing, empty parts stay.
pub(crate) fn split_list(text: &str, at: char) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    text.split(at).map(str::to_owned).collect()
}

/// Takes a word off the front: it ends at a blank outside `"…"` and `[…]`; quotes go
/// away and `%20` becomes a blank. `None` at the end or where a quote never closes.
pub(crate) fn quoted_word(text: &mut &str) -> Option<String> {
    let bytes = text.trim_ascii_start();
    let mut rest = bytes;
    while let Some(next) = rest.chars().next().filter(|next| !is_blank(*next)) {
        let closing = match next {
            '"' => Some('"'),
            '[' => Some(']'),
            _ => None,
        };
        rest = rest.get(next.len_utf8()..)?;
        if let Some(closing) = closing {
            rest = rest.get(rest.find(closing)?..)?.get(1..)?;
        }
    }
    let word = bytes.get(..bytes.len() - rest.len()).filter(|word| !word.is_empty())?;
    *text = rest.trim_start_matches(is_blank);
    Some(unescaped(word))
}

/// A text of nothing but `"…"` strings, joined. `None` (and nothing taken) for others.
pub(crate) fn quoted_strings(text: &str) -> Option<String> {
    let mut rest = text.trim_start_matches(' ');
    if rest.is_empty() {
        return None;
    }
    let mut joined = String::new();
    let mut after_blank = false;
    while let Some(next) = rest.chars().next() {
        rest = rest.get(next.len_utf8()..)?;
        if next == '"' {
            let end = rest.find('"')?;
            joined.push_str(rest.get(..end)?);
            rest = rest.get(end + 1..)?;
            after_blank = false;
        } else if !is_blank(next) {
            return None;
        } else if !after_blank {
            joined.push(' ');
            after_blank = true;
        }
    }
    Some(joined)
}

pub(crate) fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t'..='\r')
}

/// Removes quotes and turns `%XX` into the character.
fn unescaped(word: &str) -> String {
    let mut out = Vec::with_capacity(word.len());
    let mut rest = word.as_bytes();
    while let [byte, tail @ ..] = rest {
        rest = tail;
        match (byte, hex_pair(tail)) {
            (b'%', Some(decoded)) => {
                out.push(decoded);
                rest = tail.get(2..).unwrap_or_default();
            }
            (b'"', _) => {}
            _ => out.push(*byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The value of two hexadecimal digits at the front.
pub(crate) fn hex_pair(text: &[u8]) -> Option<u8> {
    let [high, low, ..] = text else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn booleans() {
        for yes in ["1", "yes", "TRUE", "with", "on", "enable", "0x1", "01"] {
            assert_eq!(boolean(yes), Some(true), "{yes}");
        }
        for no in ["0", "no", "False", "off", ""] {
            assert_eq!(boolean(no), Some(false), "{no}");
        }
        assert_eq!(boolean("2"), None);
        assert_eq!(boolean("maybe"), None);
    }

    #[test]
    fn quoting() {
        let mut text = r#"cdrom:[Debian 12]/ a%20b "x y"z end"#;
        let mut words = Vec::new();
        while let Some(word) = quoted_word(&mut text) {
            words.push(word);
        }
        assert_eq!(words, ["cdrom:[Debian 12]/", "a b", "x yz", "end"]);
        assert_eq!(quoted_word(&mut "[open"), None);
        assert_eq!(quoted_strings(r#""a" "b""#).as_deref(), Some("a b"));
        assert_eq!(quoted_strings(r#""a"b"#), None);
        assert_eq!(quoted_strings(r#""a"#), None);
    }

    proptest! {
        #[test]
        fn any_text(text: String) {
            let mut rest = text.as_str();
            while quoted_word(&mut rest).is_some() {}
            let _ = (boolean(&text), quoted_strings(&text), integer(&text));
        }
    }
}
