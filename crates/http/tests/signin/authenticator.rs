//! An authenticator in software: makes P-256 keys, and really signs. What it says can be bent, to see that it is noticed.

use data_encoding::BASE64URL_NOPAD;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

/// The person touched it, and was verified.
pub const PRESENT_AND_VERIFIED: u8 = 0x05;
/// The person touched it.
pub const PRESENT: u8 = 0x01;
/// A new key follows.
const ATTESTED: u8 = 0x40;

/// One passkey on it.
pub struct Authenticator {
    key: EcdsaKeyPair,
    id: [u8; 32],
    user: String,
    pub counter: u32,
    pub flags: u8,
    /// What the browser says of the page that asked.
    pub origin: String,
    /// The name that the passkey belongs to.
    pub rp_id: String,
}

impl Authenticator {
    pub fn new(origin: &str, rp_id: &str) -> Authenticator {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap();
        let id = ring::rand::generate(&random).unwrap().expose();
        let (origin, rp_id) = (origin.to_owned(), rp_id.to_owned());
        Authenticator { key, id, user: String::new(), counter: 1, flags: PRESENT_AND_VERIFIED, origin, rp_id }
    }

    pub fn id(&self) -> &[u8] {
        &self.id
    }

    /// Answers `navigator.credentials.create`, as `credential.toJSON()` does.
    pub fn create(&mut self, options: &Value) -> Value {
        self.user = options["user"]["id"].as_str().unwrap().to_owned();
        let object = [
            &[0xa3][..],
            &text("fmt"),
            &text("none"),
            &text("attStmt"),
            &[0xa0],
            &text("authData"),
            &bytes(&[self.data(self.flags | ATTESTED), self.attested()].concat()),
        ];
        let id = BASE64URL_NOPAD.encode(&self.id);
        json!({
            "id": id, "rawId": id, "type": "public-key", "authenticatorAttachment": "platform",
            "clientExtensionResults": { "credProps": { "rk": true } },
            "response": {
                "clientDataJSON": BASE64URL_NOPAD.encode(&self.client_data("webauthn.create", options)),
                "attestationObject": BASE64URL_NOPAD.encode(&object.concat()),
                "transports": ["internal"],
            },
        })
    }

    /// Answers `navigator.credentials.get`, as `credential.toJSON()` does.
    pub fn get(&self, options: &Value) -> Value {
        let client_data = self.client_data("webauthn.get", options);
        let data = self.data(self.flags);
        let signed = [data.as_slice(), digest(&SHA256, &client_data).as_ref()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        let id = BASE64URL_NOPAD.encode(&self.id);
        json!({
            "id": id, "rawId": id, "type": "public-key", "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": BASE64URL_NOPAD.encode(&client_data),
                "authenticatorData": BASE64URL_NOPAD.encode(&data),
                "signature": BASE64URL_NOPAD.encode(signature.as_ref()),
                "userHandle": self.user,
            },
        })
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let said = json!({
            "type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false,
        });
        serde_json::to_vec(&said).unwrap()
    }

    /// WebAuthn §6.1: hash of the RP's name, flags, counter.
    fn data(&self, flags: u8) -> Vec<u8> {
        let hash = digest(&SHA256, self.rp_id.as_bytes());
        [hash.as_ref(), &[flags], &self.counter.to_be_bytes()].concat()
    }

    /// WebAuthn §6.5.1: model, id, public key as COSE_Key.
    fn attested(&self) -> Vec<u8> {
        let public = self.key.public_key().as_ref();
        let (x, y) = (&public[1..33], &public[33..]);
        // {1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: x, -3: y}
        let key = [&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21][..], &bytes(x), &[0x22], &bytes(y)].concat();
        [&[0; 16][..], &32_u16.to_be_bytes(), &self.id, &key].concat()
    }
}

/// CBOR of a short text.
fn text(text: &str) -> Vec<u8> {
    [&[0x60 | u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

/// CBOR of up to 255 bytes.
fn bytes(bytes: &[u8]) -> Vec<u8> {
    [&[0x58, u8::try_from(bytes.len()).unwrap()], bytes].concat()
}
