//! Whether a request comes from our own pages. The cookie comes along with requests that other sites make a browser
//! send; this tells them apart, for everything that changes something.

use axum::http::HeaderMap;
use axum::http::header::{HeaderName, ORIGIN};

use super::Site;

/// What a browser says of where a request comes from (W3C Fetch Metadata).
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether a browser says that this request comes from a page of `site`. To be asked of every request that is let in by
/// a cookie and changes something.
///
/// `Origin` and `Sec-Fetch-Site` are set by the browser alone; of those that are there, each must say that it is our own
/// page, and one of them must be there. Every browser that knows `SameSite` cookies sends `Origin` with every request
/// that is not GET or HEAD, so a request with neither is a program's, and a program has a token, not a cookie. No header
/// or content type of our own opens another way.
pub fn is_same_origin(headers: &HeaderMap, site: &Site) -> bool {
    let origin = says(headers, &ORIGIN, site.origin());
    let fetch = says(headers, &SEC_FETCH_SITE, "same-origin");
    matches!((origin, fetch), (Some(true), Some(true) | None) | (None, Some(true)))
}

/// Whether a header says this and nothing else; `None` where it is absent.
fn says(headers: &HeaderMap, name: &HeaderName, expected: &str) -> Option<bool> {
    let mut values = headers.get_all(name).iter().peekable();
    values.peek()?;
    Some(values.all(|value| value.as_bytes() == expected.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_change_something() {
        let site = Site::new("https://seaworthy.example.org").unwrap();
        let check = |sent: &[(&'static str, &'static str)], expected: bool| {
            let headers = sent.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
            assert_eq!(is_same_origin(&headers, &site), expected, "{sent:?}");
        };
        let ours = ("origin", "https://seaworthy.example.org");
        let same = ("sec-fetch-site", "same-origin");
        check(&[ours], true);
        check(&[ours, same], true);
        check(&[same], true);
        check(&[], false);
        check(&[("origin", "null")], false);
        check(&[("origin", "http://seaworthy.example.org")], false);
        check(&[("origin", "https://seaworthy.example.org:8443")], false);
        check(&[("origin", "https://seaworthy.example.org.evil.example")], false);
        check(&[("origin", "https://seaworthy.example.org/")], false);
        check(&[ours, ("origin", "https://evil.example")], false);
        check(&[("origin", "https://evil.example"), same], false);
        check(&[ours, ("sec-fetch-site", "cross-site")], false);
        check(&[ours, ("sec-fetch-site", "same-site")], false);
        check(&[("sec-fetch-site", "none")], false);
        check(&[("x-seaworthy", "1"), ("content-type", "application/json")], false);
    }
}
