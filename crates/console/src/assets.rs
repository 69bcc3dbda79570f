//! The two files that pages load: a style and the script for passkeys.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;

const STYLE: &str = include_str!("../assets/style.css");
const PASSKEY: &str = include_str!("../assets/passkey.js");
/// They change with the program only; five minutes after an update every browser has the new ones.
const KEEP: &str = "max-age=300";

pub(crate) async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, KEEP)], STYLE)
}

pub(crate) async fn passkey() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8"), (CACHE_CONTROL, KEEP)], PASSKEY)
}
