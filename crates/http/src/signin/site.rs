//! The address under which people reach the server, as the operator configured it.

use std::net::IpAddr;

use url::{Host, Url};

/// Where the server stands in people's browsers: HTTPS, or plain HTTP on the machine itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    url: Url,
    origin: String,
}

/// Why an address cannot be a server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SiteFault {
    /// Not an absolute address.
    #[error("not an address such as https://seaworthy.example.org")]
    Form,
    /// Plain HTTP, and not on the machine itself.
    #[error("plain HTTP is for the machine itself only: use https://")]
    Plain,
    /// More than scheme, host and port.
    #[error("the address has more than scheme, host and port")]
    More,
}

impl Site {
    /// Takes `https://HOST[:PORT]`, or `http://` where the host is the machine itself.
    pub fn new(address: &str) -> Result<Site, SiteFault> {
        let url = Url::parse(address).map_err(|_| SiteFault::Form)?;
        if url.host().is_none() {
            return Err(SiteFault::Form);
        }
        if !is_guarded(&url) {
            return Err(SiteFault::Plain);
        }
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !bare || !url.username().is_empty() || url.password().is_some() {
            return Err(SiteFault::More);
        }
        let origin = url.origin().ascii_serialization();
        Ok(Site { url, origin })
    }

    /// Scheme, host and port as a browser writes them in `Origin`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether it is reached by HTTPS.
    pub fn is_secure(&self) -> bool {
        self.url.scheme() == "https"
    }

    pub(crate) fn url(&self) -> &Url {
        &self.url
    }
}

/// Whether nobody on the way can read or change what goes there: HTTPS, or the machine itself.
pub(crate) fn is_guarded(url: &Url) -> bool {
    match url.scheme() {
        "https" => true,
        "http" => is_loopback(url),
        _ => false,
    }
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_anywhere_and_http_at_home() {
        let check = |address: &str, expected: Result<&str, SiteFault>| {
            let site = Site::new(address);
            assert_eq!(site.as_ref().map(Site::origin).map_err(|fault| *fault), expected, "{address}");
        };
        check("https://seaworthy.example.org", Ok("https://seaworthy.example.org"));
        check("https://Seaworthy.example.org:443/", Ok("https://seaworthy.example.org"));
        check("https://seaworthy.example.org:8443", Ok("https://seaworthy.example.org:8443"));
        check("http://localhost:8080", Ok("http://localhost:8080"));
        check("http://127.0.0.1:8080", Ok("http://127.0.0.1:8080"));
        check("http://[::1]:8080", Ok("http://[::1]:8080"));
        check("http://seaworthy.example.org", Err(SiteFault::Plain));
        check("http://localhost.example.org", Err(SiteFault::Plain));
        check("http://192.0.2.1", Err(SiteFault::Plain));
        check("ftp://localhost", Err(SiteFault::Plain));
        check("https://example.org/below", Err(SiteFault::More));
        check("https://a:b@example.org", Err(SiteFault::More));
        check("https://example.org/?x", Err(SiteFault::More));
        check("seaworthy.example.org", Err(SiteFault::Form));
        check("", Err(SiteFault::Form));
    }
}
