//! `seaworthyd log witness`: a witness anyone can run (<https://c2sp.org/tlog-witness>). It cosigns a checkpoint of a log
//! that it knows if that continues all it has cosigned before, and remembers that durably before it says so.

mod desk;
mod logs;
mod register;

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use axum::routing::post;
use seaworthy_http::{Certificate, Listening, Metrics, Patience, serve};
use seaworthy_model::Code;
use seaworthy_stamp::SigningKey;
use seaworthy_tlog::{Algorithm, MAX_REQUEST, Signer};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::timeout;

use self::desk::{Desk, Said};
use self::register::Register;
use super::note_key::NoteKey;
use crate::cli::Witness;
use crate::failure::Failure;
use crate::settings::{LogFormat, LogLevel};
use crate::{folder, log, notify, office, serve as server, signals};

/// Most connections at once; each may send a request of [`MAX_REQUEST`] bytes.
const CONNECTIONS: u32 = 128;
/// How long the body of a request may take.
const BODY_PATIENCE: Duration = Duration::from_secs(10);
/// Largest key file.
const MAX_KEY: usize = 4096;

/// Cosigns until SIGTERM or SIGINT.
pub fn run(options: &Witness) -> Result<(), Failure> {
    log::begin(LogFormat::Text, LogLevel::Info);
    let desk = Arc::new(open(options)?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| Failure::bug(format!("threads: {error}")))?.block_on(until_stopped(options, desk))
}

/// Opens the key, the list of logs, and what was cosigned.
fn open(options: &Witness) -> Result<Desk, Failure> {
    let key = key(&options.key)?;
    let key = NoteKey::new(&options.name, Algorithm::CosignatureV1, Arc::new(key));
    let key = key.map_err(|fault| Failure::usage(format!("--name: {fault}")).hinting(""))?;
    let logs = logs::read(&options.logs)?;
    let register = Register::open(&options.state).map_err(|why| unusable(&options.state, &why))?;
    Desk::new(key, logs, register).map_err(|why| unusable(&options.state, &why))
}

/// The key of a file, which is made if it is not there.
fn key(path: &Path) -> Result<SigningKey, Failure> {
    let read = match super::bounded(path, MAX_KEY) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return make_key(path),
        read => read.map_err(|error| unusable(path, &error))?,
    };
    SigningKey::parse(&String::from_utf8_lossy(&read)).map_err(|error| unusable(path, &error))
}

fn make_key(path: &Path) -> Result<SigningKey, Failure> {
    let key = SigningKey::from_seed(&office::draw()).map_err(|error| Failure::bug(error.to_string()))?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| Failure::usage(format!("--key: {} is no file name", path.display())))?;
    let written = folder::make(parent).and_then(|()| folder::write(parent, name, key.to_pem().as_bytes()));
    written.map(|()| key).map_err(|error| unusable(path, &error))
}

fn unusable(path: &Path, why: &dyn std::fmt::Display) -> Failure {
    Failure::new(Code::DataUnusable, format!("{}: {why}", path.display()))
}

async fn until_stopped(options: &Witness, desk: Arc<Desk>) -> Result<(), Failure> {
    let certificate = certificate(options)?;
    let listener = server::bind(options.listen)?;
    let (stop, stopping) = watch::channel(false);
    let signals = signals::stop_on_request(stop).and_then(|()| signals::reload_on_request(certificate.clone()));
    signals.map_err(|error| Failure::bug(format!("signals: {error}")))?;
    let scheme = if certificate.is_some() { "https" } else { "http" };
    announce(&listener, scheme, &desk).map_err(Failure::output)?;
    notify::systemd("READY=1");
    let listening = Listening {
        listener,
        certificate,
        connections: CONNECTIONS,
        patience: Patience::default(),
        metrics: Arc::new(Metrics::new(0)),
        stopping,
    };
    serve(listening, router(desk)).await.map_err(|error| server::unusable(&error))
}

fn certificate(options: &Witness) -> Result<Option<Arc<Certificate>>, Failure> {
    let (Some(chain), Some(key)) = (&options.tls_cert, &options.tls_key) else { return Ok(None) };
    Certificate::read(chain, key).map(Some).map_err(|error| server::unusable(&error))
}

/// Where it listens, and the key that others write into their policies.
fn announce(listener: &TcpListener, scheme: &str, desk: &Desk) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "listening on {scheme}://{}", listener.local_addr()?)?;
    writeln!(out, "vkey {}", desk.key().key())?;
    out.flush()
}

/// The one route.
fn router(desk: Arc<Desk>) -> Router {
    Router::new().route("/add-checkpoint", post(add_checkpoint)).with_state(desk)
}

async fn add_checkpoint(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let body = match timeout(BODY_PATIENCE, to_bytes(request.into_body(), MAX_REQUEST)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return plain(StatusCode::PAYLOAD_TOO_LARGE, "the request breaks off, or is too long\n"),
        Err(_) => return plain(StatusCode::REQUEST_TIMEOUT, "the request took too long\n"),
    };
    let answered = tokio::task::spawn_blocking(move || desk.answer(&body, office::now()));
    match answered.await {
        Ok(said) => answer(said),
        Err(_) => plain(StatusCode::INTERNAL_SERVER_ERROR, "a fault of this witness\n"),
    }
}

fn answer(said: Said) -> Response {
    let status = StatusCode::from_u16(said.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    respond(status, said.kind, said.body)
}

fn plain(status: StatusCode, body: &str) -> Response {
    respond(status, desk::PLAIN, body.to_owned())
}

fn respond(status: StatusCode, kind: &'static str, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
pub(super) mod tests {
    use std::fs;

    use super::*;

    /// A witness on loopback, for those who ask one; it serves until the test's process ends.
    pub struct Begun {
        pub url: String,
        pub key: NoteKey,
        _state: tempfile::TempDir,
    }

    /// Begins a witness that knows one log.
    pub fn witness(name: &str, seed: u8, log: &NoteKey) -> Begun {
        let state = tempfile::tempdir().unwrap();
        let key = || {
            let key = SigningKey::from_seed(&[seed; 32]).unwrap();
            NoteKey::new(name, Algorithm::CosignatureV1, Arc::new(key)).unwrap()
        };
        let logs = logs::Logs::from([(log.key().name().to_owned(), vec![log.key().clone()])]);
        let desk = Desk::new(key(), logs, Register::open(state.path()).unwrap()).unwrap();
        Begun { url: begin(desk), key: key(), _state: state }
    }

    fn begin(desk: Desk) -> String {
        let (told, address) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = server::bind("127.0.0.1:0".parse().unwrap()).unwrap();
                told.send(listener.local_addr().unwrap()).unwrap();
                let (_stop, stopping) = watch::channel(false);
                let listening = Listening {
                    listener,
                    certificate: None,
                    connections: CONNECTIONS,
                    patience: Patience::default(),
                    metrics: Arc::new(Metrics::new(0)),
                    stopping,
                };
                serve(listening, router(Arc::new(desk))).await.unwrap();
            });
        });
        format!("http://{}", address.recv().unwrap())
    }

    #[test]
    fn a_key_is_made_once() {
        use std::os::unix::fs::PermissionsExt;
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("keys/witness.key");
        let made = key(&path).unwrap();
        assert_eq!(key(&path).unwrap().public(), made.public());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&path, "no key").unwrap();
        assert_eq!(key(&path).unwrap_err().code, Code::DataUnusable);
    }
}
