//! Every refusal is a problem document, or a page for whoever looks with a browser.

use std::io::Write;

use crate::kit::{Server, answer};
use crate::organisation::Organisation;

#[test]
fn what_is_not_there() {
    let server = Server::start(&[]);
    server.get("/nothing").is_problem(404, "route-unknown");
    server.get("/%00/../etc/passwd?q=%ff").is_problem(404, "route-unknown");
}

#[test]
fn another_method() {
    let server = Server::start(&[]);
    let refused = server.ask("DELETE /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    refused.is_problem(405, "method-refused");
    assert_eq!(refused.header("allow"), Some("GET,HEAD"));
}

#[test]
fn people_see_pages() {
    let server = Server::start(&[]);
    let accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let ask = |line: &str, fields: &str| {
        server.ask(&format!(
            "{line} HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\n{fields}Connection: close\r\n\r\n"
        ))
    };
    for (line, status, code) in [
        ("GET /nothing", 404, "route-unknown"),
        ("DELETE /healthz", 405, "method-refused"),
        ("DELETE /people", 405, "method-refused"),
        ("GET /api/v1/people", 401, "not-signed-in"),
        ("POST /api/v1/sign-in/password", 403, "not-allowed"),
    ] {
        let answer = ask(line, "");
        assert_eq!(
            (answer.status(), answer.header("content-type")),
            (status, Some("text/html; charset=utf-8")),
            "{line}"
        );
        assert!(answer.body.contains("<h1>") && answer.body.contains(code), "{line}: {}", answer.body);
        assert!(answer.header("content-security-policy").unwrap().contains("style-src 'self'"), "{answer:?}");
        assert_eq!(answer.header("allow").is_some(), status == 405, "{answer:?}");
    }
    ask("GET /nothing", "Authorization: Bearer swt_none\r\n").is_problem(404, "route-unknown");
}

/// The client still sends while it is refused, and hears why all the same.
#[test]
fn a_body_beyond_the_limit() {
    let server = Server::start(&["--body-limit=4096"]);
    let mut stream = server.connect();
    write!(stream, "POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000\r\n\r\n").unwrap();
    let mut beyond = stream.try_clone().unwrap();
    let sender = std::thread::spawn(move || {
        // The server may close before all of it is sent.
        let _ = beyond.write_all(&vec![b'x'; 10_000_000]);
    });
    answer(stream).is_problem(413, "body-too-large");
    sender.join().unwrap();
}

#[test]
fn too_often() {
    let server = Server::start(&["--requests-per-second=1"]);
    let answers: Vec<_> = (0..8).map(|_| server.get("/nothing")).collect();
    let refused = answers.iter().find(|answer| answer.status() == 429).expect("five at once, and no more");
    refused.is_problem(429, "too-many-requests");
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(server.get("/healthz").status(), 200, "health is always told");
}

#[test]
fn too_often_with_one_token() {
    let organisation = Organisation::start_with("sqlite", &["--token-requests-per-second=1"]);
    let answers: Vec<_> = (0..8).map(|_| organisation.get("/api/v1/units")).collect();
    let refused = answers.iter().find(|answer| answer.status() == 429).expect("five at once, and no more");
    refused.is_problem(429, "too-many-requests");
    assert_eq!(refused.header("retry-after"), Some("1"));
    let other = organisation.admin(&["token", "--role=reviewer"]);
    assert_eq!(organisation.get_as(&other, "/api/v1/units").status(), 200, "each token for itself");
    organisation.server.get("/api/v1/units").is_problem(401, "not-signed-in");
}

#[test]
fn not_http_at_all() {
    let server = Server::start(&[]);
    for garbage in ["\0\0\0\0\r\n\r\n", "GET\r\n\r\n", "\u{16}\u{3}\u{1}\0\r\n\r\n"] {
        assert_eq!(server.ask(garbage).status(), 400);
    }
    let long = format!("GET /healthz HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(20_000));
    assert_eq!(server.ask(&long).status(), 431);
    assert_eq!(server.get("/healthz").status(), 200);
}
