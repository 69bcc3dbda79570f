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

/// Smallest RSA modulus whose signature still counts, in bytes.
const MIN_RSA_BYTES: usize = 2048 / 8;

/// What an RSA key's two numbers take beside its modulus: their two lengths and a usual exponent.
const RSA_OVERHEAD_BYTES: usize = 2 + 2 + 3;

/// Most signatures of one file that are tried, so that a crafted file cannot hold us up.
const MAX_SIGNATURES: usize = 16;

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
}

impl Keyring {
    /// Adds the keys of a keyring file, binary or armoured. Packets that are not keys end the file's reading; the keys
    /// before them count.
    pub fn add(&mut self, bytes: &[u8]) {
        if let Ok((keys, _)) = SignedPublicKey::from_reader_many(bytes) {
            self.keys.extend(keys.map_while(Result::ok));
        }
    }

    /// Keeps only keys with one of these fingerprints (of the primary key or of a subkey), hexadecimal in any case;
    /// a trailing `!` as in apt's Signed-By is accepted.
    pub fn keep(&mut self, fingerprints: &[String]) {
        let wanted: Vec<String> = fingerprints.iter().map(|f| f.trim_end_matches('!').to_ascii_uppercase()).collect();
        self.keys.retain(|key| {
            wanted.contains(&hex(&key.primary_key))
                || key.public_subkeys.iter().any(|subkey| wanted.contains(&hex(&subkey.key)))
        });
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
    Ok(signatures.take(MAX_SIGNATURES).map_while(Result::ok).map(|detached| detached.signature).collect())
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
            match verify_by(signature, data, key, now) {
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
    key: &SignedPublicKey,
    now: Timestamp,
) -> Result<Option<Timestamp>, Reason> {
    if is_issuer(signature, &key.primary_key) {
        verify_with(signature, data, &key.primary_key, now)?;
        return primary_lives(key, now);
    }
    let subkey = key.public_subkeys.iter().find(|subkey| is_issuer(signature, &subkey.key)).ok_or(Reason::KeyMissing)?;
    verify_with(signature, data, &subkey.key, now)?;
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
        PublicParams::RSA(rsa) => rsa.write_len() >= MIN_RSA_BYTES + RSA_OVERHEAD_BYTES,
        PublicParams::DSA(_) => false,
        _ => true,
    }
}

/// The primary key was not revoked and has not expired, by its newest self-signature.
fn primary_lives(key: &SignedPublicKey, now: Timestamp) -> Result<Option<Timestamp>, Reason> {
    let details = &key.details;
    if details.revocation_signatures.iter().any(|revocation| revocation.verify_key(&key.primary_key).is_ok()) {
        return Err(Reason::KeyExpired);
    }
    let certifications = details.users.iter().flat_map(|user| &user.signatures);
    let newest = newest_own(certifications.chain(&details.direct_signatures), &key.primary_key);
    lives(&key.primary_key, newest, now)
}

/// The subkey is bound to its primary key for signing, was not revoked and has not expired.
fn subkey_lives(
    key: &SignedPublicKey,
    subkey: &SignedPublicSubKey,
    now: Timestamp,
) -> Result<Option<Timestamp>, Reason> {
    let good = |signature: &&Signature| signature.verify_subkey_binding(&key.primary_key, &subkey.key).is_ok();
    let bindings: Vec<&Signature> = subkey.signatures.iter().filter(good).collect();
    if bindings.iter().any(|signature| signature.typ() == Some(SignatureType::SubkeyRevocation)) {
        return Err(Reason::KeyExpired);
    }
    let newest = newest_own(bindings.into_iter(), &key.primary_key).ok_or(Reason::KeyMissing)?;
    if !newest.key_flags().sign() {
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
