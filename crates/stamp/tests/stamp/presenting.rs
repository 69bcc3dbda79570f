//! Stamps that are presented: good for a minute or for a challenge, and for the stamp's own key alone.
use std::fs;

use ciborium::Value;
use data_encoding::HEXLOWER;
use proptest::prelude::*;
use seaworthy_model::{Code, Timestamp};
use seaworthy_stamp::{
    Challenge, LogIndex, MAX_PRESENTATION, Occasion, PRESENTATION_TYPE, Presentation, Trust, check_carried,
    check_presentation, cose, dangerous_unverified_stamp, read,
};
use serde_json::json;

use crate::carriers::check_with_zbar;
use crate::kit::*;
use crate::refused::Case;
use crate::vectors::{hold, readable, refused_vector, spec};

const NOW: &str = "2026-11-23T12:00:00Z";

fn challenge() -> Challenge {
    Challenge::from_bytes(*b"drawn by a check")
}

fn presented(occasion: Occasion) -> Presentation {
    Presentation::of(&stamp(DEVICE, &particulars()), &key(PRESENTER), occasion).unwrap()
}

fn by_time() -> Presentation {
    presented(Occasion::Time(time(NOW)))
}

fn by_challenge() -> Presentation {
    presented(Occasion::Challenge(challenge()))
}

/// What a good presentation says.
fn payload() -> Vec<(Value, Value)> {
    let stamp = stamp(DEVICE, &particulars());
    vec![
        (int(0), int(1)),
        (int(1), bytes(stamp.cbor())),
        (int(2), bytes(key(PRESENTER).public().as_bytes())),
        (int(3), int(time(NOW).seconds())),
    ]
}

/// A good presentation with one entry set, or put after the others, by any key.
fn forged(seed: u8, number: i64, value: Value) -> Vec<u8> {
    let mut payload = payload();
    payload.retain(|(key, _)| *key != int(number));
    payload.push((int(number), value));
    payload.sort_by_key(|(key, _)| encoded(key));
    cose::sign(&key(seed), PRESENTATION_TYPE, &encoded(&map(payload)))
}

/// Presentations that must be refused, and what is said of each.
pub(crate) fn refused() -> Vec<Case> {
    let case =
        |name, code, input, at: &str, challenge| Case { name, code, input, at: time(at), floor: None, challenge };
    let formed = |name, code, input| case(name, code, input, NOW, None);
    let other = Challenge::from_bytes([0; 16]);
    let good = by_time().cbor().to_vec();
    let text = by_time().to_text();
    let bare = stamp(DEVICE, &particulars());
    let mut wrong_signature = good.clone();
    *wrong_signature.last_mut().unwrap() ^= 1;
    let stranger = bytes(key(STRANGER).public().as_bytes());
    let stamp_of = |seed| bytes(stamp(seed, &particulars()).cbor());
    vec![
        formed("larger than any presentation", "stamp-too-large", forged(PRESENTER, 1, bytes(&[0; MAX_PRESENTATION]))),
        formed(
            "a stamp under the letter of a presentation",
            "stamp-typ",
            bare.to_text(None).replace("S#", "P#").into(),
        ),
        formed("a presentation under the letter of a stamp", "stamp-typ", text.replace("P#", "S#").into()),
        formed("version 2", "presentation-version", forged(PRESENTER, 0, int(2))),
        formed("a fifth entry", "presentation-malformed", forged(PRESENTER, 4, bytes(&[0; 16]))),
        formed("a time that is text", "presentation-malformed", forged(PRESENTER, 3, text_value("now"))),
        formed("a short key", "presentation-malformed", forged(PRESENTER, 2, bytes(&[7; 31]))),
        formed("a key that proves nothing", "presentation-malformed", forged(PRESENTER, 2, bytes(&[0; 32]))),
        formed("no payload", "presentation-malformed", cose::sign(&key(PRESENTER), PRESENTATION_TYPE, &[])),
        formed("another signature", "presentation-signature", wrong_signature),
        formed("signed by another key", "presentation-signature", forged(STRANGER, 0, int(1))),
        formed("another device's key", "presentation-key", forged(STRANGER, 2, stranger)),
        formed("a stamp of a stranger", "stamp-issuer", forged(PRESENTER, 1, stamp_of(STRANGER))),
        formed("a stamp that is none", "stamp-tag", forged(PRESENTER, 1, bytes(b"stamp"))),
        case("61 seconds later", "presentation-time", good.clone(), "2026-11-23T12:01:01Z", None),
        case("61 seconds earlier", "presentation-time", good.clone(), "2026-11-23T11:58:59Z", None),
        case("of a stamp that ended", "stamp-expired", good.clone(), EXPIRES, None),
        case("a bare stamp under a challenge", "presentation-missing", bare.cbor().to_vec(), NOW, Some(challenge())),
        case("the time under a challenge", "presentation-challenge", good, NOW, Some(challenge())),
        case("another challenge", "presentation-challenge", by_challenge().cbor().to_vec(), NOW, Some(other)),
        case("a challenge that nobody asked", "presentation-challenge", by_challenge().cbor().to_vec(), NOW, None),
    ]
}

fn text_value(text: &str) -> Value {
    Value::from(text)
}

#[test]
fn each_wrong_presentation_is_refused_with_its_own_code() {
    for case in refused() {
        assert_eq!(case.refusal(&trust()).code().name(), case.code, "{}", case.name);
    }
}

#[test]
fn a_presentation_is_good_for_a_minute_to_either_side() {
    let at = |now: &str| check_presentation(by_time().cbor(), &trust(), time(now), None, None).map_err(|r| r.code());
    for good in ["2026-11-23T11:59:00Z", NOW, "2026-11-23T12:01:00Z"] {
        assert_eq!(at(good).unwrap().occasion(), Occasion::Time(time(NOW)));
    }
    for late in ["2026-11-23T11:58:59Z", "2026-11-23T12:01:01Z"] {
        assert_eq!(at(late), Err(Code::PresentationTime));
    }
}

#[test]
fn a_challenge_needs_no_clock() {
    for now in [NOW, "2027-05-21T09:59:59Z"] {
        let carried = read(by_challenge().to_text().as_bytes()).unwrap();
        let shown = check_carried(&carried, &trust(), time(now), None, Some(&challenge())).unwrap();
        assert_eq!(shown.occasion(), Some(Occasion::Challenge(challenge())));
        assert_eq!(shown.checked().facts().presenter, HEXLOWER.encode(&key(PRESENTER).public().thumbprint()));
    }
}

#[test]
fn a_stamp_is_presented_by_its_own_key_alone() {
    let stamp = stamp(DEVICE, &particulars());
    for other in [DEVICE, STRANGER] {
        assert_eq!(Presentation::of(&stamp, &key(other), Occasion::Time(time(NOW))), None);
    }
    assert_eq!(dangerous_unverified_stamp(by_time().cbor()).unwrap(), stamp.cbor());
    assert_eq!(by_time().cbor(), forged(PRESENTER, 0, int(1)), "ours and the forge make the same bytes");
}

/// With an index, and for a stamp that can be looked up: the largest that is drawn.
#[test]
fn the_code_of_a_presentation_is_read() {
    let listed = seaworthy_stamp::Particulars { status: Some(status()), ..particulars() };
    let drawn =
        [(particulars(), None, 19), (listed, LogIndex::new(9_999_999), 20)].map(|(particulars, index, version)| {
            let stamp = stamp(DEVICE, &particulars).at(index);
            let presentation = Presentation::of(&stamp, &key(PRESENTER), Occasion::Time(time(NOW))).unwrap();
            let qr = presentation.to_qr().unwrap();
            let carried = read(&qr.to_png(4).unwrap()).unwrap();
            assert_eq!((carried.bytes.as_slice(), carried.index), (presentation.cbor(), index));
            assert_eq!(read(qr.to_svg().as_bytes()).unwrap(), carried);
            check_with_zbar(&qr.to_png(4).unwrap(), &presentation.to_text());
            assert_eq!(read(presentation.cbor()).unwrap().kind, carried.kind);
            (presentation.cbor().len(), qr.version(), version)
        });
    assert!(drawn.iter().all(|(_, version, expected)| version == expected), "{drawn:?}");
}

#[test]
fn every_flipped_bit_is_refused() {
    let (good, trust) = (by_challenge(), trust());
    for bit in 0..good.cbor().len() * 8 {
        let mut bytes = good.cbor().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(check_presentation(&bytes, &trust, time(NOW), None, Some(&challenge())).is_err(), "bit {bit}");
    }
}

#[test]
fn the_vectors_are_what_the_code_makes() {
    for (name, presentation) in [("time", by_time()), ("challenge", by_challenge())] {
        let signed: Value = ciborium::from_reader(presentation.cbor()).unwrap();
        let payload = signed.as_tag().unwrap().1.as_array().unwrap()[2].as_bytes().unwrap();
        let said = readable(&ciborium::from_reader(payload.as_slice()).unwrap());
        hold(&format!("vectors/presentation/{name}.json"), &format!("{said:#}\n"));
        hold(&format!("vectors/presentation/{name}.hex"), &format!("{}\n", HEXLOWER.encode(presentation.cbor())));
        hold(&format!("vectors/presentation/{name}.txt"), &format!("{}\n", presentation.to_text()));
    }
    hold("vectors/presentation/presenter.key", &key(PRESENTER).to_pem());
    let cases: Vec<_> = refused().iter().map(refused_vector).collect();
    let trust = ["../stamp/device.pub", "../stamp/trust.toml"];
    let file = json!({ "at": NOW, "challenge": challenge().to_string(), "trust": trust, "refused": cases });
    hold("vectors/presentation/cases.json", &format!("{file:#}\n"));
}

/// Reads the files as a stranger would.
#[test]
fn the_vectors_are_valid() {
    let folder = spec().join("vectors/presentation");
    let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let mut trust = Trust::default();
    trust.add_file("device.pub", &text("../stamp/device.pub")).unwrap();
    let cases: serde_json::Value = serde_json::from_str(&text("cases.json")).unwrap();
    let (at, challenge) = (cases["at"].as_str().unwrap(), cases["challenge"].as_str().unwrap().parse().unwrap());
    for (name, challenge) in [("time", None), ("challenge", Some(&challenge))] {
        let carried = read(text(&format!("{name}.txt")).as_bytes()).unwrap();
        assert_eq!(HEXLOWER.encode(&carried.bytes), text(&format!("{name}.hex")).trim());
        assert!(check_carried(&carried, &trust, time(at), None, challenge).is_ok());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a presenter signs, reading it never panics, and nothing but the one form is accepted.
    #[test]
    fn no_signed_payload_panics(at: proptest::sample::Index, byte: u8, raw: Vec<u8>) {
        let mut said = encoded(&map(payload()));
        let at = at.index(said.len());
        let changed = said[at] != byte;
        said[at] = byte;
        let check = |payload: &[u8]| {
            let signed = cose::sign(&key(PRESENTER), PRESENTATION_TYPE, payload);
            check_presentation(&signed, &trust(), time(NOW), None, None)
        };
        prop_assert!(check(&raw).is_err());
        // The time may be another one of the same minute.
        if changed && let Ok(presented) = check(&said) {
            prop_assert_ne!(presented.occasion(), Occasion::Time(time(NOW)));
        }
    }

    #[test]
    fn any_time_goes_round(seconds in 0_i64..253_402_207_000, challenge: [u8; 16]) {
        for occasion in [Occasion::Time(Timestamp::from_seconds(seconds)), Occasion::Challenge(Challenge::from_bytes(challenge))] {
            let stamp = stamp(DEVICE, &particulars());
            let presentation = Presentation::of(&stamp, &key(PRESENTER), occasion).unwrap();
            prop_assert_eq!(read(presentation.to_text().as_bytes()).unwrap().bytes, presentation.cbor());
        }
    }
}
