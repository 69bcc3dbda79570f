//! What a witness answers, case by case.

use proptest::prelude::*;
use seaworthy_tlog::{
    Checkpoint, Decision, Hash, Held, Note, Request, RequestFault, SIZE_TYPE, Signature, Signer, Tree, VerifierKey,
    cosign, cosigned_body, decide, parse_size_body,
};

use crate::log::{Key, Log, ORIGIN, entry};

fn keys() -> Vec<VerifierKey> {
    vec![Key::log(1).key().clone()]
}

fn request(log: &Log, old: u64) -> Request {
    let proof = Tree::new(log, log.size()).consistency(old, log.size()).unwrap();
    Request::new(old, proof, log.note()).unwrap()
}

fn held(log: &Log) -> Held {
    Held { size: log.size(), root: log.root() }
}

#[test]
fn a_continuation_is_cosigned() {
    let (old, new) = (Log::of(700, 700), Log::of(1000, 1000));
    assert_eq!(decide(&request(&old, 0), &keys(), &Held::NOTHING), Decision::Cosign(held(&old)));
    assert_eq!(decide(&request(&new, 700), &keys(), &held(&old)), Decision::Cosign(held(&new)));
    assert_eq!(decide(&request(&new, 1000), &keys(), &held(&new)), Decision::Cosign(held(&new)), "again");
}

#[test]
fn the_answer_is_read_by_the_log() {
    let (log, witness) = (Log::of(5, 5), Key::witness(7));
    let body = cosigned_body(&[cosign(log.note().text(), 1_800_000_000, &witness).unwrap()]);
    let mut note = log.note();
    for signature in Signature::parse_lines(&body).unwrap() {
        note.add(signature).unwrap();
    }
    assert_eq!(note.signed_by(witness.key()).unwrap().unwrap().time, Some(1_800_000_000));
}

#[test]
fn unknown_and_unsigned_logs_are_refused() {
    let log = Log::of(5, 5);
    assert_eq!(decide(&request(&log, 0), &[], &Held::NOTHING), Decision::NotFound);
    let others = [Key::log(2).key().clone()];
    assert_eq!(decide(&request(&log, 0), &others, &Held::NOTHING), Decision::Forbidden);
    let forged = log.note().to_string().replace("\n5\n", "\n6\n");
    let forged = Request::new(0, Vec::new(), Note::parse(forged.as_bytes()).unwrap()).unwrap();
    assert_eq!(decide(&forged, &keys(), &Held::NOTHING), Decision::Forbidden);
}

#[test]
fn another_size_is_a_conflict_that_tells_the_held_one() {
    let (old, new) = (Log::of(700, 700), Log::of(1000, 1000));
    let conflict = decide(&request(&new, 0), &keys(), &held(&old));
    assert_eq!(conflict, Decision::Conflict { size: 700 });
    assert_eq!(
        (conflict.status(), conflict.size_body().as_deref(), SIZE_TYPE),
        (409, Some("700\n"), "text/x.tlog.size")
    );
    assert_eq!(parse_size_body("700\n"), Some(700));
    assert_eq!(parse_size_body("700"), None);
    // A log that went back.
    assert_eq!(decide(&request(&old, 700), &keys(), &held(&new)), Decision::Conflict { size: 1000 });
    let mut back = request(&old, 0);
    back.old = 1000;
    assert_eq!(decide(&back, &keys(), &held(&new)), Decision::BadRequest);
}

#[test]
fn a_fork_is_refused() {
    let old = Log::of(700, 700);
    let mut fork = Log::of(600, 600);
    fork.append(&(601..701).map(entry).collect::<Vec<_>>());
    let mut same = request(&fork, 0);
    same.old = 700;
    same.proof.clear();
    assert_eq!(decide(&same, &keys(), &held(&old)), Decision::Conflict { size: 700 }, "two roots of one size");
    fork.append(&(701..1001).map(entry).collect::<Vec<_>>());
    assert_eq!(decide(&request(&fork, 700), &keys(), &held(&old)), Decision::Unprocessable);
}

#[test]
fn a_proof_of_nothing_has_no_hashes() {
    let log = Log::of(5, 5);
    let mut request = request(&log, 0);
    request.proof.push(Hash::EMPTY);
    assert_eq!(decide(&request, &keys(), &Held::NOTHING), Decision::Unprocessable);
    let empty =
        |root| Request::new(0, Vec::new(), Checkpoint::new(ORIGIN, 0, root).sign(&Key::log(1)).unwrap()).unwrap();
    assert_eq!(decide(&empty(Hash::EMPTY), &keys(), &Held::NOTHING), Decision::Cosign(Held::NOTHING));
    assert_eq!(decide(&empty(log.root()), &keys(), &Held::NOTHING), Decision::Conflict { size: 0 });
}

#[test]
fn a_request_has_one_form() {
    let request = request(&Log::of(1000, 1000), 700);
    let body = request.to_string();
    assert_eq!(Request::parse(body.as_bytes()), Ok(request));
    let line = format!("{}\n", Hash::EMPTY);
    let wrong = [
        String::new(),
        body.replace("old 700", "old 0700"),
        body.replace("old 700", "new 700"),
        body.replace("old 700\n", "old 700\nnot base64\n"),
        body.replace("old 700\n", &format!("old 700\n{}", line.repeat(60))),
        body.replace("old 700\n", "old 700\n\n"),
        body.replace('\n', "\r\n"),
    ];
    for body in wrong {
        assert!(Request::parse(body.as_bytes()).is_err(), "{body}");
    }
    let unsigned = body.rsplit_once("\n\n").unwrap().0;
    assert!(matches!(Request::parse(unsigned.as_bytes()), Err(RequestFault::Note(_))));
}

proptest! {
    #[test]
    fn any_bytes(bytes: Vec<u8>, old in "old [0-9]{0,3}\n(AAAA\n)?\n") {
        let _ = Request::parse(&bytes);
        let _ = Request::parse(&[old.as_bytes(), &bytes].concat());
    }
}
