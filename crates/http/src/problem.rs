//! Every error that the server answers with: a problem document (RFC 9457) with a code of the one catalogue.

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use seaworthy_model::Code;
use serde::Serialize;

/// The media type of problem documents.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// An error as it is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What kind of error.
    pub code: Code,
    /// What it is about this time; never what the client must not know.
    pub detail: Option<String>,
    /// After how many seconds asking again makes sense.
    pub retry_after: Option<u64>,
}

impl Problem {
    /// An error of this code, without more to say.
    pub const fn new(code: Code) -> Problem {
        Problem { code, detail: None, retry_after: None }
    }

    /// With what it is about this time.
    #[must_use]
    pub fn about(self, detail: impl Into<String>) -> Problem {
        Problem { detail: Some(detail.into()), ..self }
    }

    /// With the seconds after which asking again makes sense.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Problem {
        Problem { retry_after: Some(seconds), ..self }
    }

    /// The status that its code is answered with.
    pub fn status(&self) -> StatusCode {
        status(self.code)
    }

    /// What a status is answered with where a layer below said no more than that.
    pub(crate) fn of_status(status: StatusCode) -> Problem {
        let code = STATUSES.iter().find(|(_, listed)| *listed == status).map(|(code, _)| *code);
        let other = if status.is_client_error() { Code::RequestSyntax } else { Code::Bug };
        Problem::new(code.unwrap_or(other))
    }

    /// The answer; `request` is the id of the request.
    pub(crate) fn answer(&self, request: Option<&str>) -> Response {
        let status = self.status();
        let body = serde_json::to_vec(&self.document(request)).unwrap_or_default();
        let mut response = (status, [(CONTENT_TYPE, PROBLEM_JSON)], body).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    fn document(&self, request: Option<&str>) -> ProblemDocument {
        let entry = self.code.entry();
        ProblemDocument {
            r#type: format!("urn:seaworthy:problem:{}", self.code),
            title: entry.title,
            status: self.status().as_u16(),
            code: self.code,
            detail: self.detail.clone().unwrap_or_else(|| entry.detail.to_owned()),
            hint: entry.fix,
            instance: request.map(|id| format!("urn:seaworthy:request:{id}")),
        }
    }
}

/// Without the request's id, which `surround` knows: it answers anew.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.answer(None);
        response.extensions_mut().insert(self);
        response
    }
}

/// A problem document (RFC 9457).
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(crate) struct ProblemDocument {
    /// Names the kind of problem.
    r#type: String,
    /// What kind of problem it is.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// The stable code; `seaworthy explain CODE` tells more.
    #[schemars(with = "String")]
    code: Code,
    /// What happened.
    detail: String,
    /// What to do about it.
    hint: &'static str,
    /// Names this request in the server's log.
    instance: Option<String>,
}

/// Codes with the status they are answered with. The first of a status speaks for it where nothing more is known.
const STATUSES: &[(Code, StatusCode)] = &[
    (Code::RequestSyntax, StatusCode::BAD_REQUEST),
    (Code::RouteUnknown, StatusCode::NOT_FOUND),
    (Code::MethodRefused, StatusCode::METHOD_NOT_ALLOWED),
    (Code::RequestTimedOut, StatusCode::REQUEST_TIMEOUT),
    (Code::BodyTooLarge, StatusCode::PAYLOAD_TOO_LARGE),
    (Code::MediaTypeRefused, StatusCode::UNSUPPORTED_MEDIA_TYPE),
    (Code::RequestInvalid, StatusCode::UNPROCESSABLE_ENTITY),
    (Code::TooManyRequests, StatusCode::TOO_MANY_REQUESTS),
    (Code::Bug, StatusCode::INTERNAL_SERVER_ERROR),
    (Code::NotReady, StatusCode::SERVICE_UNAVAILABLE),
    (Code::StoreUnavailable, StatusCode::SERVICE_UNAVAILABLE),
    (Code::StoreFull, StatusCode::SERVICE_UNAVAILABLE),
    (Code::ProviderUnreachable, StatusCode::SERVICE_UNAVAILABLE),
    (Code::ReportMalformed, StatusCode::BAD_REQUEST),
    (Code::ReportBody, StatusCode::BAD_REQUEST),
    (Code::NotSignedIn, StatusCode::UNAUTHORIZED),
    (Code::SignInRefused, StatusCode::FORBIDDEN),
    (Code::ReportSignature, StatusCode::FORBIDDEN),
    (Code::NotAllowed, StatusCode::FORBIDDEN),
    (Code::EnrolmentToken, StatusCode::FORBIDDEN),
    (Code::LinkInvalid, StatusCode::FORBIDDEN),
    (Code::DeviceWaiting, StatusCode::FORBIDDEN),
    (Code::DeviceRevoked, StatusCode::FORBIDDEN),
    (Code::DeviceReplaced, StatusCode::FORBIDDEN),
    (Code::DeviceUnknown, StatusCode::NOT_FOUND),
    (Code::OrganisationUnknown, StatusCode::NOT_FOUND),
    (Code::NotFound, StatusCode::NOT_FOUND),
    (Code::ReportReplayed, StatusCode::CONFLICT),
    (Code::DeviceForked, StatusCode::CONFLICT),
    (Code::PolicyNotAgreed, StatusCode::CONFLICT),
    (Code::AlreadyThere, StatusCode::CONFLICT),
    (Code::IdempotencyUnanswered, StatusCode::CONFLICT),
    (Code::IdempotencyMismatch, StatusCode::UNPROCESSABLE_ENTITY),
    (Code::NoPolicy, StatusCode::CONFLICT),
    (Code::DeviceLeft, StatusCode::GONE),
    (Code::ReplacedUnknown, StatusCode::UNPROCESSABLE_ENTITY),
    (Code::ReasonMissing, StatusCode::UNPROCESSABLE_ENTITY),
    (Code::InvalidValue, StatusCode::UNPROCESSABLE_ENTITY),
];

/// The status of a code; one that is not listed was never meant to be answered.
pub(crate) fn status(code: Code) -> StatusCode {
    let listed = STATUSES.iter().find(|(listed, _)| *listed == code).map(|(_, status)| *status);
    listed.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Tells every error, as a document or as a page. Pages that are there already stay.
pub(crate) fn completed(response: Response, told: impl FnOnce(&Problem) -> Response) -> Response {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let problem = response.extensions().get::<Problem>().cloned();
    if problem.is_none() && is_page(&response) {
        return response;
    }
    told(&problem.unwrap_or_else(|| Problem::of_status(status)))
}

pub(crate) fn is_page(response: &Response) -> bool {
    response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_status_speaks_for_itself() {
        for (code, status) in STATUSES {
            assert_eq!(Problem::of_status(*status).status(), *status, "{code}");
        }
        assert_eq!(Problem::of_status(StatusCode::IM_A_TEAPOT).code, Code::RequestSyntax);
    }
}
