//! Properties: no bytes make a reader panic, what is read is what was written, and one changed bit is one too many.

use proptest::prelude::*;
use seaworthy_model::Timestamp;
use seaworthy_protocol::{
    Acknowledgement, DeviceRequest, Digest, Enrolment, EvidenceEnvelope, Head, Ledger, Link, Octets, PolicyDocument,
    Report, Successor, open, open_own, seal,
};
use seaworthy_stamp::cose;

use crate::kinds;

proptest! {
    #[test]
    fn no_bytes_are_a_message_and_none_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let key = kinds::device().public();
        prop_assert!(open_own::<Enrolment>(&bytes).is_err());
        prop_assert!(open_own::<EvidenceEnvelope>(&bytes).is_err());
        prop_assert!(open_own::<DeviceRequest>(&bytes).is_err());
        prop_assert!(open::<Acknowledgement>(&bytes, &key).is_err());
        prop_assert!(open::<PolicyDocument>(&bytes, &key).is_err());
        prop_assert!(open::<Successor>(&bytes, &key).is_err());
        let _ = Report::decode(&bytes);
        let _ = String::from_utf8_lossy(&bytes).parse::<Link>();
    }

    #[test]
    fn signed_bytes_of_no_meaning_are_refused_too(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let device = kinds::device();
        let signed = cose::sign(&device, <DeviceRequest as seaworthy_protocol::Message>::TYPE, &bytes);
        prop_assert!(open::<DeviceRequest>(&signed, &device.public()).is_err());
        prop_assert!(open_own::<DeviceRequest>(&signed).is_err());
    }

    #[test]
    fn one_changed_bit_is_one_too_many(at in any::<prop::sample::Index>(), bit in 0..8u8) {
        let device = kinds::device();
        let mut bytes = seal(&kinds::evidence(b"body"), &device).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(open::<EvidenceEnvelope>(&bytes, &device.public()).is_err());
        prop_assert!(open_own::<EvidenceEnvelope>(&bytes).is_err());
    }

    #[test]
    fn an_envelope_reads_back(
        counter in 1..u64::MAX,
        // From year 0 to 9999.
        seconds in -62_167_132_800i64..=253_402_207_200,
        nonce in proptest::option::of(any::<[u8; 32]>()),
        body in any::<[u8; 32]>(),
    ) {
        let device = kinds::device();
        let envelope = EvidenceEnvelope {
            counter,
            inspected_at: Timestamp::from_seconds(seconds),
            nonce: nonce.map(Digest::from_bytes),
            body: Digest::from_bytes(body),
            ..kinds::evidence(b"")
        };
        let sealed = seal(&envelope, &device).unwrap();
        prop_assert_eq!(open_own::<EvidenceEnvelope>(&sealed).unwrap(), (envelope, device.public()));
    }

    #[test]
    fn a_name_is_one_short_line(name in "\\PC{0,150}|[\\x00-\\x7f]{0,30}") {
        let device = kinds::device();
        let sealed = seal(&Enrolment { name: Some(name.clone()), ..kinds::enrolment() }, &device).unwrap();
        let is_one = !name.trim().is_empty() && name.len() <= 120 && !name.contains(char::is_control);
        prop_assert_eq!(open_own::<Enrolment>(&sealed).is_ok(), is_one);
    }

    #[test]
    fn octets_read_back_in_both_forms(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let octets = Octets(bytes);
        let json = serde_json::to_string(&octets).unwrap();
        prop_assert_eq!(serde_json::from_str::<Octets>(&json).unwrap(), octets.clone());
        let cbor = seaworthy_model::canonical::encode(&octets).unwrap();
        prop_assert_eq!(seaworthy_model::canonical::decode::<Octets>(&cbor).unwrap(), octets);
    }

    #[test]
    fn links_read_back(organisation in any::<[u8; 32]>(), token in any::<[u8; 32]>(), port in any::<u16>()) {
        let server = format!("https://example.org:{port}");
        let link = Link { server, organisation: Digest::from_bytes(organisation), token: Octets(token.to_vec()) };
        prop_assert_eq!(link.to_string().parse::<Link>(), Ok(link));
    }

    #[test]
    fn whatever_is_taken_out_of_a_signed_ledger_is_missed(kept in proptest::collection::vec(any::<bool>(), 3)) {
        let whole = kinds::ledger();
        let head = kinds::acknowledgement(Digest::ZERO).ledger;
        let left: Vec<_> = whole.iter().zip(&kept).filter(|(_, kept)| **kept).map(|(entry, _)| entry.clone()).collect();
        let is_whole = left.len() == whole.len();
        prop_assert_eq!(Ledger::verified(left.clone(), head).is_ok(), is_whole);
        // From the first entry on, a beginning is a ledger; to know that it was longer takes a signed head.
        let is_beginning = whole.starts_with(&left);
        prop_assert_eq!(Ledger::verified(left, Head::EMPTY).is_ok(), is_beginning);
    }
}
