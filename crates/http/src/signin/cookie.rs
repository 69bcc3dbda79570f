//! Cookies: the session's, and the one that carries a sealed sign-in to a provider and back.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use data_encoding::BASE64URL_NOPAD;

use super::Site;

/// The secret of a session.
pub type SessionSecret = [u8; 32];

/// Most bytes of cookies that are looked at.
const MAX_COOKIES: usize = 16 * 1024;

/// A cookie of ours.
///
/// With HTTPS its name begins with `__Host-`: browsers take such a cookie only from this very host, with `Secure` and
/// for the whole host, so that no neighbour under the same domain can plant one. Plain HTTP on the machine itself has no
/// such guard, and needs none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cookie {
    /// Names who is signed in.
    Session,
    /// Carries the state of a sign-in to a provider and back.
    OpenId,
}

impl Cookie {
    /// Its name.
    pub fn name(self, site: &Site) -> &'static str {
        match (self, site.is_secure()) {
            (Cookie::Session, true) => "__Host-seaworthy",
            (Cookie::Session, false) => "seaworthy",
            (Cookie::OpenId, true) => "__Host-seaworthy-openid",
            (Cookie::OpenId, false) => "seaworthy-openid",
        }
    }

    /// The value of `Set-Cookie` that makes a browser keep `value` for so many seconds; `None` where a value cannot
    /// stand in a header.
    ///
    /// `SameSite=Lax`: the cookie comes along when somebody follows a link to us, and when a provider sends them back.
    pub fn set(self, site: &Site, value: &str, seconds: i64) -> Option<HeaderValue> {
        let secure = if site.is_secure() { "; Secure" } else { "" };
        let name = self.name(site);
        let text = format!("{name}={value}; Max-Age={seconds}; Path=/; HttpOnly; SameSite=Lax{secure}");
        HeaderValue::from_str(&text).ok()
    }

    /// The value of `Set-Cookie` that makes a browser forget it.
    pub fn clear(self, site: &Site) -> Option<HeaderValue> {
        self.set(site, "", 0)
    }

    /// What a request carries under its name, if it carries it once.
    pub fn read<'a>(self, headers: &'a HeaderMap, site: &Site) -> Option<&'a str> {
        let name = self.name(site);
        let sent = headers.get_all(COOKIE);
        if sent.iter().map(HeaderValue::len).sum::<usize>() > MAX_COOKIES {
            return None;
        }
        let pairs = sent.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
        let mut values = pairs.filter_map(|pair| pair.trim().split_once('=')).filter(|(key, _)| *key == name);
        let (_, value) = values.next()?;
        // Of two, one was planted; nobody can tell which.
        if values.next().is_some() { None } else { Some(value) }
    }

    /// The value of `Set-Cookie` for a session.
    pub fn session(site: &Site, secret: &SessionSecret, seconds: i64) -> Option<HeaderValue> {
        Cookie::Session.set(site, &BASE64URL_NOPAD.encode(secret), seconds)
    }

    /// The secret of the session that a request carries.
    pub fn session_secret(headers: &HeaderMap, site: &Site) -> Option<SessionSecret> {
        let value = Cookie::Session.read(headers, site).filter(|value| value.len() == 43)?;
        BASE64URL_NOPAD.decode(value.as_bytes()).ok()?.try_into().ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn site() -> Site {
        Site::new("https://seaworthy.example.org").unwrap()
    }

    fn carrying(values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (COOKIE, HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn written_for_this_host_alone() {
        let check = |address: &str, expected: &str| {
            let written = Cookie::session(&Site::new(address).unwrap(), &[0; 32], 60).unwrap();
            assert_eq!(written.to_str().unwrap(), expected);
        };
        let value = "A".repeat(43);
        let rest = "Max-Age=60; Path=/; HttpOnly; SameSite=Lax";
        check("https://seaworthy.example.org", &format!("__Host-seaworthy={value}; {rest}; Secure"));
        check("http://localhost:8080", &format!("seaworthy={value}; {rest}"));
        assert_eq!(Cookie::Session.set(&site(), "a\nb", 60), None);
    }

    #[test]
    fn read_where_there_is_one() {
        let good = BASE64URL_NOPAD.encode(&[7; 32]);
        let check = |sent: &[&str], expected: bool| {
            let read = Cookie::session_secret(&carrying(sent), &site());
            assert_eq!(read, expected.then_some([7; 32]), "{sent:?}");
        };
        let ours = format!("__Host-seaworthy={good}");
        check(&[&ours], true);
        check(&[&format!("a=b; {ours}; c=d")], true);
        check(&["a=b", &ours], true);
        check(&[], false);
        check(&[&format!("seaworthy={good}")], false);
        check(&[&format!("{ours}; {ours}")], false);
        check(&[&ours, &ours], false);
        check(&[&format!("{ours}A")], false);
        check(&["__Host-seaworthy="], false);
        check(&[&format!("__Host-seaworthy={}", "!".repeat(43))], false);
        check(&[&format!("{ours}; a={}", "x".repeat(MAX_COOKIES))], false);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_fault(text in "[ -~]{0,200}") {
            let _ = Cookie::session_secret(&carrying(&[&text]), &site());
        }

        #[test]
        fn what_is_written_is_read(secret: [u8; 32]) {
            let written = Cookie::session(&site(), &secret, 60).unwrap();
            let pair = written.to_str().unwrap().split(';').next().unwrap().to_owned();
            prop_assert_eq!(Cookie::session_secret(&carrying(&[&pair]), &site()), Some(secret));
        }
    }
}
