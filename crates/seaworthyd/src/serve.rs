//! `seaworthyd serve`: puts the parts together and runs them until it is told to stop.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use seaworthy_console::pages;
use seaworthy_http::desk::{Ceremonies, DeskGate};
use seaworthy_http::webhooks::{Reach, dispatch};
use seaworthy_http::{
    Application, Bounds, Certificate, CertificateError, ClientHeader, Exposure, Limit, Limits, Listening, Metrics,
    Patience, Readiness, metrics_page, router, serve,
};
use seaworthy_model::Code;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;

use crate::failure::Failure;
use crate::office::{self, Office};
use crate::settings::Settings;
use crate::transparency::Keeper;
use crate::{entrance, files, log, notify, signals, tasks};

/// Connections that the system holds until they are accepted: beyond it, clients wait a second and try again. The
/// system may hold fewer (net.core.somaxconn).
const BACKLOG: u32 = 4096;
/// Most connections that ask for metrics.
const METRICS_CONNECTIONS: u32 = 16;

/// Serves until SIGTERM or SIGINT.
pub fn run(settings: &Settings) -> Result<(), Failure> {
    log::begin(settings.log_format, settings.log_level);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| Failure::bug(format!("threads: {error}")))?.block_on(until_stopped(settings))
}

async fn until_stopped(settings: &Settings) -> Result<(), Failure> {
    let certificate = certificate(settings)?;
    let listener = bind(settings.listen)?;
    let metrics_listener = settings.metrics_listen.map(bind).transpose()?;
    let (stop, stopping) = watch::channel(false);
    let signals = signals::stop_on_request(stop).and_then(|()| signals::reload_on_request(certificate.clone()));
    signals.map_err(|error| Failure::bug(format!("signals: {error}")))?;
    let scheme = if certificate.is_some() { "https" } else { "http" };
    let address = listener.local_addr().map_err(|error| Failure::bug(format!("listening: {error}")))?;
    let office = office(settings, entrance::reached_at(scheme, address)).await?;
    let ceremonies = ceremonies(settings, &office).await?;
    let application = application(settings, &office, ceremonies, &stopping)?;
    let metrics = application.metrics.clone();
    tasks::keep(&office.desk, &metrics, &stopping);
    let keeper = keeper(&office, &metrics).await?;
    let reach = if settings.webhook_private_addresses { Reach::Private } else { Reach::Public };
    tokio::spawn(dispatch(Arc::clone(&office.desk), metrics.clone(), reach, stopping.clone()));
    let connections = files::connections(settings.connection_limit);
    announce(&listener, scheme, metrics_listener.as_ref(), &office.links)?;
    notify::systemd("READY=1");
    let listening = |listener, certificate, connections| Listening {
        listener,
        certificate,
        connections,
        patience: Patience::default(),
        metrics: metrics.clone(),
        stopping: stopping.clone(),
    };
    let page = metrics_page(metrics.clone());
    let metrics_served = async {
        match metrics_listener {
            Some(listener) => serve(listening(listener, None, METRICS_CONNECTIONS), page).await,
            None => Ok(()),
        }
    };
    let served = serve(listening(listener, certificate, connections), router(application.clone(), pages(&application)));
    let (served, metrics_served) = tokio::join!(served, metrics_served);
    // Nobody puts anything in line any more.
    tokio::task::spawn_blocking(move || keeper.finish()).await.map_err(|error| Failure::bug(error.to_string()))?;
    served.and(metrics_served).map_err(|error| unusable(&error))
}

/// Lets the logs catch up, which may take as long as their witnesses do, and keeps them from then on.
async fn keeper(office: &Office, metrics: &Arc<Metrics>) -> Result<Keeper, Failure> {
    let (office, metrics) = (office.clone(), Arc::clone(metrics));
    let started = tokio::task::spawn_blocking(move || Keeper::start(&office, &metrics));
    started.await.map_err(|error| Failure::bug(format!("the log: {error}")))?
}

/// Opens the store and all that comes with it, on a thread that may wait for them.
async fn office(settings: &Settings, listens_at: String) -> Result<Office, Failure> {
    let settings = settings.clone();
    let opened = tokio::task::spawn_blocking(move || office::open(&settings, &listens_at));
    opened.await.map_err(|error| Failure::bug(format!("opening: {error}")))?
}

/// How people come in; making the first password hash takes a moment.
async fn ceremonies(settings: &Settings, office: &Office) -> Result<Arc<Ceremonies>, Failure> {
    let (settings, desk) = (settings.clone(), Arc::clone(&office.desk));
    let opened = tokio::task::spawn_blocking(move || entrance::open(&settings, &desk));
    opened.await.map_err(|error| Failure::bug(format!("opening: {error}")))?
}

fn application(
    settings: &Settings,
    office: &Office,
    ceremonies: Arc<Ceremonies>,
    stopping: &watch::Receiver<bool>,
) -> Result<Application, Failure> {
    let process = getrandom::u32().map_err(|error| Failure::bug(format!("randomness: {error}")))?;
    let beside = settings.metrics_listen.is_none() && settings.is_private();
    let header = settings.client_address_header.as_deref().map(|name| name.parse()).transpose();
    let metrics = Arc::new(Metrics::new(process));
    Ok(Application {
        gate: Arc::new(DeskGate(Arc::clone(&office.desk))),
        desk: Arc::clone(&office.desk),
        ceremonies,
        intake: office.desk.start_intake(office.writers, metrics.clone()),
        known_bodies: Arc::default(),
        readiness: Readiness::new(stopping.clone(), ready(office)),
        metrics,
        exposure: if beside { Exposure::Here } else { Exposure::Elsewhere },
        limits: Limits {
            per_address: Limit::per_second(settings.requests_per_second),
            per_token: Limit::per_second(settings.token_requests_per_second),
        },
        client_header: ClientHeader(header.map_err(|_| Failure::bug("a header's name was checked before"))?),
        bounds: Bounds { body: usize::try_from(settings.body_limit).unwrap_or(usize::MAX), ..Bounds::default() },
    })
}

/// What the store said of itself when it was last asked; asking now could take as long as the store is away. And whether
/// anything may be signed.
fn ready(office: &Office) -> Arc<dyn Fn() -> Result<(), String> + Send + Sync> {
    let (pulse, desk, standing) = (office.pulse.clone(), office.desk.clone(), office.standing.clone());
    Arc::new(move || {
        let organisations = desk.directory();
        let organisations = organisations.views().map(|view| view.organisation.id);
        if pulse.beats() {
            standing.all(organisations).map_err(|error| error.to_string())
        } else {
            Err("the store cannot be reached".to_owned())
        }
    })
}

fn certificate(settings: &Settings) -> Result<Option<Arc<Certificate>>, Failure> {
    let (Some(chain), Some(key)) = (&settings.tls_cert, &settings.tls_key) else { return Ok(None) };
    Certificate::read(chain, key).map(Some).map_err(|error| unusable(&error))
}

/// A certificate that cannot be used.
pub fn unusable(error: &CertificateError) -> Failure {
    Failure::new(Code::CertificateUnusable, error.to_string())
}

/// Begins to listen.
pub fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    listener(address).map_err(|error| Failure::new(Code::ListenRefused, format!("{address}: {error}")))
}

fn listener(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A server that is started again does not wait for the last connections of the one before.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Where the server listens, for whoever started it with port 0. Closed standard output is nobody who wants to know.
fn announce(
    listener: &TcpListener,
    scheme: &str,
    metrics: Option<&TcpListener>,
    links: &[String],
) -> Result<(), Failure> {
    let said = said(listener, scheme, metrics, links).map_err(Failure::output);
    said.or_else(|failure| if failure.is_closed_pipe() { Ok(()) } else { Err(failure) })
}

fn said(listener: &TcpListener, scheme: &str, metrics: Option<&TcpListener>, links: &[String]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "listening on {scheme}://{}", listener.local_addr()?)?;
    if let Some(metrics) = metrics {
        writeln!(out, "metrics on http://{}/metrics", metrics.local_addr()?)?;
    }
    for link in links {
        writeln!(out, "{link}")?;
    }
    out.flush()
}
