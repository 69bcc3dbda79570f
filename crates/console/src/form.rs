//! Forms that our own pages send.

use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use seaworthy_http::signin::is_same_origin;
use seaworthy_http::{Application, Problem};
use seaworthy_model::{Code, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A form. One that comes from another site is refused, signed in or not.
pub(crate) struct Form<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Application> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, application: &Application) -> Result<Form<T>, Problem> {
        if !is_same_origin(request.headers(), application.desk.site()) {
            return Err(Problem::new(Code::NotAllowed).about("the form comes from another site"));
        }
        let read = axum::Form::<T>::from_request(request, application).await;
        read.map(|form| Form(form.0)).map_err(|refused| match refused.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Problem::new(Code::BodyTooLarge),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Problem::new(Code::MediaTypeRefused),
            _ => Problem::new(Code::RequestInvalid).about(refused.body_text()),
        })
    }
}

/// The fields of a form that asks for nothing.
#[derive(Deserialize)]
pub(crate) struct NoFields {}

/// A field that may be left empty.
pub(crate) fn filled(field: Option<&str>) -> Option<&str> {
    field.map(str::trim).filter(|text| !text.is_empty())
}

/// An instant as `<input type="datetime-local">` sends it, taken as UTC; or as RFC 3339.
pub(crate) fn instant(field: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = filled(field) else { return Ok(None) };
    let read = [text.to_owned(), format!("{text}:00Z"), format!("{text}Z")].iter().find_map(|text| text.parse().ok());
    let wrong = || Problem::new(Code::InvalidValue).about(format!("as of: {text:?} is no date and time"));
    read.map(Some).ok_or_else(wrong)
}

/// A field that names something.
pub(crate) fn named<T: std::str::FromStr>(name: &str, field: Option<&str>) -> Result<Option<T>, Problem> {
    let Some(text) = filled(field) else { return Ok(None) };
    let wrong = |_| Problem::new(Code::InvalidValue).about(format!("{name}: {text:?}"));
    text.parse().map(Some).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_of_pickers_are_utc() {
        let check = |text: &str, expected: Option<&str>| {
            let read = instant(Some(text)).ok().flatten().map(|at| at.to_string());
            assert_eq!(read.as_deref(), expected, "{text}");
        };
        check("2026-11-24T14:00", Some("2026-11-24T14:00:00Z"));
        check("2026-11-24T14:00:05", Some("2026-11-24T14:00:05Z"));
        check("2026-11-24T14:00:00Z", Some("2026-11-24T14:00:00Z"));
        check("2026-11-24", Some("2026-11-24T00:00:00Z"));
        check("  ", None);
        assert!(instant(Some("yesterday")).is_err());
    }
}
