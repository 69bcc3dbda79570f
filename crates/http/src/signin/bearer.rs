//! API tokens as text: `swt_` and 48 characters of base64url, which are 32 random bytes and 4 bytes of a check.
//!
//! A scanner for leaked secrets finds them by `swt_[A-Za-z0-9_-]{48}` and tells them from chance by the check: the
//! first 4 bytes of SHA-256 over `swt_` and the 32 bytes. A mistyped token is refused before any store is asked.

use std::fmt;
use std::str::FromStr;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use data_encoding::BASE64URL_NOPAD;
use ring::digest::{Context, SHA256};

/// What every token begins with.
const PREFIX: &str = "swt_";
/// Characters after the prefix.
const LENGTH: usize = 48;

/// The secret of an API token. Its `Debug` shows nothing of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ApiSecret(pub [u8; 32]);

/// A text that is no API token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an API token")]
pub struct NotAToken;

impl fmt::Display for ApiSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole: Vec<u8> = self.0.iter().copied().chain(check(&self.0)).collect();
        write!(f, "{PREFIX}{}", BASE64URL_NOPAD.encode(&whole))
    }
}

impl fmt::Debug for ApiSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("swt_…")
    }
}

impl FromStr for ApiSecret {
    type Err = NotAToken;

    fn from_str(text: &str) -> Result<ApiSecret, NotAToken> {
        let encoded = text.strip_prefix(PREFIX).filter(|rest| rest.len() == LENGTH).ok_or(NotAToken)?;
        let whole = BASE64URL_NOPAD.decode(encoded.as_bytes()).map_err(|_| NotAToken)?;
        let (secret, told) = whole.split_first_chunk::<32>().ok_or(NotAToken)?;
        if told == check(secret) { Ok(ApiSecret(*secret)) } else { Err(NotAToken) }
    }
}

fn check(secret: &[u8; 32]) -> [u8; 4] {
    let mut context = Context::new(&SHA256);
    context.update(PREFIX.as_bytes());
    context.update(secret);
    context.finish().as_ref().first_chunk().copied().unwrap_or_default()
}

/// The token of a request: `None` where it brings no `Authorization` at all, an error where it brings one that is none
/// of ours, so that no request with a broken token is taken for one with a cookie.
pub fn bearer(headers: &HeaderMap) -> Option<Result<ApiSecret, NotAToken>> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next()?;
    let token = value.to_str().ok().and_then(|value| value.split_once(' '));
    let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
    let alone = values.next().is_none();
    Some(token.filter(|_| alone).ok_or(NotAToken).and_then(str::parse))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_form_is_fixed() {
        let token = ApiSecret([0; 32]).to_string();
        assert_eq!(token, format!("swt_{}BEn0oP", "A".repeat(42)), "the format is kept for ever");
    }

    #[test]
    fn read_from_the_header() {
        let token = ApiSecret([7; 32]).to_string();
        let check = |sent: &[&str], expected: Option<Result<ApiSecret, NotAToken>>| {
            let headers = sent.iter().map(|value| (AUTHORIZATION, value.parse().unwrap())).collect();
            assert_eq!(bearer(&headers), expected, "{sent:?}");
        };
        let ours = format!("Bearer {token}");
        check(&[], None);
        check(&[&ours], Some(Ok(ApiSecret([7; 32]))));
        check(&[&format!("bearer  {token}")], Some(Ok(ApiSecret([7; 32]))));
        check(&[&ours, &ours], Some(Err(NotAToken)));
        check(&[&token], Some(Err(NotAToken)));
        check(&[&format!("Basic {token}")], Some(Err(NotAToken)));
        check(&[&ours[..ours.len() - 1]], Some(Err(NotAToken)));
        check(&[&ours.replace("swt_B", "swt_C")], Some(Err(NotAToken)));
        check(&["Bearer "], Some(Err(NotAToken)));
    }

    #[test]
    fn a_log_shows_nothing_of_it() {
        assert_eq!(format!("{:?}", ApiSecret([7; 32])), "swt_…");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(secret: [u8; 32]) {
            prop_assert_eq!(ApiSecret(secret).to_string().parse(), Ok(ApiSecret(secret)));
        }

        #[test]
        fn any_text_is_read_without_a_fault(text in ".{0,80}") {
            let _ = text.parse::<ApiSecret>();
        }
    }
}
