//! Opens what the server works with: the store, brought up to date; the keys; and at first start the organisation, its log
//! and the one-time link that makes its first administrator.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use seaworthy_http::desk::{Desk, KeyStore, Surroundings};
use seaworthy_http::invitation_link;
use seaworthy_http::signin::Site;
use seaworthy_model::{Code, Timestamp};
use seaworthy_service::directory::Directory;
use seaworthy_service::founding::LogKeys;
use seaworthy_service::log::{Quorum, Standing};
use seaworthy_service::ports::{self, Fault, Store, TileStore};
use seaworthy_service::{Error, Id, draw, founding, log, people};
use seaworthy_stamp::SigningKey;
use seaworthy_store::{Database, SqlStore, driver, migrations};
use seaworthy_tlog::Policy;
use tracing::warn;

use crate::failure::Failure;
use crate::folder;
use crate::keyring::Keyring;
use crate::pulse::Pulse;
use crate::settings::{self, Settings};
use crate::{tiles, transparency};

/// File of the data folder that says how people and devices reach the server, for the operator's commands beside it.
const ADDRESS: &str = "address";

/// What stays open while the server runs.
#[derive(Clone)]
pub struct Office {
    /// Where requests meet the use-cases.
    pub desk: Arc<Desk>,
    /// Whether the store can be reached.
    pub pulse: Arc<Pulse>,
    /// One-time links for administrators of organisations that nobody can sign in to yet, a line each.
    pub links: Vec<String>,
    /// Threads that take reports in: an embedded store has one writer.
    pub writers: usize,
    /// Where the tiles of the logs are.
    pub tiles: Arc<dyn TileStore>,
    /// Which logs have caught up. None has yet: [`Keeper`](crate::transparency::Keeper) sees to it.
    pub standing: Arc<Standing>,
    /// Tells this server's right to work on the logs from those of others.
    pub holder: Id,
    /// What the logs' checkpoints must have before they are published.
    pub log_policy: Option<Policy>,
}

/// Opens everything. `listens_at` is how people reach the server if the settings do not say otherwise.
pub fn open(settings: &Settings, listens_at: &str) -> Result<Office, Failure> {
    folder(&settings.data)?;
    let database = database(settings)?;
    migrations::migrate(&database, migrations::MIGRATIONS).map_err(|fault| unusable(settings, &fault))?;
    let writers = if settings.store == settings::Store::Sqlite { 1 } else { 2 };
    let store: Arc<dyn Store> = Arc::new(SqlStore::new(database));
    let keys: Arc<dyn KeyStore> =
        Arc::new(Keyring::open(&settings.data).map_err(|error| data(&settings.data, &error.to_string()))?);
    let site = Site::new(settings.public_url.as_deref().unwrap_or(listens_at))
        .map_err(|error| Failure::new(Code::ConfigurationValue, format!("public_url: {error}")))?;
    if let Err(error) = folder::write(&settings.data, ADDRESS, site.origin().as_bytes()) {
        warn!(%error, "the operator's commands will not know the address of this server");
    }
    begin(store.as_ref(), keys.as_ref(), settings)?;
    open_logs(store.as_ref(), keys.as_ref(), settings, &site)?;
    let surroundings = Surroundings { now, draw, build: env!("CARGO_PKG_VERSION") };
    let pulse = Pulse::of(&store);
    let log_policy = settings.log_policy.as_deref().map(transparency::policy).transpose()?;
    let quorum = log_policy.as_ref().map(quorum).unwrap_or_default();
    let standing = Arc::new(Standing::strict());
    let tiles = tiles::open(settings)?;
    let desk = Desk::open(store, keys, Arc::clone(&tiles), surroundings, site).map_err(failed)?;
    let desk = Arc::new(desk.witnessed_by(quorum).signing_while(Arc::clone(&standing)));
    let links = welcome(&desk)?;
    Ok(Office { desk, pulse, links, writers, tiles, standing, holder: holder(settings), log_policy })
}

/// How people and devices reach a server that runs, or ran last, on the data folder.
pub fn address(settings: &Settings) -> String {
    let said = settings.public_url.clone().or_else(|| fs::read_to_string(settings.data.join(ADDRESS)).ok());
    said.unwrap_or_else(|| format!("http://{}", settings.listen))
}

/// Who works on the logs. An embedded store has one server at a time, which need not wait for the right of a dead one.
fn holder(settings: &Settings) -> Id {
    match settings.store {
        settings::Store::Sqlite => Id::from_bytes([0; 16]),
        settings::Store::Postgres(_) => draw::id(&mut draw),
    }
}

/// What checkers of the logs are told to ask for. Each that is published has as much.
fn quorum(policy: &Policy) -> Quorum {
    Quorum { witnesses: policy.witnesses().to_vec(), enough: policy.least() }
}

/// Makes the data folder, for its owner alone.
fn folder(path: &Path) -> Result<(), Failure> {
    folder::make(path).map_err(|error| data(path, &error.to_string()))
}

fn data(path: &Path, what: &str) -> Failure {
    Failure::new(Code::DataUnusable, format!("{}: {what}", path.display()))
}

/// The database of the settings.
pub fn database(settings: &Settings) -> Result<Database, Failure> {
    let limits = seaworthy_store::Settings::default();
    let opened = match &settings.store {
        settings::Store::Sqlite => Database::sqlite(&settings.data, limits),
        settings::Store::Postgres(address) => Database::postgres(address, limits),
    };
    opened.map_err(|fault| unusable(settings, &fault))
}

/// The same, beside a server that may be at work on it.
pub fn database_beside(settings: &Settings) -> Result<Database, Failure> {
    match &settings.store {
        settings::Store::Sqlite => Database::beside(&settings.data, seaworthy_store::Settings::default())
            .map_err(|fault| unusable(settings, &fault)),
        settings::Store::Postgres(_) => database(settings),
    }
}

/// A store that cannot be used, by its name and without a password.
pub fn unusable(settings: &Settings, fault: &driver::Fault) -> Failure {
    let place = match &settings.store {
        settings::Store::Sqlite => settings.data.display().to_string(),
        settings::Store::Postgres(_) => "the database".to_owned(),
    };
    Failure::new(Code::DataUnusable, format!("{place}: {fault}"))
}

/// At first start: a key and an organisation.
fn begin(store: &dyn Store, keys: &dyn KeyStore, settings: &Settings) -> Result<(), Failure> {
    let organisations =
        ports::read(store, |records| records.organisations()).map_err(|fault: Fault| failed(fault.into()))?;
    if !organisations.is_empty() {
        return Ok(());
    }
    let key = new_key(keys, settings)?;
    let founded = ports::write(store, |records| {
        // Of two replicas that start at once, one founds.
        if records.organisations()?.is_empty() {
            founding::found(records, &settings.organisation, &key, now(), &mut draw)?;
        }
        Ok::<_, Error>(())
    });
    founded.map_err(failed)
}

/// A log for each organisation that has none: those that were just founded, and those that are older than logs.
fn open_logs(store: &dyn Store, keys: &dyn KeyStore, settings: &Settings, site: &Site) -> Result<(), Failure> {
    let directory = ports::read(store, |records| Directory::load(records)).map_err(failed)?;
    for view in directory.views().filter(|view| view.log.is_none()) {
        let unusable = |what: &str| data(&settings.data, what);
        let signing = view.signing_key().ok_or_else(|| unusable("no key of the organisation signs"))?;
        let signing = keys.key(&signing.id).map_err(|error| unusable(&error.to_string()))?;
        let (log, statuses) = (new_key(keys, settings)?.public(), new_key(keys, settings)?.public());
        let origin = log::origin(site.origin(), &view.root_key());
        let opened = ports::write(store, |records| {
            // Of two replicas that start at once, one opens it.
            if records.log(view.organisation.id)?.is_none() {
                founding::open_log(records, view, LogKeys { log, statuses }, &origin, &signing, now())?;
            }
            Ok::<_, Error>(())
        });
        opened.map_err(failed)?;
    }
    Ok(())
}

/// A new key, kept before anybody is told of it.
fn new_key(keys: &dyn KeyStore, settings: &Settings) -> Result<Arc<SigningKey>, Failure> {
    let key = SigningKey::from_seed(&draw()).map_err(|error| Failure::bug(error.to_string()))?;
    keys.put(key).map_err(|error| data(&settings.data, &error.to_string()))
}

/// Links for the first administrator of each organisation that nobody can sign in to yet.
fn welcome(desk: &Desk) -> Result<Vec<String>, Failure> {
    let mut links = Vec::new();
    for view in desk.directory().views() {
        let secret = desk.write_here(|scene| {
            let nobody = scene.records.people(view.organisation.id, None, 1)?.is_empty();
            let link = || people::administrator_link(scene.records, view, scene.now, scene.draw);
            nobody.then(link).transpose()
        });
        let link = secret.map_err(failed)?.map(|secret| invitation_link(desk.public_url(), &secret));
        links.extend(link.map(|link| format!("first administrator of {}: {link}", view.organisation.name)));
    }
    Ok(links)
}

/// A use-case that ended in an error, for the operator.
pub fn failed(error: Error) -> Failure {
    Failure::new(error.code(), error.to_string())
}

/// The instant, by the system's clock.
#[expect(clippy::disallowed_methods, reason = "the binary reads the clock")]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seconds = since.map_or(0, |since| since.as_secs());
    Timestamp::from_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
}

/// 32 bytes from the system's random source. Without randomness nothing can be signed or named: the process ends.
#[expect(clippy::panic, reason = "no caller could go on without randomness")]
pub fn draw() -> [u8; 32] {
    let mut bytes = [0; 32];
    if let Err(error) = getrandom::fill(&mut bytes) {
        panic!("the system's random source failed: {error}");
    }
    bytes
}
