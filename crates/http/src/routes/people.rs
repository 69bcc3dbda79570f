//! People, their roles, and the links by which they come.

use std::sync::Arc;

use axum::extract::State;
use data_encoding::BASE64URL_NOPAD;
use schemars::JsonSchema;
use seaworthy_model::{Code, Timestamp};
use seaworthy_service::authority::{Action, Concern, Held, Role};
use seaworthy_service::ports::{CredentialKind, Person, RoleGrant};
use seaworthy_service::{Error, Id, people};
use serde::{Deserialize, Serialize};

use crate::desk::{Desk, Signed};
use crate::extract::{Answer, Body, Created, Done, Path, Query};
use crate::problem::Problem;
use crate::routes::page;

/// Who is signed in.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Me")]
pub(crate) struct Me {
    /// The person, or the token.
    id: Id,
    /// A program, not a person.
    is_token: bool,
    /// The name.
    name: String,
    /// The organisation.
    organisation: Id,
    /// The organisation's name.
    organisation_name: String,
    /// What they may, and where.
    roles: Vec<Held>,
}

pub(crate) async fn me(State(desk): State<Arc<Desk>>, Signed(actor): Signed) -> Result<Answer<Me>, Problem> {
    let view = desk.view(actor.organisation)?;
    let organisation_name = view.organisation.name.clone();
    let (id, is_token, name, organisation) = (actor.id, actor.is_token, actor.name, actor.organisation);
    Ok(Answer(Me { id, is_token, name, organisation, organisation_name, roles: actor.roles }))
}

/// A page of people.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PeopleQuery {
    /// After this person: `next` of the page before.
    after: Option<Id>,
    /// At most so many.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<u32>,
}

/// A page.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "People")]
pub(crate) struct People {
    /// The people.
    people: Vec<Person>,
    /// Give this as `after` for the next page; absent on the last.
    next: Option<Id>,
}

pub(crate) async fn list(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Query(query): Query<PeopleQuery>,
) -> Result<Answer<People>, Problem> {
    let limit = page::limit(query.limit);
    let people = desk.read(move |scene| {
        let view = scene.view(&actor)?;
        actor.may(Action::PersonList, Concern::Root, &view.tree)?;
        Ok(scene.records.people(actor.organisation, query.after, limit)?)
    });
    let people = people.await?;
    let next = page::next(&people, limit, |last| last.id);
    Ok(Answer(People { people, next }))
}

/// Which person.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct PersonPath {
    /// The person.
    person: Id,
}

/// A way in which a person signs in.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Credential")]
pub(crate) struct ShownCredential {
    /// The kind.
    kind: CredentialKind,
    /// The name the person gave it.
    label: String,
    /// When it was added.
    created_at: Timestamp,
}

/// A person, their roles and ways to sign in.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "PersonRecord")]
pub(crate) struct PersonRecord {
    /// The person.
    #[serde(flatten)]
    person: Person,
    /// Their roles.
    grants: Vec<RoleGrant>,
    /// How they sign in.
    credentials: Vec<ShownCredential>,
}

pub(crate) async fn show(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Path(path): Path<PersonPath>,
) -> Result<Answer<PersonRecord>, Problem> {
    let shown = desk.read(move |scene| {
        let view = scene.view(&actor)?;
        actor.may(Action::PersonShow, Concern::Root, &view.tree)?;
        let person = scene.records.person(actor.organisation, path.person)?;
        let person = person.ok_or_else(|| Error::refused(Code::NotFound))?;
        let grants = scene.records.grants(actor.organisation, path.person)?;
        let credentials = scene.records.credentials(actor.organisation, path.person)?.into_iter().map(|credential| {
            let (kind, label, created_at) = (credential.kind, credential.label, credential.created_at);
            ShownCredential { kind, label, created_at }
        });
        Ok(PersonRecord { person, grants, credentials: credentials.collect() })
    });
    shown.await.map(Answer)
}

/// What is to change of a person.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PersonChange {
    /// Whether they can sign in.
    enabled: bool,
}

pub(crate) async fn change(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Path(path): Path<PersonPath>,
    Body(asked): Body<PersonChange>,
) -> Result<Answer<Person>, Problem> {
    let changed = desk.write(move |scene| {
        let view = scene.view(&actor)?;
        let disabled_at = (!asked.enabled).then_some(scene.now);
        people::disable(scene.records, &view, &actor, path.person, disabled_at)
    });
    changed.await.map(Answer)
}

/// A role in a unit.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewGrant {
    /// The role.
    role: Role,
    /// The unit, and all below it.
    unit: Id,
}

pub(crate) async fn give(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Path(path): Path<PersonPath>,
    Body(new): Body<NewGrant>,
) -> Result<Created<RoleGrant>, Problem> {
    let held = Held { role: new.role, unit: new.unit };
    let given = desk.write(move |scene| {
        let view = scene.view(&actor)?;
        people::give(scene.records, &view, &actor, path.person, held)
    });
    given.await.map(Created)
}

/// Which role of which person.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct GrantPath {
    /// The person.
    person: Id,
    /// The role.
    role: Role,
    /// The unit.
    unit: Id,
}

pub(crate) async fn take(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Path(path): Path<GrantPath>,
) -> Result<Done, Problem> {
    let held = Held { role: path.role, unit: path.unit };
    let taken = desk.write(move |scene| {
        let view = scene.view(&actor)?;
        people::take(scene.records, &view, &actor, path.person, held)
    });
    taken.await.map(|()| Done)
}

/// A one-time link to be made.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewInvitation {
    /// The person who needs another way to sign in; absent for somebody new.
    person: Option<Id>,
    /// The role they get.
    role: Role,
    /// Where.
    unit: Id,
    /// From when on the link is worth nothing.
    ends_at: Timestamp,
}

/// A one-time link, shown once.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "InvitationLink")]
pub(crate) struct InvitationLink {
    /// The link. It is not shown again.
    link: String,
}

pub(crate) async fn invite(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Body(new): Body<NewInvitation>,
) -> Result<Created<InvitationLink>, Problem> {
    let held = Held { role: new.role, unit: new.unit };
    let invited = desk.write(move |scene| {
        let view = scene.view(&actor)?;
        people::invite(scene.records, &view, &actor, new.person, held, new.ends_at, scene.now, scene.draw)
    });
    let secret = invited.await?;
    Ok(Created(InvitationLink { link: invitation_link(desk.public_url(), &secret) }))
}

/// The link of an invitation. The secret is in the fragment, which reaches no server's log.
pub fn invitation_link(public_url: &str, secret: &[u8; 32]) -> String {
    format!("{public_url}/welcome#{}", BASE64URL_NOPAD.encode(secret))
}
