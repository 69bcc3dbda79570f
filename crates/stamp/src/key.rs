//! Ed25519 keys: the signing key of a device or an organisation, and the public keys that a checker trusts.
//!
//! Private keys are PKCS#8 (RFC 8410) in PEM, public keys SubjectPublicKeyInfo in PEM, so that `openssl` reads both; a
//! public key may also be given as 64 hexadecimal digits. Whoever calls brings the random bytes. Nothing here says
//! which algorithm a message names: the key decides (RFC 9864's `Ed25519`, never the header).

use std::fmt;

use data_encoding::{BASE64, HEXLOWER, HEXLOWER_PERMISSIVE};
use ring::digest::{SHA256, digest};
use ring::hkdf::{HKDF_SHA256, Salt};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use crate::cbor::Writer;

/// What stands before the 32 bytes of a private key in its DER form (RFC 8410 §7).
const PRIVATE_PREFIX: &[u8] = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
/// What stands before the 32 bytes of a public key in its DER form (RFC 8410 §4).
const PUBLIC_PREFIX: &[u8] = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";
/// Longest key file that is read.
const MAX_KEY_FILE: usize = 16 * 1024;

/// The y-coordinates of the points of small order, lowest byte first and without the sign: a signature under such a key proves nothing.
const SMALL_ORDER: [&str; 4] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
];

/// Why a text is not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFault {
    /// Neither PEM nor 64 hexadecimal digits.
    NotAKey,
    /// A private key where a public one is asked for.
    Private,
    /// A public key where a private one is asked for.
    Public,
    /// A PEM block of another kind, such as a certificate.
    OtherBlock,
    /// PEM whose inside is not base64, or is cut short.
    Damaged,
    /// A key of another algorithm than Ed25519.
    OtherAlgorithm,
    /// A key under which anybody can sign, or no point of the curve's canonical form.
    Weak,
}

impl fmt::Display for KeyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            KeyFault::NotAKey => "neither a PEM block nor 64 hexadecimal digits",
            KeyFault::Private => "a private key; give its public key, and keep this one secret",
            KeyFault::Public => "a public key; the private key is needed here",
            KeyFault::OtherBlock => "a PEM block, but not a key as openssl writes it (BEGIN PUBLIC KEY)",
            KeyFault::Damaged => "a PEM block whose content is damaged",
            KeyFault::OtherAlgorithm => "a key of another algorithm; only Ed25519 is used",
            KeyFault::Weak => "a key that proves nothing: anybody can sign under it",
        })
    }
}

impl std::error::Error for KeyFault {}

/// An Ed25519 public key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Takes the 32 bytes of RFC 8032, unless anybody could sign under them.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<PublicKey, KeyFault> {
        let mut unsigned = bytes;
        if let Some(last) = unsigned.last_mut() {
            *last &= 0x7f;
        }
        let hex = HEXLOWER.encode(&unsigned);
        let beyond_the_field =
            matches!(unsigned, [0xec..=0xff, middle @ .., 0x7f] if middle.iter().all(|&byte| byte == 0xff));
        if beyond_the_field || SMALL_ORDER.contains(&hex.as_str()) { Err(KeyFault::Weak) } else { Ok(PublicKey(bytes)) }
    }

    /// Reads a key file: PEM as openssl writes it, or 64 hexadecimal digits.
    pub fn parse(text: &str) -> Result<PublicKey, KeyFault> {
        let text = text.trim();
        if let Ok(bytes) = HEXLOWER_PERMISSIVE.decode(text.as_bytes()) {
            return PublicKey::from_bytes(bytes.try_into().map_err(|_| KeyFault::NotAKey)?);
        }
        let der = match pem(text)? {
            ("PUBLIC KEY", der) => der,
            ("PRIVATE KEY", _) => return Err(KeyFault::Private),
            _ => return Err(KeyFault::OtherBlock),
        };
        let key = der.strip_prefix(PUBLIC_PREFIX).ok_or(KeyFault::OtherAlgorithm)?;
        PublicKey::from_bytes(key.try_into().map_err(|_| KeyFault::Damaged)?)
    }

    /// SubjectPublicKeyInfo in PEM, with a line end.
    pub fn to_pem(&self) -> String {
        to_pem("PUBLIC KEY", PUBLIC_PREFIX, &self.0)
    }

    /// The 32 bytes of RFC 8032.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// SHA-256 of the key: the name of the device or organisation that holds it.
    pub fn id(&self) -> KeyId {
        KeyId(sha256(&self.0))
    }

    /// The COSE key thumbprint of RFC 9679: SHA-256 of the deterministic {1: OKP, -1: Ed25519, -2: key}.
    pub fn thumbprint(&self) -> [u8; 32] {
        let mut writer = Writer::with_capacity(40);
        writer.map(3).integer(1).integer(1).integer(-1).integer(6).integer(-2).byte_string(&self.0);
        sha256(&writer.into_bytes())
    }

    /// Whether the signature over the message was made with this key's private half.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(message, signature).is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", HEXLOWER.encode(&self.0))
    }
}

/// SHA-256 of a public key. Written in full as 64 hexadecimal digits; shown short as the first 16.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId([u8; 32]);

impl KeyId {
    /// The 32 bytes of the SHA-256.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The eight bytes that a message carries as a hint (`kid`).
    pub fn hint(&self) -> [u8; 8] {
        self.0.first_chunk().copied().unwrap_or_default()
    }

    /// The first 16 hexadecimal digits: the hint, for people.
    pub fn short(&self) -> String {
        HEXLOWER.encode(&self.hint())
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

/// An Ed25519 private key with its public half.
pub struct SigningKey {
    seed: [u8; 32],
    pair: Ed25519KeyPair,
    public: PublicKey,
}

impl SigningKey {
    /// The key of a seed: 32 bytes from the system's random source, drawn by the caller.
    pub fn from_seed(seed: &[u8; 32]) -> Result<SigningKey, KeyFault> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeyFault::Damaged)?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| KeyFault::Damaged)?;
        Ok(SigningKey { seed: *seed, pair, public: PublicKey::from_bytes(public)? })
    }

    /// Reads a private key file: PKCS#8 in PEM, as `seaworthy` and `openssl genpkey -algorithm ed25519` write it.
    pub fn parse(text: &str) -> Result<SigningKey, KeyFault> {
        let der = match pem(text.trim())? {
            ("PRIVATE KEY", der) => der,
            ("PUBLIC KEY", _) => return Err(KeyFault::Public),
            _ => return Err(KeyFault::OtherBlock),
        };
        let seed = der.strip_prefix(PRIVATE_PREFIX).ok_or(KeyFault::OtherAlgorithm)?;
        SigningKey::from_seed(seed.try_into().map_err(|_| KeyFault::Damaged)?)
    }

    /// PKCS#8 in PEM, with a line end. Whoever writes it to a file sees to mode 0600.
    pub fn to_pem(&self) -> String {
        to_pem("PRIVATE KEY", PRIVATE_PREFIX, &self.seed)
    }

    /// The public half.
    pub const fn public(&self) -> PublicKey {
        self.public
    }

    /// A secret that whoever has this key can work out, and nobody else (HKDF-SHA-256): for a purpose other than
    /// signing, another one for each purpose.
    pub fn derived(&self, purpose: &str) -> Result<[u8; 32], KeyFault> {
        let extracted = Salt::new(HKDF_SHA256, &[]).extract(&self.seed);
        let (label, mut secret) = ([purpose.as_bytes()], [0; 32]);
        let expanded = extracted.expand(&label, HKDF_SHA256).and_then(|expanded| expanded.fill(&mut secret));
        expanded.map(|()| secret).map_err(|_| KeyFault::Damaged)
    }

    /// The signature over the text of a log's note, which says itself what it is: no COSE message is such a text.
    pub fn sign_note(&self, text: &[u8]) -> [u8; 64] {
        // A signature of Ed25519 has 64 bytes.
        self.pair.sign(text).as_ref().first_chunk().copied().unwrap_or([0; 64])
    }

    /// The 64 bytes of the signature.
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }
}

/// Shows the public half only.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(of {:?})", self.public)
    }
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut sum = [0; 32];
    sum.iter_mut().zip(digest(&SHA256, bytes).as_ref()).for_each(|(to, from)| *to = *from);
    sum
}

/// The label and content of the one PEM block that the text is.
fn pem(text: &str) -> Result<(&str, Vec<u8>), KeyFault> {
    if text.len() > MAX_KEY_FILE {
        return Err(KeyFault::NotAKey);
    }
    let text = text.strip_prefix("-----BEGIN ").ok_or(KeyFault::NotAKey)?;
    let (label, rest) = text.split_once("-----").ok_or(KeyFault::Damaged)?;
    let body = rest.strip_suffix("-----").and_then(|rest| rest.strip_suffix(label)).ok_or(KeyFault::Damaged)?;
    let body = body.strip_suffix("-----END ").ok_or(KeyFault::Damaged)?;
    let packed: String = body.split_ascii_whitespace().collect();
    BASE64.decode(packed.as_bytes()).map(|der| (label, der)).map_err(|_| KeyFault::Damaged)
}

fn to_pem(label: &str, prefix: &[u8], key: &[u8]) -> String {
    // 44 or 48 bytes are 64 base64 digits at most: one line.
    let body = BASE64.encode(&[prefix, key].concat());
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_seed(&[7; 32]).unwrap()
    }

    #[test]
    fn keys_read_back_from_their_files() {
        let read = SigningKey::parse(&key().to_pem()).unwrap();
        assert_eq!(read.public(), key().public());
        assert_eq!(PublicKey::parse(&key().public().to_pem()), Ok(key().public()));
        let hex = HEXLOWER.encode(key().public().as_bytes());
        assert_eq!(PublicKey::parse(&format!(" {}\n", hex.to_uppercase())), Ok(key().public()));
    }

    #[test]
    fn what_is_no_public_key_says_why() {
        let says = |text: &str| PublicKey::parse(text).unwrap_err();
        assert_eq!(says("hello"), KeyFault::NotAKey);
        assert_eq!(says("abcd"), KeyFault::NotAKey);
        assert_eq!(says(&key().to_pem()), KeyFault::Private);
        assert_eq!(says("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"), KeyFault::OtherBlock);
        assert_eq!(says("-----BEGIN PUBLIC KEY-----\n!\n-----END PUBLIC KEY-----"), KeyFault::Damaged);
        assert_eq!(says("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"), KeyFault::OtherAlgorithm);
        assert_eq!(says(&"00".repeat(32)), KeyFault::Weak);
        assert_eq!(says(&format!("ed{}7f", "ff".repeat(30))), KeyFault::Weak);
        assert_eq!(SigningKey::parse(&key().public().to_pem()).unwrap_err(), KeyFault::Public);
    }

    #[test]
    fn a_private_key_is_never_shown() {
        assert!(!format!("{:?}", key()).contains("0707"));
    }
}
