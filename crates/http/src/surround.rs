//! What surrounds every request: its id, one line in the log, its counters, the headers that every answer has, and its
//! errors as documents for programs or pages for people.
//!
//! A log line names the route by its template, never the path, query, address or user agent: it holds no personal data.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{
    ACCEPT, ACCESS_CONTROL_ALLOW_ORIGIN, AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use tracing::info;

use crate::application::{Application, FailurePage};
use crate::metrics::Asked;
use crate::problem::{self, Problem};
use crate::routes;

/// The name of a request in the log and in problem documents; handlers find it among the extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestId(pub String);

/// Ids of requests: unguessable per process, then counted.
#[derive(Debug)]
pub(crate) struct RequestIds {
    process: u32,
    next: AtomicU64,
}

impl RequestIds {
    pub(crate) fn new(process: u32) -> RequestIds {
        RequestIds { process, next: AtomicU64::new(1) }
    }

    fn next(&self) -> RequestId {
        RequestId(format!("{:08x}-{}", self.process, self.next.fetch_add(1, Ordering::Relaxed)))
    }
}

/// Outermost layer.
pub(crate) async fn surround(
    State((application, failure)): State<(Application, FailurePage)>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let id = application.metrics.request_ids().next();
    let asked = Asked::new(request.method(), request.extensions().get::<MatchedPath>().map(MatchedPath::as_str));
    let is_options = request.method() == Method::OPTIONS;
    let is_looked_at = is_looked_at(request.headers());
    request.extensions_mut().insert(id.clone());
    let response = next.run(request).await;
    let response = if is_options { allowed(response) } else { response };
    let told = |problem: &Problem| if is_looked_at { failure(problem) } else { problem.answer(Some(&id.0)) };
    let mut response = problem::completed(response, told);
    headers(&mut response, &id);
    if routes::is_for_everybody(&asked.route) {
        unless_set(response.headers_mut(), ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    }
    let took = started.elapsed();
    application.metrics.answered(&asked, response.status(), took);
    let (status, ms) = (response.status().as_u16(), took.as_secs_f64() * 1e3);
    info!(method = asked.method, route = asked.route, status, ms, request = id.0, "answered");
    response
}

/// Whether somebody looks at the answer in a browser. A program may say that it takes HTML, too; but it brings a token.
fn is_looked_at(headers: &HeaderMap) -> bool {
    let kinds =
        headers.get_all(ACCEPT).iter().filter_map(|accept| accept.to_str().ok()).flat_map(|list| list.split(','));
    let mut names = kinds.filter_map(|kind| kind.split(';').next());
    !headers.contains_key(AUTHORIZATION) && names.any(|name| name.trim().eq_ignore_ascii_case("text/html"))
}

/// `OPTIONS` asks which methods there are; axum names them in Allow, on its way out, whatever the status.
fn allowed(mut response: Response) -> Response {
    if response.status() != StatusCode::METHOD_NOT_ALLOWED {
        return response;
    }
    response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// Pages run no script but our own files, are framed by nobody and send their forms nowhere else.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

fn headers(response: &mut Response, id: &RequestId) {
    let policy = if problem::is_page(response) { PAGE_POLICY } else { DATA_POLICY };
    let headers = response.headers_mut();
    unless_set(headers, CONTENT_SECURITY_POLICY, policy);
    unless_set(headers, CACHE_CONTROL, "no-store");
    unless_set(headers, X_CONTENT_TYPE_OPTIONS, "nosniff");
    unless_set(headers, X_FRAME_OPTIONS, "DENY");
    unless_set(headers, REFERRER_POLICY, "no-referrer");
    if let Ok(id) = HeaderValue::try_from(&id.0) {
        headers.insert(X_REQUEST_ID, id);
    }
}

fn unless_set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.entry(name).or_insert(HeaderValue::from_static(value));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_look_and_programs_do_not() {
        let check = |fields: &[(HeaderName, &'static str)], expected: bool| {
            let headers = fields.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect();
            assert_eq!(is_looked_at(&headers), expected, "{fields:?}");
        };
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        check(&[(ACCEPT, browser)], true);
        check(&[(ACCEPT, "application/json, Text/HTML;q=0.5")], true);
        check(&[(ACCEPT, browser), (AUTHORIZATION, "Bearer swt_")], false);
        check(&[(ACCEPT, "*/*")], false);
        check(&[(ACCEPT, "application/json")], false);
        check(&[], false);
    }
}
