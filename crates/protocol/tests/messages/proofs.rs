//! A stamp in a log, its proof and a policy: what they prove, and that no byte of them can be another one. The tree is
//! worked out by the words of RFC 6962 §2.1, and not by the code that is tried.

use std::fs;

use proptest::prelude::*;
use ring::signature::Ed25519KeyPair;
use seaworthy_protocol::{LeafKind, LogEntry, ProofError, Proven, Salt, extra, prove};
use seaworthy_stamp::Stamp;
use seaworthy_tlog::{Algorithm, Checkpoint, Hash, LogProof, Policy, Signer, VerifierKey, cosign};
use serde_json::json;

use crate::vectors::{folder, hold_in};

pub const ORIGIN: &str = "log.example/log/1325b850c2871916";
const INDEX: usize = 3;
const SIZE: usize = 7;

pub struct Key {
    pub public: VerifierKey,
    pair: Ed25519KeyPair,
}

impl Key {
    pub fn new(name: &str, algorithm: Algorithm, seed: u8) -> Key {
        use ring::signature::KeyPair;
        let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
        Key { public: VerifierKey::new(name, algorithm, pair.public_key().as_ref()).unwrap(), pair }
    }
}

impl Signer for Key {
    fn key(&self) -> &VerifierKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.pair.sign(message).as_ref().try_into().unwrap()
    }
}

pub fn log() -> Key {
    Key::new(ORIGIN, Algorithm::Ed25519, 0x99)
}

pub fn witness(name: &str) -> Key {
    let seed = if name == "north" { 0xaa } else { 0xbb };
    Key::new(&format!("{name}.example/witness"), Algorithm::CosignatureV1, seed)
}

fn salt() -> Salt {
    Salt::from_bytes([0x5a; 32])
}

/// What the log commits to: the bytes that the signature of a stamp covers.
fn record(name: &str) -> Vec<u8> {
    let text = fs::read(folder("stamp").join(format!("{name}.txt"))).unwrap();
    Stamp::read(&text).unwrap().to_be_signed().unwrap()
}

fn leaves() -> Vec<Hash> {
    let entry = |at: usize| LogEntry::of(LeafKind::Report, &Salt::from_bytes([at as u8; 32]), b"another record");
    let mut entries: Vec<LogEntry> = (0..SIZE).map(entry).collect();
    entries[INDEX] = LogEntry::of(LeafKind::Stamp, &salt(), &record("device"));
    entries.iter().map(|entry| Hash::leaf(entry.as_bytes())).collect()
}

pub fn root(leaves: &[Hash]) -> Hash {
    if let [leaf] = leaves {
        return *leaf;
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    Hash::node(&root(left), &root(right))
}

pub fn path(at: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let middle = leaves.len().next_power_of_two() / 2;
    let (left, right) = leaves.split_at(middle);
    let (mut path, sibling) =
        if at < middle { (path(at, left), root(right)) } else { (path(at - middle, right), root(left)) };
    path.push(sibling);
    path
}

/// The proof of the device's stamp, as witnesses saw it.
fn proof(witnesses: &[(&str, &str)]) -> LogProof {
    let leaves = leaves();
    let checkpoint = Checkpoint::new(ORIGIN, SIZE as u64, root(&leaves));
    let mut note = checkpoint.sign(&log()).unwrap();
    for (name, at) in witnesses {
        let at: seaworthy_model::Timestamp = at.parse().unwrap();
        note.add(cosign(&checkpoint.to_string(), at.seconds() as u64, &witness(name)).unwrap()).unwrap();
    }
    let extra = Some(extra(LeafKind::Stamp, &salt()));
    LogProof { extra, index: INDEX as u64, hashes: path(INDEX, &leaves), note }
}

fn whole() -> LogProof {
    proof(&[("north", "2026-11-22T10:05:00Z"), ("south", "2026-11-22T10:06:00Z")])
}

fn policy_text() -> String {
    let (north, south) = (witness("north").public, witness("south").public);
    let witnesses = format!("witness north {north}\nwitness south {south}\n");
    format!("log {}\n{witnesses}group both all north south\nquorum both\n", log().public)
}

fn proved(proof: &str, policy: &str) -> Result<Proven, ProofError> {
    let proof = LogProof::parse(proof.as_bytes()).map_err(|_| ProofError::Extra)?;
    prove(LeafKind::Stamp, &record("device"), &proof, &Policy::parse(policy.as_bytes()).unwrap())
}

#[test]
fn a_stamp_is_proved_to_be_in_the_log() {
    let proven = proved(&whole().to_string(), &policy_text()).unwrap();
    assert_eq!((proven.origin.as_str(), proven.index, proven.size), (ORIGIN, 3, 7));
    let names: Vec<&str> = proven.witnesses.iter().map(|witness| witness.name.as_str()).collect();
    assert_eq!(names, ["north", "south"]);
    assert_eq!(proven.newest(), Some("2026-11-22T10:06:00Z".parse().unwrap()));
}

/// Name, proof, policy and code of what is refused.
fn refused() -> Vec<(&'static str, String, String, &'static str)> {
    let (good, policy) = (whole(), policy_text());
    let text = good.to_string();
    let with_extra = |extra: Option<Vec<u8>>| LogProof { extra, ..good.clone() }.to_string();
    let one = proof(&[("north", "2026-11-22T10:05:00Z")]).to_string();
    let mut later = extra(LeafKind::Stamp, &salt());
    later[0] = 2;
    let fewer = LogProof { hashes: good.hashes[1..].to_vec(), ..good.clone() }.to_string();
    let other_log =
        policy.replace(&log().public.to_string(), &Key::new("other.example", Algorithm::Ed25519, 1).public.to_string());
    let case = |name, proof: &str, code| (name, proof.to_owned(), policy_text(), code);
    vec![
        case("no proof", "hello", "log-proof-malformed"),
        case("no extra line", &with_extra(None), "log-proof-malformed"),
        case("a short extra line", &with_extra(Some(vec![1, 1])), "log-proof-malformed"),
        case("version 2 of the extra line", &with_extra(Some(later)), "log-proof-malformed"),
        case("of another kind", &with_extra(Some(extra(LeafKind::Report, &salt()))), "log-proof-other"),
        case("another salt", &with_extra(Some(extra(LeafKind::Stamp, &Salt::from_bytes([0; 32])))), "log-proof-other"),
        case("another index", &text.replace("index 3", "index 2"), "log-proof-other"),
        case("beyond the tree", &text.replace("index 3", "index 7"), "log-proof-other"),
        case("a hash too few", &fewer, "log-proof-other"),
        case("one witness of two", &one, "log-checkpoint"),
        ("another log", text, other_log, "log-checkpoint"),
    ]
}

#[test]
fn each_wrong_proof_is_refused_with_its_own_code() {
    for (name, proof, policy, code) in refused() {
        assert_eq!(proved(&proof, &policy).unwrap_err().code().name(), code, "{name}");
    }
    let (good, policy) = (whole(), Policy::parse(policy_text().as_bytes()).unwrap());
    let other = prove(LeafKind::Stamp, &record("organisation"), &good, &policy).unwrap_err();
    assert_eq!(other.code().name(), "log-proof-other");
    let other = prove(LeafKind::Report, &record("device"), &good, &policy).unwrap_err();
    assert_eq!(other.code().name(), "log-proof-other");
}

#[test]
fn no_byte_of_a_proof_can_be_another_one() {
    let (good, policy) = (whole().to_string().into_bytes(), Policy::parse(policy_text().as_bytes()).unwrap());
    let record = record("device");
    for at in 0..good.len() {
        for flip in [1, 0x20, 0x80] {
            let mut changed = good.clone();
            changed[at] ^= flip;
            let proven = LogProof::parse(&changed).ok().and_then(|p| prove(LeafKind::Stamp, &record, &p, &policy).ok());
            assert_eq!(proven, None, "byte {at} by {flip:#x}");
        }
    }
}

#[test]
fn the_vectors_are_what_the_code_makes() {
    let case = |(name, proof, policy, code)| json!({"name": name, "proof": proof, "policy": policy, "code": code});
    let refused: Vec<_> = refused().into_iter().map(case).collect();
    let cases = json!({ "stamp": "../stamp/device.txt", "refused": refused });
    hold_in("proof", "device.proof", whole().to_string().as_bytes());
    hold_in("proof", "log-policy.txt", policy_text().as_bytes());
    hold_in("proof", "cases.json", format!("{cases:#}\n").as_bytes());
}

proptest! {
    /// Whatever the extra line opens, nothing panics.
    #[test]
    fn any_extra_line(extra: Option<Vec<u8>>, index: u64) {
        let proof = LogProof { extra, index, ..whole() };
        let policy = Policy::parse(policy_text().as_bytes()).unwrap();
        prop_assert!(prove(LeafKind::Stamp, &record("device"), &proof, &policy).is_err());
    }
}
