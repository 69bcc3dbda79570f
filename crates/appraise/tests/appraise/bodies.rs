//! Bodies: what leaves the device, that it says the same, and that nothing else can be read as one.

use proptest::prelude::*;
use proptest::sample::select;
use seaworthy_appraise::combined_fix;
use seaworthy_model::Verdict::Unknown;
use seaworthy_model::body::{MAX_UPDATES, SentCatalog, Told};
use seaworthy_model::*;

use crate::arbitrary::{self, evidence, pair, seen};
use crate::made::*;

const GRANTED: Grants = Grants { update_names: true };
const REFUSED: Grants = Grants { update_names: false };

/// Updates whose dates are close together, in either order.
fn update_near() -> impl Strategy<Value = PendingUpdate> {
    let hours = || prop::option::of((0i64..96, select(DateSource::ALL)));
    (arbitrary::update(), 0..3u32, hours(), hours()).prop_map(|(update, offered_by, not_before, out_by)| {
        let dated = |(hours, from): (i64, DateSource)| Dated { at: days_ago(10) + hours * HOUR, from };
        PendingUpdate { offered_by, not_before: not_before.map(dated), out_by: out_by.map(dated), ..update }
    })
}

pub(crate) fn grants() -> impl Strategy<Value = Grants> {
    any::<bool>().prop_map(|update_names| Grants { update_names })
}

fn bytes(body: &Body) -> Vec<u8> {
    body.canonical_bytes().unwrap()
}

fn instants(timelines: [&Timeline; 2]) -> Vec<Timestamp> {
    let turns = timelines.into_iter().flat_map(|line| line.spans().iter().filter_map(|span| span.from));
    turns.flat_map(|at| [at - 1, at, at + 1]).chain([now()]).collect()
}

fn all_updates_of(evidence: &mut Evidence) -> Vec<&mut PendingUpdate> {
    let updates = seen(&mut evidence.claims.updates);
    updates.map(|updates| updates.pending.iter_mut().chain(&mut updates.withheld).collect()).unwrap_or_default()
}

/// Evidence of which a body loses nothing that a rule judges: names are names, and dates are vendors' or whole days.
fn exact(mut evidence: Evidence) -> Evidence {
    for update in all_updates_of(&mut evidence) {
        *update =
            PendingUpdate { package: "bash".into(), architecture: "amd64".into(), foreign: false, ..update.clone() };
        let vendors = |dated: &Dated| matches!(dated.from, DateSource::ReleaseDate | DateSource::InstalledBuild);
        update.not_before = update.not_before.filter(vendors);
        update.out_by = update.out_by.filter(vendors);
    }
    for source in seen(&mut evidence.claims.catalog).into_iter().flat_map(|catalog| &mut catalog.sources) {
        source.fetched_at = source.fetched_at.map(Timestamp::start_of_day);
        if source.role == SourceRole::ThirdParty {
            source.date = source.date.map(Timestamp::start_of_day);
            source.valid_until = source.valid_until.map(Timestamp::start_of_day);
        }
    }
    evidence
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_body_is_its_own_body(evidence in evidence(), first in grants()) {
        let body = Body::of(&evidence, first);
        prop_assert_eq!(&Body::of(&body.evidence(now()), first), &body);
        prop_assert_eq!(Body::of(&body.evidence(now()), REFUSED), Body::of(&evidence, REFUSED));
    }

    #[test]
    fn a_body_reads_back(evidence in evidence(), grants in grants()) {
        let body = Body::of(&evidence, grants);
        prop_assert_eq!(Body::decode(&bytes(&body)), Ok(body));
    }

    #[test]
    fn no_other_bytes_are_read(evidence in evidence(), grants in grants(), at in any::<prop::sample::Index>(), flip in 1u8..) {
        let mut bytes = bytes(&Body::of(&evidence, grants));
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        if let Ok(other) = Body::decode(&bytes) {
            prop_assert_eq!(other.canonical_bytes().unwrap(), bytes);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        let _ = Body::decode(&bytes);
    }

    #[test]
    fn a_body_never_contradicts_its_evidence((evidence, policy) in pair(), grants in grants()) {
        let here = appraised(&evidence, &policy).timeline;
        let there = appraised(&Body::of(&evidence, grants).evidence(now()), &policy).timeline;
        for at in instants([&here, &there]) {
            let (here, there) = (here.at(at), there.at(at));
            prop_assert!(here == there || here == Unknown || there == Unknown, "{}: {} {}", at, here, there);
        }
    }

    #[test]
    fn lapses_are_only_told_more_widely(
        pending in prop::collection::vec(update_near(), 1..3), grants in grants(), allowed_days in 0u32..40
    ) {
        let mut evidence = with_pending(pending);
        sources(&mut evidence).push(source(SourceRole::ThirdParty, days_ago(1).start_of_day()));
        let policy = one(all_updates(allowed_days));
        let here = appraised(&evidence, &policy).timeline;
        let there = appraised(&Body::of(&evidence, grants).evidence(now()), &policy).timeline;
        for at in instants([&here, &there]) {
            prop_assert!(there.at(at) == Unknown || there.at(at) == here.at(at), "{}: {:?} {:?}", at, here, there);
        }
    }

    #[test]
    fn with_names_a_body_says_the_same((evidence, policy) in pair()) {
        let evidence = exact(evidence);
        let body = Body::of(&evidence, GRANTED);
        prop_assert_eq!(appraised(&body.evidence(now()), &policy).timeline, appraised(&evidence, &policy).timeline);
    }

    #[test]
    fn the_order_of_evidence_makes_no_other_body(evidence in evidence(), grants in grants()) {
        let mut turned = evidence.clone();
        let sources = seen(&mut turned.claims.catalog).map(|catalog| {
            catalog.sources.reverse();
            catalog.sources.len() as u32
        });
        for update in all_updates_of(&mut turned) {
            if let Some(count) = sources && update.offered_by < count {
                update.offered_by = count - 1 - update.offered_by;
            }
        }
        if let Some(updates) = seen(&mut turned.claims.updates) {
            updates.pending.reverse();
            updates.withheld.reverse();
        }
        if let Some(disks) = seen(&mut turned.claims.disk_encryption) {
            disks.volumes.reverse();
        }
        prop_assert_eq!(Body::of(&turned, grants), Body::of(&evidence, grants));
    }

    #[test]
    fn a_refused_name_is_in_no_byte(mut evidence in evidence(), word in select(vec!["bash", "CVE-2026-1", "9.9-secret", "Docker", "~none"])) {
        for update in all_updates_of(&mut evidence) {
            update.package = "secret-bash".into();
            update.source = "secret-bash".into();
            update.candidate = "9.9-secret".into();
            update.advisories = vec!["CVE-2026-1".into()];
        }
        let bytes = bytes(&Body::of(&evidence, REFUSED));
        prop_assert!(!bytes.windows(word.len()).any(|part| part == word.as_bytes()));
    }
}

fn pending(names: &[&str]) -> Vec<PendingUpdate> {
    names.iter().map(|name| update(name, Some(days_ago(40)), Some(days_ago(1)))).collect()
}

#[test]
fn updates_that_look_alike_are_counted() {
    let body = Body::of(&with_pending(pending(&["bash", "vim", "jq"])), REFUSED);
    let lapses: Vec<_> = body.lapses().collect();
    assert_eq!((lapses.len(), lapses[0].count), (1, 3));
    assert_eq!(
        appraised(&body.evidence(now()), &shipped("baseline"))
            .findings
            .iter()
            .filter(|f| f.code == Code::UpdatePending)
            .count(),
        3
    );
    assert_eq!(Body::of(&with_pending(pending(&["bash", "vim", "jq"])), GRANTED).lapses().count(), 3);
}

#[test]
fn a_build_is_dated_by_the_day_without_its_name() {
    let dates = |grants| {
        let body = Body::of(&with_pending(pending(&["bash"])), grants);
        let lapse = body.lapses().next().unwrap().clone();
        (lapse.not_before.unwrap().at, lapse.out_by.unwrap().at)
    };
    assert_eq!(dates(GRANTED), (days_ago(40), days_ago(1)));
    assert_eq!(dates(REFUSED), (days_ago(40).start_of_day(), days_ago(1)));
}

#[test]
fn what_differs_between_devices_of_one_image_is_not_in_the_body() {
    let mut other = in_order();
    other.claims.stale_libraries = Claim::known(StaleLibraries { processes: 0, unreadable: 0 }, &[Place::ProcessMaps]);
    other.claims.automatic_updates =
        Claim::known(AutomaticUpdates { enabled: true, gaps: vec![], last_run: Some(days_ago(0)) }, &[]);
    other.envelope.inspected_at = in_days(1);
    sources(&mut other)[0].fetched_at = Some(now() - 3 * HOUR);
    assert_eq!(Body::of(&other, REFUSED), Body::of(&in_order(), REFUSED));
}

#[test]
fn somebody_elses_archive_is_not_named() {
    let mut evidence = in_order();
    sources(&mut evidence).push(source(SourceRole::ThirdParty, days_ago(1)));
    let body = Body::of(&evidence, GRANTED);
    let Told::Known { value: SentCatalog { sources } } = &body.claims().catalog else { panic!("known") };
    let other = sources.iter().find(|source| source.role == SourceRole::ThirdParty).unwrap();
    assert_eq!((&other.suite, &other.codename), (&None, &None));
    assert_eq!(other.date, Some(days_ago(1).start_of_day()));
    assert_eq!(sources[0].codename.as_ref().unwrap().as_str(), "bookworm");
}

#[test]
fn a_volume_that_cannot_be_told_is_not_passed_over() {
    let mut evidence = in_order();
    let volume = Volume { mount: "/srv/secret".into(), encryption: Encryption::Plain };
    evidence.claims.disk_encryption = Claim::known(DiskEncryption { volumes: vec![volume] }, &[]);
    let body = Body::of(&evidence, GRANTED);
    assert_eq!(body.claims().disk_encryption, Told::Unknown { reason: Reason::NotSupported, seen: None });
}

#[test]
fn too_many_names_are_left_out_and_too_many_updates_are_unknown() {
    let many = |count: usize| {
        let name = |n: usize| format!("{}{n}", "long-name-of-a-package-".repeat(4));
        let pending = (0..count).map(|n| update(&name(n), Some(days_ago(n as i64)), None)).collect();
        Body::of(&with_pending(pending), GRANTED)
    };
    assert!(many(100).lapses().all(|lapse| lapse.named.is_some()));
    let nameless = many(1200);
    assert!(nameless.lapses().all(|lapse| lapse.named.is_none()) && bytes(&nameless).len() <= MAX_BODY);
    assert_eq!(many(MAX_UPDATES + 1).claims().updates, Told::Unknown { reason: Reason::TooLarge, seen: None });
}

fn refusal(change: impl FnOnce(&mut ciborium::Value)) -> BodyError {
    let body = Body::of(&with_pending(pending(&["bash", "vim"])), REFUSED);
    let mut value: ciborium::Value = ciborium::from_reader(bytes(&body).as_slice()).unwrap();
    change(&mut value);
    Body::decode(&canonical::to_bytes(&canonical::sorted(value).unwrap()).unwrap()).unwrap_err()
}

fn field<'a>(value: &'a mut ciborium::Value, path: &[&str]) -> &'a mut ciborium::Value {
    path.iter().fold(value, |value, name| match value {
        ciborium::Value::Map(entries) => {
            &mut entries.iter_mut().find(|(key, _)| key.as_text() == Some(name)).unwrap().1
        }
        ciborium::Value::Array(items) => &mut items[name.parse::<usize>().unwrap()],
        _ => panic!("{name} is in no map"),
    })
}

#[test]
fn what_no_device_sends_is_refused() {
    let first = ["claims", "updates", "value", "pending", "0"];
    let at = |more: &[&'static str]| [&first[..], more].concat();
    assert_eq!(refusal(|body| *field(body, &["version"]) = 2.into()), BodyError::Version(2));
    assert_eq!(refusal(|body| *field(body, &at(&["count"])) = u32::MAX.into()), BodyError::TooMany);
    assert_eq!(refusal(|body| *field(body, &at(&["count"])) = 0.into()), BodyError::NotRedacted);
    assert_eq!(refusal(|body| *field(body, &at(&["offered_by"])) = 9.into()), BodyError::NotRedacted);
    assert_eq!(refusal(|body| *field(body, &at(&["not_before", "at"])) = 1.into()), BodyError::NotRedacted);
    assert_eq!(refusal(|body| *field(body, &at(&["out_by", "from"])) = "first-seen".into()), BodyError::NotRedacted);
    let extra = |path: &[&str], name: &str| {
        refusal(|body| field(body, path).as_map_mut().unwrap().push((name.into(), "free text".into())))
    };
    for path in [&[][..], &["claims"], &["claims", "firewall"], &["claims", "firewall", "value"], &first] {
        assert_eq!(extra(path, "note"), BodyError::Form(canonical::CanonicalError::NotCanonical), "{path:?}");
    }
    let codename = ["claims", "catalog", "value", "sources", "0", "codename"];
    assert!(matches!(refusal(|body| *field(body, &codename) = "My Name".into()), BodyError::Form(_)));
    assert_eq!(Body::decode(&vec![0; MAX_BODY + 1]), Err(BodyError::TooLong));
}

#[test]
fn a_nameless_update_is_mended_by_an_upgrade() {
    let evidence = Body::of(&with_pending(pending(&["bash"])), REFUSED).evidence(now());
    let appraisal = appraised(&evidence, &one(all_updates(14)));
    let finding = finding(&appraisal, Code::UpdatePending);
    assert_eq!(finding.subject, None);
    assert_eq!(finding.fix.as_ref().unwrap().command.as_deref(), Some("apt-get update && apt-get upgrade"));
    assert_eq!(combined_fix(&evidence, &appraisal).as_deref(), Some("apt-get update && apt-get upgrade"));
}

#[test]
fn a_body_is_readable_as_json() {
    let body = serde_json::to_value(Body::of(&with_pending(pending(&["bash"])), REFUSED)).unwrap();
    assert_eq!(body["version"], 1);
    let lapse = serde_json::json!({
        "security": false, "offered_by": 0, "leftover": false, "count": 1,
        "not_before": {"at": "2026-10-13T00:00:00Z", "from": "installed-build"},
        "out_by": {"at": "2026-11-21T12:00:00Z", "from": "release-date"},
    });
    assert_eq!(body["claims"]["updates"]["value"]["pending"][0], lapse);
}
