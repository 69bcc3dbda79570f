//! The server stops gently.

use std::io::{Read, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::kit::{Server, answer};

#[test]
fn it_stops_at_once_where_nobody_waits() {
    for signal in [Signal::TERM, Signal::INT] {
        let server = Server::start_logging(&[], Stdio::piped());
        let silent = server.connect();
        assert_eq!(server.get("/healthz").status(), 200);
        let begun = Instant::now();
        server.signal(signal);
        let (code, log) = server.wait();
        assert_eq!(code, Some(0), "{log}");
        assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
        drop(silent);
    }
}

/// A client that has begun to ask before the server was told to stop is answered.
#[test]
fn a_request_in_flight_is_answered() {
    let server = Server::start_logging(&[], Stdio::piped());
    let mut stream = server.connect();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: loc").unwrap();
    std::thread::sleep(Duration::from_millis(300));
    server.signal(Signal::TERM);
    std::thread::sleep(Duration::from_millis(300));
    stream.write_all(b"alhost\r\n\r\n").unwrap();
    let answer = answer(stream);
    assert_eq!((answer.status(), answer.header("connection")), (200, Some("close")));
    assert_eq!(server.wait().0, Some(0));
}

/// An idle connection that was kept alive does not hold the server up, and a new one is not taken.
#[test]
fn nobody_new_is_let_in() {
    let server = Server::start_logging(&[], Stdio::piped());
    let mut kept = server.connect();
    kept.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    assert!(kept.read(&mut [0; 2048]).unwrap() > 0);
    server.signal(Signal::TERM);
    let address = server.address;
    assert_eq!(server.wait().0, Some(0));
    assert!(std::net::TcpStream::connect(address).is_err());
}

/// The log tells of routes and answers, never of who asked for what.
#[test]
fn the_log_has_no_personal_data() {
    let server = Server::start_logging(&["--log-format=json"], Stdio::piped());
    server.ask("GET /secret-path?secret=query HTTP/1.1\r\nHost: h\r\nUser-Agent: secret\r\nConnection: close\r\n\r\n");
    server.get("/healthz");
    server.signal(Signal::TERM);
    let (_, log) = server.wait();
    for word in ["secret", "127.0.0.1"] {
        assert!(!log.contains(word), "{log}");
    }
    let line = log.lines().find(|line| line.contains("/healthz")).unwrap();
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!((&line["method"], &line["status"], &line["level"]), (&"GET".into(), &200.into(), &"INFO".into()));
    assert!(line["ms"].is_number() && line["request"].is_string());
}
