//! Ceremonies: how a person comes in, from the first half of a proof to the session. What proves what is in `signin`;
//! what follows from it is in `seaworthy_service::people`; here the two meet the store.
//!
//! Everything that hashes, verifies or talks to a provider runs on a thread that may block, outside of any transaction.
//! The transaction that follows looks at the credential again: one that was removed or changed meanwhile lets nobody in.
//!
//! The key that seals ceremonies is worked out from the one that signs for the organisation, and that an answer is good
//! once is written down in the store: the halves of a ceremony may reach different replicas.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::HeaderValue;
use data_encoding::BASE64URL_NOPAD;
use schemars::JsonSchema;
use seaworthy_model::{Code, Timestamp};
use seaworthy_protocol::Digest;
use seaworthy_service::authority::Role;
use seaworthy_service::draw::{self, Draw};
use seaworthy_service::people::{self, Proven, SESSION_SECONDS};
use seaworthy_service::ports::{Credential, CredentialKind};
use seaworthy_service::{Error, Id};
use serde::Serialize;
use serde_json::Value;
use tracing::{error, info, warn};

use super::Desk;
use crate::client::Client;
use crate::limit::{Rate, RateLimiter};
use crate::problem::Problem;
use crate::signin::{
    CEREMONY_SECONDS, Callback, Ceremony, Cookie, Errand, OpenId, Passkeys, Passwords, Provider, ProviderFault,
    Refusal, Registrant, Roots, Sealer, SessionSecret, Verified, Why, credential_id, sign_in_name,
};

/// Where browsers come back to from a provider; its name follows.
pub const COMES_BACK: &str = "/sign-in/openid/";
/// What authenticators call the server.
const SHOWN_AS: &str = "Seaworthy";
/// What the key that seals ceremonies is derived for.
const SEALING: &str = "seaworthy 1: seal sign-ins between their halves";
/// Passwords tried for one name from one address: five at once, then two a minute.
const PER_NAME: Rate = Rate { per_second: 1.0 / 30.0, burst: 5.0 };
/// Passwords tried from one address, whatever the names.
const PER_ADDRESS: Rate = Rate { per_second: 0.5, burst: 30.0 };
/// Names and addresses that are remembered.
const TRIES: usize = 65_536;

/// What the operator offers besides passkeys.
#[derive(Clone, Debug, Default)]
pub struct Offer {
    /// OpenID Connect providers.
    pub providers: Vec<Provider>,
    /// Whether people may sign in with a password.
    pub passwords: bool,
}

/// Why people cannot be let in as configured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OfferFault {
    /// A provider.
    #[error(transparent)]
    Provider(#[from] ProviderFault),
    /// A password cannot be hashed.
    #[error(transparent)]
    Password(#[from] Refusal),
}

/// How people come in.
pub struct Ceremonies {
    desk: Arc<Desk>,
    /// None where the server is reached by a bare address: browsers know no passkeys for those.
    passkeys: Option<Passkeys>,
    openid: OpenId,
    passwords: Option<Passwords>,
    per_name: RateLimiter<(Option<Client>, Digest)>,
    per_address: RateLimiter<Option<Client>>,
}

/// How people can sign in here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "SignInWays")]
pub struct Ways {
    /// With a passkey. Browsers know none for bare addresses such as 127.0.0.1.
    pub passkeys: bool,
    /// With a password.
    pub passwords: bool,
    /// At these providers.
    pub providers: Vec<ShownProvider>,
}

/// A provider, as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "SignInProvider")]
pub struct ShownProvider {
    /// Its name in addresses.
    pub name: String,
    /// What the button says.
    pub label: String,
}

/// What a one-time link leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Invitation")]
pub struct ShownInvitation {
    /// The organisation's name.
    pub organisation: String,
    /// The person who gets another way to sign in; absent for somebody new.
    pub person: Option<String>,
    /// The role they get.
    pub role: Role,
    /// The name of the unit in which it holds, and in all below it.
    pub unit: String,
    /// From when on the link is worth nothing.
    pub ends_at: Timestamp,
}

/// The secret of a one-time link.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkSecret([u8; 32]);

impl LinkSecret {
    /// From the whole link, or from what follows `#` in it.
    pub fn of(text: &str) -> Result<LinkSecret, Problem> {
        let text = text.trim();
        let encoded = text.rsplit_once('#').map_or(text, |(_, fragment)| fragment);
        let secret = Some(encoded).filter(|encoded| encoded.len() == 43);
        let secret = secret.and_then(|encoded| BASE64URL_NOPAD.decode(encoded.as_bytes()).ok()?.try_into().ok());
        secret.map(LinkSecret).ok_or_else(|| Problem::new(Code::LinkInvalid))
    }
}

/// Somebody who uses a link: its secret, and the name that somebody new gives themselves.
#[derive(Clone)]
pub struct Guest {
    /// The link's secret.
    pub secret: LinkSecret,
    /// Their name; of no meaning where the link is for somebody who is there.
    pub name: String,
}

impl Ceremonies {
    /// Lets people in at this desk. Takes the time of one password hash where passwords are offered.
    pub fn new(desk: Arc<Desk>, offer: Offer) -> Result<Ceremonies, OfferFault> {
        let sealer = sealer(Arc::clone(&desk));
        let passkeys = Passkeys::new(desk.site(), SHOWN_AS, sealer.clone()).ok();
        let openid = OpenId::new(offer.providers, desk.site(), COMES_BACK, &Roots::System, sealer)?;
        let at_once = std::thread::available_parallelism().map_or(1, usize::from);
        let passwords = offer.passwords.then(|| Passwords::new(at_once)).transpose()?;
        let (per_name, per_address) = (RateLimiter::new(PER_NAME, TRIES), RateLimiter::new(PER_ADDRESS, TRIES));
        Ok(Ceremonies { desk, passkeys, openid, passwords, per_name, per_address })
    }

    /// How people can sign in.
    pub fn ways(&self) -> Ways {
        let shown = |(name, label): (&str, &str)| ShownProvider { name: name.to_owned(), label: label.to_owned() };
        Ways {
            passkeys: self.passkeys.is_some(),
            passwords: self.passwords.is_some(),
            providers: self.openid.providers().map(shown).collect(),
        }
    }

    /// The value of `Set-Cookie` that keeps somebody signed in.
    pub fn session_cookie(&self, secret: &SessionSecret) -> Result<HeaderValue, Problem> {
        Cookie::session(self.desk.site(), secret, SESSION_SECONDS).ok_or_else(|| Problem::new(Code::Bug))
    }

    /// The value of `Set-Cookie` that carries a sign-in to a provider and back.
    pub fn journey_cookie(&self, sealed: &str) -> Result<HeaderValue, Problem> {
        let cookie = Cookie::OpenId.set(self.desk.site(), sealed, CEREMONY_SECONDS);
        cookie.ok_or_else(|| Problem::new(Code::Bug))
    }

    /// The value of `Set-Cookie` that makes a browser forget a cookie.
    pub fn forget(&self, cookie: Cookie) -> Result<HeaderValue, Problem> {
        cookie.clear(self.desk.site()).ok_or_else(|| Problem::new(Code::Bug))
    }

    /// Signs somebody in with a password.
    pub async fn with_password(
        self: &Arc<Self>,
        client: Option<Client>,
        name: &str,
        password: String,
    ) -> Result<SessionSecret, Problem> {
        let handle = sign_in_name(name).map(String::into_bytes);
        self.may_try(client, handle.as_deref().unwrap_or_default())?;
        let found = match handle {
            Some(handle) => self.credential(CredentialKind::Password, handle).await?,
            None => None,
        };
        let before = found.clone();
        let verified = self.blocking(move |own, _, draw| own.passwords()?.verify(found, &password, draw)).await?;
        self.enter(before, verified).await
    }

    /// Counts a try before anything is looked up, so that an unknown name costs as many.
    fn may_try(&self, client: Option<Client>, name: &[u8]) -> Result<(), Problem> {
        let now = Instant::now();
        let taken =
            self.per_address.take(client, now).and_then(|()| self.per_name.take((client, Digest::of(name)), now));
        taken.map_err(|wait| Problem::new(Code::TooManyRequests).retry_after(whole_seconds(wait)))
    }

    /// Begins to sign somebody in with a passkey.
    pub async fn begin_passkey(self: &Arc<Self>) -> Result<Ceremony, Problem> {
        self.blocking(|own, at, draw| own.passkeys()?.begin_authentication(at, draw)).await
    }

    /// Signs somebody in with a passkey.
    pub async fn finish_passkey(self: &Arc<Self>, token: String, answer: Value) -> Result<SessionSecret, Problem> {
        let id = credential_id(&answer).map_err(told)?;
        let found = self.credential(CredentialKind::Passkey, id).await?;
        let before = found.clone();
        let verified =
            self.blocking(move |own, at, _| own.passkeys()?.finish_authentication(&token, answer, found, at)).await?;
        self.enter(before, verified).await
    }

    /// Sends a browser to a provider: the address, and the cookie.
    pub async fn depart(
        self: &Arc<Self>,
        provider: String,
        guest: Option<Guest>,
    ) -> Result<(String, HeaderValue), Problem> {
        let errand = match guest {
            None => Errand::SignIn,
            Some(guest) => {
                self.invitation(&guest.secret).await?;
                Errand::Invitation { secret: guest.secret.0.to_vec(), name: guest.name }
            }
        };
        let departure = self.blocking(move |own, at, draw| own.openid.begin(&provider, errand, at, draw)).await?;
        Ok((departure.location, self.journey_cookie(&departure.cookie)?))
    }

    /// Takes a browser back from a provider.
    pub async fn arrive(
        self: &Arc<Self>,
        provider: String,
        callback: Callback,
        cookie: Option<String>,
    ) -> Result<SessionSecret, Problem> {
        let arrival =
            self.blocking(move |own, at, _| own.openid.finish(&provider, &callback, cookie.as_deref(), at)).await?;
        let (kind, mark) = (CredentialKind::OpenIdConnect, Some(arrival.mark));
        match arrival.errand {
            Errand::SignIn => {
                let found = self.credential(kind, arrival.handle).await?;
                let credential = found.ok_or_else(|| told(Refusal::Unproven(Why::Unknown)))?;
                self.enter(Some(credential.clone()), Verified { credential, is_changed: false, mark }).await
            }
            Errand::Invitation { secret, name } => {
                let (handle, label) = (arrival.handle, arrival.label);
                self.accept(secret, name, Proven { kind, handle, secret: Vec::new(), label }).await
            }
        }
    }

    /// What a one-time link leads to, if it can still be used.
    pub async fn invitation(&self, secret: &LinkSecret) -> Result<ShownInvitation, Problem> {
        let secret = secret.clone();
        let shown = self.desk.read(move |scene| {
            let invitation = people::invitation(scene.records, &secret.0, scene.now)?;
            let view = scene.directory.view(invitation.organisation)?;
            let person = match invitation.person {
                Some(person) => scene.records.person(invitation.organisation, person)?.map(|person| person.name),
                None => None,
            };
            Ok(ShownInvitation {
                organisation: view.organisation.name.clone(),
                person,
                role: invitation.role,
                unit: view.tree.unit(invitation.unit).map(|unit| unit.name.clone()).unwrap_or_default(),
                ends_at: invitation.ends_at,
            })
        });
        shown.await
    }

    /// Uses a link with a password that somebody chose.
    pub async fn accept_password(
        self: &Arc<Self>,
        guest: Guest,
        sign_in_name: String,
        password: String,
    ) -> Result<SessionSecret, Problem> {
        self.invitation(&guest.secret).await?;
        let chosen = self.blocking(move |own, _, draw| own.passwords()?.choose(&sign_in_name, &password, draw));
        let proven = chosen.await?;
        self.accept(guest.secret.0.to_vec(), guest.name, proven).await
    }

    /// Begins to use a link with a passkey.
    pub async fn begin_guest_passkey(self: &Arc<Self>, guest: Guest) -> Result<Ceremony, Problem> {
        let secret = guest.secret.clone();
        let known = self.desk.read(move |scene| {
            let invitation = people::invitation(scene.records, &secret.0, scene.now)?;
            let Some(id) = invitation.person else { return Ok(None) };
            let person = scene.records.person(invitation.organisation, id)?;
            let held = scene.records.credentials(invitation.organisation, id)?;
            Ok(person.map(|person| (person, held)))
        });
        let known = known.await?;
        let begun = self.blocking(move |own, at, draw| {
            let (user, name, held) = match known {
                Some((person, held)) => (person.id, person.name, held),
                None => (draw::id(draw), guest.name, Vec::new()),
            };
            let bound_to = &guest.secret.0;
            let registrant = Registrant { user: *Id::as_bytes(&user), name: &name, held: &held, bound_to };
            own.passkeys()?.begin_registration(&registrant, at, draw)
        });
        begun.await
    }

    /// Uses a link with a passkey.
    pub async fn finish_guest_passkey(
        self: &Arc<Self>,
        guest: Guest,
        label: String,
        token: String,
        answer: Value,
    ) -> Result<SessionSecret, Problem> {
        let bound_to = guest.secret.0;
        let finished =
            self.blocking(move |own, at, _| own.passkeys()?.finish_registration(&token, &bound_to, answer, &label, at));
        let proven = finished.await?;
        self.accept(guest.secret.0.to_vec(), guest.name, proven).await
    }

    /// Ends a session.
    pub async fn sign_out(&self, session: SessionSecret) -> Result<(), Problem> {
        self.desk.write(move |scene| Ok(scene.records.end_session(&Digest::of(&session))?)).await
    }

    async fn credential(&self, kind: CredentialKind, handle: Vec<u8>) -> Result<Option<Credential>, Problem> {
        self.desk.read(move |scene| Ok(scene.records.credential(kind, &handle)?)).await
    }

    /// Uses a link, and signs in whoever used it.
    async fn accept(&self, secret: Vec<u8>, name: String, proven: Proven) -> Result<SessionSecret, Problem> {
        let accepted = self.desk.write(move |scene| {
            let (kind, handle) = (proven.kind, proven.handle.clone());
            people::accept(scene.records, &secret, &name, proven.clone(), scene.now, scene.draw)?;
            let kept = scene.records.credential(kind, &handle)?;
            let credential = kept.ok_or_else(|| Error::damaged("a credential that was kept is not there"))?;
            people::sign_in(scene.records, &credential, scene.now, scene.draw)
        });
        accepted.await
    }

    /// Signs in whose credential was verified, if it still stands as it was when it was read.
    async fn enter(&self, before: Option<Credential>, verified: Verified) -> Result<SessionSecret, Problem> {
        let entered = self.desk.write(move |scene| {
            let credential = &verified.credential;
            let stored = scene.records.credential(credential.kind, &credential.handle)?;
            if stored.is_none() || stored != before {
                return Err(Error::refused(Code::SignInRefused));
            }
            if let Some(mark) = verified.mark
                && !scene.records.spend(credential.organisation, &mark.digest, mark.until)?
            {
                return Ok(None);
            }
            if verified.is_changed {
                scene.records.put_credential(credential)?;
            }
            people::sign_in(scene.records, credential, scene.now, scene.draw).map(Some)
        });
        entered.await?.ok_or_else(|| told(Refusal::Unproven(Why::Spent)))
    }

    fn passkeys(&self) -> Result<&Passkeys, Refusal> {
        self.passkeys.as_ref().ok_or(Refusal::Unfit("passkeys are not offered here: the server needs a host name"))
    }

    fn passwords(&self) -> Result<&Passwords, Refusal> {
        self.passwords.as_ref().ok_or(Refusal::Unfit("passwords are not offered here"))
    }

    /// Runs what may block away from the threads that serve connections.
    async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Ceremonies, Timestamp, &mut Draw<'_>) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Problem> {
        let own = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || {
            let mut draw = || own.desk.draw();
            work(&own, own.desk.now(), &mut draw)
        });
        match done.await {
            Ok(done) => done.map_err(told),
            Err(_) => Err(Problem::new(Code::Bug)),
        }
    }
}

/// Seals with what all replicas work out alone from the key that signs for the first organisation. After a rotation it
/// is another one: who is in the midst of a sign-in begins again, and nobody who had the old key seals any more.
fn sealer(desk: Arc<Desk>) -> Sealer {
    Sealer::with(move || {
        let directory = desk.directory();
        let first = directory.views().next().ok_or(Refusal::Fault("there is no organisation"))?;
        let key = desk.signing_key(first).map_err(|error| {
            error!(%error, "nobody can sign in by passkey or provider");
            Refusal::Fault("there is no key to seal with")
        })?;
        key.derived(SEALING).map_err(|_| Refusal::Fault("no key could be derived"))
    })
}

/// What the log learns of a refusal, and what whoever tried learns.
fn told(refusal: Refusal) -> Problem {
    match &refusal {
        Refusal::Unproven(why) => info!(%why, "a sign-in was refused"),
        Refusal::Unreachable { .. } | Refusal::Fault(_) | Refusal::Busy => warn!(%refusal, "a sign-in did not happen"),
        Refusal::Unfit(_) => {}
    }
    refusal.into()
}

fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_taken_whole_or_by_its_end() {
        let secret = BASE64URL_NOPAD.encode(&[7; 32]);
        let check = |text: &str, expected: bool| assert_eq!(LinkSecret::of(text).is_ok(), expected, "{text}");
        check(&secret, true);
        check(&format!(" https://seaworthy.example.org/welcome#{secret}\n"), true);
        check(&format!("{secret}A"), false);
        check(&secret[1..], false);
        check("https://seaworthy.example.org/welcome", false);
        check("", false);
    }

    #[test]
    fn passwords_are_tried_a_few_times() {
        let ceremonies = Ceremonies::new(Desk::of_nothing(), Offer::default()).unwrap();
        for _ in 0..5 {
            assert_eq!(ceremonies.may_try(None, b"ada"), Ok(()));
        }
        let refused = ceremonies.may_try(None, b"ada").unwrap_err();
        assert_eq!((refused.code, refused.retry_after.is_some()), (Code::TooManyRequests, true));
        assert_eq!(ceremonies.may_try(None, b"bob"), Ok(()), "another name");
        for _ in 0..30 {
            let _ = ceremonies.may_try(None, b"eve");
        }
        assert!(ceremonies.may_try(None, b"bob").is_err(), "an address that tries many names");
    }

    #[test]
    fn a_bare_address_has_no_passkeys() {
        let ways = Ceremonies::new(Desk::of_nothing(), Offer::default()).unwrap().ways();
        assert_eq!(ways, Ways { passkeys: false, passwords: false, providers: Vec::new() });
    }
}
