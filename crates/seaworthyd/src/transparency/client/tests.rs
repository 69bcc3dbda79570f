//! Asking witnesses: real ones on loopback, and answers of others.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;

use seaworthy_service::ports::Fault;
use seaworthy_stamp::SigningKey;
use seaworthy_tlog::{Algorithm, Checkpoint, Edge, Signer, cosign};

use super::*;
use crate::transparency::note_key::NoteKey;
use crate::transparency::witness::tests::witness;

const ORIGIN: &str = "example.org/log/a";

fn key(name: &str, algorithm: Algorithm, seed: u8) -> NoteKey {
    NoteKey::new(name, algorithm, Arc::new(SigningKey::from_seed(&[seed; 32]).unwrap())).unwrap()
}

fn log_key() -> NoteKey {
    key(ORIGIN, Algorithm::Ed25519, 1)
}

/// The log's entries are numbers, after a first one that tells logs apart.
fn edge(kind: u8, size: u64) -> Edge {
    let mut edge = Edge::empty();
    (0..size).for_each(|index| edge.push(leaf(kind, index)));
    edge
}

fn leaf(kind: u8, index: u64) -> Hash {
    Hash::leaf(format!("{} {index}", if index == 0 { kind } else { 0 }).as_bytes())
}

fn note(kind: u8, size: u64) -> Note {
    Checkpoint::new(ORIGIN, size, edge(kind, size).root()).sign(&log_key()).unwrap()
}

/// The proof from one or two entries to three.
fn prove(kind: u8, old: u64) -> Vec<Hash> {
    let [a, b, c] = [0, 1, 2].map(|index| leaf(kind, index));
    match old {
        1 => vec![b, c],
        _ => vec![c, Hash::node(&a, &b)].into_iter().take(1).collect(),
    }
}

fn panel(witnesses: &[(String, &NoteKey)]) -> Panel {
    let lines: String =
        (1..).zip(witnesses).map(|(place, (url, key))| format!("witness w{place} {} {url}\n", key.key())).collect();
    Panel::of(&Policy::parse(format!("{lines}quorum none\n").as_bytes()).unwrap())
}

fn cosigned(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Cosigned { .. })
}

#[test]
fn all_witnesses_are_asked_and_told_what_they_lack() {
    let (one, two) = (witness("example.org/w1", 11, &log_key()), witness("example.org/w2", 12, &log_key()));
    let both = panel(&[(one.url.clone(), &one.key), (two.url.clone(), &two.key)]);
    let first = panel(&[(one.url.clone(), &one.key)]);
    let proof = |old| Ok(prove(0, old));
    assert!(cosigned(&first.cosign(&note(0, 1), &proof)[0]));
    // The second has seen nothing yet, the first one entry; a panel that is new knows of neither.
    let outcomes = both.cosign(&note(0, 3), &proof);
    assert!(outcomes.iter().all(cosigned), "{outcomes:?}");
    let mut whole = note(0, 3);
    for outcome in outcomes {
        let Outcome::Cosigned { cosignature, .. } = outcome else { unreachable!() };
        whole.add(cosignature).unwrap();
    }
    assert!(whole.signed_by(one.key.key()).unwrap().is_some() && whole.signed_by(two.key.key()).unwrap().is_some());
    assert!(both.cosign(&note(0, 3), &proof).iter().all(cosigned), "asking again is harmless");
}

#[test]
fn a_rewound_or_forked_log_is_told_so() {
    let witness = witness("example.org/w", 11, &log_key());
    let panel = || panel(&[(witness.url.clone(), &witness.key)]);
    let proof = |old| Ok(prove(0, old));
    assert!(cosigned(&panel().cosign(&note(0, 2), &proof)[0]));
    let behind = Outcome::Behind { witness: "w1".to_owned(), size: 2 };
    assert_eq!(panel().cosign(&note(0, 1), &proof), [behind]);
    for (forked, kind) in [(note(7, 2), 7), (note(7, 3), 7), (note(7, 3), 0)] {
        let proof = |old| Ok(prove(kind, old));
        let outcome = &panel().cosign(&forked, &proof)[0];
        assert!(matches!(outcome, Outcome::Refused { .. }), "{outcome:?}");
    }
    let failed = |_| Err(Fault::Unavailable("gone".to_owned()));
    assert!(matches!(&panel().cosign(&note(0, 3), &failed)[0], Outcome::Unreachable { .. }));
    assert!(cosigned(&panel().cosign(&note(0, 3), &proof)[0]));
}

#[test]
fn an_unknown_log_is_refused() {
    let witness = witness("example.org/w", 11, &key("example.org/log/b", Algorithm::Ed25519, 2));
    let outcome = &panel(&[(witness.url.clone(), &witness.key)]).cosign(&note(0, 1), &|_| Ok(Vec::new()))[0];
    let Outcome::Refused { why, .. } = outcome else { panic!("{outcome:?}") };
    assert!(why.ends_with("it does not know the log"), "{why}");
}

#[test]
fn what_is_no_witness_costs_nobody_else_anything() {
    let asked = key("example.org/w", Algorithm::CosignatureV1, 11);
    let other = key("example.org/w", Algorithm::CosignatureV1, 12);
    let answer =
        |status: &str, body: &str| format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let over = |text: &str, key| cosign(text, 1_790_000_000, key).unwrap().to_string();
    let answers = [
        answer("200", ""),
        answer("200", "hello"),
        answer("200", &over(note(0, 1).text(), &other)),
        answer("200", &over(note(0, 2).text(), &asked)),
        answer("409", "many\n"),
        answer("409", "-1\n"),
        answer("302", ""),
        answer("500", "1\n"),
        answer("200", &"x".repeat(100_000)),
        "no HTTP".to_owned(),
    ];
    for answer in answers {
        let url = saying(answer.clone());
        let outcome = &panel(&[(url, &asked)]).cosign(&note(0, 1), &|_| Ok(Vec::new()))[0];
        assert!(matches!(outcome, Outcome::Unreachable { .. }), "{outcome:?} to {answer}");
    }
    let both = over(note(0, 1).text(), &other) + &over(note(0, 1).text(), &asked);
    let url = saying(answer("200", &both));
    assert!(cosigned(&panel(&[(url, &asked)]).cosign(&note(0, 1), &|_| Ok(Vec::new()))[0]));
    let nobody = panel(&[("http://127.0.0.1:1".to_owned(), &asked)]).cosign(&note(0, 1), &|_| Ok(Vec::new()));
    assert!(matches!(nobody[0], Outcome::Unreachable { .. }));
    assert!(panel(&[("http://example.org".to_owned(), &asked)]).cosign(&note(0, 1), &|_| Ok(Vec::new())).is_empty());
}

/// Answers one request with these bytes.
fn saying(answer: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut seen = Vec::new();
        while !seen.windows(3).any(|end| end == "— ".as_bytes().first_chunk::<3>().unwrap()) {
            let mut bytes = [0; 4096];
            let read = stream.read(&mut bytes).unwrap();
            seen.extend_from_slice(&bytes[..read]);
        }
        // Whoever has seen enough hangs up.
        let _ = stream.write_all(answer.as_bytes());
    });
    url
}
