//! Health, and what every answer carries.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use seaworthy_tlog::{Algorithm, VerifierKey};

use crate::kit::{Server, command};

#[test]
fn a_server_is_alive_and_ready() {
    let server = Server::start(&[]);
    let alive = server.get("/healthz");
    assert_eq!((alive.status(), alive.body.as_str()), (200, r#"{"status":"alive"}"#));
    assert_eq!(server.get("/readyz").json()["status"], "ready");
    for (name, value) in [
        ("content-type", "application/json"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ] {
        assert_eq!(alive.header(name), Some(value), "{name}");
    }
}

#[test]
fn head_has_no_body_and_options_tells_the_methods() {
    let server = Server::start(&[]);
    let head = server.ask("HEAD /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert_eq!((head.status(), head.body.as_str(), head.header("content-length")), (200, "", Some("18")));
    let options = server.ask("OPTIONS /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert_eq!((options.status(), options.header("allow")), (204, Some("GET,HEAD")));
}

/// A server on a data folder that stays.
fn on(data: &Path, arguments: &[&str]) -> Server {
    let mut command = command(&["serve", "--listen=127.0.0.1:0", "--data", data.to_str().unwrap()]);
    Server::spawn(command.args(arguments).stderr(Stdio::null()), tempfile::tempdir().unwrap())
}

/// Waits until a server is ready, or is not any more.
fn becomes(server: &Server, status: u16) -> String {
    let began = Instant::now();
    loop {
        let answer = server.get("/readyz");
        if answer.status() == status {
            return answer.body;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{}", answer.body);
        thread::sleep(Duration::from_millis(100));
    }
}

/// The folder of the one log.
fn log(data: &Path) -> PathBuf {
    fs::read_dir(data.join("log")).unwrap().next().unwrap().unwrap().path()
}

#[test]
fn a_server_without_its_tiles_signs_nothing() {
    let data = tempfile::tempdir().unwrap();
    let server = on(data.path(), &[]);
    becomes(&server, 200);
    server.signal(Signal::TERM);
    server.wait();
    // Who stops in peace has published what it founded.
    let (tiles, aside) = (log(data.path()).join("tile"), data.path().join("aside"));
    assert!(log(data.path()).join("checkpoint").exists());
    fs::rename(&tiles, &aside).unwrap();
    let server = on(data.path(), &[]);
    let body = becomes(&server, 503);
    assert!(body.contains("log-part-missing") && body.contains("tile/0/000.p/"), "{body}");
    assert!(server.get("/metrics").body.contains("seaworthyd_log_standing 0"));
    fs::rename(&aside, &tiles).unwrap();
    becomes(&server, 200);
}

#[test]
fn a_server_signs_nothing_before_its_witnesses_have_answered() {
    let data = tempfile::tempdir().unwrap();
    let policy = data.path().join("policy");
    let witness = VerifierKey::new("witness.example", Algorithm::CosignatureV1, &[7; 32]).unwrap();
    fs::write(&policy, format!("witness w {witness} http://127.0.0.1:1/\nquorum w\n")).unwrap();
    let server = on(data.path(), &["--log-policy", policy.to_str().unwrap()]);
    let body = becomes(&server, 503);
    assert!(body.contains("log-witnesses-lacking") && body.contains("127.0.0.1:1"), "{body}");
    assert_eq!(server.get("/healthz").status(), 200);
}
