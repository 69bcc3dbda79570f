//! A browser without a face: keeps cookies, goes where it is sent, and says where its forms come from.

#![expect(clippy::expect_used, reason = "a test that cannot ask cannot go on")]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use ureq::Agent;
use ureq::http::{HeaderMap, Request, Response};
use url::Url;
use url::form_urlencoded::Serializer;

/// Most redirects in a row.
const MOST_HOPS: u8 = 20;

/// A browser. Its cookies go to every host: those of a test have names that differ.
#[derive(Default)]
pub struct Browser {
    cookies: RefCell<BTreeMap<String, String>>,
}

/// Where it came to.
pub struct Page {
    /// The address.
    pub address: Url,
    /// The status; 0 of a page that was not asked for.
    pub status: u16,
    /// The document.
    pub body: String,
    location: Option<Url>,
}

impl Browser {
    /// Asks for a page and goes on, up to one whose address begins with `home`, which is not asked for.
    pub fn follow(&self, address: &str, home: &str) -> Page {
        self.onwards(self.ask(&Url::parse(address).expect("an address"), None), home)
    }

    /// Sends a form and goes on in the same way.
    pub fn submit(&self, address: &Url, form: &[(&str, &str)], home: &str) -> Page {
        self.onwards(self.ask(address, Some(form)), home)
    }

    /// What it keeps, to be put back later.
    pub fn cookies(&self) -> BTreeMap<String, String> {
        self.cookies.borrow().clone()
    }

    /// A browser that keeps these.
    pub fn with_cookies(cookies: BTreeMap<String, String>) -> Browser {
        Browser { cookies: cookies.into() }
    }

    fn onwards(&self, mut page: Page, home: &str) -> Page {
        for _ in 0..MOST_HOPS {
            match page.location.take() {
                Some(next) if next.as_str().starts_with(home) => {
                    return Page { address: next, status: 0, location: None, body: String::new() };
                }
                Some(next) => page = self.ask(&next, None),
                None => return page,
            }
        }
        page
    }

    fn ask(&self, address: &Url, form: Option<&[(&str, &str)]>) -> Page {
        let cookies = self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
        let request = Request::builder().uri(address.as_str()).header("cookie", cookies.join("; "));
        let request = request.header("accept", "text/html");
        let answer = match form {
            None => agent().run(request.body(()).expect("a request")),
            Some(form) => {
                let body = Serializer::new(String::new()).extend_pairs(form).finish();
                let request = request.method("POST").header("origin", address.origin().ascii_serialization());
                let request = request.header("content-type", "application/x-www-form-urlencoded");
                agent().run(request.body(body).expect("a request"))
            }
        };
        self.page(address, answer.expect("an answer"))
    }

    fn page(&self, address: &Url, answer: Response<ureq::Body>) -> Page {
        let (parts, mut body) = answer.into_parts();
        self.keep(&parts.headers);
        let location = parts.headers.get("location").and_then(|next| address.join(next.to_str().ok()?).ok());
        let (address, status) = (address.clone(), parts.status.as_u16());
        Page { address, status, location, body: body.read_to_string().expect("a document") }
    }

    fn keep(&self, headers: &HeaderMap) {
        for cookie in headers.get_all("set-cookie") {
            let pair = cookie.to_str().ok().and_then(|cookie| cookie.split(';').next()?.split_once('='));
            match pair.expect("a cookie") {
                (name, "") => self.cookies.borrow_mut().remove(name),
                (name, value) => self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned()),
            };
        }
    }
}

fn agent() -> Agent {
    Agent::config_builder()
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(20)))
        .proxy(None)
        .build()
        .new_agent()
}
