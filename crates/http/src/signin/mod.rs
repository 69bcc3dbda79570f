//! How somebody proves who they are, and how a request shows it afterwards. What follows from a proof is for
//! `seaworthy_service::people`; which route calls what is for the routes.
//!
//! In: passkeys, OpenID Connect, passwords ([`Passkeys`], [`OpenId`], [`Passwords`]), the session's cookie, API tokens,
//! whether a request comes from our own pages. Out: e-mail addresses (nobody is ever matched by one), attestation of
//! authenticators, second factors (a passkey is two by itself).
//!
//! Between the two halves of a ceremony the server remembers nothing: the browser carries the state, sealed
//! ([`Sealer`]). That an answer is good once is for whoever makes the session: it spends the [`Mark`] in the same
//! transaction (`People::spend`).

mod bearer;
mod cookie;
mod openid;
mod origin;
mod passkey;
mod password;
mod refusal;
mod sealed;
mod site;
mod turns;

pub use bearer::{ApiSecret, NotAToken, bearer};
pub use cookie::{Cookie, SessionSecret};
pub use openid::{Arrival, Callback, Departure, Errand, OpenId, Provider, ProviderFault, Roots};
pub use origin::is_same_origin;
pub use passkey::{Ceremony, Passkeys, Registrant, credential_id};
pub use password::{MAX_PASSWORD, MIN_PASSWORD, Passwords, sign_in_name};
pub use refusal::{Refusal, Why};
pub use sealed::{Mark, Sealer};
pub use site::{Site, SiteFault};

use seaworthy_service::ports::Credential;

/// For how long the browser may take from the first half of a ceremony to the second, in seconds.
pub const CEREMONY_SECONDS: i64 = 300;

/// A credential that was verified.
#[derive(Clone, PartialEq, Eq)]
pub struct Verified {
    /// The credential as it stands now.
    pub credential: Credential,
    /// Whether it differs from what was stored, and must be stored.
    pub is_changed: bool,
    /// What is used up by it, and must be spent before a session is made; passwords use nothing up.
    pub mark: Option<Mark>,
}
