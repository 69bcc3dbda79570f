//! Every stamp that must be refused, with the code that must be said.

use ciborium::Value;
use seaworthy_model::{Grade, Timestamp};
use seaworthy_stamp::{Challenge, Particulars, Refusal, Trust, check_carried, read};

use crate::kit::*;

/// One input and what a check of it must say.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) code: &'static str,
    pub(crate) input: Vec<u8>,
    pub(crate) at: Timestamp,
    pub(crate) floor: Option<Timestamp>,
    pub(crate) challenge: Option<Challenge>,
}

impl Case {
    pub(crate) fn refusal(&self, trust: &Trust) -> Refusal {
        let carried = read(&self.input);
        let checked = carried.and_then(|c| check_carried(&c, trust, self.at, self.floor, self.challenge.as_ref()));
        checked.unwrap_err()
    }
}

const NOW: &str = "2026-11-23";

pub(crate) fn cases() -> Vec<Case> {
    let case = |name, code, input| Case { name, code, input, at: time(NOW), floor: None, challenge: None };
    let mut cases: Vec<Case> = Vec::new();
    cases.extend(texts().into_iter().map(|(name, code, text)| case(name, code, text.into_bytes())));
    cases.extend(forms().into_iter().map(|(name, code, bytes)| case(name, code, bytes)));
    cases.extend(headers().into_iter().map(|(name, code, bytes)| case(name, code, bytes)));
    cases.extend(claim_sets().into_iter().map(|(name, code, claims)| case(name, code, forge(DEVICE, &claims))));
    cases.extend(judgements());
    cases
}

fn good() -> Vec<u8> {
    stamp(DEVICE, &particulars()).cbor().to_vec()
}

fn texts() -> Vec<(&'static str, &'static str, String)> {
    let text = stamp(DEVICE, &particulars()).to_text(None);
    let body = text.strip_prefix("SEAWORTHY:S#").unwrap().to_owned();
    let last = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let turned = last.chars().nth(last.find(body.chars().last().unwrap()).unwrap() ^ 1).unwrap();
    vec![
        ("a text without prefix", "stamp-text", body.clone()),
        ("a text of another scheme", "stamp-text", format!("OTHER:S#{body}")),
        ("lower case", "stamp-text-lower-case", format!("SEAWORTHY:S#{}", body.to_lowercase())),
        ("a space inside", "stamp-text-letter", format!("SEAWORTHY:S#{} {}", &body[..8], &body[8..])),
        ("padding", "stamp-text-letter", format!("{text}======")),
        ("a length that cannot be", "stamp-text-length", format!("SEAWORTHY:S#{}", &body[..body.len() / 8 * 8 + 1])),
        ("an index with a zero in front", "stamp-text-index", format!("{text}.07")),
        ("left-over bits", "stamp-text-leftover", format!("{}{turned}", &text[..text.len() - 1])),
    ]
}

fn forms() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let good = good();
    let inner = &good[2..];
    vec![
        ("larger than any stamp", "stamp-too-large", [vec![0xd2], vec![0xff; 4096]].concat()),
        ("no tag", "stamp-tag", good[1..].to_vec()),
        ("tag 17", "stamp-tag", [&[0xd1], &good[1..]].concat()),
        ("tag 61 before tag 18", "stamp-tag", [&[0xd8, 61], &good[..]].concat()),
        ("cut short", "stamp-malformed", good[..good.len() - 1].to_vec()),
        (
            "an array of three",
            "stamp-malformed",
            replaced(&good, &[0xd2, 0x84], &[0xd2, 0x83])[..good.len() - 66].to_vec(),
        ),
        (
            "a detached payload",
            "stamp-malformed",
            encoded(&Value::Tag(
                18,
                Box::new(Value::Array(vec![bytes(&[0xa0]), Value::Map(vec![]), Value::Null, bytes(&[0; 64])])),
            )),
        ),
        ("a byte after the stamp", "stamp-trailing-bytes", [&good[..], &[0]].concat()),
        ("an array without length", "stamp-indefinite-length", [&[0xd2, 0x9f], inner, &[0xff]].concat()),
        ("a length longer than needed", "stamp-long-integer", [&[0xd2, 0x98, 4], inner].concat()),
        ("nested too deep", "stamp-too-deep", [vec![0xd2], vec![0x81; 32], vec![0]].concat()),
        (
            "an unprotected header",
            "stamp-unprotected",
            forge_under(
                DEVICE,
                &encoded(&Value::Map(header(DEVICE))),
                Value::Map(vec![(int(4), bytes(&[1]))]),
                &encoded(&claims()),
            ),
        ),
    ]
}

fn headers() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let under = |edit: fn(&mut Vec<(Value, Value)>)| {
        let mut header = header(DEVICE);
        edit(&mut header);
        forge_under(DEVICE, &encoded(&Value::Map(header)), Value::Map(vec![]), &encoded(&claims()))
    };
    vec![
        ("no typ", "stamp-typ-missing", under(|header| _ = header.pop())),
        ("another typ", "stamp-typ", under(|header| header[2].1 = text("application/eat+cwt"))),
        ("algorithm EdDSA", "stamp-algorithm", under(|header| header[0].1 = int(-8))),
        ("algorithm ES256", "stamp-algorithm", under(|header| header[0].1 = int(-7))),
        ("no algorithm", "stamp-algorithm", under(|header| _ = header.remove(0))),
        ("a critical header", "stamp-header", under(|header| header.insert(1, (int(2), Value::Array(vec![int(99)]))))),
        ("a header named by a text", "stamp-header", under(|header| header.push((text("note"), int(1))))),
        ("no key id", "stamp-header", under(|header| _ = header.remove(1))),
        ("a key id of seven bytes", "stamp-header", under(|header| header[1].1 = bytes(&[0; 7]))),
        ("a header twice", "stamp-duplicate-key", under(|header| header.push((int(16), text(TYP))))),
        (
            "the same hint, another key",
            "stamp-signature",
            forge_under(STRANGER, &encoded(&Value::Map(header(DEVICE))), Value::Map(vec![]), &encoded(&claims())),
        ),
        ("an unknown issuer", "stamp-issuer", forge(STRANGER, &encoded(&claims()))),
    ]
}

fn claim_sets() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let good = encoded(&claims());
    let seconds = encoded(&int(time(ISSUED).seconds()));
    let long = [&[0x06, 0x1b, 0, 0, 0, 0], &seconds[1..]].concat();
    let issued = [&[0x06], &seconds[..]].concat();
    let mut twice = claims();
    entries(&mut twice, &[]).insert(2, (int(6), int(0)));
    let mut swapped = claims();
    entries(&mut swapped, &ours()).swap(1, 2);
    let version_two = {
        let mut claims = claims();
        entries(&mut claims, &[]).insert(4, (int(9), int(1)));
        entries(&mut claims, &ours())[0].1 = int(2);
        encoded(&claims)
    };
    let mut cases = vec![
        ("claims that are no map", "stamp-claim-value", encoded(&Value::Array(vec![]))),
        ("claims that trail", "stamp-trailing-bytes", [&good[..], &[0]].concat()),
        ("a claim's number longer than needed", "stamp-long-integer", replaced(&good, &issued, &long)),
        ("a claim of open length", "stamp-indefinite-length", replaced(&good, &[0x81, 0x69], &[0x9f, 0x69])),
        ("a claim twice", "stamp-duplicate-key", encoded(&twice)),
        ("claims out of order", "stamp-key-order", encoded(&swapped)),
        ("version 2, with a claim of its own", "stamp-version", version_two),
        ("EAR draft 03", "stamp-profile", with(&[], int(265), text("tag:ietf.org,2026:rats/ear#03"))),
        ("an unknown tier", "stamp-tier", with(&[], int(1000), int(3))),
        ("a negative tier", "stamp-tier", with(&device(), int(1000), int(-1))),
        ("no tier", "stamp-not-affirming", with(&device(), int(1000), int(0))),
        ("warning", "stamp-not-affirming", with(&[], int(1000), int(32))),
        ("contraindicated", "stamp-not-affirming", with(&device(), int(1000), int(96))),
        (
            "a warning in the trust vector",
            "stamp-not-affirming",
            with(&device(), int(1001), Value::Map(vec![(int(2), int(32))])),
        ),
    ];
    cases.extend(unknown_claims());
    cases.extend(missing_claims());
    cases.extend(wrong_values());
    cases
}

fn unknown_claims() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let unknown = "stamp-claim";
    vec![
        ("an audience", unknown, with(&[], int(3), text("gate"))),
        ("a subject", unknown, with(&[], int(2), text("laptop"))),
        ("a claim named by a text", unknown, with(&[], text("note"), int(1))),
        ("a second submodule", unknown, with(&[int(266)], text("tpm"), Value::Map(vec![]))),
        ("attester claims", unknown, with(&device(), int(1005), Value::Map(vec![]))),
        ("an unknown verifier claim", unknown, with(&ours(), int(4), int(1))),
        ("an unknown trust vector claim", unknown, with(&device(), int(1001), Value::Map(vec![(int(4), int(2))]))),
        ("a whole key to confirm", unknown, with(&[], int(8), Value::Map(vec![(int(1), Value::Map(vec![]))]))),
    ]
}

fn missing_claims() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let missing = "stamp-claim-missing";
    vec![
        ("no exp", missing, without(&[], &int(4))),
        ("no iat", missing, without(&[], &int(6))),
        ("no cti", missing, without(&[], &int(7))),
        ("no cnf", missing, without(&[], &int(8))),
        ("no profile", missing, without(&[], &int(265))),
        ("no submodules", missing, without(&[], &int(266))),
        ("no status", missing, without(&[], &int(1000))),
        ("no verifier", missing, without(&[], &int(1004))),
        ("no status of the device", missing, without(&device(), &int(1000))),
        ("no policy", missing, without(&device(), &int(1003))),
        ("no verifier claims", missing, without(&device(), &int(1006))),
        ("no version", missing, without(&ours(), &int(0))),
        ("no grade", missing, without(&ours(), &int(1))),
        ("no kind of subject", missing, without(&ours(), &int(2))),
        ("no policy digest", missing, without(&ours(), &int(3))),
    ]
}

fn wrong_values() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let wrong = "stamp-claim-value";
    let list = |idx: Value, uri: &str| {
        Value::Map(vec![(text("status_list"), Value::Map(vec![(text("idx"), idx), (text("uri"), text(uri))]))])
    };
    vec![
        ("an end before the beginning", wrong, with(&[], int(4), int(time(ISSUED).seconds()))),
        ("a negative time", wrong, with(&[], int(6), int(-1))),
        ("a time past all calendars", wrong, with(&[], int(4), int(i64::MAX))),
        ("a time with fractions", wrong, with(&[], int(4), Value::Float(1.5))),
        ("an id of fifteen bytes", wrong, with(&[], int(7), bytes(&[0; 15]))),
        ("a thumbprint of SHA-1", wrong, with(&[int(8)], int(5), bytes(&[0; 20]))),
        ("a status as text", wrong, with(&[], int(1000), text("affirming"))),
        ("an empty trust vector", wrong, with(&device(), int(1001), Value::Map(vec![]))),
        ("two policies", wrong, with(&device(), int(1003), Value::Array(vec![text("six-month"), text("baseline")]))),
        ("a policy with capitals", wrong, with(&device(), int(1003), Value::Array(vec![text("Six")]))),
        ("a build that steers terminals", wrong, with(&[int(1004)], int(1), text("\u{1b}[2J"))),
        ("a grade beyond the list", wrong, with(&ours(), int(1), int(3))),
        ("a subject beyond the list", wrong, with(&ours(), int(2), int(2))),
        ("a status list without https", wrong, with(&[], int(65535), list(int(1), "http://status.example/"))),
        ("a status list at a negative place", wrong, with(&[], int(65535), list(int(-1), "https://status.example/"))),
    ]
}

fn judgements() -> Vec<Case> {
    let by = |seed, particulars: &Particulars| stamp(seed, particulars).cbor().to_vec();
    let at = |name, code, input, at: &str| Case { name, code, input, at: time(at), floor: None, challenge: None };
    let grade = |grade| Particulars { grade, ..particulars() };
    let times = |issued: &str, expires: &str| {
        let mut claims = claims();
        entries(&mut claims, &[])[0].1 = int(time(expires).seconds());
        entries(&mut claims, &[])[1].1 = int(time(issued).seconds());
        forge(ORGANISATION, &encoded(&claims))
    };
    let named = |name: &str| forge(ORGANISATION, &with(&device(), int(1003), Value::Array(vec![text(name)])));
    let other_digest = forge(ORGANISATION, &with(&ours(), int(3), bytes(&[0; 32])));
    let revocable = Particulars { status: Some(status()), ..particulars() };
    vec![
        Case {
            floor: Some(time("2026-11-23T00:00:01Z")),
            ..at("a clock before the floor", "clock-wrong", good(), NOW)
        },
        at("a clock before the record", "clock-wrong", by(ORGANISATION, &particulars()), "2025-12-31T23:49:59Z"),
        at("a log's key", "stamp-role", by(LOG, &particulars()), NOW),
        at("a record that has ended", "stamp-record-ended", by(ORGANISATION, &particulars()), "2028-01-01"),
        at("issued in the future", "stamp-not-yet-valid", good(), "2026-11-22T09:49:59Z"),
        at("expired", "stamp-expired", good(), EXPIRES),
        at("issued before the record", "stamp-validity", times("2025-12-31", "2026-12-31"), NOW),
        at("valid past the record", "stamp-validity", times("2026-11-22", "2028-01-02"), NOW),
        at("a device that says hardware vouches", "stamp-grade", by(DEVICE, &grade(Grade::HardwareAttested)), NOW),
        at("an organisation beyond its grade", "stamp-grade", by(ORGANISATION, &grade(Grade::HardwareAttested)), NOW),
        at("a policy not listed", "stamp-policy", named("essential-eight"), NOW),
        at("a listed policy with other rules", "stamp-policy", other_digest, NOW),
        at("no status list named", "stamp-status-missing", by(REVOCABLE, &particulars()), NOW),
        at("no status list at hand", "status-list-missing", by(REVOCABLE, &revocable), NOW),
    ]
}
