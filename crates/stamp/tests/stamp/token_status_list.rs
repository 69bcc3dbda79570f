//! The examples of the draft (draft-ietf-oauth-status-list): its lists say what its tables say, in both encodings; its
//! tokens are signed by the key that it gives, and carry the lists that they name.

use ciborium::Value;
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use seaworthy_stamp::Statuses;
use seaworthy_testkit::vectors;
use serde_json::Value as Json;

use crate::kit::*;

fn read() -> Option<Json> {
    Some(serde_json::from_slice(&std::fs::read(vectors("token-status-list/vectors.json")?).unwrap()).unwrap())
}

fn base64(text: &Json) -> Vec<u8> {
    BASE64URL_NOPAD.decode(text.as_str().unwrap().as_bytes()).unwrap()
}

fn hex(text: &Json) -> Vec<u8> {
    HEXLOWER.decode(text.as_str().unwrap().as_bytes()).unwrap()
}

fn field<'a>(map: &'a Value, key: &Value) -> &'a Value {
    &map.as_map().unwrap().iter().find(|(name, _)| name == key).unwrap().1
}

/// Whether the draft's key signed this with ES256, which is none of our algorithms.
fn signed(vectors: &Json, message: &[u8], signature: &[u8]) -> bool {
    let jwk = &vectors["key_jwk"];
    let point = [vec![4], base64(&jwk["x"]), base64(&jwk["y"])].concat();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok()
}

/// The claims of a CWT, once its signature is verified.
fn claims(vectors: &Json, name: &str) -> Value {
    let message: Value = ciborium::from_reader(hex(&vectors[name]["cose_sign1_hex"]).as_slice()).unwrap();
    let (tag, parts) = message.as_tag().unwrap();
    let parts = parts.as_array().unwrap();
    assert_eq!((tag, parts.len()), (18, 4));
    let [protected, payload] = [&parts[0], &parts[2]];
    let covered = Value::Array(vec![text("Signature1"), protected.clone(), bytes(&[]), payload.clone()]);
    assert!(signed(vectors, &encoded(&covered), parts[3].as_bytes().unwrap()), "{name}");
    ciborium::from_reader(payload.as_bytes().unwrap().as_slice()).unwrap()
}

#[test]
fn the_lists_say_what_the_tables_say() {
    let Some(vectors) = read() else { return };
    let encodings = vectors["encodings"].as_array().unwrap();
    assert_eq!(encodings.len(), 4);
    for encoding in encodings {
        let bits = encoding["bits"].as_u64().unwrap();
        let cbor: Value = ciborium::from_reader(hex(&encoding["cbor_hex"]).as_slice()).unwrap();
        assert_eq!(field(&cbor, &text("bits")), &int(i64::try_from(bits).unwrap()));
        let statuses = Statuses::unpack(bits, &base64(&encoding["json"]["lst"])).unwrap();
        assert_eq!(Statuses::unpack(bits, field(&cbor, &text("lst")).as_bytes().unwrap()).unwrap(), statuses);
        let size = encoding["size"].as_u64().unwrap();
        let set: serde_json::Map<_, _> = (0..size)
            .filter_map(|place| Some((place, statuses.at(place)?)).filter(|(_, status)| *status != 0))
            .map(|(place, status)| (place.to_string(), status.into()))
            .collect();
        assert_eq!(Json::Object(set), encoding["nonzero"], "{bits} bits");
        assert_eq!(statuses.at(size), None);
    }
}

#[test]
fn the_token_as_cwt_has_the_list_that_its_stamp_names() {
    let Some(vectors) = read() else { return };
    let token = claims(&vectors, "status_list_cwt");
    let inner = field(&token, &int(65_533));
    assert_eq!(field(inner, &text("bits")), &int(1));
    let statuses = Statuses::unpack(1, field(inner, &text("lst")).as_bytes().unwrap()).unwrap();
    assert_eq!(places(&statuses), EXAMPLE);
    let referenced = claims(&vectors, "referenced_token_cwt");
    let status = field(field(&referenced, &int(65_535)), &text("status_list"));
    assert_eq!(field(status, &text("uri")), field(&token, &int(2)));
    let place = field(status, &text("idx")).as_integer().unwrap();
    assert!(statuses.at(place.try_into().unwrap()).is_some());
    // The order of its keys is none of ours, as its algorithm: to a checker of ours it is no list.
    let whole = hex(&vectors["status_list_cwt"]["cose_sign1_hex"]);
    assert_eq!(trust().add_status_list(&whole).unwrap_err().code().name(), "status-list-broken");
}

#[test]
fn the_token_as_jwt_has_the_same_list() {
    let Some(vectors) = read() else { return };
    let token = vectors["status_list_jwt"].as_str().unwrap();
    let (covered, signature) = token.rsplit_once('.').unwrap();
    let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
    assert!(signed(&vectors, covered.as_bytes(), &signature));
    let (_, payload) = covered.split_once('.').unwrap();
    let claims: Json = serde_json::from_slice(&BASE64URL_NOPAD.decode(payload.as_bytes()).unwrap()).unwrap();
    let list = &claims["status_list"];
    assert_eq!(places(&Statuses::unpack(list["bits"].as_u64().unwrap(), &base64(&list["lst"])).unwrap()), EXAMPLE);
}

/// The statuses of the draft's example of one bit (its section 4.1).
const EXAMPLE: [u8; 16] = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1];

fn places(statuses: &Statuses) -> Vec<u8> {
    (0..).map_while(|place| statuses.at(place)).collect()
}
