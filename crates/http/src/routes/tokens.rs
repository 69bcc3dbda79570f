//! Enrolment links and API tokens. A secret is answered once, when it is made.

use std::sync::Arc;

use axum::extract::State;
use schemars::JsonSchema;
use seaworthy_model::Timestamp;
use seaworthy_service::Id;
use seaworthy_service::authority::Role;
use seaworthy_service::ports::{ApiToken, EnrolmentToken, TokenKind};
use seaworthy_service::tokens::{self, Wanted, WantedToken};
use serde::{Deserialize, Serialize};

use crate::desk::{Desk, Signed};
use crate::extract::{Answer, Body, Created, Done, Path};
use crate::problem::Problem;
use crate::signin::ApiSecret;

/// Which token.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct TokenPath {
    /// The token's id.
    token: Id,
}

/// Enrolment tokens, without their secrets.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "EnrolmentTokens")]
pub(crate) struct EnrolmentTokens {
    /// The tokens.
    tokens: Vec<EnrolmentToken>,
}

pub(crate) async fn enrolments(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
) -> Result<Answer<EnrolmentTokens>, Problem> {
    let tokens = desk.read(move |scene| {
        let view = scene.view(&actor)?;
        tokens::enrolments(scene.records, &view, &actor)
    });
    Ok(Answer(EnrolmentTokens { tokens: tokens.await? }))
}

/// An enrolment link to be made.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewLink {
    /// One device at once, or any that are approved.
    kind: TokenKind,
    /// The unit that devices come into.
    unit: Id,
    /// The person whose device it is, if they have an account.
    holder: Option<Id>,
    /// From when on the link is worth nothing.
    ends_at: Timestamp,
}

/// An enrolment link, shown once.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "EnrolmentLink")]
pub(crate) struct EnrolmentLink {
    /// The token behind it.
    token: EnrolmentToken,
    /// What the holder gives to `seaworthy enrol`. It is not shown again.
    link: String,
}

pub(crate) async fn add_enrolment(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Body(new): Body<NewLink>,
) -> Result<Created<EnrolmentLink>, Problem> {
    let server = desk.public_url().to_owned();
    let wanted = Wanted { kind: new.kind, unit: new.unit, holder: new.holder, ends_at: new.ends_at };
    let made = desk.write(move |scene| {
        let view = scene.view(&actor)?;
        tokens::add_enrolment(scene.records, &view, &actor, wanted, &server, scene.now, scene.draw)
    });
    let (token, link) = made.await?;
    Ok(Created(EnrolmentLink { token, link: link.to_string() }))
}

pub(crate) async fn close_enrolment(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Path(path): Path<TokenPath>,
) -> Result<Done, Problem> {
    let closed = desk.write(move |scene| {
        let view = scene.view(&actor)?;
        tokens::close_enrolment(scene.records, &view, &actor, path.token, scene.now)
    });
    closed.await.map(|()| Done)
}

/// API tokens, without their secrets.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApiTokens")]
pub(crate) struct ApiTokens {
    /// The tokens.
    tokens: Vec<ApiToken>,
}

pub(crate) async fn apis(State(desk): State<Arc<Desk>>, Signed(actor): Signed) -> Result<Answer<ApiTokens>, Problem> {
    let tokens = desk.read(move |scene| {
        let view = scene.view(&actor)?;
        tokens::apis(scene.records, &view, &actor)
    });
    Ok(Answer(ApiTokens { tokens: tokens.await? }))
}

/// An API token to be made.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToken {
    /// What it is for.
    #[schemars(length(min = 1, max = 100))]
    name: String,
    /// The role in which it acts.
    role: Role,
    /// Where.
    unit: Id,
    /// From when on it is worth nothing.
    ends_at: Timestamp,
}

/// An API token, shown once.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "MadeToken")]
pub(crate) struct MadeToken {
    /// The token.
    token: ApiToken,
    /// What goes into `Authorization: Bearer …`. It is not shown again.
    secret: String,
}

pub(crate) async fn add_api(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Body(new): Body<NewToken>,
) -> Result<Created<MadeToken>, Problem> {
    let wanted = WantedToken { name: new.name, role: new.role, unit: new.unit, ends_at: new.ends_at };
    let made = desk.write(move |scene| {
        let view = scene.view(&actor)?;
        tokens::add_api(scene.records, &view, &actor, &wanted, scene.now, scene.draw)
    });
    let (token, secret) = made.await?;
    Ok(Created(MadeToken { token, secret: ApiSecret(secret).to_string() }))
}

pub(crate) async fn remove_api(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Path(path): Path<TokenPath>,
) -> Result<Done, Problem> {
    let removed = desk.write(move |scene| {
        let view = scene.view(&actor)?;
        tokens::remove_api(scene.records, &view, &actor, path.token)
    });
    removed.await.map(|()| Done)
}
