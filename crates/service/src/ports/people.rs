//! People, how they sign in and what they may; tokens of programs and of devices that enrol.

use schemars::JsonSchema;
use seaworthy_model::{Timestamp, named};
use seaworthy_protocol::Digest;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::authority::Role;
use crate::id::Id;

/// Somebody who signs in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Person {
    /// The organisation they belong to.
    pub organisation: Id,
    /// Their id.
    pub id: Id,
    /// Their name, as they or an administrator typed it.
    pub name: String,
    /// When the account was made.
    pub created_at: Timestamp,
    /// From when on they cannot sign in any more.
    pub disabled_at: Option<Timestamp>,
}

named! {
    /// How somebody proves who they are.
    CredentialKind {
        /// A passkey (WebAuthn).
        Passkey = "passkey",
        /// An account at an OpenID Connect provider.
        OpenIdConnect = "openid-connect",
        /// A password, where the operator allows them.
        Password = "password",
    }
}

/// One way in which a person signs in.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// The person's organisation.
    pub organisation: Id,
    /// The person.
    pub person: Id,
    /// The kind.
    pub kind: CredentialKind,
    /// What it is looked up by, unique for its kind: a passkey's credential id, issuer and subject, the sign-in name.
    pub handle: Vec<u8>,
    /// What it is checked against: the passkey with its counter, a password hash; empty for OpenID Connect.
    pub secret: Vec<u8>,
    /// The name the person gave it.
    pub label: String,
    /// When it was added.
    pub created_at: Timestamp,
}

/// A role of a person in a unit and everything below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoleGrant {
    /// The organisation.
    pub organisation: Id,
    /// Who has it.
    pub person: Id,
    /// The role.
    pub role: Role,
    /// Where it holds.
    pub unit: Id,
}

/// A one-time link by which somebody becomes a person of the organisation, or adds a way to sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// The organisation.
    pub organisation: Id,
    /// SHA-256 of the link's secret.
    pub secret: Digest,
    /// The person it is for; none makes a new one.
    pub person: Option<Id>,
    /// The role they get.
    pub role: Role,
    /// Where.
    pub unit: Id,
    /// From when on it is worth nothing.
    pub ends_at: Timestamp,
}

/// A person who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the cookie's secret.
    pub secret: Digest,
    /// The organisation.
    pub organisation: Id,
    /// The person.
    pub person: Id,
    /// When they signed in.
    pub created_at: Timestamp,
    /// From when on it is worth nothing.
    pub ends_at: Timestamp,
}

/// A program's key to the API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ApiToken {
    /// The organisation.
    pub organisation: Id,
    /// Its id.
    pub id: Id,
    /// SHA-256 of its secret.
    #[serde(skip)]
    #[schemars(skip)]
    pub secret: Digest,
    /// What it is for.
    pub name: String,
    /// The role in which it acts.
    pub role: Role,
    /// Where.
    pub unit: Id,
    /// From when on it is worth nothing.
    pub ends_at: Timestamp,
    /// Who made it.
    pub created_by: Id,
    /// When.
    pub created_at: Timestamp,
}

named! {
    /// What an enrolment token lets in.
    TokenKind {
        /// One device, at once.
        OneTime = "one-time",
        /// Any device, each of which waits for approval.
        Organisation = "organisation",
    }
}

/// A token by which devices enrol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct EnrolmentToken {
    /// The organisation.
    pub organisation: Id,
    /// Its id.
    pub id: Id,
    /// SHA-256 of its secret.
    #[serde(skip)]
    #[schemars(skip)]
    pub secret: Digest,
    /// What it lets in.
    pub kind: TokenKind,
    /// The unit that devices come into.
    pub unit: Id,
    /// The person whose devices these are, if they have an account.
    pub holder: Option<Id>,
    /// From when on it is worth nothing.
    pub ends_at: Timestamp,
    /// When it was used up or taken back.
    pub closed_at: Option<Timestamp>,
    /// Who made it.
    pub created_by: Id,
}

/// People, sessions and tokens. Secrets are kept as digests only.
pub trait People {
    /// A person.
    fn person(&mut self, organisation: Id, person: Id) -> Result<Option<Person>, Fault>;
    /// The people of an organisation after one id, in the order of ids, at most `limit`.
    fn people(&mut self, organisation: Id, after: Option<Id>, limit: u32) -> Result<Vec<Person>, Fault>;
    /// Adds a person, or replaces the record of the same id.
    fn put_person(&mut self, person: &Person) -> Result<(), Fault>;
    /// What a person may, and where.
    fn grants(&mut self, organisation: Id, person: Id) -> Result<Vec<RoleGrant>, Fault>;
    /// Adds a grant; one that exists stays.
    fn add_grant(&mut self, grant: &RoleGrant) -> Result<(), Fault>;
    /// Removes a grant.
    fn remove_grant(&mut self, grant: &RoleGrant) -> Result<(), Fault>;
    /// The credential of this kind and handle, in any organisation.
    fn credential(&mut self, kind: CredentialKind, handle: &[u8]) -> Result<Option<Credential>, Fault>;
    /// The credentials of a person.
    fn credentials(&mut self, organisation: Id, person: Id) -> Result<Vec<Credential>, Fault>;
    /// Adds a credential, or replaces the secret and label of the same kind and handle of the same person; one of
    /// another person is a [`Fault::Conflict`].
    fn put_credential(&mut self, credential: &Credential) -> Result<(), Fault>;
    /// Removes a credential.
    fn remove_credential(&mut self, organisation: Id, kind: CredentialKind, handle: &[u8]) -> Result<(), Fault>;
    /// Adds an invitation.
    fn add_invitation(&mut self, invitation: &Invitation) -> Result<(), Fault>;
    /// The invitation of this secret.
    fn invitation(&mut self, secret: &Digest) -> Result<Option<Invitation>, Fault>;
    /// Removes the invitation of this secret and says whether it was there: of two that use a link, one finds it.
    fn take_invitation(&mut self, secret: &Digest) -> Result<bool, Fault>;
    /// Adds a session.
    fn add_session(&mut self, session: &Session) -> Result<(), Fault>;
    /// The session of this secret.
    fn session(&mut self, secret: &Digest) -> Result<Option<Session>, Fault>;
    /// Ends the session of this secret.
    fn end_session(&mut self, secret: &Digest) -> Result<(), Fault>;
    /// Ends every session of a person.
    fn end_sessions(&mut self, organisation: Id, person: Id) -> Result<(), Fault>;
    /// Marks something of an organisation as used, and says whether it was not before: of all that use one thing, in
    /// whatever transactions, one is told so. The mark is kept until an instant.
    fn spend(&mut self, organisation: Id, mark: &Digest, until: Timestamp) -> Result<bool, Fault>;
    /// Removes sessions, invitations and marks that ended before an instant.
    fn sweep(&mut self, before: Timestamp) -> Result<(), Fault>;
    /// Adds an API token.
    fn add_api_token(&mut self, token: &ApiToken) -> Result<(), Fault>;
    /// The API token of this secret, in any organisation.
    fn api_token(&mut self, secret: &Digest) -> Result<Option<ApiToken>, Fault>;
    /// All API tokens of an organisation.
    fn api_tokens(&mut self, organisation: Id) -> Result<Vec<ApiToken>, Fault>;
    /// Removes an API token.
    fn remove_api_token(&mut self, organisation: Id, token: Id) -> Result<(), Fault>;
    /// Adds an enrolment token, or replaces the record of the same id.
    fn put_enrolment_token(&mut self, token: &EnrolmentToken) -> Result<(), Fault>;
    /// The enrolment token of this secret. The row is locked until the transaction ends, so that a one-time token lets
    /// one device in.
    fn enrolment_token(&mut self, organisation: Id, secret: &Digest) -> Result<Option<EnrolmentToken>, Fault>;
    /// All enrolment tokens of an organisation.
    fn enrolment_tokens(&mut self, organisation: Id) -> Result<Vec<EnrolmentToken>, Fault>;
}
