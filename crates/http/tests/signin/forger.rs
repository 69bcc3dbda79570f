//! A provider that says whatever a test wants, and signs it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use data_encoding::BASE64URL_NOPAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

/// What it answers just now.
pub struct Says {
    pub key: EcdsaKeyPair,
    /// Status and body of the token endpoint.
    pub token: (u16, String),
    pub endpoints: Value,
    /// The paths that were asked for.
    pub asked: Vec<String>,
}

pub struct Forger {
    pub issuer: String,
    pub says: Arc<Mutex<Says>>,
    listening: Option<JoinHandle<()>>,
}

pub fn key() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap()
}

impl Forger {
    pub fn start() -> Forger {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let endpoints = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/keys"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
        });
        let says = Says { key: key(), token: (500, String::new()), endpoints, asked: Vec::new() };
        let says = Arc::new(Mutex::new(says));
        let shared = says.clone();
        let listening = Some(thread::spawn(move || listen(&listener, &shared)));
        Forger { issuer, says, listening }
    }

    /// Signs a token as the key that it says it has.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = self.says.lock().unwrap().key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", BASE64URL_NOPAD.encode(signature.as_ref()))
    }

    /// Answers the next codes with this token.
    pub fn hand_out(&self, token: &str) {
        let answer = json!({ "access_token": "a", "token_type": "Bearer", "id_token": token });
        self.says.lock().unwrap().token = (200, answer.to_string());
    }

    pub fn asked_for(&self, path: &str) -> usize {
        self.says.lock().unwrap().asked.iter().filter(|asked| *asked == path).count()
    }
}

impl Drop for Forger {
    fn drop(&mut self) {
        let address = self.issuer.trim_start_matches("http://");
        if let Ok(mut stream) = TcpStream::connect(address) {
            let _ = stream.write_all(b"GET /end HTTP/1.1\r\n\r\n");
        }
        let _ = self.listening.take().map(JoinHandle::join);
    }
}

fn listen(listener: &TcpListener, says: &Mutex<Says>) {
    for stream in listener.incoming() {
        let Some(path) = stream.ok().and_then(|mut stream| answer(&mut stream, says)) else { continue };
        if path == "/end" {
            return;
        }
    }
}

fn answer(stream: &mut TcpStream, says: &Mutex<Says>) -> Option<String> {
    let path = request(stream)?;
    let mut says = says.lock().unwrap();
    says.asked.push(path.clone());
    let (status, body) = match path.as_str() {
        "/.well-known/openid-configuration" => (200, says.endpoints.to_string()),
        "/keys" => (200, keys(&says.key).to_string()),
        "/token" => says.token.clone(),
        _ => (404, String::new()),
    };
    let head = format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nlocation: {path}\r\n");
    let length = format!("content-length: {}\r\nconnection: close\r\n\r\n", body.len());
    let _ = stream.write_all([head, length, body].concat().as_bytes());
    Some(path)
}

fn request(stream: &mut TcpStream) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first).ok()?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(told) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = told.trim().parse().ok()?;
        }
    }
    reader.take(length).read_to_end(&mut Vec::new()).ok()?;
    first.split(' ').nth(1).map(str::to_owned)
}

/// Its key, among others that are for something else or of a kind that nobody here knows, as real providers have them.
fn keys(key: &EcdsaKeyPair) -> Value {
    let public = key.public_key().as_ref();
    let part = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
    json!({ "keys": [
        { "kty": "XX", "kid": "unknown", "use": "sig" },
        { "kty": "RSA", "kid": "sealing", "use": "enc", "alg": "RSA-OAEP", "n": part(&[0x81; 256]), "e": "AQAB" },
        {
            "kty": "EC", "crv": "P-256", "kid": "one", "use": "sig", "alg": "ES256",
            "x": part(&public[1..33]), "y": part(&public[33..]),
        },
    ] })
}
