//! Fixed keys, a passing appraisal, and a forge: stamps made wrong on purpose, encoded and signed by other code than
//! ours (`ciborium`, `ring`), so that the two sides cannot share a mistake.

use ciborium::Value;
use data_encoding::HEXLOWER;
use ring::signature::Ed25519KeyPair;
use seaworthy_model::{Appraisal, Grade, PolicyId, Subject, Timeline, Timestamp, Verdict};
use seaworthy_stamp::{Fresh, Particulars, Passing, SigningKey, Stamp, StatusReference, Trust, issue};

pub(crate) const TYP: &str = "application/seaworthy-stamp+cwt";
pub(crate) const ISSUED: &str = "2026-11-22T10:00:00Z";
pub(crate) const EXPIRES: &str = "2027-05-21T10:00:00Z";

pub(crate) const DEVICE: u8 = 0x11;
pub(crate) const ORGANISATION: u8 = 0x22;
pub(crate) const LOG: u8 = 0x33;
pub(crate) const REVOCABLE: u8 = 0x44;
pub(crate) const STRANGER: u8 = 0x55;
pub(crate) const PRESENTER: u8 = 0x66;
pub(crate) const STATUS: u8 = 0x77;
/// Of another organisation.
pub(crate) const OTHER_STATUS: u8 = 0x88;

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32]).unwrap()
}

pub(crate) fn digest() -> String {
    "5a".repeat(32)
}

pub(crate) fn appraisal() -> Appraisal {
    Appraisal {
        policy: PolicyId { name: "six-month".into(), digest: digest() },
        timeline: Timeline::always(Verdict::Unknown)
            .then(time(ISSUED), Verdict::Pass)
            .then(time(EXPIRES), Verdict::Unknown),
        findings: vec![],
    }
}

pub(crate) fn particulars() -> Particulars {
    Particulars { subject: Subject::Device, grade: Grade::SelfAsserted, build: "0.1.0".into(), status: None }
}

pub(crate) fn status() -> StatusReference {
    StatusReference { index: 123_456, uri: "https://status.example/3".into() }
}

pub(crate) fn fresh() -> Fresh {
    Fresh { id: std::array::from_fn(|at| at as u8), presenter: key(PRESENTER).public() }
}

/// A good stamp by one of the fixed keys.
pub(crate) fn stamp(seed: u8, particulars: &Particulars) -> Stamp {
    issue(&Passing::new(&appraisal(), time(ISSUED)).unwrap(), particulars, &fresh(), &key(seed)).unwrap()
}

pub(crate) fn trust_toml() -> String {
    let record = |seed: u8, rest: &str| {
        let key = HEXLOWER.encode(key(seed).public().as_bytes());
        format!("[[trust]]\nkey = \"{key}\"\nalgorithm = \"Ed25519\"\n{rest}\n")
    };
    let organisation = format!(
        "role = \"organisation\"\nname = \"Example Harbour\"\nnot_before = \"2026-01-01\"\nnot_after = \"2028-01-01\"\n\
         highest_grade = \"inspector-observed\"\npolicies = [\"six-month@{}\", \"baseline\"]\n",
        digest()
    );
    [
        record(ORGANISATION, &organisation),
        record(LOG, "role = \"log\"\nname = \"Example Log\"\n"),
        record(REVOCABLE, "role = \"organisation\"\nname = \"Example Moorings\"\nstatus_list_required = true\n"),
        record(STATUS, "role = \"status-list\"\nname = \"Example Moorings\"\nnot_after = \"2028-01-01\"\n"),
        record(OTHER_STATUS, "role = \"status-list\"\nname = \"Example Harbour\"\n"),
    ]
    .join("\n")
}

/// The device's bare key, and the trust file.
pub(crate) fn trust() -> Trust {
    let mut trust = Trust::default();
    trust.add_file("device.pub", &key(DEVICE).public().to_pem()).unwrap();
    trust.add_file("trust.toml", &trust_toml()).unwrap();
    trust
}

// The forge.

pub(crate) fn int(value: i64) -> Value {
    Value::from(value)
}

pub(crate) fn text(value: &str) -> Value {
    Value::from(value)
}

pub(crate) fn bytes(value: &[u8]) -> Value {
    Value::Bytes(value.to_vec())
}

pub(crate) fn encoded(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

pub(crate) fn map(entries: Vec<(Value, Value)>) -> Value {
    Value::Map(entries)
}

/// The claims of a good stamp.
pub(crate) fn claims() -> Value {
    let thumbprinted =
        encoded(&map(vec![(int(1), int(1)), (int(-1), int(6)), (int(-2), bytes(key(PRESENTER).public().as_bytes()))]));
    let thumbprint = ring::digest::digest(&ring::digest::SHA256, &thumbprinted);
    let ours = map(vec![(int(0), int(1)), (int(1), int(0)), (int(2), int(0)), (int(3), bytes(&[0x5a; 32]))]);
    let device = map(vec![(int(1000), int(2)), (int(1003), Value::Array(vec![text("six-month")])), (int(1006), ours)]);
    map(vec![
        (int(4), int(time(EXPIRES).seconds())),
        (int(6), int(time(ISSUED).seconds())),
        (int(7), bytes(&fresh().id)),
        (int(8), map(vec![(int(5), bytes(thumbprint.as_ref()))])),
        (int(265), text("tag:ietf.org,2026:rats/ear#04")),
        (int(266), map(vec![(text("device"), device)])),
        (int(1000), int(2)),
        (int(1004), map(vec![(int(0), text("seaworthy")), (int(1), text("0.1.0"))])),
    ])
}

/// The entries of the map at a path of keys.
pub(crate) fn entries<'a>(value: &'a mut Value, path: &[Value]) -> &'a mut Vec<(Value, Value)> {
    let Value::Map(found) = value else { panic!("a map") };
    match path.split_first() {
        None => found,
        Some((first, rest)) => entries(&mut found.iter_mut().find(|(key, _)| key == first).expect("the key").1, rest),
    }
}

/// The path of the device's claims, and of our own.
pub(crate) fn device() -> Vec<Value> {
    vec![int(266), text("device")]
}

pub(crate) fn ours() -> Vec<Value> {
    vec![int(266), text("device"), int(1006)]
}

/// Good claims with one key set, in its right place.
pub(crate) fn with(path: &[Value], key: Value, value: Value) -> Vec<u8> {
    let mut claims = claims();
    let map = entries(&mut claims, path);
    map.retain(|(known, _)| *known != key);
    map.push((key, value));
    map.sort_by_key(|(key, _)| encoded(key));
    encoded(&claims)
}

/// Good claims without one key.
pub(crate) fn without(path: &[Value], key: &Value) -> Vec<u8> {
    let mut claims = claims();
    entries(&mut claims, path).retain(|(known, _)| known != key);
    encoded(&claims)
}

/// The protected header of a good stamp.
pub(crate) fn header(seed: u8) -> Vec<(Value, Value)> {
    vec![(int(1), int(-19)), (int(4), bytes(&key(seed).public().id().hint())), (int(16), text(TYP))]
}

/// Signs claims under a good header.
pub(crate) fn forge(seed: u8, claims: &[u8]) -> Vec<u8> {
    forge_under(seed, &encoded(&map(header(seed))), map(vec![]), claims)
}

/// Signs claims under any header.
pub(crate) fn forge_under(seed: u8, protected: &[u8], unprotected: Value, claims: &[u8]) -> Vec<u8> {
    let signed = encoded(&Value::Array(vec![text("Signature1"), bytes(protected), bytes(&[]), bytes(claims)]));
    let signature = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap().sign(&signed);
    let message = Value::Array(vec![bytes(protected), unprotected, bytes(claims), bytes(signature.as_ref())]);
    encoded(&Value::Tag(18, Box::new(message)))
}

/// Bytes with the first occurrence of some replaced.
pub(crate) fn replaced(whole: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let at = whole.windows(old.len()).position(|part| part == old).expect("the part");
    [&whole[..at], new, &whole[at + old.len()..]].concat()
}
