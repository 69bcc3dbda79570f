//! Policies: what is refused and on which line, and which witnesses make a quorum.

use proptest::prelude::*;
use seaworthy_tlog::{Algorithm, Note, Policy, Reason, Refusal, Signer, VerifierKey, cosign};

use crate::log::{Key, Log, ORIGIN};

const TIME: u64 = 1_800_000_000;

fn log_line() -> String {
    format!("log {}\n", Key::log(1).key())
}

fn witness_line(name: &str, seed: u8) -> String {
    format!("witness {name} {} https://w{seed}.example/\n", Key::witness(seed).key())
}

fn policy(rest: &str) -> String {
    format!("{}{}{}{}{rest}\n", log_line(), witness_line("a", 11), witness_line("b", 12), witness_line("c", 13))
}

fn cosigned(seeds: &[u8]) -> Note {
    let mut note = Log::of(5, 5).note();
    for &seed in seeds {
        note.add(cosign(note.text(), TIME, &Key::witness(seed)).unwrap()).unwrap();
    }
    note
}

#[test]
fn quorums() {
    let two = "group two 2 a b c\nquorum two";
    let nested = "group ab any a b\ngroup all all ab c\nquorum all";
    let cases: [(&str, &[u8], bool); 12] = [
        ("quorum none", &[], true),
        ("quorum a", &[11], true),
        ("quorum a", &[12, 13], false),
        (two, &[11], false),
        (two, &[11, 13], true),
        (two, &[11, 12, 13], true),
        (nested, &[11, 12], false),
        (nested, &[12, 13], true),
        (nested, &[13], false),
        ("group x all a b c\nquorum x", &[11, 12], false),
        ("group x any a b c\nquorum x", &[], false),
        ("group x any a b c\nquorum x", &[14], false),
    ];
    for (rest, seeds, accepted) in cases {
        let checked = Policy::parse(policy(rest).as_bytes()).unwrap().check(&cosigned(seeds));
        assert_eq!(checked.is_ok(), accepted, "{rest} {seeds:?}: {checked:?}");
    }
}

#[test]
fn what_is_accepted_tells_who_cosigned_and_when() {
    let policy = Policy::parse(policy("quorum a").as_bytes()).unwrap();
    let accepted = policy.check(&cosigned(&[11, 13, 14])).unwrap();
    assert_eq!((accepted.checkpoint.origin.as_str(), accepted.checkpoint.size), (ORIGIN, 5));
    let cosigned: Vec<(&str, u64)> = accepted.cosigned.iter().map(|by| (by.witness.as_str(), by.time)).collect();
    assert_eq!(cosigned, [("a", TIME), ("c", TIME)]);
    assert_eq!(policy.witnesses()[0].url.as_deref(), Some("https://w11.example/"));
    assert!(policy.asks_for_witnesses() && policy.logs()[0].key.name() == ORIGIN);
}

#[test]
fn what_is_refused_says_why() {
    let policy = Policy::parse(policy("group x 2 a b c\nquorum x").as_bytes()).unwrap();
    let lacking = policy.check(&cosigned(&[12])).unwrap_err();
    assert_eq!(lacking.to_string(), "the checkpoint lacks the witnesses that the policy asks for; it has b");
    let mut by_other = Log::of(5, 5).checkpoint();
    let unsigned = policy.check(&by_other.sign(&Key::log(2)).unwrap());
    assert_eq!(unsigned, Err(Refusal::Unsigned(ORIGIN.to_owned())));
    by_other.origin = "log.example/other".to_owned();
    assert_eq!(policy.check(&by_other.sign(&Key::log(1)).unwrap()), Err(Refusal::UnknownLog(by_other.origin)));
    let mut forged = cosigned(&[11, 12]);
    forged.add(cosign("another\n", TIME, &Key::witness(13)).unwrap()).unwrap();
    assert!(matches!(policy.check(&forged), Err(Refusal::Note(_))), "one forged witness spoils the note");
    let text = Note::sign("no checkpoint\n", &Key::log(1)).unwrap();
    assert!(matches!(policy.check(&text), Err(Refusal::Checkpoint(_))));
}

#[test]
fn a_key_that_cannot_be_verified_never_counts() {
    let quantum = VerifierKey::new("witness.example/q", Algorithm::MlDsa44, &[1; 1312]).unwrap();
    let text = format!("{}witness q {quantum}\nquorum q\n", log_line());
    assert_eq!(Policy::parse(text.as_bytes()).unwrap().check(&cosigned(&[])), Err(Refusal::Quorum(Vec::new())));
}

#[test]
fn lines_are_read_as_specified() {
    let text = format!("# a comment\n\n \t# another é\n\t log \t{}  \nquorum none", Key::log(1).key());
    assert!(Policy::parse(text.as_bytes()).unwrap().check(&cosigned(&[])).is_ok());
    assert!(Policy::parse(b"quorum none\n").unwrap().logs().is_empty());
    let bytes = [policy("").as_bytes(), b"group \xff any a\nquorum \xff\n"].concat();
    assert!(Policy::parse(&bytes).unwrap().check(&cosigned(&[11])).is_ok(), "names are bytes");
}

#[test]
fn a_fault_says_on_which_line() {
    let witness = witness_line("d", 14);
    let taken = format!("{}quorum none", witness_line("a", 14));
    let same = format!("{}quorum none", witness_line("d", 13));
    let swapped = format!("witness d {}\nquorum none", Key::log(9).key());
    let as_log = format!("log {}\nquorum none", Key::witness(9).key());
    let log = format!("{}quorum none", log_line());
    let many = "group x any a a\nquorum x";
    let cases: [(&str, usize, Reason); 19] = [
        ("", 0, Reason::NoQuorum),
        ("quorum none\nquorum a", 6, Reason::SecondQuorum),
        ("quorum d", 5, Reason::Unknown("d".to_owned())),
        ("group x any d\nquorum x", 5, Reason::Unknown("d".to_owned())),
        ("group x any x\nquorum x", 5, Reason::Unknown("x".to_owned())),
        ("group x any none\nquorum x", 5, Reason::Unknown("none".to_owned())),
        (many, 5, Reason::Twice("a".to_owned())),
        ("group x any a\ngroup y any a\nquorum y", 6, Reason::Twice("a".to_owned())),
        ("group a any b\nquorum a", 5, Reason::Taken("a".to_owned())),
        ("group none any b\nquorum a", 5, Reason::Taken("none".to_owned())),
        ("group x 0 a\nquorum x", 5, Reason::Threshold),
        ("group x 3 a b\nquorum x", 5, Reason::Threshold),
        ("group x 01 a b\nquorum x", 5, Reason::Threshold),
        ("group x any\nquorum x", 5, Reason::Threshold),
        ("group x\nquorum x", 5, Reason::Parts("group NAME all|any|NUMBER NAME…")),
        ("quorum a b", 5, Reason::Parts("quorum NAME")),
        ("log\nquorum a", 5, Reason::Parts("log KEY [URL]")),
        ("Quorum a", 5, Reason::Keyword),
        ("quorum a\r", 5, Reason::Control),
    ];
    let keys = [(taken, Reason::Taken("a".to_owned())), (same, Reason::SameKey), (log, Reason::SameKey)];
    let kinds = [(swapped, Reason::Kind("witness")), (as_log, Reason::Kind("log"))];
    let made = keys.into_iter().chain(kinds).map(|(rest, reason)| (rest, 5, reason));
    for (rest, line, reason) in
        cases.into_iter().map(|(rest, line, reason)| (rest.to_owned(), line, reason)).chain(made)
    {
        let fault = Policy::parse(policy(&rest).as_bytes()).unwrap_err();
        assert_eq!((fault.line, &fault.reason), (line, &reason), "{rest}");
    }
    let changed = policy(&witness.replace("witness.example", "witness.exempla"));
    assert!(matches!(Policy::parse(changed.as_bytes()).unwrap_err().reason, Reason::Key(_)));
    assert!(matches!(Policy::parse(&vec![b'\n'; 1 << 21]).unwrap_err().reason, Reason::TooLarge(_)));
}

#[test]
fn many_of_a_kind_are_read_and_too_many_refused() {
    let groups = |count: usize| -> String {
        (0..count)
            .map(|n| format!("group g{n} any {}\n", if n == 0 { "a".to_owned() } else { format!("g{}", n - 1) }))
            .collect()
    };
    let deep = policy(&format!("{}quorum g255", groups(256)));
    assert!(Policy::parse(deep.as_bytes()).unwrap().check(&cosigned(&[11])).is_ok());
    assert_eq!(Policy::parse(policy(&groups(257)).as_bytes()).unwrap_err().reason, Reason::TooMany);
}

#[test]
fn a_policy_of_one_log_knows_it_alone() {
    let ours = Key::new(ORIGIN, Algorithm::Ed25519, 1);
    let named = Policy::parse(policy("quorum none").as_bytes()).unwrap();
    let other = VerifierKey::new("other.example", Algorithm::Ed25519, &[9; 32]).unwrap();
    assert_eq!(named.of_log(&other).unwrap_err(), Refusal::UnknownLog("other.example".into()));
    let bare = Policy::parse(b"quorum none\n").unwrap();
    for policy in [bare.of_log(ours.key()).unwrap(), bare.of_log(&other).unwrap()] {
        assert_eq!(policy.logs().len(), 1);
    }
}

#[test]
fn a_policy_tells_how_few_witnesses_are_enough() {
    for (rest, least) in [
        ("quorum none", 0),
        ("quorum a", 1),
        ("group x any a b\nquorum x", 1),
        ("group x all a b c\nquorum x", 3),
        ("group x 2 a b\ngroup y 1 x c\nquorum y", 1),
        ("group x all a b\ngroup y all x c\nquorum y", 3),
    ] {
        let policy = Policy::parse(policy(rest).as_bytes()).unwrap();
        assert_eq!(policy.least(), least, "{rest}");
        assert!(policy.is_met_by(|_| true));
        assert_eq!(policy.is_met_by(|_| false), least == 0);
    }
}

proptest! {
    #[test]
    fn any_bytes(bytes: Vec<u8>, lines in "((log|witness|group|quorum)( (any|all|none|a|b|[0-9])){0,4}\n){0,6}") {
        let _ = Policy::parse(&bytes);
        let _ = Policy::parse(policy(&lines).as_bytes());
    }
}
