//! A server in this process, without a network: an organisation with two units, and somebody for each role in each.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use data_encoding::BASE64URL_NOPAD;
use seaworthy_console::pages;
use seaworthy_http::desk::{Ceremonies, Desk, DeskGate, KeyStore, KeyStoreError, Offer, Surroundings};
use seaworthy_http::signin::{Provider, Site};
use seaworthy_http::{Application, Bounds, ClientHeader, Exposure, Limits, Metrics, Readiness, router};
use seaworthy_model::Timestamp;
use seaworthy_protocol::Digest;
use seaworthy_service::authority::{Actor, Held, Role};
use seaworthy_service::ports::{Person, RoleGrant, Session, Store, Unit, write};
use seaworthy_service::{Error, Id, founding};
use seaworthy_stamp::SigningKey;
use seaworthy_store::tiles::FolderTiles;
use seaworthy_store::{Database, Settings, SqlStore, migrations};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tower::ServiceExt;

const ORIGIN: &str = "http://localhost:8440";

fn now() -> Timestamp {
    Timestamp::from_seconds(1_790_000_000)
}

fn draw() -> [u8; 32] {
    ring::rand::generate(&ring::rand::SystemRandom::new()).unwrap().expose()
}

#[derive(Default)]
struct Keys(Mutex<HashMap<Digest, Arc<SigningKey>>>);

impl KeyStore for Keys {
    fn key(&self, id: &Digest) -> Result<Arc<SigningKey>, KeyStoreError> {
        self.0.lock().unwrap().get(id).cloned().ok_or(KeyStoreError::Missing(*id))
    }

    fn put(&self, key: SigningKey) -> Result<Arc<SigningKey>, KeyStoreError> {
        let key = Arc::new(key);
        self.0.lock().unwrap().insert(key.public().id().into(), Arc::clone(&key));
        Ok(key)
    }
}

/// Somebody who is signed in.
pub struct Crew {
    pub actor: Actor,
    cookie: String,
}

/// An answer, with what people see of it.
pub struct Shown {
    pub status: u16,
    pub location: String,
    pub html: String,
}

pub struct Harbour {
    runtime: Runtime,
    router: Router,
    pub desk: Arc<Desk>,
    pub root: Id,
    pub quay: Id,
    _data: tempfile::TempDir,
}

impl Harbour {
    pub fn open() -> Harbour {
        let data = tempfile::tempdir().unwrap();
        let database = Database::sqlite(data.path(), Settings::default()).unwrap();
        migrations::migrate(&database, migrations::MIGRATIONS).unwrap();
        let store: Arc<dyn Store> = Arc::new(SqlStore::new(database));
        let keys = Arc::new(Keys::default());
        let key = keys.put(SigningKey::from_seed(&draw()).unwrap()).unwrap();
        let organisation = write(store.as_ref(), |records| {
            let made = founding::found(records, "Harbour", &key, now(), &mut draw)?;
            let root = records.units(made.id)?[0].id;
            let quay =
                Unit { organisation: made.id, id: Id::from_bytes([2; 16]), parent: Some(root), name: "Quay".into() };
            records.put_unit(&quay)?;
            Ok::<_, Error>((root, quay.id))
        });
        let (root, quay) = organisation.unwrap();
        let surroundings = Surroundings { now, draw, build: "0" };
        let tiles = Arc::new(FolderTiles::new(&data.path().join("log")));
        let desk = Arc::new(Desk::open(store, keys, tiles, surroundings, Site::new(ORIGIN).unwrap()).unwrap());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let router = served(&desk);
        Harbour { runtime, router, desk, root, quay, _data: data }
    }

    /// Somebody with a role in a unit.
    pub fn crew(&self, role: Role, unit: Id) -> Crew {
        let secret = draw();
        let organisation = self.desk.directory().views().next().unwrap().organisation.id;
        let id = Id::from_bytes(*draw().first_chunk().unwrap());
        let done = self.desk.write_here(|scene| {
            let name = format!("Ada the {role}");
            scene.records.put_person(&Person { organisation, id, name, created_at: now(), disabled_at: None })?;
            scene.records.add_grant(&RoleGrant { organisation, person: id, role, unit })?;
            scene.records.add_session(&Session {
                secret: Digest::of(&secret),
                organisation,
                person: id,
                created_at: now(),
                ends_at: now().plus_days(1),
            })?;
            Ok(())
        });
        done.unwrap();
        let actor = Actor::new(organisation, id, "Ada", false, vec![Held { role, unit }]);
        Crew { actor, cookie: format!("seaworthy={}", BASE64URL_NOPAD.encode(&secret)) }
    }

    pub fn get(&self, crew: Option<&Crew>, path: &str) -> Shown {
        self.ask(Request::get(path), crew, String::new())
    }

    /// Sends a form from our own page.
    pub fn send(&self, crew: Option<&Crew>, path: &str, form: &str) -> Shown {
        self.send_from(ORIGIN, crew, path, form)
    }

    pub fn send_from(&self, origin: &str, crew: Option<&Crew>, path: &str, form: &str) -> Shown {
        let request = Request::post(path).header(header::ORIGIN, origin);
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.ask(request, crew, form.to_owned())
    }

    fn ask(&self, mut request: axum::http::request::Builder, crew: Option<&Crew>, body: String) -> Shown {
        if let Some(crew) = crew {
            request = request.header(header::COOKIE, &crew.cookie);
        }
        // As browsers say it.
        let request = request.header(header::ACCEPT, "text/html,application/xhtml+xml,*/*;q=0.8");
        let request = request.body(Body::from(body)).unwrap();
        self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let location = response.headers().get(header::LOCATION).map(|at| at.to_str().unwrap().to_owned());
            let status = response.status().as_u16();
            let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
            let html = String::from_utf8(body.to_vec()).unwrap();
            Shown { status, location: location.unwrap_or_default(), html }
        })
    }
}

fn served(desk: &Arc<Desk>) -> Router {
    let (_, stopping) = watch::channel(false);
    let metrics = Arc::new(Metrics::new(7));
    let offer = Offer { passwords: true, providers: ["main", "other"].map(provider).into() };
    let application = Application {
        gate: Arc::new(DeskGate(Arc::clone(desk))),
        ceremonies: Arc::new(Ceremonies::new(Arc::clone(desk), offer).unwrap()),
        intake: desk.start_intake(1, metrics.clone()),
        desk: Arc::clone(desk),
        known_bodies: Arc::default(),
        readiness: Readiness::new(stopping, Arc::new(|| Ok(()))),
        metrics,
        exposure: Exposure::Elsewhere,
        limits: Limits::default(),
        client_header: ClientHeader::default(),
        bounds: Bounds::default(),
    };
    router(application.clone(), pages(&application))
}

fn provider(name: &str) -> Provider {
    Provider {
        name: name.to_owned(),
        label: format!("The {name} one"),
        issuer: "https://id.example.org".to_owned(),
        client_id: "seaworthy".to_owned(),
        client_secret_file: None,
    }
}
