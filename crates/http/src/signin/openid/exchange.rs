//! What is said between here and a provider: where the browser goes, the code that comes back, and what is believed of
//! the token that the code is exchanged for.

use std::time::{Duration, UNIX_EPOCH};

use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdToken, CoreJwsSigningAlgorithm,
    CoreProviderMetadata,
};
use openidconnect::{
    AuthType, AuthorizationCode, ClaimsVerificationError, CsrfToken, Nonce, PkceCodeChallenge, PkceCodeVerifier,
    RequestTokenError, TokenResponse,
};
use seaworthy_model::Timestamp;
use serde::{Deserialize, Serialize};

use super::provider::{Known, chain};
use super::web::Web;
use crate::signin::site::is_guarded;
use crate::signin::{Refusal, Why};

/// How far a provider's clock may be off, in seconds.
const SKEW_SECONDS: i64 = 60;
/// Longest subject (OpenID Connect Core §2), in bytes.
const MAX_SUBJECT: usize = 255;

/// Signatures that are believed: public keys only, so neither `none` nor a secret that both sides know.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What is drawn for one way to a provider and back.
#[derive(Serialize, Deserialize)]
pub(super) struct Trip {
    /// Comes back in the address.
    pub(super) state: String,
    /// Comes back in the token.
    pub(super) nonce: String,
    /// Proves that who exchanges the code is who asked for it.
    pub(super) verifier: String,
}

impl Known {
    /// Where the browser goes.
    pub(super) fn location(&self, web: &Web, trip: &Trip, at: Timestamp) -> Result<String, Refusal> {
        let _turn = self.turn()?;
        let metadata = self.metadata(web, at)?;
        if !is_guarded(metadata.authorization_endpoint().url()) {
            return Err(self.unreachable("its sign-in page is plain HTTP".to_owned()));
        }
        let client = CoreClient::from_provider_metadata((*metadata).clone(), self.client.clone(), None);
        let client = client.set_redirect_uri(self.comes_back.clone());
        let state = CsrfToken::new(trip.state.clone());
        let nonce = Nonce::new(trip.nonce.clone());
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let request = client.authorize_url(flow, move || state.clone(), move || nonce.clone());
        let verifier = PkceCodeVerifier::new(trip.verifier.clone());
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
        let (location, ..) = request.set_pkce_challenge(challenge).url();
        Ok(location.into())
    }

    /// Exchanges the code and says who it is.
    pub(super) fn subject(&self, web: &Web, code: &str, trip: &Trip, at: Timestamp) -> Result<String, Refusal> {
        let _turn = self.turn()?;
        let metadata = self.metadata(web, at)?;
        let token = self.exchange(web, &metadata, code, trip)?;
        let verified = match self.verified(&metadata, &token, trip, at) {
            // The provider may have changed its keys since it was asked.
            Err(ClaimsVerificationError::SignatureVerification(_)) => match self.metadata_again(web, at) {
                Some(metadata) => self.verified(&metadata, &token, trip, at),
                None => return Err(Refusal::Unproven(Why::IdToken)),
            },
            verified => verified,
        };
        let subject = verified.map_err(|_| Refusal::Unproven(Why::IdToken))?;
        let sound = !subject.is_empty() && subject.len() <= MAX_SUBJECT && !subject.contains('\n');
        if sound { Ok(subject) } else { Err(Refusal::Unproven(Why::IdToken)) }
    }

    fn exchange(
        &self,
        web: &Web,
        metadata: &CoreProviderMetadata,
        code: &str,
        trip: &Trip,
    ) -> Result<CoreIdToken, Refusal> {
        let client = CoreClient::from_provider_metadata(metadata.clone(), self.client.clone(), self.secret.clone())
            .set_redirect_uri(self.comes_back.clone())
            .set_auth_type(auth_type(metadata));
        let request = client.exchange_code(AuthorizationCode::new(code.to_owned()));
        let request = request.map_err(|_| self.unreachable("it names no token endpoint".to_owned()))?;
        let answer = request.set_pkce_verifier(PkceCodeVerifier::new(trip.verifier.clone())).request(web);
        let answer = answer.map_err(|error| match error {
            RequestTokenError::ServerResponse(_) => Refusal::Unproven(Why::Provider),
            error => self.unreachable(chain(&error)),
        })?;
        answer.id_token().cloned().ok_or_else(|| self.unreachable("it gives no ID token".to_owned()))
    }

    fn verified(
        &self,
        metadata: &CoreProviderMetadata,
        token: &CoreIdToken,
        trip: &Trip,
        at: Timestamp,
    ) -> Result<String, ClaimsVerificationError> {
        let client = CoreClient::from_provider_metadata(metadata.clone(), self.client.clone(), None);
        let lenient = at + -SKEW_SECONDS;
        let instant = UNIX_EPOCH + Duration::from_secs(lenient.seconds().unsigned_abs());
        let latest = (at + SKEW_SECONDS).seconds();
        let is_issued =
            move |issued: i64| if issued <= latest { Ok(()) } else { Err("issued in the future".to_owned()) };
        let verifier = client
            .id_token_verifier()
            .set_allowed_algs(ALGORITHMS)
            .set_time_fn(move || instant.into())
            .set_issue_time_verifier_fn(move |issued| is_issued(issued.timestamp()));
        let claims = token.claims(&verifier, &Nonce::new(trip.nonce.clone()))?;
        Ok(claims.subject().as_str().to_owned())
    }
}

/// How the provider wants the secret: in a header where it takes that, else in the body.
fn auth_type(metadata: &CoreProviderMetadata) -> AuthType {
    let taken = metadata.token_endpoint_auth_methods_supported();
    let takes_header = taken.is_none_or(|taken| taken.contains(&CoreClientAuthMethod::ClientSecretBasic));
    if takes_header { AuthType::BasicAuth } else { AuthType::RequestBody }
}
