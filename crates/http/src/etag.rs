//! Strong ETags over the bytes that are answered, and `If-None-Match`.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use data_encoding::BASE64URL_NOPAD;
use ring::digest::{SHA256, digest};
use serde::Serialize;

/// How many bytes of the digest are kept: no two answers share them by chance.
const KEPT: usize = 16;

/// Names the exact bytes of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ETag(String);

impl ETag {
    /// Of these bytes.
    pub fn of(bytes: &[u8]) -> ETag {
        let digest = digest(&SHA256, bytes);
        let kept = digest.as_ref().get(..KEPT).unwrap_or_default();
        ETag(format!("\"{}\"", BASE64URL_NOPAD.encode(kept)))
    }

    /// As it stands in the header, in quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the client has already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IfNoneMatch(Vec<String>);

impl IfNoneMatch {
    /// From the headers of a request (RFC 9110 §13.1.2: compared weakly).
    pub fn of(headers: &HeaderMap) -> IfNoneMatch {
        let lists = headers.get_all(IF_NONE_MATCH).iter().filter_map(|list| list.to_str().ok());
        let tags = lists.flat_map(|list| list.split(',')).map(|tag| tag.trim().trim_start_matches("W/").to_owned());
        IfNoneMatch(tags.filter(|tag| !tag.is_empty()).collect())
    }

    /// Whether the client has this already.
    pub fn has(&self, tag: &ETag) -> bool {
        self.0.iter().any(|known| known == "*" || *known == tag.0)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<IfNoneMatch, Infallible> {
        Ok(IfNoneMatch::of(&parts.headers))
    }
}

/// 200 with a JSON document and its ETag, or 304 where the client has it already.
#[derive(Clone, Debug)]
pub struct Tagged<T> {
    /// What is answered.
    pub document: T,
    /// What the client has.
    pub known: IfNoneMatch,
}

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let Ok(bytes) = serde_json::to_vec(&self.document) else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let tag = ETag::of(&bytes);
        if self.known.has(&tag) {
            return (StatusCode::NOT_MODIFIED, [(ETAG, tag.0)]).into_response();
        }
        ([(ETAG, tag.0.as_str()), (CONTENT_TYPE, "application/json")], bytes).into_response()
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn what_the_client_has_is_not_sent_again() {
        let tag = ETag::of(b"x");
        assert_eq!(tag.as_str(), "\"LXEWQrcmsEQBYnyp-6wy9Q\"");
        let check = |sent: &str, expected: bool| {
            let headers = HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_str(sent).unwrap())]);
            assert_eq!(IfNoneMatch::of(&headers).has(&tag), expected, "{sent}");
        };
        check("\"LXEWQrcmsEQBYnyp-6wy9Q\"", true);
        check("\"other\", W/\"LXEWQrcmsEQBYnyp-6wy9Q\"", true);
        check("*", true);
        check("\"other\"", false);
        check("LXEWQrcmsEQBYnyp-6wy9Q", false);
        check("", false);
    }
}
