//! OpenPGP signatures over Release files (RFC 9580 §7 cleartext, §5.2 detached), judged as apt's gpgv method judges
//! them: one good signature by a trusted, living key is enough, and signatures by unknown keys do not spoil it.
//!
//! Out of scope: certification chains. A keyring file that apt trusts is trusted as it stands.

use pgp::composed::{Deserializable, DetachedSignature, SignedPublicKey, SignedPublicSubKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{Signature, SignatureType};
use pgp::ser::Serialize;
use pgp::types::{KeyDetails, PublicParams, VerifyingKey};
use seaworthy_model::{Reason, Timestamp};

use super::cleartext::Frame;

/// Smallest RSA modulus whose signature still counts, in bits.
const MIN_RSA_BITS: u16 = 2048;

/// Most signatures of one file that are tried, so that a crafted file cannot hold us up.
const MAX_SIGNATURES: usize = 16;

/// Most keys of one keyring file; Debian's has 20.
const MAX_KEYS: usize = 1024;

/// A signed text and the key that vouches for it.
#[derive(Debug)]
pub struct Verified {
    /// The text that was signed, with plain line ends; nothing outside the signature.
    pub text: String,
    /// Fingerprint of the primary key, upper-case hexadecimal.
    pub key: String,
    /// When the key, or its signing subkey, expires.
    pub expires: Option<Timestamp>,
}

/// Keys of one or more keyring files.
#[derive(Debug, Default)]
pub struct Keyring {
    keys: Vec<SignedPublicKey>,
    /// Who may sign; everybody where it is empty.
    signers: Vec<Signer>,
}

/// A key that a source names by its fingerprint.
#[derive(Debug)]
struct Signer {
    /// Upper-case hexadecimal.
    fingerprint: String,
    /// Not its subkeys.
    alone: bool,
}

impl Keyring {
    /// Adds the keys of a keyring file, binary or armoured, and passes over those that cannot be read.
    pub fn add(&mut self, bytes: &[u8]) {
        if let Ok((keys, _)) = SignedPublicKey::from_reader_many(bytes) {
            self.keys.extend(keys.take(MAX_KEYS).filter_map(Result::ok));
        }
    }

    /// Lets only these keys sign, named by fingerprint in any case: a primary key with its subkeys, a subkey alone, or
    /// with a trailing `!` that key and no other.
    pub fn limit(&mut self, fingerprints: &[String]) {
        self.signers.extend(fingerprints.iter().map(|name| Signer {
            fingerprint: name.trim_end_matches('!').to_ascii_uppercase(),
            alone: name.ends_with('!'),
        }));
    }

    fn may_sign(&self, key: &impl KeyDetails, primary: &impl KeyDetails) -> bool {
        let named =
            |signer: &Signer| signer.fingerprint == hex(key) || (!signer.alone && signer.fingerprint == hex(primary));
        self.signers.is_empty() || self.signers.iter().any(named)
    }

    /// Whether any copy of this key carries its own revocation.
    fn is_revoked(&self, key: &SignedPublicKey) -> bool {
        let copies = self.keys.iter().filter(|copy| copy.primary_key.fingerprint() == key.primary_key.fingerprint());
        copies.flat_map(|copy| &copy.details.revocation_signatures).any(|s| is_issuer(s, &key.primary_key))
    }

    /// Whether no key was found.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

/// Checks a clear-signed file (`InRelease`).
pub fn verify_cleartext(file: &[u8], keyring: &Keyring, now: Timestamp) -> Result<Verified, Reason> {
    let file = std::str::from_utf8(file).map_err(|_| Reason::Garbled)?;
    let frame = Frame::of(file)?;
    let good = first_good(&signatures(frame.armour.as_bytes())?, frame.hashed().as_bytes(), keyring, now)?;
    Ok(Verified { text: frame.text, key: good.key, expires: good.expires })
}

/// Checks a file (`Release`) with its detached signature (`Release.gpg`).
pub fn verify_detached(file: &[u8], signature: &[u8], keyring: &Keyring, now: Timestamp) -> Result<Verified, Reason> {
    let good = first_good(&signatures(signature)?, file, keyring, now)?;
    let text = String::from_utf8(file.to_vec()).map_err(|_| Reason::Garbled)?;
    Ok(Verified { text, key: good.key, expires: good.expires })
}

fn signatures(bytes: &[u8]) -> Result<Vec<Signature>, Reason> {
    let (signatures, _) = DetachedSignature::from_reader_many(bytes).map_err(|_| Reason::BadSignature)?;
    Ok(signatures.take(MAX_SIGNATURES).filter_map(Result::ok).map(|detached| detached.signature).collect())
}

/// A key that vouches.
struct Good {
    key: String,
    expires: Option<Timestamp>,
}

/// The key of the first signature that counts; else the most telling reason why none does.
fn first_good(signatures: &[Signature], data: &[u8], keyring: &Keyring, now: Timestamp) -> Result<Good, Reason> {
    let mut worst = Reason::KeyMissing;
    for signature in signatures {
        for key in &keyring.keys {
            match verify_by(signature, data, keyring, key, now) {
                Ok(expires) => return Ok(Good { key: hex(&key.primary_key), expires }),
                Err(Reason::KeyMissing) => {}
                Err(reason) => worst = reason,
            }
        }
    }
    if signatures.is_empty() { Err(Reason::Unsigned) } else { Err(worst) }
}

/// Checks one signature by one key or its signing subkeys; `KeyMissing` where it was made by neither.
fn verify_by(
    signature: &Signature,
    data: &[u8],
    keyring: &Keyring,
    key: &SignedPublicKey,
    now: Timestamp,
) -> Result<Option<Timestamp>, Reason> {
    let primary = &key.primary_key;
    let revoked = || if keyring.is_revoked(key) { Err(Reason::KeyExpired) } else { Ok(()) };
    if is_issuer(signature, primary) && keyring.may_sign(primary, primary) {
        verify_with(signature, data, primary, now)?;
        revoked()?;
        return primary_lives(key, now);
    }
    let is_its =
        |subkey: &&SignedPublicSubKey| is_issuer(signature, &subkey.key) && keyring.may_sign(&subkey.key, primary);
    let subkey = key.public_subkeys.iter().find(is_its).ok_or(Reason::KeyMissing)?;
    verify_with(signature, data, &subkey.key, now)?;
    revoked()?;
    let ends = [primary_lives(key, now)?, subkey_lives(key, subkey, now)?];
    Ok(ends.into_iter().flatten().min())
}

fn verify_with<K: VerifyingKey>(signature: &Signature, data: &[u8], key: &K, now: Timestamp) -> Result<(), Reason> {
    let kind = matches!(signature.typ(), Some(SignatureType::Text | SignatureType::Binary));
    if !kind || !is_strong_hash(signature) || !is_strong_key(key.public_params()) {
        return Err(Reason::BadSignature);
    }
    signature.verify(key, data).map_err(|_| Reason::BadSignature)?;
    let expires = signature.signature_expiration_time().map(|life| i64::from(life.as_secs()));
    if end(signature.created().map(|t| i64::from(t.as_secs())), expires).is_some_and(|end| end <= now) {
        return Err(Reason::BadSignature);
    }
    Ok(())
}

fn is_issuer(signature: &Signature, key: &impl KeyDetails) -> bool {
    let by_id = signature.issuer_key_id().iter().any(|id| **id == key.legacy_key_id());
    by_id || signature.issuer_fingerprint().iter().any(|fingerprint| **fingerprint == key.fingerprint())
}

fn is_strong_hash(signature: &Signature) -> bool {
    matches!(
        signature.hash_alg(),
        Some(
            HashAlgorithm::Sha256
                | HashAlgorithm::Sha384
                | HashAlgorithm::Sha512
                | HashAlgorithm::Sha3_256
                | HashAlgorithm::Sha3_512
        )
    )
}

fn is_strong_key(parameters: &PublicParams) -> bool {
    match parameters {
        // Written out, a key begins with the length of its modulus.
        PublicParams::RSA(rsa) => {
            let bits = rsa.to_bytes().ok().and_then(|bytes| bytes.first_chunk().copied().map(u16::from_be_bytes));
            bits.is_some_and(|bits| bits >= MIN_RSA_BITS)
        }
        PublicParams::DSA(_) => false,
        _ => true,
    }
}

/// The primary key has not expired, by its newest self-signature.
fn primary_lives(key: &SignedPublicKey, now: Timestamp) -> Result<Option<Timestamp>, Reason> {
    let details = &key.details;
    let certifications = details.users.iter().flat_map(|user| &user.signatures);
    let certifications = certifications.filter(|s| s.typ() != Some(SignatureType::CertRevocation));
    let newest = newest_own(certifications.chain(&details.direct_signatures), &key.primary_key);
    lives(&key.primary_key, newest, now)
}

/// The subkey is bound to its primary key for signing, and the primary key to it; it was not revoked and has not
/// expired.
fn subkey_lives(
    key: &SignedPublicKey,
    subkey: &SignedPublicSubKey,
    now: Timestamp,
) -> Result<Option<Timestamp>, Reason> {
    let primary = &key.primary_key;
    let is_revocation = |s: &&Signature| s.typ() == Some(SignatureType::SubkeyRevocation);
    if subkey.signatures.iter().filter(is_revocation).any(|revocation| is_issuer(revocation, primary)) {
        return Err(Reason::KeyExpired);
    }
    let bindings =
        subkey.signatures.iter().filter(|binding| binding.verify_subkey_binding(primary, &subkey.key).is_ok());
    let newest = newest_own(bindings, primary).ok_or(Reason::KeyMissing)?;
    let back = newest.embedded_signature();
    let bound_back = back.is_some_and(|back| back.verify_primary_key_binding(&subkey.key, primary).is_ok());
    if !newest.key_flags().sign() || !bound_back {
        return Err(Reason::KeyMissing);
    }
    lives(&subkey.key, Some(newest), now)
}

fn newest_own<'a>(signatures: impl Iterator<Item = &'a Signature>, primary: &impl KeyDetails) -> Option<&'a Signature> {
    signatures
        .filter(|signature| is_issuer(signature, primary))
        .max_by_key(|signature| signature.created().map(|created| created.as_secs()))
}

/// When a key ends, if it has not yet.
fn lives(key: &impl KeyDetails, newest: Option<&Signature>, now: Timestamp) -> Result<Option<Timestamp>, Reason> {
    let life = newest.and_then(Signature::key_expiration_time).map(|life| i64::from(life.as_secs()));
    match end(Some(i64::from(key.created_at().as_secs())), life) {
        Some(end) if end <= now => Err(Reason::KeyExpired),
        end => Ok(end),
    }
}

/// A life of zero seconds, or none, never ends (RFC 9580 §5.2.3.13).
fn end(start: Option<i64>, life: Option<i64>) -> Option<Timestamp> {
    let life = life.filter(|life| *life > 0)?;
    start.map(|start| Timestamp::from_seconds(start.saturating_add(life)))
}

fn hex(key: &impl KeyDetails) -> String {
    format!("{:X}", key.fingerprint())
}
