//! Issuing: a pass at the instant and with an end, or nothing.
use crate::kit::*;
use seaworthy_model::{Appraisal, Code, Finding, Severity, Timeline, Verdict};
use seaworthy_stamp::{NoStamp, Particulars, Passing, StatusReference, Unsigned, issue};

fn with_timeline(timeline: Timeline) -> Appraisal {
    Appraisal { timeline, ..appraisal() }
}

#[test]
fn only_a_pass_gives_a_stamp() {
    for verdict in [Verdict::Fail, Verdict::Unknown, Verdict::NotApplicable] {
        let appraisal = with_timeline(Timeline::always(verdict).then(time(EXPIRES), Verdict::Pass));
        assert_eq!(Passing::new(&appraisal, time(ISSUED)), Err(NoStamp::NotPassing(verdict)));
    }
    assert_eq!(Passing::new(&appraisal(), time(EXPIRES)), Err(NoStamp::NotPassing(Verdict::Unknown)));
}

#[test]
fn the_stamp_ends_at_the_first_instant_that_is_no_pass() {
    let passing = Passing::new(&appraisal(), time("2026-12-24")).unwrap();
    assert_eq!(passing.until(), time(EXPIRES));
    let endless = with_timeline(Timeline::always(Verdict::Pass));
    assert_eq!(Passing::new(&endless, time(ISSUED)), Err(NoStamp::NoEnd));
    let early = with_timeline(Timeline::always(Verdict::Pass).then(time(EXPIRES), Verdict::Fail));
    assert_eq!(Passing::new(&early, time("1969-12-31")), Err(NoStamp::BeforeTime));
}

#[test]
fn malformed_names_are_not_signed() {
    for (name, digest) in
        [("Six", digest()), ("", digest()), ("six-month", "5a".into()), ("six-month", "zz".repeat(32))]
    {
        let mut appraisal = appraisal();
        appraisal.policy.name = name.into();
        appraisal.policy.digest = digest;
        assert_eq!(Passing::new(&appraisal, time(ISSUED)), Err(NoStamp::Policy));
    }
    let passing = Passing::new(&appraisal(), time(ISSUED)).unwrap();
    let listed = StatusReference { uri: "http://status.example/".into(), ..status() };
    for wrong in
        [Particulars { build: "a\nb".into(), ..particulars() }, Particulars { status: Some(listed), ..particulars() }]
    {
        assert_eq!(issue(&passing, &wrong, &fresh(), &key(DEVICE)), Err(NoStamp::Particulars));
    }
}

#[test]
fn the_trust_vector_says_only_what_was_judged() {
    let finding = |code, severity, verdict| Finding {
        code,
        subject: None,
        severity,
        timeline: Timeline::always(verdict),
        reason: None,
        since: None,
        due: None,
        fix: None,
    };
    let issued = |findings| {
        let appraisal = Appraisal { findings, ..appraisal() };
        let stamp =
            issue(&Passing::new(&appraisal, time(ISSUED)).unwrap(), &particulars(), &fresh(), &key(DEVICE)).unwrap();
        // The vector follows the device's status: 1000 → 2, then 1001.
        let start = stamp.cbor().windows(3).position(|part| part == [0x19, 0x03, 0xe9]);
        start.map(|at| stamp.cbor()[at + 3..at + 8].to_vec())
    };
    use Severity::{Advisory, Major};
    use Verdict::{NotApplicable, Pass};
    assert_eq!(issued(vec![]), None);
    assert_eq!(issued(vec![finding(Code::DiskEncrypted, Advisory, Pass)]), None);
    assert_eq!(issued(vec![finding(Code::DiskEncrypted, Major, NotApplicable)]), None);
    let both = vec![finding(Code::DiskEncrypted, Major, Pass), finding(Code::FirewallActive, Major, Pass)];
    assert_eq!(issued(both), Some(vec![0xa2, 2, 2, 6, 2]));
}

/// What is written down before it is signed is exactly what the signature covers; no other key signs it.
#[test]
fn a_stamp_is_drafted_and_signed_later() {
    let passing = Passing::new(&appraisal(), time(ISSUED)).unwrap();
    let issuer = key(DEVICE);
    let unsigned = Unsigned::new(&passing, &particulars(), &fresh(), issuer.public().id()).unwrap();
    let stored = Unsigned::from_bytes(unsigned.to_be_signed().to_vec());
    let stamp = stored.sign(&issuer).unwrap();
    assert_eq!(stamp, issue(&passing, &particulars(), &fresh(), &issuer).unwrap());
    assert_eq!(stamp.to_be_signed().unwrap(), unsigned.to_be_signed());
    assert_eq!(stored.sign(&key(ORGANISATION)), None);
    assert_eq!(Unsigned::from_bytes(b"other".to_vec()).sign(&issuer), None);
}
