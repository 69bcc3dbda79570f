//! What the text formats of the log share: numbers and hashes in their one written form, line by line.

use data_encoding::BASE64;

use crate::hash::Hash;

/// Largest tree size, index and time: what a signed 64-bit number holds, as other readers of the formats take them.
pub const MAX_NUMBER: u64 = i64::MAX as u64;
/// Most hashes in a proof of the largest tree.
pub const MAX_PROOF: usize = 63;

/// Reads a decimal number in its one form: digits, no zero before them, at most [`MAX_NUMBER`].
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let canonical = text == "0" || !text.starts_with('0');
    if !canonical || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|&number| number <= MAX_NUMBER)
}

/// Reads base64 in its one form: padded at the end alone, and no bits left over.
pub(crate) fn base64(text: &str) -> Option<Vec<u8>> {
    // The decoder takes padded texts that follow one another for one.
    let once = !text.trim_end_matches('=').contains('=');
    if once { BASE64.decode(text.as_bytes()).ok() } else { None }
}

/// Reads lines of one hash each; at most [`MAX_PROOF`].
pub(crate) fn hashes<'a>(lines: impl IntoIterator<Item = &'a str>) -> Option<Vec<Hash>> {
    let mut hashes = Vec::new();
    for line in lines {
        if hashes.len() == MAX_PROOF {
            return None;
        }
        hashes.push(Hash::from_base64(line)?);
    }
    Some(hashes)
}

/// Parts the lines before the first empty line from what follows it. They are short text: a proof with what goes before.
pub(crate) fn split_head(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.windows(2).position(|pair| pair == b"\n\n")?;
    let (head, rest) = bytes.split_at_checked(end)?;
    Some((std::str::from_utf8(head).ok()?, rest.get(2..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_form() {
        for (text, number) in [("0", 0), ("10", 10), ("9223372036854775807", MAX_NUMBER)] {
            assert_eq!(decimal(text), Some(number));
        }
        for text in ["", "00", "01", "+1", "-1", " 1", "1 ", "9223372036854775808", "99999999999999999999", "१"] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }

    #[test]
    fn base64_is_padded_at_its_end_alone() {
        assert_eq!(base64("YQ==").as_deref(), Some(&b"a"[..]));
        assert_eq!(base64("").as_deref(), Some(&b""[..]));
        for text in ["YQ", "YR==", "YQ==YQ==", "YWE=YWE=", "YQ==\n", "=", "===="] {
            assert_eq!(base64(text), None, "{text}");
        }
    }

    #[test]
    fn a_proof_of_too_many_hashes_is_refused() {
        let line = Hash::EMPTY.to_string();
        assert!(hashes(vec![line.as_str(); MAX_PROOF]).is_some());
        assert!(hashes(vec![line.as_str(); MAX_PROOF + 1]).is_none());
    }
}
