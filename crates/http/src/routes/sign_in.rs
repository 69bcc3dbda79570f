//! Signing in and out, and using a one-time link. A program needs none of it: it has a token.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use seaworthy_model::Code;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::describe::{Output, Sketch};
use crate::desk::{Ceremonies, FromOwnPage, Guest, LinkSecret, ShownInvitation, Signed, Visitor, Ways};
use crate::extract::{Answer, Body, Done, Path, Query};
use crate::problem::Problem;
use crate::signin::{Callback, Ceremony, Cookie, SessionSecret};

/// An answer that gives the browser a cookie.
pub(crate) struct WithCookie<T>(HeaderValue, T);

impl<T: IntoResponse> IntoResponse for WithCookie<T> {
    fn into_response(self) -> Response {
        let mut response = self.1.into_response();
        response.headers_mut().append(SET_COOKIE, self.0);
        response
    }
}

impl<T: Output> Output for WithCookie<T> {
    fn describe(sketch: &mut Sketch<'_>) {
        T::describe(sketch);
    }
}

fn signed_in(ceremonies: &Ceremonies, session: &SessionSecret) -> Result<WithCookie<Done>, Problem> {
    Ok(WithCookie(ceremonies.session_cookie(session)?, Done))
}

pub(crate) async fn ways(State(ceremonies): State<Arc<Ceremonies>>) -> Answer<Ways> {
    Answer(ceremonies.ways())
}

/// A sign-in name and its password.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordTry {
    /// The sign-in name.
    #[schemars(length(min = 1, max = 256))]
    name: String,
    /// The password.
    #[schemars(length(min = 1, max = 256))]
    password: String,
}

pub(crate) async fn password(
    State(ceremonies): State<Arc<Ceremonies>>,
    FromOwnPage(visitor): FromOwnPage,
    Body(asked): Body<PasswordTry>,
) -> Result<WithCookie<Done>, Problem> {
    let session = ceremonies.with_password(visitor.client, &asked.name, asked.password).await?;
    signed_in(&ceremonies, &session)
}

/// The first half of a ceremony with a passkey.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "PasskeyCeremony")]
pub(crate) struct Begun {
    /// What `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON` takes.
    options: BTreeMap<String, Value>,
    /// To be given back with the browser's answer, within five minutes.
    token: String,
}

impl From<Ceremony> for Begun {
    fn from(ceremony: Ceremony) -> Begun {
        let options = match ceremony.options {
            Value::Object(options) => options.into_iter().collect(),
            _ => BTreeMap::new(),
        };
        Begun { options, token: ceremony.token }
    }
}

pub(crate) async fn begin_passkey(
    State(ceremonies): State<Arc<Ceremonies>>,
    FromOwnPage(_): FromOwnPage,
) -> Result<Answer<Begun>, Problem> {
    Ok(Answer(ceremonies.begin_passkey().await?.into()))
}

/// The second half of a sign-in with a passkey.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasskeyAnswer {
    /// The token of the first half.
    #[schemars(length(max = 16_384))]
    token: String,
    /// What the browser's `credential.toJSON()` gave.
    answer: BTreeMap<String, Value>,
}

fn object(fields: BTreeMap<String, Value>) -> Value {
    Value::Object(fields.into_iter().collect())
}

pub(crate) async fn finish_passkey(
    State(ceremonies): State<Arc<Ceremonies>>,
    FromOwnPage(_): FromOwnPage,
    Body(asked): Body<PasskeyAnswer>,
) -> Result<WithCookie<Done>, Problem> {
    let session = ceremonies.finish_passkey(asked.token, object(asked.answer)).await?;
    signed_in(&ceremonies, &session)
}

/// Which provider.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct ProviderPath {
    /// Its name.
    provider: String,
}

/// What is to be done with the account at the provider.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenIdErrand {
    /// The one-time link to be used; absent to sign in.
    invitation: Option<NamedGuest>,
}

/// Who uses a one-time link.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NamedGuest {
    /// The link, or what follows `#` in it.
    #[schemars(length(max = 2048))]
    secret: String,
    /// The name of somebody new.
    #[serde(default)]
    #[schemars(length(max = 100))]
    name: String,
}

impl NamedGuest {
    fn guest(self) -> Result<Guest, Problem> {
        Ok(Guest { secret: LinkSecret::of(&self.secret)?, name: self.name })
    }
}

/// Where the browser goes now.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Departure")]
pub(crate) struct Departs {
    /// The provider's address.
    location: String,
}

pub(crate) async fn begin_openid(
    State(ceremonies): State<Arc<Ceremonies>>,
    FromOwnPage(_): FromOwnPage,
    Path(path): Path<ProviderPath>,
    Body(asked): Body<OpenIdErrand>,
) -> Result<WithCookie<Answer<Departs>>, Problem> {
    let guest = asked.invitation.map(NamedGuest::guest).transpose()?;
    let (location, cookie) = ceremonies.depart(path.provider, guest).await?;
    Ok(WithCookie(cookie, Answer(Departs { location })))
}

/// What the provider sent the browser back with. It may say more, which is not looked at.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct ComesBack {
    /// The code.
    code: Option<String>,
    /// What was sent along.
    state: Option<String>,
    /// Who answers.
    iss: Option<String>,
    /// Why there is no code.
    error: Option<String>,
}

/// 303 to one of our own pages.
pub(crate) struct SeeOther {
    location: String,
    cookies: Vec<HeaderValue>,
}

impl IntoResponse for SeeOther {
    fn into_response(self) -> Response {
        let mut response = (StatusCode::SEE_OTHER, [(LOCATION, self.location)]).into_response();
        let headers = response.headers_mut();
        for cookie in self.cookies {
            headers.append(SET_COOKIE, cookie);
        }
        response
    }
}

impl Output for SeeOther {
    fn describe(sketch: &mut Sketch<'_>) {
        let says = "Signed in, or to the sign-in page, which is told the code of what went wrong";
        let location = json!({ "description": "One of the server's pages", "schema": { "type": "string" } });
        sketch.answers.insert(303, json!({ "description": says, "headers": { "Location": location } }));
    }
}

/// A browser comes here by itself, so whatever happened is told by a page.
pub(crate) async fn finish_openid(
    State(ceremonies): State<Arc<Ceremonies>>,
    visitor: Visitor,
    Path(path): Path<ProviderPath>,
    Query(query): Query<ComesBack>,
) -> Result<SeeOther, Problem> {
    let ComesBack { code, state, iss, error } = query;
    let callback = Callback { code, state, iss, error };
    let forget = ceremonies.forget(Cookie::OpenId)?;
    match ceremonies.arrive(path.provider, callback, visitor.journey).await {
        Ok(session) => {
            let cookies = vec![forget, ceremonies.session_cookie(&session)?];
            Ok(SeeOther { location: "/".to_owned(), cookies })
        }
        Err(problem) => Ok(SeeOther { location: format!("/sign-in?refused={}", problem.code), cookies: vec![forget] }),
    }
}

/// A one-time link.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InvitationSecret {
    /// The link, or what follows `#` in it.
    #[schemars(length(max = 2048))]
    secret: String,
}

pub(crate) async fn show_invitation(
    State(ceremonies): State<Arc<Ceremonies>>,
    Body(asked): Body<InvitationSecret>,
) -> Result<Answer<ShownInvitation>, Problem> {
    ceremonies.invitation(&LinkSecret::of(&asked.secret)?).await.map(Answer)
}

/// A one-time link, and the password that somebody chose.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InvitationPassword {
    /// The link, or what follows `#` in it.
    #[schemars(length(max = 2048))]
    secret: String,
    /// The name of somebody new.
    #[serde(default)]
    #[schemars(length(max = 100))]
    name: String,
    /// The name to sign in with.
    #[schemars(length(min = 1, max = 256))]
    sign_in_name: String,
    /// The password.
    #[schemars(length(min = 12, max = 256))]
    password: String,
}

pub(crate) async fn use_invitation(
    State(ceremonies): State<Arc<Ceremonies>>,
    FromOwnPage(_): FromOwnPage,
    Body(asked): Body<InvitationPassword>,
) -> Result<WithCookie<Done>, Problem> {
    let guest = Guest { secret: LinkSecret::of(&asked.secret)?, name: asked.name };
    let session = ceremonies.accept_password(guest, asked.sign_in_name, asked.password).await?;
    signed_in(&ceremonies, &session)
}

pub(crate) async fn begin_invitation_passkey(
    State(ceremonies): State<Arc<Ceremonies>>,
    FromOwnPage(_): FromOwnPage,
    Body(asked): Body<NamedGuest>,
) -> Result<Answer<Begun>, Problem> {
    Ok(Answer(ceremonies.begin_guest_passkey(asked.guest()?).await?.into()))
}

/// The second half of using a link with a passkey.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InvitationPasskey {
    /// The link, or what follows `#` in it.
    #[schemars(length(max = 2048))]
    secret: String,
    /// The name of somebody new.
    #[serde(default)]
    #[schemars(length(max = 100))]
    name: String,
    /// A name for the passkey.
    #[schemars(length(min = 1, max = 100))]
    label: String,
    /// The token of the first half.
    #[schemars(length(max = 16_384))]
    token: String,
    /// What the browser's `credential.toJSON()` gave.
    answer: BTreeMap<String, Value>,
}

pub(crate) async fn finish_invitation_passkey(
    State(ceremonies): State<Arc<Ceremonies>>,
    FromOwnPage(_): FromOwnPage,
    Body(asked): Body<InvitationPasskey>,
) -> Result<WithCookie<Done>, Problem> {
    let guest = Guest { secret: LinkSecret::of(&asked.secret)?, name: asked.name };
    let answer = object(asked.answer);
    let session = ceremonies.finish_guest_passkey(guest, asked.label, asked.token, answer).await?;
    signed_in(&ceremonies, &session)
}

/// A token has no session: it is taken away by whoever gave it.
pub(crate) async fn sign_out(
    State(ceremonies): State<Arc<Ceremonies>>,
    Signed(actor): Signed,
    visitor: Visitor,
) -> Result<WithCookie<Done>, Problem> {
    let session = visitor.session.filter(|_| !actor.is_token).ok_or_else(|| Problem::new(Code::NotSignedIn))?;
    ceremonies.sign_out(session).await?;
    Ok(WithCookie(ceremonies.forget(Cookie::Session)?, Done))
}
