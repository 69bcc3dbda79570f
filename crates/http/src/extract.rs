//! What handlers take and answer. Unlike axum's own, what is refused is refused with a problem document, and each type
//! describes itself for OpenAPI (`describe.rs`).

use std::marker::PhantomData;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use seaworthy_model::Code;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// A JSON body.
#[derive(Clone, Debug)]
pub struct Body<T>(pub T);

/// Bytes of one media type, as they are.
#[derive(Clone, Debug)]
pub struct Raw<M>(pub Bytes, pub PhantomData<M>);

/// A media type of [`Raw`].
pub trait MediaType: Send {
    /// Its name.
    const TYPE: &'static str;
    /// Most bytes that a body of it may have.
    const MAX_BYTES: usize;
}

/// The parameters after `?`. Give its type `deny_unknown_fields`, so that a misspelt one is not ignored.
#[derive(Clone, Debug)]
pub struct Query<T>(pub T);

/// The parameters in the path, by name.
#[derive(Clone, Debug)]
pub struct Path<T>(pub T);

/// 200 with a JSON document.
#[derive(Clone, Debug)]
pub struct Answer<T>(pub T);

/// 201 with a JSON document.
#[derive(Clone, Debug)]
pub struct Created<T>(pub T);

/// 204.
#[derive(Clone, Copy, Debug)]
pub struct Done;

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Body<T>, Problem> {
        is_json(request.headers())?;
        let bytes = Bytes::from_request(request, state).await;
        json(&bytes.map_err(|refused| unread(refused.status()))?).map(Body)
    }
}

impl<M: MediaType, S: Send + Sync> FromRequest<S> for Raw<M> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Raw<M>, Problem> {
        if !essence(request.headers()).eq_ignore_ascii_case(M::TYPE) {
            return Err(Problem::new(Code::MediaTypeRefused).about(format!("this route takes {}", M::TYPE)));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|refused| unread(refused.status()))?;
        if bytes.len() > M::MAX_BYTES {
            return Err(Problem::new(Code::BodyTooLarge).about(format!("at most {} bytes", M::MAX_BYTES)));
        }
        Ok(Raw(bytes, PhantomData))
    }
}

/// A body that was not read to its end: too large, or broken off.
pub(crate) fn unread(status: StatusCode) -> Problem {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(Code::BodyTooLarge),
        _ => Problem::new(Code::RequestSyntax).about("the body ended before its end"),
    }
}

fn is_json(headers: &HeaderMap) -> Result<(), Problem> {
    if essence(headers).eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Problem::new(Code::MediaTypeRefused).about("this route takes application/json"))
}

/// The media type of a request, without its parameters.
fn essence(headers: &HeaderMap) -> &str {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim()
}

/// Broken JSON is one thing, JSON that is no such document another.
fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| {
        let code = if error.is_data() { Code::RequestInvalid } else { Code::RequestSyntax };
        Problem::new(code).about(error.to_string())
    })
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Query<T>, Problem> {
        let query = axum::extract::Query::from_request_parts(parts, state).await;
        query.map(|query| Query(query.0)).map_err(|refused| invalid(refused.body_text()))
    }
}

/// A path that holds no such parameters leads nowhere.
impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Path<T>, Problem> {
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        path.map(|path| Path(path.0)).map_err(|_| Problem::new(Code::RouteUnknown))
    }
}

fn invalid(detail: String) -> Problem {
    Problem::new(Code::RequestInvalid).about(detail)
}

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        Json(self.0).into_response()
    }
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, Json(self.0)).into_response()
    }
}

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}
