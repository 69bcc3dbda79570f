//! `Idempotency-Key`: by it a client that heard no answer asks again, and nothing happens twice.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use seaworthy_model::Code;

use crate::problem::Problem;

/// The header.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

/// Shortest key, in characters. Answers are sealed with it, so it must be more than anybody could guess.
pub(crate) const MIN_LENGTH: usize = 16;
/// Longest key; a UUID has 36.
pub(crate) const MAX_LENGTH: usize = 64;

/// What a client calls one request, however often it sends it: 16 to 64 visible ASCII characters, without quotes.
/// Drawn at random, such as a UUID.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Reads a key; quotes around it (RFC 9651 strings) are taken off.
    pub fn parse(text: &str) -> Option<IdempotencyKey> {
        let bare = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
        let visible = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
        let fits = (MIN_LENGTH..=MAX_LENGTH).contains(&bare.len()) && bare.bytes().all(visible);
        fits.then(|| IdempotencyKey(bare.to_owned()))
    }

    /// The key of a request.
    pub fn of(headers: &HeaderMap) -> Result<IdempotencyKey, Problem> {
        let mut sent = headers.get_all(HEADER).iter();
        let key = match (sent.next(), sent.next()) {
            (Some(one), None) => one.to_str().ok().and_then(IdempotencyKey::parse),
            _ => None,
        };
        key.ok_or_else(|| {
            let told = format!("an Idempotency-Key is one of {MIN_LENGTH} to {MAX_LENGTH} visible characters");
            Problem::new(Code::RequestSyntax).about(told)
        })
    }

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<IdempotencyKey, Problem> {
        IdempotencyKey::of(&parts.headers)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_are_short_and_visible() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(IdempotencyKey::parse(text).as_ref().map(IdempotencyKey::as_str), expected, "{text}");
        };
        check("8e03978e-40d5-43dd-bc93-6894a57f9324", Some("8e03978e-40d5-43dd-bc93-6894a57f9324"));
        check("\"a-key-of-16-chars\"", Some("a-key-of-16-chars"));
        check("", None);
        check("\"\"", None);
        check("fifteen-letters", None);
        check("two words of many letters", None);
        check("\"open-at-one-end-only", None);
        check(&"a".repeat(65), None);
    }

    proptest! {
        #[test]
        fn any_text_is_a_key_or_none(text in ".*") {
            if let Some(key) = IdempotencyKey::parse(&text) {
                prop_assert!(IdempotencyKey::parse(key.as_str()) == Some(key));
            }
        }
    }
}
