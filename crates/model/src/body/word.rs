//! Words that may leave the device: short, of a closed set of characters, never free text. Reading one from outside
//! refuses everything else.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A text that is not a word of the kind asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not {0}")]
pub struct NotAWord(&'static str);

macro_rules! words {
    ($($(#[$meta:meta])* $name:ident = $what:literal, $fits:expr;)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The word, if this text is one.
            pub fn new(text: &str) -> Option<$name> {
                let fits: fn(&str) -> bool = $fits;
                fits(text).then(|| $name(text.to_owned()))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAWord;

            fn try_from(text: String) -> Result<$name, NotAWord> {
                $name::new(&text).ok_or(NotAWord($what))
            }
        }

        impl From<$name> for String {
            fn from(word: $name) -> String {
                word.0
            }
        }
    )+};
}

words! {
    /// What os-release and Release files call releases and suites: `debian`, `12`, `bookworm-security`.
    Identifier = "1 to 64 of a-z, 0-9, `.`, `_`, `-`",
        |text| made_of(text, 64, |byte| is_lower(byte) || matches!(byte, b'.' | b'_' | b'-'));
    /// A version by dpkg's grammar.
    PackageVersion = "1 to 64 characters of a dpkg version",
        |text| made_of(text, 64, |byte| byte.is_ascii_alphanumeric() || b".+-:~".contains(&byte));
    /// A package by Debian Policy §5.6.1.
    PackageName = "a package name of at most 128 characters",
        |text| starts_well(text) && made_of(text, 128, |byte| is_lower(byte) || b"+-.".contains(&byte));
    /// An architecture.
    Architecture = "an architecture of at most 32 characters",
        |text| starts_well(text) && made_of(text, 32, |byte| is_lower(byte) || byte == b'-');
    /// The name of an advisory or a flaw: `DSA-5000-1`, `CVE-2026-1`.
    AdvisoryId = "1 to 64 letters, digits, `.`, `_`, `:`, `-`",
        |text| made_of(text, 64, |byte| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte));
    /// Fingerprint of an OpenPGP key, in upper case.
    Fingerprint = "40 or 64 upper-case hexadecimal digits",
        |text| matches!(text.len(), 40 | 64) && made_of(text, 64, |byte| byte.is_ascii_digit() || matches!(byte, b'A'..=b'F'));
    /// SHA-256, in lower case.
    Sha256Hex = "64 lower-case hexadecimal digits",
        |text| text.len() == 64 && made_of(text, 64, |byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'));
}

fn made_of(text: &str, most: usize, fits: fn(u8) -> bool) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(fits)
}

fn is_lower(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

fn starts_well(text: &str) -> bool {
    text.bytes().next().is_some_and(is_lower)
}
