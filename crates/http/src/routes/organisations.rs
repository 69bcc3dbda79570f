//! What everybody may know of an organisation, its keys and its log.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use seaworthy_model::{Code, Timestamp};
use seaworthy_protocol::{Digest, Octets};
use seaworthy_service::authority::{Action, Actor, Concern};
use seaworthy_service::directory::View;
use seaworthy_service::ports::{KeyRecord, LogRecord};
use seaworthy_service::{Error, founding, log};
use seaworthy_stamp::{Role, SigningKey};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::describe::{Output, Sketch};
use crate::desk::{Desk, Signed, off_the_loop};
use crate::extract::{Answer, Body, Created, Path};
use crate::problem::Problem;

/// Which organisation.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct OrganisationPath {
    /// SHA-256 of any of its keys.
    key: Digest,
}

/// A key of an organisation.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "OrganisationKey")]
pub(crate) struct OrganisationKey {
    /// Its place in the chain, from 0.
    place: u32,
    /// SHA-256 of the public key.
    id: Digest,
    /// The public key.
    key: Octets,
    /// The sealed message by which the key before it named it.
    successor: Option<Octets>,
    /// Since when.
    since: Timestamp,
    /// From when on nothing that it signed may be believed.
    revoked_at: Option<Timestamp>,
}

/// What everybody may know of an organisation.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Organisation")]
pub(crate) struct PublicOrganisation {
    /// Its name.
    name: String,
    /// Its keys, oldest first.
    keys: Vec<OrganisationKey>,
    /// Its log.
    log: Option<OrganisationLog>,
}

/// The log of an organisation.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "OrganisationLog")]
pub(crate) struct OrganisationLog {
    /// Its name: the first line of its checkpoints.
    origin: String,
    /// Where it is read.
    url: String,
    /// The key that signs its checkpoints, as notes name it.
    verifier_key: String,
    /// The message in which a key of the organisation says that this is its log.
    document: Octets,
}

fn shown(key: &KeyRecord) -> OrganisationKey {
    OrganisationKey {
        place: key.place,
        id: key.id,
        key: key.key.to_vec().into(),
        successor: Some(key.successor.clone().into()).filter(|_| !key.successor.is_empty()),
        since: key.since,
        revoked_at: key.revoked_at,
    }
}

pub(crate) async fn show(
    State(desk): State<Arc<Desk>>,
    Path(path): Path<OrganisationPath>,
) -> Result<Answer<PublicOrganisation>, Problem> {
    let directory = desk.directory();
    let view = directory.of_key(&path.key)?;
    let keys = view.keys.iter().map(shown).collect();
    let log = view.log.as_ref().map(|log| shown_log(&desk, view, log)).transpose()?;
    Ok(Answer(PublicOrganisation { name: view.organisation.name.clone(), keys, log }))
}

fn shown_log(desk: &Desk, view: &View, log: &LogRecord) -> Result<OrganisationLog, Error> {
    Ok(OrganisationLog {
        origin: log.origin.clone(),
        url: log::url(desk.public_url(), &view.root_key()),
        verifier_key: log::verifier_key(log)?.to_string(),
        document: log.sealed.clone().into(),
    })
}

/// A trust file (docs/spec/trust.md).
#[derive(Clone, Debug)]
pub(crate) struct TrustFile(String);

impl IntoResponse for TrustFile {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, "application/toml")], self.0).into_response()
    }
}

impl Output for TrustFile {
    fn describe(sketch: &mut Sketch<'_>) {
        let content = json!({ "application/toml": { "schema": { "type": "string" } } });
        sketch.answers.insert(200, json!({ "description": "A trust file", "content": content }));
    }
}

pub(crate) async fn trust(
    State(desk): State<Arc<Desk>>,
    Path(path): Path<OrganisationPath>,
) -> Result<TrustFile, Problem> {
    let directory = desk.directory();
    let view = directory.of_key(&path.key)?;
    Ok(TrustFile(trust_file(view)))
}

/// The keys of an organisation as `seaworthy check --trust` reads them.
fn trust_file(view: &View) -> String {
    let mut text = format!("# Keys of {}, as its server gives them out.\n", line(&view.organisation.name));
    let mut add = |key: &[u8; 32], role: Role, since: Timestamp, end: Option<Timestamp>| {
        let (hex, name) = (data_encoding::HEXLOWER.encode(key), toml_text(&view.organisation.name));
        text.push_str("\n[[trust]]\n");
        text.push_str(&format!("key = \"{hex}\"\nalgorithm = \"Ed25519\"\nrole = \"{role}\"\nname = {name}\n"));
        text.push_str(&format!("not_before = {since}\n"));
        text.extend(end.map(|end| format!("not_after = {end}\n")));
    };
    // Nothing may be believed of a key that is revoked from its first day, or from before it.
    for key in view.keys.iter().filter(|key| key.revoked_at.is_none_or(|end| end > key.since)) {
        add(&key.key, Role::Organisation, key.since, key.revoked_at);
    }
    if let Some(log) = &view.log {
        add(&log.key, Role::Log, log.since, None);
        add(&log.statuses, Role::StatusList, log.since, None);
    }
    text
}

/// What checkers of an organisation's log ask for (<https://c2sp.org/tlog-policy>).
#[derive(Clone, Debug)]
pub(crate) struct LogPolicy(String);

impl IntoResponse for LogPolicy {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, "text/plain; charset=utf-8")], self.0).into_response()
    }
}

impl Output for LogPolicy {
    fn describe(sketch: &mut Sketch<'_>) {
        let content = json!({ "text/plain": { "schema": { "type": "string" } } });
        sketch.answers.insert(200, json!({ "description": "A policy for the log", "content": content }));
    }
}

pub(crate) async fn log_policy(
    State(desk): State<Arc<Desk>>,
    Path(path): Path<OrganisationPath>,
) -> Result<LogPolicy, Problem> {
    let directory = desk.directory();
    let view = directory.of_key(&path.key)?;
    let record = view.log.as_ref().ok_or_else(|| Problem::new(Code::NotFound).about("the organisation has no log"))?;
    let url = log::url(desk.public_url(), &view.root_key());
    Ok(LogPolicy(log::policy(record, &url, desk.quorum())?))
}

fn line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

/// A basic string of TOML.
fn toml_text(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in line(text).chars() {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

pub(crate) async fn rotate(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
) -> Result<Created<OrganisationKey>, Problem> {
    rotate_key(&desk, actor).await.map(|record| Created(shown(&record)))
}

/// Makes the next key of an organisation.
pub async fn rotate_key(desk: &Arc<Desk>, actor: Actor) -> Result<KeyRecord, Problem> {
    let view = desk.view(actor.organisation)?;
    actor.may(Action::KeyRotate, Concern::Root, &view.tree)?;
    let work = Arc::clone(desk);
    let rotated = off_the_loop(move || {
        let old = work.signing_key(&view)?;
        let new = SigningKey::from_seed(&work.draw()).map_err(|error| Error::damaged(error.to_string()))?;
        // The private half is durable before anybody is told of the public one.
        let new = work.keys().put(new).map_err(|error| Error::damaged(error.to_string()))?;
        let record = work.write_here(|scene| {
            let view = scene.view(&actor)?;
            founding::rotate(scene.records, &view, &old, &new, scene.now)
        })?;
        work.reload()?;
        Ok(record)
    });
    rotated.await
}

/// Which key.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct KeyPath {
    /// Its place in the chain.
    place: u32,
}

/// From when on.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Revocation {
    /// From when on nothing that the key signed may be believed: before the compromise.
    from: Timestamp,
}

pub(crate) async fn revoke(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Path(path): Path<KeyPath>,
    Body(asked): Body<Revocation>,
) -> Result<Answer<OrganisationKey>, Problem> {
    let revoked = desk.change(actor.organisation, move |scene| {
        let view = scene.view(&actor)?;
        actor.may(Action::KeyRevoke, Concern::Root, &view.tree)?;
        founding::revoke(scene.records, &view, path.place, asked.from, scene.now)
    });
    let revoked = revoked.await.map_err(|problem: Problem| {
        if problem.code == Code::NotFound {
            Problem::new(Code::NotFound).about("no key has this place")
        } else {
            problem
        }
    });
    revoked.map(|record| Answer(shown(&record)))
}
