//! An organisation's log as anybody may read it: static files in the form of <https://c2sp.org/tlog-tiles>, and where a
//! batch of records has its place. Entries are hashes, so nothing of it gets smaller by compression.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use seaworthy_model::Code;
use seaworthy_protocol::BatchPlace;
use seaworthy_tlog::Place;
use serde::Deserialize;
use serde_json::json;

use crate::describe::{Output, Sketch};
use crate::desk::Desk;
use crate::etag::{ETag, IfNoneMatch};
use crate::extract::{Answer, Path};
use crate::problem::Problem;

/// What never changes may be kept for a year.
const FOR_GOOD: &str = "public, max-age=31536000, immutable";
/// The checkpoint is asked for again each time; mostly it is the same.
const ASK_AGAIN: &str = "no-cache";

/// Which log.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct LogPath {
    /// First 16 hexadecimal digits of the SHA-256 of the organisation's first key.
    log: String,
}

/// Which tile of which log.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct TilePath {
    /// First 16 hexadecimal digits of the SHA-256 of the organisation's first key.
    log: String,
    /// `LEVEL/INDEX`, or `entries/INDEX` for a bundle of entries, with `.p/WIDTH` where it is not full.
    place: String,
}

/// Which batch of which log.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct BatchPath {
    /// First 16 hexadecimal digits of the SHA-256 of the organisation's first key.
    log: String,
    /// The batch's number as 16 hexadecimal digits.
    batch: String,
}

/// The checkpoint, and what the client has of it.
#[derive(Clone, Debug)]
pub(crate) struct Checkpoint {
    note: Vec<u8>,
    known: IfNoneMatch,
}

impl IntoResponse for Checkpoint {
    fn into_response(self) -> Response {
        let tag = ETag::of(&self.note);
        let head = [(ETAG, tag.as_str()), (CACHE_CONTROL, ASK_AGAIN)];
        if self.known.has(&tag) {
            return (StatusCode::NOT_MODIFIED, head).into_response();
        }
        (head, [(CONTENT_TYPE, "text/plain; charset=utf-8")], self.note).into_response()
    }
}

impl Output for Checkpoint {
    fn describe(sketch: &mut Sketch<'_>) {
        let content = json!({ "text/plain": { "schema": { "type": "string" } } });
        sketch.answers.insert(200, json!({ "description": "A signed checkpoint, with its ETag", "content": content }));
        sketch.answers.insert(304, json!({ "description": "The client has it already" }));
    }
}

pub(crate) async fn checkpoint(
    State(desk): State<Arc<Desk>>,
    Path(path): Path<LogPath>,
    known: IfNoneMatch,
) -> Result<Checkpoint, Problem> {
    let note = desk.log_part(&path.log, Place::Checkpoint).await?;
    Ok(Checkpoint { note, known })
}

/// A tile of hashes or a bundle of entries.
#[derive(Clone, Debug)]
pub(crate) struct Tile(Vec<u8>);

impl IntoResponse for Tile {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, "application/octet-stream"), (CACHE_CONTROL, FOR_GOOD)], self.0).into_response()
    }
}

impl Output for Tile {
    fn describe(sketch: &mut Sketch<'_>) {
        let content = json!({ "application/octet-stream": { "schema": { "type": "string" } } });
        sketch.answers.insert(200, json!({ "description": "Hashes or entries, as they are", "content": content }));
    }
}

pub(crate) async fn tile(State(desk): State<Arc<Desk>>, Path(path): Path<TilePath>) -> Result<Tile, Problem> {
    let place = format!("tile/{}", path.place).parse();
    let place = place.map_err(|fault| Problem::new(Code::NotFound).about(format!("{fault}")))?;
    desk.log_part(&path.log, place).await.map(Tile)
}

/// Where a batch is. It stays there.
#[derive(Clone, Debug)]
pub(crate) struct Placed(BatchPlace);

impl IntoResponse for Placed {
    fn into_response(self) -> Response {
        ([(CACHE_CONTROL, FOR_GOOD)], Answer(self.0)).into_response()
    }
}

impl Output for Placed {
    fn describe(sketch: &mut Sketch<'_>) {
        Answer::<BatchPlace>::describe(sketch);
    }
}

pub(crate) async fn batch(State(desk): State<Arc<Desk>>, Path(path): Path<BatchPath>) -> Result<Placed, Problem> {
    let batch = number(&path.batch).ok_or_else(|| Problem::new(Code::NotFound).about("a batch has 16 digits"))?;
    desk.batch_place(&path.log, batch).await.map(Placed)
}

/// A number in its one form.
fn number(text: &str) -> Option<u64> {
    let number = u64::from_str_radix(text, 16).ok()?;
    (format!("{number:016x}") == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_written_in_one_way() {
        assert_eq!(number("00000000000000ff"), Some(255));
        assert_eq!(number("ffffffffffffffff"), Some(u64::MAX));
        for other in ["", "ff", "00000000000000FF", "+0000000000000ff", "000000000000000ff", "00000000000000fg"] {
            assert_eq!(number(other), None, "{other}");
        }
    }
}
