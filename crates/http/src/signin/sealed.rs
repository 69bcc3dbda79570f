//! What the browser carries from the first half of a ceremony to the second: encrypted and authenticated, for one
//! purpose, bound to what it was begun for, and worth nothing after [`CEREMONY_SECONDS`].
//!
//! Each token has a key of its own, derived (HKDF-SHA-256) from the sealer's key, a fresh 16-byte salt and the purpose,
//! so that no number of tokens wears the key out, and the AEAD's nonce may be constant.

use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use seaworthy_model::Timestamp;
use seaworthy_protocol::Digest;
use seaworthy_service::draw::Draw;

use super::{CEREMONY_SECONDS, Refusal, Why};

const SALT: usize = 16;
/// Longest token that is made or looked at, in characters.
const MAX_TOKEN: usize = 16 * 1024;

/// How far the clocks of servers beside each other may be apart: a token ends by the clock of whoever opens it.
const CLOCKS_APART: i64 = 3600;

/// Seals and opens, by the key of the moment. It never leaves it.
#[derive(Clone)]
pub struct Sealer {
    key: Arc<Key>,
}

type Key = dyn Fn() -> Result<[u8; 32], Refusal> + Send + Sync;

/// By which it is known that something was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// SHA-256 of the ceremony's token.
    pub digest: Digest,
    /// From when on the token is worth nothing on any server, and the mark can go.
    pub until: Timestamp,
}

/// What a token is for; one of another purpose does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Between the halves of registering a passkey.
    Register,
    /// Between the halves of signing in with one.
    Authenticate,
    /// While the browser is at a provider.
    OpenId,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Purpose::Register => b"seaworthy sign-in 1: register a passkey",
            Purpose::Authenticate => b"seaworthy sign-in 1: authenticate with a passkey",
            Purpose::OpenId => b"seaworthy sign-in 1: openid connect",
        }
    }
}

/// What a token held.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) content: Vec<u8>,
    /// By which it is known that it was used.
    pub(crate) mark: Mark,
}

impl Sealer {
    /// With a secret key.
    pub fn new(key: [u8; 32]) -> Sealer {
        Sealer::with(move || Ok(key))
    }

    /// With a secret key that may be another one each time: then what was sealed before does not open any more.
    pub fn with(key: impl Fn() -> Result<[u8; 32], Refusal> + Send + Sync + 'static) -> Sealer {
        Sealer { key: Arc::new(key) }
    }

    /// Seals content for a purpose, bound to what the ceremony is about.
    pub(crate) fn seal(
        &self,
        purpose: Purpose,
        bound_to: &[u8],
        content: &[u8],
        at: Timestamp,
        draw: &mut Draw<'_>,
    ) -> Result<String, Refusal> {
        let salt: [u8; SALT] = draw().first_chunk().copied().unwrap_or_default();
        let until = at + CEREMONY_SECONDS;
        let mut inner = until.seconds().to_be_bytes().to_vec();
        inner.extend_from_slice(content);
        let key = self.derived(purpose, &salt)?;
        let sealed = key.seal_in_place_append_tag(nonce(), Aad::from(bound_to), &mut inner);
        sealed.map_err(|_| Refusal::Fault("sealing failed"))?;
        let token = BASE64URL_NOPAD.encode(&[&salt, inner.as_slice()].concat());
        if token.len() > MAX_TOKEN { Err(Refusal::Unfit("too much to carry along")) } else { Ok(token) }
    }

    /// Opens a token of this purpose and binding, if it has not ended.
    pub(crate) fn open(
        &self,
        purpose: Purpose,
        bound_to: &[u8],
        token: &str,
        at: Timestamp,
    ) -> Result<Opened, Refusal> {
        let no = Refusal::Unproven(Why::Token);
        let raw = Some(token).filter(|token| token.len() <= MAX_TOKEN);
        let raw = raw.and_then(|token| BASE64URL_NOPAD.decode(token.as_bytes()).ok()).ok_or(no.clone())?;
        let digest = Digest::of(&raw);
        let (salt, sealed) = raw.split_first_chunk::<SALT>().ok_or(no.clone())?;
        let mut sealed = sealed.to_vec();
        let key = self.derived(purpose, salt)?;
        let opened = key.open_in_place(nonce(), Aad::from(bound_to), &mut sealed).map_err(|_| no.clone())?;
        let (until, content) = opened.split_first_chunk::<8>().ok_or(no)?;
        let until = Timestamp::from_seconds(i64::from_be_bytes(*until));
        if at >= until {
            return Err(Refusal::Unproven(Why::Expired));
        }
        Ok(Opened { content: content.to_vec(), mark: Mark { digest, until: until + CLOCKS_APART } })
    }

    fn derived(&self, purpose: Purpose, salt: &[u8; SALT]) -> Result<LessSafeKey, Refusal> {
        let extracted = Salt::new(HKDF_SHA256, salt).extract(&(self.key)()?);
        let label = [purpose.label()];
        let expanded = extracted.expand(&label, &CHACHA20_POLY1305);
        let expanded = expanded.map_err(|_| Refusal::Fault("no key could be derived"))?;
        Ok(LessSafeKey::new(UnboundKey::from(expanded)))
    }
}

fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const AT: Timestamp = Timestamp::from_seconds(1_700_000_000);

    fn sealer() -> Sealer {
        Sealer::new([1; 32])
    }

    fn token() -> String {
        sealer().seal(Purpose::Register, b"invitation", b"state", AT, &mut || [9; 32]).unwrap()
    }

    #[test]
    fn opens_for_its_purpose_and_binding_while_it_lasts() {
        let check = |sealer: &Sealer, purpose, bound: &[u8], token: &str, after, expected: Result<&[u8], Why>| {
            let opened = sealer.open(purpose, bound, token, AT + after).map(|opened| opened.content);
            assert_eq!(opened, expected.map(<[u8]>::to_vec).map_err(Refusal::Unproven));
        };
        let (ours, token) = (sealer(), token());
        check(&ours, Purpose::Register, b"invitation", &token, 0, Ok(b"state"));
        check(&ours, Purpose::Register, b"invitation", &token, CEREMONY_SECONDS - 1, Ok(b"state"));
        check(&ours, Purpose::Register, b"invitation", &token, CEREMONY_SECONDS, Err(Why::Expired));
        check(&ours, Purpose::Authenticate, b"invitation", &token, 0, Err(Why::Token));
        check(&ours, Purpose::Register, b"another", &token, 0, Err(Why::Token));
        check(&Sealer::new([2; 32]), Purpose::Register, b"invitation", &token, 0, Err(Why::Token));
        check(&ours, Purpose::Register, b"invitation", "", 0, Err(Why::Token));
        check(&ours, Purpose::Register, b"invitation", &"A".repeat(MAX_TOKEN + 1), 0, Err(Why::Token));
    }

    #[test]
    fn no_token_grows_without_bound() {
        let sealed = sealer().seal(Purpose::OpenId, b"", &[0; MAX_TOKEN], AT, &mut || [9; 32]);
        assert!(matches!(sealed, Err(Refusal::Unfit(_))));
    }

    proptest! {
        #[test]
        fn one_changed_character_is_noticed(place in 0_usize..80, other in "[A-Za-z0-9_-]") {
            let token = token();
            let place = place % token.len();
            prop_assume!(token[place..=place] != other);
            let changed = format!("{}{other}{}", &token[..place], &token[place + 1..]);
            let opened = sealer().open(Purpose::Register, b"invitation", &changed, AT);
            prop_assert_eq!(opened.map(|opened| opened.content), Err(Refusal::Unproven(Why::Token)));
        }

        #[test]
        fn any_text_is_refused_without_a_fault(text in ".{0,200}") {
            prop_assert!(sealer().open(Purpose::OpenId, b"", &text, AT).is_err());
        }
    }
}
