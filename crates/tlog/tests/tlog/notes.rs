//! Notes and cosignatures: one form, bounds, and whose signature counts.

use proptest::prelude::*;
use seaworthy_tlog::{
    Algorithm, MAX_NOTE, MAX_NUMBER, MAX_SIGNATURES, Note, NoteFault, Seal, Signature, Signer, VerifierKey, cosign,
};

use crate::log::{Key, Log};

const TEXT: &str = "a text\n\nof two parts\n";

#[test]
fn a_signed_note_is_read_back() {
    let key = Key::log(1);
    let note = Note::sign(TEXT, &key).unwrap();
    let read = Note::parse(note.to_string().as_bytes()).unwrap();
    assert_eq!(read, note);
    assert_eq!(read.text(), TEXT);
    assert_eq!(read.signed_by(key.key()), Ok(Some(Seal { time: None })));
    assert_eq!(read.signed_by(Key::log(2).key()), Ok(None));
}

#[test]
fn a_forged_signature_refuses_the_note() {
    let (good, other) = (Key::log(1), Key::log(2));
    let note = Note::sign(TEXT, &good).unwrap();
    let mut forged = note.clone();
    let elsewhere = Signature::sign("another text\n", &good).unwrap();
    forged.add(elsewhere).unwrap();
    assert_eq!(forged.signed_by(good.key()), Err(NoteFault::Forged(good.key().name().to_owned())));
    let mut both = note;
    both.add(Signature::sign("another text\n", &other).unwrap()).unwrap();
    assert!(both.signed_by(good.key()).is_ok_and(|seal| seal.is_some()), "an unknown key means nothing");
}

#[test]
fn other_forms_are_refused() {
    let note = Note::sign("text\n", &Key::log(1)).unwrap().to_string();
    let line = note.split_once("\n\n").unwrap().1;
    let cases = [
        (String::new(), NoteFault::Unsigned),
        ("text\n".to_owned(), NoteFault::Unsigned),
        ("text\n\n".to_owned(), NoteFault::Unsigned),
        (note.trim_end().to_owned(), NoteFault::Signature(1)),
        (note.replace("— ", "- "), NoteFault::Signature(1)),
        (note.replace("— ", "—  "), NoteFault::Signature(1)),
        (note.replace("text", "te\rxt"), NoteFault::Characters),
        (format!("{note}{line}more\n"), NoteFault::Signature(3)),
        ("text\n\n— name AAAAAA==\n".to_owned(), NoteFault::Signature(1)),
        ("text\n\n— na+me AAAAAAA=\n".to_owned(), NoteFault::Signature(1)),
        ("text\n\n— na\u{2003}me AAAAAAA=\n".to_owned(), NoteFault::Signature(1)),
        ("text\n\n— name AAAAAAB=\n".to_owned(), NoteFault::Signature(1)),
        (format!("text\n\n{}", line.repeat(MAX_SIGNATURES + 1)), NoteFault::TooMany),
        ("x".repeat(MAX_NOTE + 1), NoteFault::TooLarge(MAX_NOTE + 1)),
    ];
    for (text, fault) in cases {
        assert_eq!(Note::parse(text.as_bytes()), Err(fault), "{:.80}", text);
    }
    assert_eq!(Note::parse(b"\xff\n\n"), Err(NoteFault::Characters));
    assert!(Note::parse(format!("text\n\n{}", line.repeat(MAX_SIGNATURES)).as_bytes()).is_ok());
    assert_eq!(Note::sign("no end", &Key::log(1)), Err(NoteFault::Text));
    assert_eq!(Note::sign("a\tb\n", &Key::log(1)), Err(NoteFault::Characters));
}

#[test]
fn a_cosignature_tells_when() {
    let (log, witness) = (Key::log(1), Key::witness(7));
    let mut note = Log::of(5, 5).note();
    assert_eq!(note.signed_by(witness.key()), Ok(None));
    for time in [1_700_000_000, 1_800_000_000, 1_750_000_000] {
        note.add(cosign(note.text(), time, &witness).unwrap()).unwrap();
    }
    let read = Note::parse(note.to_string().as_bytes()).unwrap();
    assert_eq!(read.signatures().len(), 4);
    assert_eq!(read.signed_by(witness.key()), Ok(Some(Seal { time: Some(1_800_000_000) })));
    assert_eq!(read.signed_by(log.key()), Ok(Some(Seal { time: None })));
}

#[test]
fn a_cosignature_covers_its_time() {
    let witness = Key::witness(7);
    let mut note = Log::of(5, 5).note();
    let line = cosign(note.text(), 1_700_000_000, &witness).unwrap();
    let later: Vec<u8> = [&[0, 0, 0, 0, 0x7f, 0, 0, 0], &line.as_bytes()[8..]].concat();
    let (id, name) = (line.id().0, line.name());
    let text = format!("— {name} {}\n", data_encoding::BASE64.encode(&[&id[..], &later].concat()));
    note.add(Signature::parse_lines(&text).unwrap().remove(0)).unwrap();
    assert_eq!(note.signed_by(witness.key()), Err(NoteFault::Forged(name.to_owned())));
}

#[test]
fn a_time_that_is_none_is_neither_made_nor_taken() {
    let witness = Key::witness(7);
    for time in [0, MAX_NUMBER + 1] {
        assert_eq!(cosign("text\n", time, &witness), Err(NoteFault::Time));
        let message = format!("cosignature/v1\ntime {time}\ntext\n");
        let bytes = [&witness.key().id().0[..], &time.to_be_bytes(), &witness.sign(message.as_bytes())].concat();
        let text = format!("text\n\n— {} {}\n", witness.key().name(), data_encoding::BASE64.encode(&bytes));
        let note = Note::parse(text.as_bytes()).unwrap();
        assert!(matches!(note.signed_by(witness.key()), Err(NoteFault::Forged(_))));
    }
}

#[test]
fn keys_sign_in_their_own_way_alone() {
    assert!(matches!(cosign("text\n", 1, &Key::log(1)), Err(NoteFault::Algorithm(_))));
    assert!(matches!(Note::sign("text\n", &Key::witness(1)), Err(NoteFault::Algorithm(_))));
    let quantum = VerifierKey::new("witness.example/q", Algorithm::MlDsa44, &[1; 1312]).unwrap();
    let bytes = [&quantum.id().0[..], &[0; 2428]].concat();
    let text = format!("text\n\n— {} {}\n", quantum.name(), data_encoding::BASE64.encode(&bytes));
    assert_eq!(Note::parse(text.as_bytes()).unwrap().signed_by(&quantum), Ok(None), "kept, and never counted");
}

proptest! {
    #[test]
    fn any_bytes(bytes: Vec<u8>) {
        let _ = Note::parse(&bytes);
    }

    #[test]
    fn what_is_read_is_written(text in "([a-z\\n]{0,9}\n\n(— [a-z]{1,3} [A-Za-z0-9+/]{6}[AQgw]=\n){0,3})|\\PC*") {
        if let Ok(note) = Note::parse(text.as_bytes()) {
            prop_assert_eq!(note.to_string(), text);
        }
    }
}
