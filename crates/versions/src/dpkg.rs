//! Debian package versions: deb-version(7), Debian Policy §5.6.12.
//!
//! A version is `[epoch:]upstream[-revision]`. Order: epoch as a number, then
//! upstream, then revision, both in alternating runs of non-digits and digits;
//! `~` sorts before everything, even before the end. An absent epoch is `0` and an
//! absent revision is `0`, so versions that are spelled differently can be equal.

use std::cmp::Ordering;

use thiserror::Error;

/// The three parts of a version, borrowed from the text it was split from.
///
/// `Eq` and `Ord` follow Debian's order, not the spelling: `1.0` equals `0:1.0-0`.
/// Do not derive a hash from it.
#[derive(Debug, Clone, Copy)]
pub struct Version<'a> {
    epoch: &'a [u8],
    upstream: &'a [u8],
    revision: &'a [u8],
}

/// Why dpkg would refuse a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidVersion {
    /// Nothing but blanks.
    #[error("the version is empty")]
    Empty,
    /// A blank inside the version.
    #[error("the version has a blank inside")]
    Blank,
    /// The part before the first colon is not a number up to 2147483647.
    #[error("the epoch is not a number from 0 to 2147483647")]
    Epoch,
    /// Nothing between the colon and the hyphen, or no digit at its start.
    #[error("the upstream part does not start with a digit")]
    Upstream,
    /// A hyphen with nothing after it.
    #[error("the revision after the last hyphen is empty")]
    Revision,
    /// A character outside the allowed set.
    #[error("the version has the character {0:?}, which is not allowed")]
    Character(char),
}

impl<'a> Version<'a> {
    /// Splits a version without judging it. Any bytes give some version, and the
    /// order over all of them is total.
    #[must_use]
    pub fn split(text: &'a [u8]) -> Self {
        let (epoch, rest) = match text.iter().position(|&byte| byte == b':') {
            Some(at) => halves(text, at),
            None => (&[][..], text),
        };
        let (upstream, revision) = match rest.iter().rposition(|&byte| byte == b'-') {
            Some(at) => halves(rest, at),
            None => (rest, &[][..]),
        };
        Self { epoch, upstream, revision }
    }

    /// Splits a version and refuses what dpkg refuses (deb-version(7), «Syntax»).
    ///
    /// # Errors
    /// The first rule that the text breaks.
    pub fn parse(text: &'a str) -> Result<Self, InvalidVersion> {
        let text = text.trim_matches([' ', '\t', '\n']).as_bytes();
        if text.is_empty() {
            return Err(InvalidVersion::Empty);
        }
        if text.iter().any(u8::is_ascii_whitespace) {
            return Err(InvalidVersion::Blank);
        }
        let version = Self::split(text);
        version.check_epoch(text)?;
        if !version.upstream.first().is_some_and(u8::is_ascii_digit) {
            return Err(InvalidVersion::Upstream);
        }
        let rest = version.upstream.len() + version.revision.len();
        let hyphen = text.len() - rest - version.epoch.len() - usize::from(text.contains(&b':'));
        if hyphen == 1 && version.revision.is_empty() {
            return Err(InvalidVersion::Revision);
        }
        check_characters(version.upstream, b".-+~:")?;
        check_characters(version.revision, b".+~")?;
        Ok(version)
    }

    fn check_epoch(&self, text: &[u8]) -> Result<(), InvalidVersion> {
        if self.epoch.is_empty() {
            return if text.first() == Some(&b':') { Err(InvalidVersion::Epoch) } else { Ok(()) };
        }
        let digits = strip_zeros(self.epoch);
        let number = digits.iter().try_fold(0_u64, |sum, byte| {
            let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
            let sum = sum * 10 + digit;
            (sum <= 0x7fff_ffff).then_some(sum)
        });
        number.map(|_| ()).ok_or(InvalidVersion::Epoch)
    }
}

impl Ord for Version<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        compare_runs(strip_zeros(self.epoch), strip_zeros(other.epoch))
            .then_with(|| compare_runs(self.upstream, other.upstream))
            .then_with(|| compare_runs(self.revision, other.revision))
    }
}

impl PartialOrd for Version<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version<'_> {}

/// Orders two versions the way `dpkg --compare-versions` does.
///
/// ```
/// use seaworthy_versions::dpkg::compare;
/// use std::cmp::Ordering;
///
/// assert_eq!(compare("1.0~rc1", "1.0"), Ordering::Less);
/// assert_eq!(compare("1.0", "0:1.0-0"), Ordering::Equal);
/// ```
#[must_use]
pub fn compare(left: impl AsRef<[u8]>, right: impl AsRef<[u8]>) -> Ordering {
    Version::split(left.as_ref()).cmp(&Version::split(right.as_ref()))
}

/// Everything before `at` and everything after it; the byte at `at` is dropped.
fn halves(text: &[u8], at: usize) -> (&[u8], &[u8]) {
    let (before, from) = text.split_at(at);
    (before, from.get(1..).unwrap_or_default())
}

fn strip_zeros(mut digits: &[u8]) -> &[u8] {
    while let [b'0', rest @ ..] = digits {
        digits = rest;
    }
    digits
}

fn compare_runs(mut left: &[u8], mut right: &[u8]) -> Ordering {
    loop {
        loop {
            let (first, second) = (left.first(), right.first());
            if first.is_none_or(u8::is_ascii_digit) && second.is_none_or(u8::is_ascii_digit) {
                break;
            }
            let (first, second) = (weight(first), weight(second));
            if first != second {
                return first.cmp(&second);
            }
            left = left.get(1..).unwrap_or_default();
            right = right.get(1..).unwrap_or_default();
        }
        (left, right) = (strip_zeros(left), strip_zeros(right));
        let mut difference = Ordering::Equal;
        while let ([first, left_rest @ ..], [second, right_rest @ ..]) = (left, right)
            && first.is_ascii_digit()
            && second.is_ascii_digit()
        {
            difference = difference.then(first.cmp(second));
            (left, right) = (left_rest, right_rest);
        }
        // The longer run of digits is the larger number.
        if left.first().is_some_and(u8::is_ascii_digit) {
            return Ordering::Greater;
        }
        if right.first().is_some_and(u8::is_ascii_digit) {
            return Ordering::Less;
        }
        if difference.is_ne() || (left.is_empty() && right.is_empty()) {
            return difference;
        }
    }
}

/// Digits and the end weigh nothing, letters their own value, other characters more
/// than any letter, and `~` less than the end.
fn weight(byte: Option<&u8>) -> i16 {
    match byte {
        None => 0,
        Some(b'~') => -1,
        Some(byte) if byte.is_ascii_digit() => 0,
        Some(byte) if byte.is_ascii_alphabetic() => i16::from(*byte),
        Some(byte) => i16::from(*byte) + 256,
    }
}

fn check_characters(part: &[u8], punctuation: &[u8]) -> Result<(), InvalidVersion> {
    match part.iter().find(|byte| !byte.is_ascii_alphanumeric() && !punctuation.contains(byte)) {
        Some(byte) => Err(InvalidVersion::Character(char::from(*byte))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_name_the_broken_rule() {
        let refused = |text| Version::parse(text).err();
        assert_eq!(refused("1:2.3-4~deb12u1"), None);
        assert_eq!(refused(" 1.0 "), None);
        assert_eq!(refused("1.0-"), Some(InvalidVersion::Revision));
        assert_eq!(refused(""), Some(InvalidVersion::Empty));
        assert_eq!(refused("1 0"), Some(InvalidVersion::Blank));
        assert_eq!(refused(":1"), Some(InvalidVersion::Epoch));
        assert_eq!(refused("a:1"), Some(InvalidVersion::Epoch));
        assert_eq!(refused("2147483648:1"), Some(InvalidVersion::Epoch));
        assert_eq!(refused("2147483647:1"), None);
        assert_eq!(refused("1:"), Some(InvalidVersion::Upstream));
        assert_eq!(refused("abc"), Some(InvalidVersion::Upstream));
        assert_eq!(refused("1.0_2"), Some(InvalidVersion::Character('_')));
        assert_eq!(refused("1.0-a:b"), Some(InvalidVersion::Epoch));
    }
}
