//! The names of metrics: what is counted, documented and drawn is the same.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::kit::{Server, ask, connect};

/// Names of the page, without the endings that Prometheus adds.
fn counted() -> BTreeSet<String> {
    let server = Server::start(&[]);
    server.get("/healthz");
    let page = server.get("/metrics");
    assert_eq!(page.header("content-type"), Some("application/openmetrics-text; version=1.0.0; charset=utf-8"));
    let names = page.body.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    names.map(str::to_owned).collect()
}

/// Every name in a text, without those endings.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let names = words.filter(|word| word.starts_with("seaworthyd_"));
    let bare = |name: &str| {
        let endings = ["_total", "_bucket", "_sum", "_count"];
        endings.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name).to_owned()
    };
    names.map(bare).collect()
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}

#[test]
fn documented_and_drawn_are_what_is_counted() {
    let counted = counted();
    assert_eq!(named(&read("docs/operate.md")), counted);
    let dashboard = read("dist/grafana-dashboard.json");
    let panels: Value = serde_json::from_str(&dashboard).unwrap();
    assert!(panels["panels"].as_array().unwrap().len() >= 6);
    assert_eq!(named(&dashboard), counted);
}

#[test]
fn a_listener_of_their_own() {
    let mut server = Server::start(&["--metrics-listen=127.0.0.1:0"]);
    let metrics = server.announced("metrics on ");
    server.get("/metrics").is_problem(404, "route-unknown");
    let page = ask(connect(metrics), "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert_eq!(page.status(), 200);
    assert!(page.body.contains("route=\"/metrics\",status=\"404\""), "{}", page.body);
}

#[test]
fn behind_a_proxy_they_are_not_for_everybody() {
    let server = Server::start(&["--behind-tls-proxy"]);
    server.get("/metrics").is_problem(404, "route-unknown");
}
