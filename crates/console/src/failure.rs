//! Errors as pages: the same three fields as everywhere, code, place and hint.

use axum::http::HeaderValue;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use maud::html;
use seaworthy_http::Problem;

use crate::frame;

/// The page of a problem, with its status.
pub(crate) fn page(problem: &Problem) -> Response {
    let entry = problem.code.entry();
    let detail = problem.detail.as_deref().unwrap_or(entry.detail);
    let body = html! {
        p class="lead" { (detail) }
        dl {
            dt { "What to do" } dd { (entry.fix) }
            dt { "Code" } dd { code { (problem.code) } }
        }
        p { a href="/" { "Back to the first page" } }
    };
    let mut response = (problem.status(), frame::bare(&sentence(entry.title), body)).into_response();
    if let Some(seconds) = problem.retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// A title of the catalogue with a capital.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use seaworthy_model::Code;

    use super::*;

    #[test]
    fn every_code_has_a_page() {
        for &code in Code::ALL {
            let problem = Problem::new(code).about("<script>");
            let response = page(&problem);
            assert_eq!(response.status(), problem.status(), "{code}");
        }
    }
}
