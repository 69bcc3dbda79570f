//! A browser for the tests: keeps cookies, follows nobody by itself.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use ureq::Agent;
use ureq::http::{HeaderMap, Request, Response};
use url::Url;

#[derive(Default)]
pub struct Browser {
    cookies: RefCell<BTreeMap<String, String>>,
}

pub struct Page {
    pub address: Url,
    pub status: u16,
    pub location: Option<Url>,
    pub body: String,
}

impl Browser {
    /// Asks for a page and follows it, up to one whose address begins with `home`.
    pub fn follow(&self, address: &str, home: &str) -> Page {
        self.onwards(self.ask(&Url::parse(address).unwrap(), None), home)
    }

    /// Sends a form and follows the answer.
    pub fn submit(&self, address: &Url, form: &[(&str, &str)], home: &str) -> Page {
        self.onwards(self.ask(address, Some(form)), home)
    }

    fn onwards(&self, mut page: Page, home: &str) -> Page {
        for _ in 0..20 {
            match page.location.take() {
                Some(next) if next.as_str().starts_with(home) => {
                    return Page { address: next, status: 0, location: None, body: String::new() };
                }
                Some(next) => page = self.ask(&next, None),
                None => return page,
            }
        }
        panic!("sent around in circles: {}", page.address);
    }

    fn ask(&self, address: &Url, form: Option<&[(&str, &str)]>) -> Page {
        let cookies = self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
        let request = Request::builder().uri(address.as_str()).header("cookie", cookies.join("; "));
        let answer = match form {
            None => agent().run(request.body(()).unwrap()),
            Some(form) => {
                let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
                let request = request.method("POST").header("content-type", "application/x-www-form-urlencoded");
                agent().run(request.body(body).unwrap())
            }
        };
        self.page(address, answer.unwrap())
    }

    fn page(&self, address: &Url, answer: Response<ureq::Body>) -> Page {
        let (parts, mut body) = answer.into_parts();
        self.keep(&parts.headers);
        let location = parts.headers.get("location").map(|next| address.join(next.to_str().unwrap()).unwrap());
        let (address, status) = (address.clone(), parts.status.as_u16());
        Page { address, status, location, body: body.read_to_string().unwrap() }
    }

    fn keep(&self, headers: &HeaderMap) {
        for cookie in headers.get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            match value {
                "" => self.cookies.borrow_mut().remove(name),
                value => self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned()),
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
