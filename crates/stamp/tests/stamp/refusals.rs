//! Each code of a refusal is said by at least one input, and every altered stamp is refused.
use std::collections::BTreeSet;

use crate::kit::*;
use crate::presenting;
use crate::refused;
use proptest::prelude::*;
use seaworthy_model::Code;
use seaworthy_stamp::{Answer, Host, REFUSALS, Refusal, check, check_carried, cose, read};
use seaworthy_testkit::vectors;

fn said(input: &[u8]) -> Result<(), Refusal> {
    check_carried(&read(input)?, &trust(), time("2026-11-23"), None, None).map(drop)
}

#[test]
fn each_wrong_stamp_is_refused_with_its_own_code() {
    let trust = trust();
    for case in refused::cases() {
        let refusal = case.refusal(&trust);
        assert_eq!(refusal.code().name(), case.code, "{}: {refusal}", case.name);
        assert_ne!(refusal.answer(), Answer::Usage, "{}", case.name);
    }
}

/// The carriers' codes are reached in `carriers.rs`, which has the same list, and those of lists in
/// `status.rs`.
#[test]
fn no_code_is_without_a_case() {
    let mut reached: BTreeSet<&str> = refused::cases().iter().map(|case| case.code).collect();
    reached.extend(["stamp-image", "stamp-image-too-large", "stamp-svg"]);
    reached.extend(["stamp-qr-none", "stamp-qr-many", "stamp-qr-unreadable", "stamp-qr-foreign"]);
    reached.extend(presenting::refused().iter().map(|case| case.code));
    // Said by those who ask for a proof: seaworthy check.
    reached.extend([
        "log-proof-missing",
        "log-proof-malformed",
        "log-proof-other",
        "log-checkpoint",
        "stamp-log-index",
    ]);
    reached.extend(["stamp-revoked", "stamp-suspended", "stamp-status", "status-list-expired"]);
    let all: BTreeSet<&str> = REFUSALS.iter().map(|(code, _)| code.name()).collect();
    assert_eq!(reached, all);
}

#[test]
fn facts_are_told_only_of_what_a_trusted_key_signed() {
    let trust = trust();
    let first_judged = REFUSALS.iter().position(|(code, _)| *code == Code::ClockWrong).unwrap();
    for case in refused::cases().into_iter().chain(presenting::refused()) {
        let refusal = case.refusal(&trust);
        let judged = REFUSALS[first_judged..].iter().any(|(code, _)| *code == refusal.code());
        assert_eq!(refusal.facts().is_some(), judged, "{}", case.name);
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    for good in [stamp(DEVICE, &particulars()), stamp(ORGANISATION, &particulars())] {
        assert!(said(good.cbor()).is_ok());
        for bit in 0..good.cbor().len() * 8 {
            let mut bytes = good.cbor().to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(check(&bytes, &trust(), time("2026-11-23"), None).is_err(), "bit {bit}");
        }
    }
}

#[test]
fn every_truncation_and_every_appended_byte_is_refused() {
    let good = stamp(DEVICE, &particulars());
    let refused = |bytes: &[u8]| check(bytes, &trust(), time("2026-11-23"), None).unwrap_err().code();
    for length in 0..good.cbor().len() {
        let code = refused(&good.cbor()[..length]);
        assert!(matches!(code, Code::StampMalformed), "{length}: {code}");
    }
    for byte in 0..=u8::MAX {
        assert_eq!(refused(&[good.cbor(), &[byte]].concat()), Code::StampTrailingBytes);
    }
}

#[test]
fn every_altered_letter_of_the_text_is_refused() {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567abz018=+ \n";
    let trust = trust();
    let text = stamp(DEVICE, &particulars()).to_text(None);
    let is_refused =
        |text: &str| read(text.as_bytes()).and_then(|b| check(&b.bytes, &trust, time("2026-11-23"), None)).is_err();
    assert!(!is_refused(&text));
    for at in "SEAWORTHY:S#".len()..text.len() {
        // All letters at some places, a few at the others: a signature check for each would take minutes.
        let step = if at % 16 == 0 || at + 2 > text.len() { 1 } else { 9 };
        for letter in LETTERS.chars().skip(at % step).step_by(step).filter(|&letter| !text[at..].starts_with(letter)) {
            let altered = format!("{}{letter}{}", &text[..at], &text[at + 1..]);
            // Space around a text is not part of it.
            assert!(altered.trim() == text || is_refused(&altered), "{altered}");
        }
        assert!(is_refused(&format!("{}{}", &text[..at], &text[at + 1..])), "letter {at} left out");
        assert!(is_refused(&format!("{}A{}", &text[..at], &text[at..])), "letter put in at {at}");
    }
}

#[test]
fn a_good_stamp_says_what_it_was_issued_with() {
    let trust = trust();
    let checked =
        check(stamp(ORGANISATION, &particulars()).cbor(), &trust, time("2026-11-23"), Some(time("2026-11-23")))
            .unwrap();
    let facts = checked.facts();
    assert_eq!((facts.role.name(), facts.grade.name()), ("organisation", "self-asserted"));
    assert_eq!((facts.issued, facts.expires), (time(ISSUED), time(EXPIRES)));
    assert_eq!((facts.policy.name.as_str(), &facts.policy.digest), ("six-month", &digest()));
    assert_eq!(facts.issuer.name.as_deref(), Some("Example Harbour"));
    assert_eq!(facts.issuer.key, key(ORGANISATION).public().id());
}

#[test]
fn the_tolerances_end_where_they_should() {
    let trust = trust();
    let at = |seed, now: &str| {
        check(stamp(seed, &particulars()).cbor(), &trust, time(now), None).map(drop).map_err(|r| r.code())
    };
    assert_eq!(at(DEVICE, "2026-11-22T09:50:00Z"), Ok(()));
    assert_eq!(at(DEVICE, "2027-05-21T09:59:59Z"), Ok(()));
    // Ten minutes before the record begins the clock is still believed; the stamp is then of the future.
    assert_eq!(at(ORGANISATION, "2025-12-31T23:50:00Z"), Err(Code::StampNotYetValid));
}

#[test]
fn ours_and_the_forge_make_the_same_bytes() {
    assert_eq!(stamp(DEVICE, &particulars()).cbor(), forge(DEVICE, &encoded(&claims())));
}

#[test]
fn coset_reads_what_we_sign() {
    use coset::TaggedCborSerializable;
    let stamp = stamp(DEVICE, &particulars());
    let theirs = coset::CoseSign1::from_tagged_slice(stamp.cbor()).unwrap();
    let verify =
        |signature: &[u8], data: &[u8]| if key(DEVICE).public().verify(data, signature) { Ok(()) } else { Err(()) };
    assert_eq!(theirs.verify_signature(b"", verify), Ok(()));
    assert_eq!(theirs.clone().to_tagged_vec().unwrap(), stamp.cbor());
}

#[test]
fn a_stamp_is_small() {
    let stamp = stamp(DEVICE, &particulars());
    assert!(stamp.cbor().len() <= 360, "{} bytes", stamp.cbor().len());
    let host = Host::parse("seaworthy.example").unwrap();
    assert!(stamp.to_qr(Some(&host)).unwrap().version() <= 16);
    // As an organisation issues it: it can be looked up.
    let uri = "https://seaworthy.example/status/0123456789abcdef/12".to_owned();
    let status = Some(seaworthy_stamp::StatusReference { index: 1_048_575, uri });
    let stamp = crate::kit::stamp(DEVICE, &seaworthy_stamp::Particulars { status, ..particulars() });
    assert!(stamp.cbor().len() <= 420, "{} bytes", stamp.cbor().len());
    let version = stamp.to_qr(Some(&host)).unwrap().version();
    assert!(version <= 17, "version {version}");
}

#[test]
fn the_prototype_verifies_and_is_then_no_stamp() {
    let Some(folder) = vectors("stamp-prototype") else { return };
    let bytes = std::fs::read(folder.join("stamp-ear04-ed25519.cose")).unwrap();
    let key = std::fs::read_to_string(folder.join("ed25519_pub.hex")).unwrap();
    let key = seaworthy_stamp::PublicKey::parse(&key).unwrap();
    let message = cose::Message::read(&bytes).unwrap();
    assert!(message.verify(&key).is_some());
    let mut trust = seaworthy_stamp::Trust::default();
    trust.add_file("prototype", &key.to_pem()).unwrap();
    assert_eq!(check(&bytes, &trust, time("2026-11-23"), None).unwrap_err().code(), Code::StampTypMissing);
}

#[test]
fn a_signed_ear_of_another_kind_is_no_stamp() {
    let Some(folder) = vectors("ear") else { return };
    let bytes = std::fs::read(folder.join("ear-0.6.0-es256.cose")).unwrap();
    let code = check(&bytes, &trust(), time("2026-11-23"), None).unwrap_err().code();
    assert!(matches!(code, Code::StampTypMissing | Code::StampTag | Code::StampTyp), "{code}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_panic(input: Vec<u8>) {
        let _ = said(&input);
        let _ = said(&[&[0xd2, 0x84], &input[..]].concat());
    }

    /// Whatever a trusted key signs, reading it never panics, and what is accepted is the one form of itself.
    #[test]
    fn no_signed_claims_panic(at in 0_usize..220, byte: u8, cut in 0_usize..203) {
        let mut claims = encoded(&claims());
        let index = at % claims.len();
        claims[index] = byte;
        let _ = said(&forge(DEVICE, &claims));
        claims.truncate(cut);
        prop_assert!(said(&forge(DEVICE, &claims)).is_err());
    }
}
