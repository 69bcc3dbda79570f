//! Enrolment links: `https://HOST/e#KEY.TOKEN`. The fragment never reaches a server's log: it names the organisation's
//! key, so that the device knows whom it talks to, and the token.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64URL_NOPAD;
use seaworthy_model::is_private;

use crate::octets::{Digest, Octets};

/// Where enrolment links point.
const PATH: &str = "/e";

/// An enrolment link, taken apart.
#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    /// The server, `https://HOST[:PORT][/PATH]` without a slash at the end; `http` only for this machine itself.
    pub server: String,
    /// SHA-256 of the organisation's key.
    pub organisation: Digest,
    /// The token, 32 bytes.
    pub token: Octets,
}

/// Why a text is not an enrolment link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// It has no fragment of the expected form.
    #[error("not an enrolment link: what follows `#` must be the organisation's key and the token; copy it whole")]
    Fragment,
    /// It points elsewhere.
    #[error("not an enrolment link: it must read https://HOST/e#…")]
    Address,
    /// It is not encrypted and does not stay on this machine.
    #[error("the link is not encrypted; plain http is for this machine itself only")]
    Plain,
}

impl Link {
    /// Whether requests to this server may be made: encrypted, or not leaving this machine.
    pub fn is_private(server: &str) -> bool {
        is_private(server)
    }
}

impl FromStr for Link {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Link, LinkError> {
        let (address, fragment) = text.trim().split_once('#').ok_or(LinkError::Fragment)?;
        let server = address.strip_suffix(PATH).ok_or(LinkError::Address)?;
        let host = server.strip_prefix("https://").or_else(|| server.strip_prefix("http://"));
        let is_plain =
            |host: &str| !host.is_empty() && host.bytes().all(|b| b.is_ascii_graphic() && !b"@?\\\"<>".contains(&b));
        if !host.is_some_and(is_plain) || server.ends_with('/') {
            return Err(LinkError::Address);
        }
        if !Link::is_private(server) {
            return Err(LinkError::Plain);
        }
        let (key, token) = fragment.split_once('.').ok_or(LinkError::Fragment)?;
        let decode = |text: &str| -> Option<[u8; 32]> { BASE64URL_NOPAD.decode(text.as_bytes()).ok()?.try_into().ok() };
        let organisation = Digest::from_bytes(decode(key).ok_or(LinkError::Fragment)?);
        let token = Octets(decode(token).ok_or(LinkError::Fragment)?.to_vec());
        Ok(Link { server: server.to_owned(), organisation, token })
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = BASE64URL_NOPAD.encode(self.organisation.as_bytes());
        write!(f, "{}{PATH}#{key}.{}", self.server, self.token)
    }
}

/// The token stays out of logs.
impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({}, organisation {})", self.server, self.organisation)
    }
}
