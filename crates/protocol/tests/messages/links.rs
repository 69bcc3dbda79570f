//! Enrolment links: what is one, and what is not.

use seaworthy_protocol::{Digest, Link, LinkError, Octets};

fn link(server: &str) -> Link {
    Link { server: server.into(), organisation: Digest::from_bytes([3; 32]), token: Octets(vec![5; 32]) }
}

#[test]
fn a_link_reads_back_and_keeps_its_token_out_of_logs() {
    for server in ["https://example.org", "https://example.org:8440/base", "http://127.0.0.1:8440", "http://[::1]"] {
        let link = link(server);
        assert_eq!(format!(" {link}\n").parse(), Ok(link));
    }
    let token = link("https://example.org").token.to_string();
    assert!(!format!("{:?}", link("https://example.org")).contains(&token));
}

#[test]
fn what_is_no_link_says_why() {
    let good = link("https://example.org").to_string();
    let with = |from: &str, to: &str| good.replacen(from, to, 1).parse::<Link>().unwrap_err();
    assert_eq!(with("#", "?"), LinkError::Fragment);
    assert_eq!(with(".B", "B"), LinkError::Fragment);
    assert_eq!(with("/e#", "/f#"), LinkError::Address);
    assert_eq!(with("https://", "ftp://"), LinkError::Address);
    assert_eq!(with("example.org", "user@example.org"), LinkError::Address);
    assert_eq!(with("example.org", ""), LinkError::Address);
    assert_eq!(with("https://", "http://"), LinkError::Plain);
    assert_eq!(with("https://example.org", "http://127.0.0.1.example.org"), LinkError::Plain);
    assert_eq!(with("https://example.org", "http://localhost.example.org:80"), LinkError::Plain);
    assert_eq!(good[..good.len() - 1].parse::<Link>(), Err(LinkError::Fragment));
}

#[test]
fn only_loopback_may_be_plain() {
    for server in ["https://example.org", "http://localhost", "http://127.0.0.1:1/x", "http://[::1]:9"] {
        assert!(Link::is_private(server), "{server}");
    }
    for server in ["http://example.org", "http://127.0.0.1@example.org", "http://127.0.0.1:80@example.org", "ftp://x"] {
        assert!(!Link::is_private(server), "{server}");
    }
}
