//! Answers of pages: a document, or the way to another page.

use axum::http::header::{CONTENT_TYPE, LOCATION, REFERRER_POLICY};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use maud::Markup;

/// A whole document.
pub(crate) struct Html(pub Markup);

impl IntoResponse for Html {
    fn into_response(self) -> Response {
        // With `no-referrer`, which everything else has, browsers say of our own forms that they come from nowhere.
        let headers = [(CONTENT_TYPE, "text/html; charset=utf-8"), (REFERRER_POLICY, "same-origin")];
        (headers, self.0.into_string()).into_response()
    }
}

/// 303 to one of our pages, so that going back sends no form twice.
pub(crate) struct SeeOther(pub String);

impl IntoResponse for SeeOther {
    fn into_response(self) -> Response {
        match HeaderValue::try_from(self.0) {
            Ok(location) => (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response(),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}

/// A text as part of an address's query.
pub(crate) fn in_query(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_into_a_query_stays_one_value() {
        assert_eq!(in_query("a b&c=d#é"), "a%20b%26c%3Dd%23%C3%A9");
        assert_eq!(in_query("2026-11-24_~."), "2026-11-24_~.");
    }
}
