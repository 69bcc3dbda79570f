//! Requests that may come twice. Whoever is signed in can give a POST an `Idempotency-Key`; the same request under the
//! same key is then done once, and answered alike each time.
//!
//! Two records under two names, both digests of the actor and the key. The *mark* is written in the transaction of what
//! the request does (`Desk::write_here`): what comes second, a moment or a crash later, finds it and does nothing. The
//! *answer* follows behind. If the process ends between the two, it is known that the request was done, but not what was
//! answered: that is said ([`Code::IdempotencyUnanswered`]), and nothing is done again.
//!
//! Answers may hold what is shown once. They are sealed with a key derived (HKDF-SHA-256) from the idempotency key, which
//! is stored nowhere: only who sent it can have the answer again. Only answers of success are kept; what was refused left
//! no mark, and is asked anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use ring::hmac;
use seaworthy_model::{Code, Timestamp};
use seaworthy_protocol::Digest;
use seaworthy_service::Error;
use seaworthy_service::authority::Actor;
use seaworthy_service::ports::{Records, Remembered};
use tracing::warn;

use crate::Application;
use crate::desk::{Desk, Signed};
use crate::extract::unread;
use crate::idempotency::{self, IdempotencyKey};
use crate::problem::Problem;

/// For how long an answer is given again.
pub const REMEMBERED_SECONDS: i64 = 24 * 3600;
/// Longest answer that is kept.
const MAX_ANSWER: u64 = 1 << 20;
/// How long somebody waits for the answer to the same request that is under way.
const PATIENCE: Duration = Duration::from_secs(5);
const GLANCE: Duration = Duration::from_millis(50);

tokio::task_local! {
    /// The request that the work of this task, or of a thread that works for it, belongs to.
    static TURN: Arc<Turn>;
}

/// One sending of a request that may come twice.
pub(crate) struct Turn {
    key: IdempotencyKey,
    /// The name of the mark.
    mark: Digest,
    /// What the request is, so that no other one gets its answer.
    request: Digest,
    /// Tells this sending from another.
    own: [u8; 32],
    state: AtomicU8,
}

/// Nothing was done by this sending.
const OPEN: u8 = 0;
/// What was asked is done, and durable.
const DONE: u8 = 1;
/// Another sending was first.
const BEATEN: u8 = 2;

impl Turn {
    fn new(actor: &Actor, key: IdempotencyKey, request: &[&[u8]], own: [u8; 32]) -> Turn {
        let kind = if actor.is_token { "token" } else { "person" };
        let name = format!("idempotency {} {kind} {} {}", actor.organisation, actor.id, key.as_str());
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key.as_str().as_bytes()));
        for part in request {
            context.update(&part.len().to_be_bytes());
            context.update(part);
        }
        let tag: [u8; 32] = context.sign().as_ref().try_into().unwrap_or_default();
        let (mark, request) = (Digest::of(name.as_bytes()), Digest::from_bytes(tag));
        Turn { key, mark, request, own, state: AtomicU8::new(OPEN) }
    }

    /// The turn that runs here, if one does.
    pub(crate) fn current() -> Option<Arc<Turn>> {
        TURN.try_with(Arc::clone).ok()
    }

    /// Runs work that belongs to a turn on a thread that may block.
    pub(crate) fn within<T>(turn: Option<Arc<Turn>>, work: impl FnOnce() -> T) -> T {
        match turn {
            Some(turn) => TURN.sync_scope(turn, work),
            None => work(),
        }
    }

    /// First thing in the transaction of what the request does: leaves the mark, or finds that of another sending.
    pub(crate) fn begin(&self, records: &mut dyn Records, at: Timestamp) -> Result<(), Error> {
        if self.is(DONE) {
            return Ok(());
        }
        if records.remembered(&self.mark)?.is_none() {
            let (key, request, body) = (self.mark, self.request, self.own.to_vec());
            records.remember(&Remembered { key, request, status: 0, body, at })?;
            // Two transactions may both have found none: the mark that stands is the first one's.
            if records.remembered(&self.mark)?.is_some_and(|mark| mark.body == self.own) {
                return Ok(());
            }
        }
        self.state.store(BEATEN, Ordering::Release);
        Err(Error::refused(Code::IdempotencyUnanswered))
    }

    /// That transaction is durable.
    pub(crate) fn done(&self) {
        self.state.store(DONE, Ordering::Release);
    }

    fn is(&self, state: u8) -> bool {
        self.state.load(Ordering::Acquire) == state
    }

    /// The name of the answer.
    fn answer(&self) -> Digest {
        Digest::of(format!("answer {}", self.mark).as_bytes())
    }

    /// The answer to an earlier sending; none if there was no such sending.
    async fn recall(&self, desk: &Arc<Desk>) -> Result<Option<Response>, Problem> {
        let (mark, answer, request) = (self.mark, self.answer(), self.request);
        let until = tokio::time::Instant::now() + PATIENCE;
        loop {
            let found = desk.read(move |scene| {
                let Some(mark) = scene.records.remembered(&mark)? else { return Ok(None) };
                if mark.request != request {
                    return Err(Error::refused(Code::IdempotencyMismatch));
                }
                Ok(Some(scene.records.remembered(&answer)?))
            });
            match found.await? {
                None => return Ok(None),
                Some(Some(kept)) => return self.opened(&kept).map(Some),
                Some(None) if tokio::time::Instant::now() >= until => {
                    return Err(Problem::new(Code::IdempotencyUnanswered).retry_after(5));
                }
                Some(None) => tokio::time::sleep(GLANCE).await,
            }
        }
    }

    /// Keeps the answer to what was done. If that fails, the answer is given once and not again.
    async fn keep(self: &Arc<Turn>, desk: &Arc<Desk>, response: Response) -> Response {
        let fits = response.body().size_hint().upper().is_some_and(|size| size <= MAX_ANSWER);
        if !response.status().is_success() || !fits {
            return response;
        }
        let (parts, body) = response.into_parts();
        let Ok(bytes) = axum::body::to_bytes(body, usize::MAX).await else {
            return Problem::new(Code::Bug).into_response();
        };
        let (status, request) = (parts.status.as_u16(), self.request);
        if let Some(body) = self.sealed(status, &bytes, &desk.draw()) {
            let key = self.answer();
            let kept = desk.write(move |scene| {
                let answer = Remembered { key, request, status, body: body.clone(), at: scene.now };
                Ok(scene.records.remember(&answer)?)
            });
            if kept.await.is_err() {
                warn!("the answer to a request under an idempotency key was not kept");
            }
        }
        Response::from_parts(parts, Body::from(bytes))
    }

    fn sealed(&self, status: u16, bytes: &[u8], draw: &[u8; 32]) -> Option<Vec<u8>> {
        let nonce: [u8; NONCE_LEN] = *draw.first_chunk()?;
        let mut inner = bytes.to_vec();
        let bound = Aad::from(status.to_be_bytes());
        self.seal_key()?.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), bound, &mut inner).ok()?;
        Some([nonce.as_slice(), &inner].concat())
    }

    fn opened(&self, kept: &Remembered) -> Result<Response, Problem> {
        let lost = || Problem::new(Code::IdempotencyUnanswered);
        let bytes = self.unsealed(kept).ok_or_else(lost)?;
        let status = StatusCode::from_u16(kept.status).map_err(|_| lost())?;
        if bytes.is_empty() {
            return Ok(status.into_response());
        }
        Ok((status, [(CONTENT_TYPE, "application/json")], bytes).into_response())
    }

    fn unsealed(&self, kept: &Remembered) -> Option<Vec<u8>> {
        let (nonce, sealed) = kept.body.split_first_chunk::<NONCE_LEN>()?;
        let (mut sealed, bound) = (sealed.to_vec(), Aad::from(kept.status.to_be_bytes()));
        let nonce = Nonce::assume_unique_for_key(*nonce);
        Some(self.seal_key()?.open_in_place(nonce, bound, &mut sealed).ok()?.to_vec())
    }

    fn seal_key(&self) -> Option<LessSafeKey> {
        let extracted = Salt::new(HKDF_SHA256, self.mark.as_bytes()).extract(self.key.as_str().as_bytes());
        let label: [&[u8]; 1] = [b"seaworthy 1: a remembered answer"];
        Some(LessSafeKey::new(UnboundKey::from(extracted.expand(&label, &AES_256_GCM).ok()?)))
    }
}

/// Behind the gate: does a request once, however often it is sent under one key.
pub(crate) async fn once(application: Application, request: Request, next: Next) -> Response {
    let signed = request.extensions().get::<Signed>().cloned();
    let is_named = request.method() == Method::POST && request.headers().contains_key(idempotency::HEADER);
    match signed {
        Some(Signed(actor)) if is_named => {
            named(application, &actor, request, next).await.unwrap_or_else(IntoResponse::into_response)
        }
        _ => next.run(request).await,
    }
}

async fn named(application: Application, actor: &Actor, request: Request, next: Next) -> Result<Response, Problem> {
    let desk = application.desk;
    let (parts, body) = request.into_parts();
    let key = IdempotencyKey::of(&parts.headers)?;
    let whole = Bytes::from_request(Request::from_parts(parts.clone(), body), &()).await;
    let bytes = whole.map_err(|refused| unread(refused.status()))?;
    let place = parts.uri.path_and_query().map_or("", |place| place.as_str());
    let turn = Arc::new(Turn::new(actor, key, &[place.as_bytes(), &bytes], desk.draw()));
    if let Some(answer) = turn.recall(&desk).await? {
        return Ok(answer);
    }
    let request = Request::from_parts(parts, Body::from(bytes));
    let (work, of) = (Arc::clone(&turn), Arc::clone(&desk));
    // On a task of its own: a client that goes away while it is done shall find the answer when it comes back.
    let handled = tokio::spawn(async move {
        let response = TURN.scope(Arc::clone(&work), next.run(request)).await;
        if work.is(DONE) { work.keep(&of, response).await } else { response }
    });
    let response = handled.await.unwrap_or_else(|ended| match ended.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(_) => Problem::new(Code::Bug).into_response(),
    });
    if !turn.is(BEATEN) {
        return Ok(response);
    }
    let answer = turn.recall(&desk).await?;
    Ok(answer.unwrap_or(response))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use seaworthy_service::Id;

    use super::*;

    fn turn(actor: u8, key: &str, request: &[&[u8]]) -> Turn {
        let actor = Actor::new(Id::from_bytes([1; 16]), Id::from_bytes([actor; 16]), "Ada", false, Vec::new());
        Turn::new(&actor, IdempotencyKey::parse(key).unwrap(), request, [9; 32])
    }

    fn kept(turn: &Turn, status: u16, bytes: &[u8]) -> Remembered {
        let body = turn.sealed(status, bytes, &[5; 32]).unwrap();
        Remembered { key: turn.answer(), request: turn.request, status, body, at: Timestamp::MIN }
    }

    const KEY: &str = "8e03978e-40d5-43dd-bc93-6894a57f9324";
    const OTHER: &str = "8e03978e-40d5-43dd-bc93-6894a57f9325";

    #[test]
    fn an_answer_opens_to_its_key_and_its_actor_alone() {
        let kept = kept(&turn(1, KEY, &[b"/"]), 201, b"secret");
        assert!(!kept.body.windows(6).any(|window| window == b"secret"));
        assert_eq!(turn(1, KEY, &[b"/"]).unsealed(&kept).as_deref(), Some(&b"secret"[..]));
        assert_eq!(turn(1, OTHER, &[b"/"]).unsealed(&kept), None);
        assert_eq!(turn(2, KEY, &[b"/"]).unsealed(&kept), None);
        assert_eq!(turn(1, KEY, &[b"/"]).unsealed(&Remembered { status: 200, ..kept }), None);
    }

    #[test]
    fn requests_are_told_apart() {
        let request = |parts: &[&[u8]]| turn(1, KEY, parts).request;
        assert_eq!(request(&[b"/a", b"{}"]), request(&[b"/a", b"{}"]));
        assert_ne!(request(&[b"/a", b"{}"]), request(&[b"/b", b"{}"]));
        assert_ne!(request(&[b"/a", b"{}"]), request(&[b"/a{", b"}"]));
        assert_ne!(turn(1, KEY, &[]).mark, turn(2, KEY, &[]).mark);
        assert_ne!(turn(1, KEY, &[]).mark, turn(1, KEY, &[]).answer());
    }

    proptest! {
        #[test]
        fn what_was_not_sealed_does_not_open(body: Vec<u8>, status: u16) {
            let turn = turn(1, KEY, &[]);
            let kept = Remembered { key: turn.answer(), request: turn.request, status, body, at: Timestamp::MIN };
            prop_assert_eq!(turn.unsealed(&kept), None);
        }
    }
}
