//! What surrounds handlers, with handlers that misbehave, over real connections.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

use axum::routing::{get, post};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use super::*;
use crate::{Answer, Body, HealthOnly, IdempotencyKey, IfNoneMatch, Listening, Path, Patience, Query, Tagged, serve};

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Ship {
    name: String,
    masts: u8,
}

async fn echo(Body(ship): Body<Ship>) -> Answer<Ship> {
    Answer(ship)
}

async fn query(Query(ship): Query<Ship>) -> Answer<Ship> {
    Answer(ship)
}

async fn path(Path(ship): Path<Ship>) -> Answer<Ship> {
    Answer(ship)
}

async fn tagged(known: IfNoneMatch) -> Tagged<&'static str> {
    Tagged { document: "ship", known }
}

async fn keyed(key: IdempotencyKey) -> Answer<String> {
    Answer(key.as_str().to_owned())
}

async fn bug() -> Answer<Ship> {
    panic!("secret")
}

async fn slow(milliseconds: Path<std::collections::HashMap<String, u64>>) -> Answer<&'static str> {
    let milliseconds = milliseconds.0["milliseconds"];
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    Answer("late")
}

/// A server of such handlers, in this process.
struct Harbour {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    metrics: Arc<Metrics>,
    served: tokio::task::JoinHandle<Result<(), crate::CertificateError>>,
    runtime: Runtime,
}

impl Harbour {
    fn open() -> Harbour {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (stop, stopping) = watch::channel(false);
        let metrics = Arc::new(Metrics::new(7));
        let application = application(&metrics, &stopping);
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let patience = Patience { head: Duration::from_millis(500), ..Patience::default() };
        let (certificate, connections) = (None, 100);
        let listening = Listening { listener, certificate, connections, patience, metrics: metrics.clone(), stopping };
        let served = runtime.spawn(serve(listening, surrounded(routes(), application, |problem| problem.answer(None))));
        Harbour { address, stop, metrics, served, runtime }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    fn ask(&self, line: &str, fields: &str, body: &str) -> (u16, Value) {
        let mut stream = self.connect();
        let length = body.len();
        let head =
            format!("{line} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: {length}\r\n{fields}\r\n");
        stream.write_all((head + body).as_bytes()).unwrap();
        answer(stream)
    }

    #[track_caller]
    fn refuses(&self, line: &str, fields: &str, body: &str, status: u16, code: &str) -> Value {
        let (answered, problem) = self.ask(line, fields, body);
        assert_eq!((answered, &problem["code"]), (status, &code.into()), "{problem}");
        problem
    }
}

fn application(metrics: &Arc<Metrics>, stopping: &watch::Receiver<bool>) -> Application {
    let desk = Desk::of_nothing();
    Application {
        gate: Arc::new(HealthOnly),
        ceremonies: Arc::new(Ceremonies::new(Arc::clone(&desk), crate::desk::Offer::default()).unwrap()),
        intake: desk.start_intake(1, metrics.clone()),
        desk,
        known_bodies: Arc::default(),
        readiness: Readiness::new(stopping.clone(), Arc::new(|| Err("no store".to_owned()))),
        metrics: metrics.clone(),
        exposure: Exposure::Here,
        limits: Limits::default(),
        client_header: ClientHeader::default(),
        bounds: Bounds { body: 1000, deadline: Duration::from_secs(1) },
    }
}

fn routes() -> Router<Application> {
    Router::new()
        .route("/echo", post(echo))
        .route("/query", get(query))
        .route("/path/{name}/{masts}", get(path))
        .route("/tagged", get(tagged))
        .route("/keyed", post(keyed))
        .route("/bug", get(bug))
        .route("/slow/{milliseconds}", get(slow))
        .route("/readyz", get(health::ready))
}

fn answer(mut stream: TcpStream) -> (u16, Value) {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    (head[9..12].parse().unwrap(), serde_json::from_str(body).unwrap_or_default())
}

const JSON: &str = "Content-Type: application/json; charset=utf-8\r\n";

#[test]
fn bodies_are_what_the_route_takes_or_refused() {
    let harbour = Harbour::open();
    let (status, ship) = harbour.ask("POST /echo", JSON, r#"{"name":"Argo","masts":1}"#);
    assert_eq!((status, &ship["name"]), (200, &"Argo".into()));
    harbour.refuses("POST /echo", JSON, r#"{"name":"Argo","masts":"#, 400, "request-syntax");
    harbour.refuses("POST /echo", JSON, "", 400, "request-syntax");
    harbour.refuses("POST /echo", JSON, &"[".repeat(900), 422, "request-invalid");
    harbour.refuses("POST /echo", "", "{}", 415, "media-type-refused");
    harbour.refuses("POST /echo", "Content-Type: text/plain\r\n", "{}", 415, "media-type-refused");
    let problem = harbour.refuses("POST /echo", JSON, r#"{"name":"Argo","masts":1,"crew":50}"#, 422, "request-invalid");
    assert!(problem["detail"].as_str().unwrap().contains("crew"), "{problem}");
    harbour.refuses("POST /echo", JSON, &" ".repeat(1001), 413, "body-too-large");
}

#[test]
fn a_body_of_unknown_length_is_bounded_too() {
    let harbour = Harbour::open();
    let mut stream = harbour.connect();
    write!(stream, "POST /echo HTTP/1.1\r\nHost: h\r\n{JSON}Transfer-Encoding: chunked\r\n\r\n").unwrap();
    for _ in 0..20 {
        write!(stream, "64\r\n{}\r\n", " ".repeat(100)).unwrap();
    }
    let (status, problem) = answer(stream);
    assert_eq!((status, &problem["code"]), (413, &"body-too-large".into()));
}

#[test]
fn parameters_are_what_the_route_takes_or_refused() {
    let harbour = Harbour::open();
    assert_eq!(harbour.ask("GET /query?name=Argo&masts=1", "", "").0, 200);
    harbour.refuses("GET /query?name=Argo&masts=many", "", "", 422, "request-invalid");
    harbour.refuses("GET /query?name=Argo&masts=1&crew=50", "", "", 422, "request-invalid");
    assert_eq!(harbour.ask("GET /path/Argo/1", "", "").0, 200);
    harbour.refuses("GET /path/Argo/many", "", "", 404, "route-unknown");
    harbour.refuses("GET /path/%ff/1", "", "", 404, "route-unknown");
    assert_eq!(harbour.ask("POST /keyed", "Idempotency-Key: \"sixteen-letters-\"\r\n", "").1, "sixteen-letters-");
    harbour.refuses("POST /keyed", "", "", 400, "request-syntax");
    assert_eq!(harbour.ask("GET /tagged", "If-None-Match: *\r\n", "").0, 304);
}

/// The handler's panic is an answer like another; what it said stays here.
#[test]
fn a_panic_is_answered_and_the_connection_lives() {
    let harbour = Harbour::open();
    let mut stream = harbour.connect();
    write!(stream, "GET /bug HTTP/1.1\r\nHost: h\r\n\r\nGET /slow/0 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert!(text.contains(" 500 ") && text.contains("\"code\":\"bug\"") && text.ends_with("\"late\""), "{text}");
    assert!(!text.contains("secret"), "{text}");
    assert!(harbour.metrics.page().contains("seaworthyd_http_panics_total 1\n"));
}

#[test]
fn a_request_that_takes_too_long_ends() {
    let harbour = Harbour::open();
    harbour.refuses("GET /slow/5000", "", "", 408, "request-timed-out");
    let mut stream = harbour.connect();
    write!(stream, "POST /echo HTTP/1.1\r\nHost: h\r\n{JSON}Content-Length: 100\r\n\r\n{{").unwrap();
    let begun = Instant::now();
    let (status, problem) = answer(stream);
    assert_eq!((status, &problem["code"]), (408, &"request-timed-out".into()));
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
}

#[test]
fn a_head_that_takes_too_long_ends() {
    let harbour = Harbour::open();
    let (silent, mut half) = (harbour.connect(), harbour.connect());
    half.write_all(b"GET /slow/0 HT").unwrap();
    for mut stream in [silent, half] {
        assert_eq!(stream.read(&mut [0; 1]).unwrap_or(0), 0);
    }
    std::thread::sleep(Duration::from_millis(100));
    assert!(
        harbour.metrics.page().contains("seaworthyd_http_connections_timed_out_total 2\n"),
        "{}",
        harbour.metrics.page()
    );
    assert!(harbour.metrics.page().contains("seaworthyd_http_connections 0\n"));
}

#[test]
fn the_server_is_not_ready_without_what_it_needs() {
    let harbour = Harbour::open();
    let problem = harbour.refuses("GET /readyz", "", "", 503, "not-ready");
    assert_eq!(problem["detail"], "no store");
}

#[test]
fn what_is_in_flight_when_the_server_stops_is_answered() {
    let harbour = Harbour::open();
    let mut stream = harbour.connect();
    write!(stream, "GET /slow/600 HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    std::thread::sleep(Duration::from_millis(200));
    harbour.stop.send_replace(true);
    assert_eq!(answer(stream), (200, "late".into()));
    harbour.runtime.block_on(harbour.served).unwrap().unwrap();
}
