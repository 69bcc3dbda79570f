//! Addresses of archives, as apt splits them and as it names files after them:
//! RFC 3986 and RFC 2732 as far as apt follows them.

use std::fmt;

use super::words::hex_pair;

/// An address in its parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Uri {
    access: String,
    user: String,
    password: String,
    host: String,
    port: u16,
    path: String,
}

impl Uri {
    /// Splits an address. Any text gives some address.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let (access, rest) = text.split_once(':').unwrap_or((text, ""));
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (authority, path) = rest.split_at(authority_end(rest));
        let mut uri = Self {
            access: access.to_owned(),
            path: if path.is_empty() { "/".to_owned() } else { path.to_owned() },
            ..Self::default()
        };
        let host = match authority.rsplit_once('@').filter(|(user, _)| !user.is_empty()) {
            None => authority,
            Some((user, host)) => {
                let (user, password) = user.split_once(':').unwrap_or((user, ""));
                uri.user = decoded(user);
                uri.password = decoded(password);
                host
            }
        };
        uri.set_host(host);
        uri
    }

    /// The host, empty for local folders. Pins by origin match it.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Brackets around an address go away, a port is split off.
    fn set_host(&mut self, host: &str) {
        let open = host.matches('[').count();
        if open > host.matches(']').count() {
            return;
        }
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if !port.contains(']') => (name, port),
            _ => (host, ""),
        };
        self.host = name.replace(['[', ']'], "");
        let digits = port.find(|digit: char| !digit.is_ascii_digit()).unwrap_or(port.len());
        self.port = port.get(..digits).and_then(|port| port.parse().ok()).unwrap_or(0);
    }

    /// The name of the file under `lists/` that holds what this address gives, without
    /// the ending of a compressor.
    #[must_use]
    pub fn list_file_name(&self) -> String {
        let bare = Self { access: String::new(), user: String::new(), password: String::new(), ..self.clone() };
        quoted(&bare.to_string(), "\\|{}[]<>\"^~_=!@#$%^&*").replace('/', "_")
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = !self.access.is_empty();
        if named {
            write!(formatter, "{}:", self.access)?;
        }
        if !self.host.is_empty() {
            if named {
                formatter.write_str("//")?;
            }
            if !self.user.is_empty() {
                formatter.write_str(&quoted(&self.user, ":/?#[]@"))?;
                if !self.password.is_empty() {
                    write!(formatter, ":{}", quoted(&self.password, ":/?#[]@"))?;
                }
                formatter.write_str("@")?;
            }
            if named && self.host.contains(['/', ':']) {
                write!(formatter, "[{}]", self.host)?;
            } else {
                formatter.write_str(&self.host)?;
            }
            if self.port != 0 {
                write!(formatter, ":{}", self.port)?;
            }
        }
        if !self.path.starts_with('/') {
            formatter.write_str("/")?;
        }
        formatter.write_str(&self.path)
    }
}

/// Percent-encodes as apt does when it builds an address.
#[must_use]
pub fn encoded(text: &str) -> String {
    quoted(text, "+~ ")
}

fn quoted(text: &str, bad: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte == b'%' || byte <= 0x20 || byte >= 0x7f || bad.as_bytes().contains(&byte) {
            out.push_str(&format!("%{byte:02x}"));
        } else {
            out.push(char::from(byte));
        }
    }
    out
}

fn decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, tail @ ..] = rest {
        rest = tail;
        match (byte, hex_pair(tail)) {
            (b'%', Some(value)) => {
                out.push(value);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => out.push(*byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The first slash outside brackets.
fn authority_end(text: &str) -> usize {
    let mut bracketed = false;
    for (at, character) in text.char_indices() {
        match character {
            '/' if !bracketed => return at,
            '[' => bracketed = true,
            ']' => bracketed = false,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn file_names() {
        for (uri, name) in [
            (
                "http://deb.example.org/debian/dists/bookworm/InRelease",
                "deb.example.org_debian_dists_bookworm_InRelease",
            ),
            ("https://user:pass@host:8080/a_b/c~d/", "host:8080_a%5fb_c%7ed_"),
            ("file:/srv/repo/./Packages", "_srv_repo_._Packages"),
            ("mirror+file:/etc/apt/mirrors.list/x", "_etc_apt_mirrors.list_x"),
            ("http://[::1]:80/x", "::1:80_x"),
            ("cdrom:[Debian 12]/dists/", "Debian%2012_dists_"),
        ] {
            assert_eq!(Uri::parse(uri).list_file_name(), name, "{uri}");
        }
    }

    #[test]
    fn written_as_read() {
        for uri in ["http://a/b", "https://u:p%40@h:1/x/", "file:/x", "http://[::1]/"] {
            assert_eq!(Uri::parse(uri).to_string(), uri);
        }
        assert_eq!(Uri::parse("http://a").to_string(), "http://a/");
        assert_eq!(Uri::parse("http://a:80/b").host(), "a");
    }

    proptest! {
        #[test]
        fn any_text(text: String) {
            let uri = Uri::parse(&text);
            prop_assert!(!uri.list_file_name().contains('/'));
            let _ = uri.to_string();
        }
    }
}
