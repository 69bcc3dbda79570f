//! Who knocks: what a request brings before anybody is signed in.

use axum::extract::FromRequestParts;
use axum::http::Request;
use axum::http::request::Parts;
use seaworthy_model::Code;

use crate::Application;
use crate::client::Client;
use crate::describe::{Input, Sketch};
use crate::problem::Problem;
use crate::signin::{Cookie, SessionSecret, is_same_origin};

/// A visitor.
#[derive(Clone)]
pub struct Visitor {
    /// Where they come from, for limits of rates.
    pub client: Option<Client>,
    /// The session that their cookie names.
    pub session: Option<SessionSecret>,
    /// The sealed sign-in that comes back from a provider.
    pub journey: Option<String>,
}

/// A visitor whose request comes from our own pages. Programs have tokens, and sign in nowhere.
#[derive(Clone)]
pub struct FromOwnPage(pub Visitor);

impl FromRequestParts<Application> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, application: &Application) -> Result<Visitor, Problem> {
        let (site, headers) = (application.desk.site(), &parts.headers);
        let session = Cookie::session_secret(headers, site);
        let journey = Cookie::OpenId.read(headers, site).map(str::to_owned);
        let client = Client::of(&Request::from_parts(parts.clone(), ()), &application.client_header);
        Ok(Visitor { client, session, journey })
    }
}

impl FromRequestParts<Application> for FromOwnPage {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, application: &Application) -> Result<FromOwnPage, Problem> {
        if !is_same_origin(&parts.headers, application.desk.site()) {
            return Err(Problem::new(Code::NotAllowed).about("the request comes from another site"));
        }
        Visitor::from_request_parts(parts, application).await.map(FromOwnPage)
    }
}

impl Input for Visitor {
    fn describe(_: &mut Sketch<'_>) {}
}

impl Input for FromOwnPage {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.errors.insert(Code::NotAllowed);
    }
}
