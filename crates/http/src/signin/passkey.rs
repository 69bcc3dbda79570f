//! Passkeys (WebAuthn Level 3): registering one, and signing in with one that the browser finds by itself, so that
//! nobody types a name. The person is always verified (PIN, finger, face): a passkey is possession and one of these.
//!
//! Attestation is not asked for. A passkey that lives on one authenticator counts its uses; a counter that goes back
//! means a copy, and refuses the sign-in for good until the credential is removed.

use seaworthy_model::Timestamp;
use seaworthy_service::draw::Draw;
use seaworthy_service::people::Proven;
use seaworthy_service::ports::{Credential, CredentialKind};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, Uuid,
    WebauthnError,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};

use super::sealed::Purpose;
use super::{Refusal, Sealer, Site, SiteFault, Verified, Why};

/// Longest credential id (WebAuthn §4, Credential ID), in bytes.
const MAX_CREDENTIAL_ID: usize = 1023;
/// Longest public key with what belongs to it that is kept, in bytes.
const MAX_KEPT: usize = 8192;
/// The format of what a credential keeps.
const VERSION: u8 = 1;

/// Registers and verifies passkeys for one site.
pub struct Passkeys {
    webauthn: Webauthn,
    sealer: Sealer,
}

/// The first half of a ceremony.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ceremony {
    /// For the browser: what `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON` takes.
    pub options: Value,
    /// To be given back with the browser's answer.
    pub token: String,
}

/// Who registers a passkey.
pub struct Registrant<'a> {
    /// The person's id; of somebody new, random bytes. No secret, and nothing personal: authenticators show and sync it.
    pub user: [u8; 16],
    /// The name that the authenticator shows.
    pub name: &'a str,
    /// Their credentials, so that no authenticator is registered twice.
    pub held: &'a [Credential],
    /// What the ceremony is about: the secret of the invitation, or of the session.
    pub bound_to: &'a [u8],
}

/// What [`Credential::secret`] holds of a passkey.
#[derive(Serialize, Deserialize)]
struct Kept {
    version: u8,
    user: Uuid,
    passkey: Passkey,
}

/// What a registration's token holds.
///
/// The library calls it dangerous to write a ceremony's state down, because a browser that can choose or repeat the
/// state signs in at will. Here the state is encrypted and authenticated (so not chosen), ends after five minutes, and
/// opens for one purpose and one invitation, which is taken once (so not repeated). The state of a sign-in has a mark
/// instead, which whoever makes the session spends.
#[derive(Serialize, Deserialize)]
struct Registering {
    user: Uuid,
    state: PasskeyRegistration,
}

impl Passkeys {
    /// For a site whose host is a name: browsers know no passkeys for bare addresses ("localhost" is a name).
    pub fn new(site: &Site, shown_as: &str, sealer: Sealer) -> Result<Passkeys, SiteFault> {
        let host = site.url().domain().ok_or(SiteFault::Form)?;
        let builder = WebauthnBuilder::new(host, site.url()).map_err(|_| SiteFault::Form)?;
        let webauthn = builder.rp_name(shown_as).build().map_err(|_| SiteFault::Form)?;
        Ok(Passkeys { webauthn, sealer })
    }

    /// Begins to register a passkey.
    pub fn begin_registration(
        &self,
        registrant: &Registrant<'_>,
        at: Timestamp,
        draw: &mut Draw<'_>,
    ) -> Result<Ceremony, Refusal> {
        let user = Uuid::from_bytes(registrant.user);
        let held = registrant.held.iter().filter(|credential| credential.kind == CredentialKind::Passkey);
        let held = held.map(|credential| credential.handle.clone()).collect();
        let name = registrant.name;
        let begun = self.webauthn.start_passkey_registration(user, name, name, Some(held));
        let (options, state) = begun.map_err(|_| Refusal::Unfit("name: 1 to 64 characters"))?;
        let token = write(&Registering { user, state })?;
        let token = self.sealer.seal(Purpose::Register, registrant.bound_to, &token, at, draw)?;
        Ok(Ceremony { options: discoverable(shown(&options.public_key)?), token })
    }

    /// Ends a registration with what the browser's `credential.toJSON()` gave. `label` is the person's name for it.
    pub fn finish_registration(
        &self,
        token: &str,
        bound_to: &[u8],
        answer: Value,
        label: &str,
        at: Timestamp,
    ) -> Result<Proven, Refusal> {
        let opened = self.sealer.open(Purpose::Register, bound_to, token, at)?;
        let Registering { user, state } = read(&opened.content).ok_or(Refusal::Unproven(Why::Token))?;
        let answer: RegisterPublicKeyCredential = parsed(answer)?;
        if answer.extensions.cred_props.as_ref().and_then(|told| told.rk) == Some(false) {
            return Err(Refusal::Unfit("this authenticator keeps no passkey that can be found without a name"));
        }
        let passkey = self.webauthn.finish_passkey_registration(&answer, &state).map_err(refused)?;
        let handle = passkey.cred_id().to_vec();
        let secret = write(&Kept { version: VERSION, user, passkey })?;
        if handle.len() > MAX_CREDENTIAL_ID || secret.len() > MAX_KEPT {
            return Err(Refusal::Unproven(Why::Form));
        }
        Ok(Proven { kind: CredentialKind::Passkey, handle, secret, label: label.to_owned() })
    }

    /// Begins to sign in. Nobody is named: the browser offers what it has.
    pub fn begin_authentication(&self, at: Timestamp, draw: &mut Draw<'_>) -> Result<Ceremony, Refusal> {
        let begun = self.webauthn.start_discoverable_authentication();
        let (options, state) = begun.map_err(|_| Refusal::Fault("no challenge could be made"))?;
        let token = self.sealer.seal(Purpose::Authenticate, b"", &write(&state)?, at, draw)?;
        Ok(Ceremony { options: shown(&options.public_key)?, token })
    }

    /// Ends a sign-in with what the browser's `credential.toJSON()` gave and the credential that [`credential_id`] of it
    /// led to, if there is one.
    pub fn finish_authentication(
        &self,
        token: &str,
        answer: Value,
        credential: Option<Credential>,
        at: Timestamp,
    ) -> Result<Verified, Refusal> {
        let opened = self.sealer.open(Purpose::Authenticate, b"", token, at)?;
        let state: DiscoverableAuthentication = read(&opened.content).ok_or(Refusal::Unproven(Why::Token))?;
        let answer: PublicKeyCredential = parsed(answer)?;
        let known = credential.filter(|found| found.kind == CredentialKind::Passkey && found.handle == answer.raw_id);
        let mut credential = known.ok_or(Refusal::Unproven(Why::Unknown))?;
        let mut kept = kept(&credential)?;
        if answer.get_user_unique_id() != Some(kept.user.as_bytes().as_slice()) {
            return Err(Refusal::Unproven(Why::Answer));
        }
        let verified = self.webauthn.finish_discoverable_authentication_v2(&answer, state, &kept.passkey);
        let verified = verified.map_err(refused)?;
        if !verified.user_verified() {
            return Err(Refusal::Unproven(Why::Answer));
        }
        let is_changed = kept.passkey.update_credential(&verified).ok_or(Refusal::Unproven(Why::Answer))?;
        credential.secret = write(&kept)?;
        Ok(Verified { credential, is_changed, mark: Some(opened.mark) })
    }
}

/// By which the credential of a browser's answer is looked up. It is anybody's claim until the answer is verified.
pub fn credential_id(answer: &Value) -> Result<Vec<u8>, Refusal> {
    let answer: PublicKeyCredential = parsed(answer.clone())?;
    Some(answer.raw_id).filter(|id| id.len() <= MAX_CREDENTIAL_ID).ok_or(Refusal::Unproven(Why::Form))
}

/// Asks for a passkey that is found without a name. The library leaves it to the authenticator; ours must be found.
fn discoverable(mut options: Value) -> Value {
    if let Some(selection) = options.get_mut("authenticatorSelection").and_then(Value::as_object_mut) {
        selection.insert("residentKey".to_owned(), "required".into());
        selection.insert("requireResidentKey".to_owned(), true.into());
    }
    options
}

fn kept(credential: &Credential) -> Result<Kept, Refusal> {
    let kept: Option<Kept> = read(&credential.secret);
    kept.filter(|kept| kept.version == VERSION).ok_or(Refusal::Fault("a passkey cannot be read"))
}

fn refused(error: WebauthnError) -> Refusal {
    Refusal::Unproven(match error {
        WebauthnError::CredentialPossibleCompromise => Why::Counter,
        _ => Why::Answer,
    })
}

fn parsed<T: DeserializeOwned>(answer: Value) -> Result<T, Refusal> {
    serde_json::from_value(answer).map_err(|_| Refusal::Unproven(Why::Form))
}

fn shown<T: Serialize>(options: &T) -> Result<Value, Refusal> {
    serde_json::to_value(options).map_err(|_| Refusal::Fault("options cannot be written"))
}

fn write<T: Serialize>(state: &T) -> Result<Vec<u8>, Refusal> {
    serde_json::to_vec(state).map_err(|_| Refusal::Fault("state cannot be written"))
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    serde_json::from_slice(bytes).ok()
}
