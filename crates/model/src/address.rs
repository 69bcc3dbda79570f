//! Addresses of servers.

/// Whether requests to an address are nobody else's to read: encrypted, or not leaving this machine.
pub fn is_private(address: &str) -> bool {
    address.starts_with("https://") || address.strip_prefix("http://").is_some_and(is_loopback)
}

/// Whether host and port mean this machine itself.
fn is_loopback(rest: &str) -> bool {
    let host = rest.split('/').next().unwrap_or_default();
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit())).map_or(host, |h| h.0);
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_alone() {
        for private in ["https://example.org", "http://localhost:80/a", "http://127.0.0.1", "http://[::1]:8440/status"]
        {
            assert!(is_private(private), "{private}");
        }
        for public in [
            "http://example.org",
            "http://localhost.example.org",
            "http://127.0.0.1:80@example.org/",
            "ftp://localhost",
            "",
        ] {
            assert!(!is_private(public), "{public}");
        }
    }
}
