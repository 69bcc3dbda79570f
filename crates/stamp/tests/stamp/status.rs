//! Stamps looked up in status lists. The vector under `docs/spec/` is a list made here.
use crate::kit::*;
use ciborium::Value;
use data_encoding::HEXLOWER;
use seaworthy_model::Grade;
use seaworthy_stamp::{Particulars, STATUS_LIST_TYPE, StatusList, Statuses, Trust, check};

const MADE: &str = "2026-11-23T00:00:00Z";
const ENDS: &str = "2026-11-24T00:00:00Z";

/// A list of 2^20 places in which one stamp has this status.
fn list(status: u8) -> StatusList {
    let mut statuses = Statuses::valid(2, 1 << 20).unwrap();
    assert!(statuses.set(crate::kit::status().index, status));
    StatusList { address: crate::kit::status().uri, issued: time(MADE), expires: time(ENDS), ttl: None, statuses }
}

fn trusting(lists: &[Vec<u8>]) -> Trust {
    let mut trust = trust();
    lists.iter().for_each(|list| _ = trust.add_status_list(list).unwrap());
    trust
}

/// How a stamp of an issuer who demands a look comes out.
fn checked(trust: &Trust, now: &str) -> &'static str {
    let revocable = Particulars { status: Some(crate::kit::status()), grade: Grade::SelfAsserted, ..particulars() };
    match check(stamp(REVOCABLE, &revocable).cbor(), trust, time(now), None) {
        Ok(checked) => {
            assert_eq!(checked.facts().cleared, Some(time(MADE)));
            "valid"
        }
        Err(refusal) => {
            assert!(refusal.facts().is_some());
            refusal.code().name()
        }
    }
}

#[test]
fn a_stamp_is_what_its_list_says() {
    let noon = "2026-11-23T12:00:00Z";
    assert_eq!(checked(&trust(), noon), "status-list-missing");
    for (status, expected) in [(0, "valid"), (1, "stamp-revoked"), (2, "stamp-suspended"), (3, "stamp-status")] {
        assert_eq!(checked(&trusting(&[list(status).sign(&key(STATUS))]), noon), expected, "status {status}");
    }
    let short = StatusList { statuses: Statuses::valid(2, 123_000).unwrap(), ..list(0) };
    assert_eq!(checked(&trusting(&[short.sign(&key(STATUS))]), noon), "stamp-status", "no such place");
    let elsewhere = StatusList { address: "https://status.example/4".into(), ..list(0) };
    assert_eq!(checked(&trusting(&[elsewhere.sign(&key(STATUS))]), noon), "status-list-missing");
}

#[test]
fn a_list_tells_nothing_before_it_is_made_and_after_it_ends_but_what_it_revokes() {
    let good = trusting(&[list(0).sign(&key(STATUS))]);
    assert_eq!(checked(&good, "2026-11-22T23:55:00Z"), "valid", "within the tolerance");
    assert_eq!(checked(&good, "2026-11-22T23:45:00Z"), "clock-wrong");
    assert_eq!(checked(&good, ENDS), "status-list-expired");
    assert_eq!(checked(&trusting(&[list(1).sign(&key(STATUS))]), ENDS), "stamp-revoked");
    let newer = StatusList { issued: time("2026-11-23T06:00:00Z"), ..list(1) };
    let both = trusting(&[newer.sign(&key(STATUS)), list(0).sign(&key(STATUS))]);
    assert_eq!(checked(&both, "2026-11-23T12:00:00Z"), "stamp-revoked", "the newest list counts");
}

#[test]
fn only_the_issuers_own_list_key_counts() {
    let refused = |bytes: &[u8]| trust().add_status_list(bytes).unwrap_err().code().name();
    for seed in [REVOCABLE, ORGANISATION, STRANGER, DEVICE] {
        assert_eq!(refused(&list(0).sign(&key(seed))), "status-list-issuer");
    }
    let late = StatusList { issued: time("2028-01-01"), expires: time("2028-01-02"), ..list(0) };
    assert_eq!(refused(&late.sign(&key(STATUS))), "status-list-issuer", "after the record has ended");
    let other = trusting(&[list(0).sign(&key(OTHER_STATUS))]);
    assert_eq!(checked(&other, "2026-11-23T12:00:00Z"), "status-list-missing", "nobody clears another's stamps");
}

#[test]
fn a_list_is_named_by_an_address_that_nobody_reads_along() {
    let at = |address: &str| {
        let list = StatusList { address: address.into(), ..list(0) };
        trust().add_status_list(&list.sign(&key(STATUS))).is_ok()
    };
    assert!(at("http://127.0.0.1:8440/status/00/1") && at("https://example.org/status/00/1"));
    assert!(!at("http://example.org/status/00/1") && !at("https://a b/") && !at("https://"));
}

/// Encoded and signed by other code than ours.
#[test]
fn no_other_form_is_a_list() {
    let header = |kind: &str| {
        let hint = key(STATUS).public().id().hint();
        encoded(&Value::Map(vec![(int(1), int(-19)), (int(4), bytes(&hint)), (int(16), text(kind))]))
    };
    let forged = |claims: &[(Value, Value)]| {
        forge_under(STATUS, &header(STATUS_LIST_TYPE), Value::Map(vec![]), &encoded(&Value::Map(claims.to_vec())))
    };
    let refused = |bytes: &[u8]| trust().add_status_list(bytes).unwrap_err().code().name();
    let lst = HEXLOWER.decode(b"78dadbb918000217015d").unwrap();
    let inner = |bits: i64| Value::Map(vec![(text("lst"), bytes(&lst)), (text("bits"), int(bits))]);
    let good = vec![
        (int(2), text("https://status.example/3")),
        (int(4), int(time(ENDS).seconds())),
        (int(6), int(time(MADE).seconds())),
        (int(65_533), inner(1)),
        (int(65_534), int(43_200)),
    ];
    assert_eq!(trust().add_status_list(&forged(&good)).unwrap(), time(MADE));
    let ours = StatusList { ttl: Some(43_200), statuses: Statuses::unpack(1, &lst).unwrap(), ..list(0) };
    let ours = StatusList { address: "https://status.example/3".into(), ..ours };
    assert_eq!(ours.sign(&key(STATUS)), forged(&good), "ours, with a time to live");
    for missing in 0..4 {
        let mut claims = good.clone();
        claims.remove(missing);
        assert_eq!(refused(&forged(&claims)), "status-list-broken");
    }
    let mut unknown = good.clone();
    unknown.push((int(65_600), int(1)));
    assert_eq!(refused(&forged(&unknown)), "status-list-broken");
    let mut bits = good.clone();
    bits[3].1 = inner(3);
    assert_eq!(refused(&forged(&bits)), "status-list-broken");
    let claims = encoded(&Value::Map(good.clone()));
    let stamp_like = forge_under(STATUS, &header(TYP), Value::Map(vec![]), &claims);
    assert_eq!(refused(&stamp_like), "status-list-broken", "a stamp's type");
    let list = forged(&good);
    for at in 0..list.len() {
        assert!(trust().add_status_list(&list[..at]).is_err());
        let mut flipped = list.clone();
        flipped[at] ^= 1;
        assert!(trust().add_status_list(&flipped).is_err(), "byte {at}");
    }
}

#[test]
fn a_million_stamps_of_which_one_in_a_hundred_is_revoked_fit_into_20_kb() {
    let mut statuses = Statuses::valid(2, 1 << 20).unwrap();
    let mut place = 1_u64;
    for _ in 0..(1 << 20) / 100 {
        place = place.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        assert!(statuses.set(place >> 44, 1));
    }
    let size = StatusList { statuses, ..list(0) }.sign(&key(STATUS)).len();
    assert!(size < 20_000, "{size} bytes");
}
