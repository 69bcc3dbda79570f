//! Status lists: which stamps were revoked. Anybody may fetch them; whoever does tells nobody which stamp they look up.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use seaworthy_service::statuses::{FRESH_SECONDS, ShelfList};
use seaworthy_stamp::STATUS_LIST_TYPE;
use serde::Deserialize;
use serde_json::json;

use crate::describe::{Output, Sketch};
use crate::desk::Desk;
use crate::etag::{ETag, IfNoneMatch};
use crate::extract::Path;
use crate::problem::Problem;

/// Which list.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct ListPath {
    /// First 16 hexadecimal digits of the SHA-256 of the organisation's first key.
    organisation: String,
    /// The list's number, from 0.
    number: u32,
}

/// A list, and what the client has of it.
#[derive(Clone, Debug)]
pub(crate) struct List {
    list: Arc<ShelfList>,
    known: IfNoneMatch,
}

impl IntoResponse for List {
    fn into_response(self) -> Response {
        let tag = ETag::of(&self.list.bytes);
        let head = [(ETAG, tag.as_str()), (CACHE_CONTROL, &format!("public, max-age={FRESH_SECONDS}"))];
        if self.known.has(&tag) {
            return (StatusCode::NOT_MODIFIED, head).into_response();
        }
        (head, [(CONTENT_TYPE, STATUS_LIST_TYPE)], self.list.bytes.clone()).into_response()
    }
}

impl Output for List {
    fn describe(sketch: &mut Sketch<'_>) {
        let content = json!({ STATUS_LIST_TYPE: { "schema": { "type": "string" } } });
        sketch.answers.insert(200, json!({ "description": "A signed status list, with its ETag", "content": content }));
        sketch.answers.insert(304, json!({ "description": "The client has it already" }));
    }
}

pub(crate) async fn list(
    State(desk): State<Arc<Desk>>,
    Path(path): Path<ListPath>,
    known: IfNoneMatch,
) -> Result<List, Problem> {
    let list = desk.status_list(&path.organisation, path.number).await?;
    Ok(List { list, known })
}
