//! Health, and what every answer carries.

use crate::kit::Server;

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
