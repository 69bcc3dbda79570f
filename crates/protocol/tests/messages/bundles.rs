//! Bundles: a whole one, what it lacks when it is older than the log, and that no byte and no part of it can be another
//! one. The vectors are under `docs/spec/vectors/bundle/`.

use proptest::prelude::*;
use seaworthy_appraise::{Offer, Reference, Support, appraise_shared_by};
use seaworthy_model::{Appraisal, Body, PolicyId, Verdict};
use seaworthy_protocol::{
    AssignmentLeaf, AssignmentPart, Bundle, BundleError, CatalogLeaf, CatalogPart, Digest, Gap, LeafKind, LeafProof,
    LogDocument, LogEntry, Octets, Part, PolicyPart, ReportLeaf, ReportPart, Salt, SeenOffer, VERSION, recompute,
    record, seal,
};
use seaworthy_stamp::cose;
use seaworthy_tlog::{Checkpoint, Hash, Policy, cosign};
use serde_json::json;

use crate::kinds::{self, id, public, t};
use crate::proofs::{ORIGIN, log, path, root, witness};
use crate::vectors::{folder, hold_in};

/// The witness's time.
const SEEN: &str = "2026-11-24T10:05:00Z";

fn body() -> Vec<u8> {
    std::fs::read(folder("evidence").join("named.cbor")).unwrap()
}

fn log_document(since: &str) -> LogDocument {
    LogDocument {
        version: VERSION,
        organisation: id(&kinds::organisation()),
        origin: ORIGIN.into(),
        key: Octets(log().public.as_bytes().to_vec()),
        statuses: public(&kinds::key(3)),
        since: t(since),
    }
}

fn catalog() -> Reference {
    let mut catalog = Reference::default();
    let support = Support { support_end: t("2026-12-31"), lts_end: None };
    catalog.support("debian", "12", support);
    catalog
}

/// An offer that the body names.
fn seen() -> SeenOffer {
    let body = Body::decode(&body()).unwrap();
    let named = body.lapses().find_map(|lapse| lapse.named.clone()).unwrap();
    SeenOffer {
        package: named.package.as_str().into(),
        architecture: named.architecture.as_str().into(),
        candidate: named.candidate.as_str().into(),
        at: t("2026-11-20T00:00:00Z"),
    }
}

fn appraised() -> Appraisal {
    let (body, policy) = (Body::decode(&body()).unwrap(), kinds::policy().policy);
    let digest = Digest::of(&policy.canonical_bytes().unwrap()).to_string();
    let mut reference = catalog().concerning(&body);
    let SeenOffer { package, architecture, candidate, at } = seen();
    reference.saw(Offer { package, architecture, candidate }, at);
    let (policy_id, at) = (PolicyId { name: policy.name.clone(), digest }, t("2026-11-24T09:05:00Z"));
    appraise_shared_by(&reference, &body, &policy, policy_id, at).at(at).unwrap()
}

/// All of it but the proofs.
fn unproved() -> Bundle {
    let appraisal = appraised();
    let at = t("2026-11-24T10:00:00Z");
    let envelope = seal(&kinds::evidence(&body()), &kinds::device()).unwrap();
    Bundle {
        version: VERSION,
        organisation: id(&kinds::organisation()),
        key: public(&kinds::organisation()),
        successors: vec![Octets(seal(&kinds::succession(), &kinds::organisation()).unwrap())],
        made_at: t("2026-11-25T00:00:00Z"),
        device: id(&kinds::device()),
        at,
        moved: false,
        log: Octets(seal(&log_document("2026-10-01T00:00:00Z"), &kinds::organisation()).unwrap()),
        checkpoint: String::new(),
        report: ReportPart {
            envelope: Octets(envelope),
            body: Octets(body()),
            received_at: t("2026-11-24T09:05:02Z"),
            inspected_at: t("2026-11-24T09:05:00Z"),
            live: true,
            proof: None,
        },
        policy: PolicyPart { document: Octets(seal(&kinds::policy(), &kinds::organisation()).unwrap()), proof: None },
        assignment: AssignmentPart {
            record: AssignmentLeaf { unit: Octets(vec![4; 16]), since: t("2026-11-01T00:00:05Z"), sequence: 4 },
            proof: None,
        },
        catalog: Some(CatalogPart {
            content: Octets(catalog().canonical_bytes().unwrap()),
            since: t("2026-11-03T00:00:00Z"),
            proof: None,
        }),
        seen: vec![seen()],
        verdict: appraisal.timeline.at(at),
        timeline: appraisal.timeline,
    }
}

/// What the log commits to of a bundle's parts.
fn records(bundle: &Bundle) -> Vec<(LeafKind, Vec<u8>)> {
    let report = &bundle.report;
    let leaf = ReportLeaf {
        device: bundle.device,
        message: Digest::of(&report.envelope.0),
        received_at: report.received_at,
        inspected_at: report.inspected_at,
        live: report.live,
    };
    let catalog = bundle.catalog.as_ref().unwrap();
    let in_force = CatalogLeaf { digest: Digest::of(&catalog.content.0), since: catalog.since };
    vec![
        (LeafKind::Report, record(&leaf).unwrap()),
        (LeafKind::Policy, bundle.policy.document.0.clone()),
        (LeafKind::Assignment, record(&bundle.assignment.record).unwrap()),
        (LeafKind::Catalog, record(&in_force).unwrap()),
    ]
}

/// The bundle with the proofs of a log that has its parts as entries 1, 3, 5 and 7 of 9.
fn proved() -> Bundle {
    let mut bundle = unproved();
    let salt = |at: usize| Salt::from_bytes([at as u8 + 1; 32]);
    let mut entries: Vec<_> = (0..9).map(|at| LogEntry::of(LeafKind::Stamp, &salt(at), b"another")).collect();
    for (place, (kind, record)) in records(&bundle).iter().enumerate() {
        entries[2 * place + 1] = LogEntry::of(*kind, &salt(2 * place + 1), record);
    }
    let leaves: Vec<Hash> = entries.iter().map(|entry| Hash::leaf(entry.as_bytes())).collect();
    let proof = |at: usize| {
        let hashes = path(at, &leaves).iter().map(|hash| Digest::from_bytes(*hash.as_bytes())).collect();
        Some(LeafProof { index: at as u64, salt: Octets(salt(at).as_bytes().to_vec()), hashes })
    };
    bundle.report.proof = proof(1);
    bundle.policy.proof = proof(3);
    bundle.assignment.proof = proof(5);
    bundle.catalog.as_mut().unwrap().proof = proof(7);
    let checkpoint = Checkpoint::new(ORIGIN, 9, root(&leaves));
    let mut note = checkpoint.sign(&log()).unwrap();
    let at = t(SEEN).seconds() as u64;
    note.add(cosign(&checkpoint.to_string(), at, &witness("north")).unwrap()).unwrap();
    Bundle { checkpoint: note.to_string(), ..bundle }
}

fn sealed(bundle: &Bundle) -> Vec<u8> {
    seal(bundle, &kinds::successor()).unwrap()
}

fn log_policy() -> Policy {
    let text = format!("log {}\nwitness north {}\nquorum north\n", log().public, witness("north").public);
    Policy::parse(text.as_bytes()).unwrap()
}

#[test]
fn a_bundle_gives_the_verdict_again() {
    let bundle = proved();
    let bytes = sealed(&bundle);
    assert!(Bundle::is_like(&bytes) && !Bundle::is_like(b"S#AAAA") && !Bundle::is_like(&[]));
    let policy = log_policy();
    for policy in [None, Some(&policy)] {
        let found = recompute(&bytes, policy).unwrap();
        assert_eq!(found.appraisal, appraised());
        assert_eq!(found.keys, [kinds::organisation().public(), kinds::successor().public()]);
        assert_eq!((found.checkpoint.index, found.checkpoint.size), (1, 9));
        assert_eq!(found.checkpoint.newest(), policy.map(|_| t(SEEN)));
        assert_eq!(found.bundle.gaps(), [Gap::Unit, Gap::FirstSeen, Gap::Newest]);
        assert_eq!(found.bundle, bundle);
    }
    // The first key may have signed it: then nobody need believe the second.
    let first = seal(&bundle, &kinds::organisation()).unwrap();
    assert_eq!(recompute(&first, None).unwrap().keys.len(), 1);
}

/// The bundle of an organisation whose log began after all of it.
fn older() -> Bundle {
    let document = seal(&log_document("2026-11-24T09:30:00Z"), &kinds::organisation()).unwrap();
    Bundle { checkpoint: proved().checkpoint, log: Octets(document), ..unproved() }
}

#[test]
fn what_is_older_than_the_log_needs_no_proof_and_says_so() {
    let older = older();
    let found = recompute(&sealed(&older), None).unwrap().bundle.gaps();
    let before = [Gap::Report, Gap::Policy, Gap::Assignment, Gap::Catalog, Gap::Unit, Gap::FirstSeen, Gap::Newest];
    assert_eq!(found, before);
    let younger = Bundle { log: proved().log, ..older };
    assert!(part(&younger, Part::Report).contains("younger than the log"));
}

#[test]
fn a_sighting_that_is_left_out_is_not_proved_either() {
    let mut bundle = proved();
    bundle.seen.clear();
    assert_eq!(bundle.gaps(), [Gap::Unit, Gap::FirstSeen, Gap::Newest]);
}

/// Holds a bundle to failing by a part, and says why it does.
#[track_caller]
fn part(bundle: &Bundle, expected: Part) -> String {
    match recompute(&sealed(bundle), None) {
        Err(BundleError::Part { part, why }) if part == expected => why,
        other => panic!("{expected}: {other:?}"),
    }
}

#[test]
fn each_part_is_held_to_the_others() {
    let good = proved;
    let with = |change: &dyn Fn(&mut Bundle)| {
        let mut bundle = good();
        change(&mut bundle);
        bundle
    };
    part(&with(&|bundle| bundle.key = public(&kinds::key(9))), Part::Keys);
    part(&with(&|bundle| bundle.organisation = Digest::ZERO), Part::Keys);
    part(&with(&|bundle| bundle.device = Digest::ZERO), Part::Envelope);
    part(&with(&|bundle| bundle.report.body = Octets(b"another".to_vec())), Part::Body);
    part(&with(&|bundle| bundle.report.received_at = bundle.at + 1), Part::Report);
    part(&with(&|bundle| bundle.report.received_at = bundle.report.received_at + 1), Part::Report);
    part(&with(&|bundle| bundle.report.inspected_at = bundle.report.received_at + 1), Part::Report);
    part(&with(&|bundle| bundle.report.live = false), Part::Report);
    part(&with(&|bundle| bundle.report.proof = bundle.policy.proof.clone()), Part::Report);
    part(&with(&|bundle| bundle.policy.proof = None), Part::Policy);
    part(&with(&|bundle| bundle.assignment.record.sequence = 5), Part::Assignment);
    part(&with(&|bundle| bundle.assignment.record.unit = Octets(vec![5; 16])), Part::Assignment);
    part(&with(&|bundle| bundle.catalog.as_mut().unwrap().content = Octets(vec![0])), Part::Catalog);
    part(&with(&|bundle| bundle.catalog.as_mut().unwrap().since = bundle.at), Part::Catalog);
    part(&with(&|bundle| bundle.log = Octets(seal(&log_document("2026-10-01"), &kinds::key(9)).unwrap())), Part::Log);
    part(&with(&|bundle| bundle.checkpoint = bundle.checkpoint.replace("\n9\n", "\n8\n")), Part::Checkpoint);
    let other = seal(&good(), &kinds::key(9)).unwrap();
    assert!(matches!(recompute(&other, None), Err(BundleError::Part { part: Part::Seal, .. })));
}

#[test]
fn what_the_server_says_is_held_to_what_was_found() {
    let good = proved();
    let wrong = if good.verdict == Verdict::Pass { Verdict::Fail } else { Verdict::Pass };
    let found = recompute(&sealed(&Bundle { verdict: wrong, ..good.clone() }), None).unwrap_err();
    assert_eq!(found, BundleError::Verdict { at: good.at, said: wrong, found: good.verdict });
    let longer = good.timeline.clone().then(t("2030-01-01"), Verdict::Fail);
    assert_eq!(recompute(&sealed(&Bundle { timeline: longer, ..good }), None), Err(BundleError::Timeline));
}

#[test]
fn a_policy_that_knows_another_log_or_demands_more_refuses_it() {
    let bytes = sealed(&proved());
    let south = format!("log {}\nwitness south {}\nquorum south\n", log().public, witness("south").public);
    let other = Policy::parse(format!("log {}\nquorum none\n", witness_log()).as_bytes()).unwrap();
    for policy in [Policy::parse(south.as_bytes()).unwrap(), other] {
        let found = recompute(&bytes, Some(&policy)).unwrap_err();
        assert!(matches!(found, BundleError::Part { part: Part::Checkpoint, .. }), "{found}");
    }
}

fn witness_log() -> String {
    crate::proofs::Key::new("other.example", seaworthy_tlog::Algorithm::Ed25519, 1).public.to_string()
}

#[test]
fn no_byte_of_a_bundle_can_be_another_one() {
    let good = sealed(&proved());
    for at in 0..good.len() {
        let mut changed = good.clone();
        changed[at] ^= 1;
        let found = recompute(&changed, None);
        assert!(found.is_err(), "byte {at}");
    }
}

#[test]
fn the_vectors_are_what_the_code_makes() {
    let bundle = proved();
    let told = json!({
        "signed_by": public(&kinds::successor()),
        "gaps": bundle.gaps(),
        "bundle": bundle,
    });
    hold_in("bundle", "device.cbor", &sealed(&bundle));
    hold_in("bundle", "before-log.cbor", &sealed(&older()));
    hold_in("bundle", "device.json", format!("{told:#}\n").as_bytes());
    let trust = format!(
        "[[trust]]\nkey = \"{}\"\nalgorithm = \"Ed25519\"\nrole = \"organisation\"\nname = \"Example\"\n",
        crate::vectors::hex(kinds::organisation().public().as_bytes())
    );
    hold_in("bundle", "trust.toml", trust.as_bytes());
    let policy = format!("log {}\nwitness north {}\nquorum north\n", log().public, witness("north").public);
    hold_in("bundle", "log-policy.txt", policy.as_bytes());
}

proptest! {
    /// Signed bytes of any kind are no bundle, and none make a reader panic.
    #[test]
    fn no_bytes_are_a_bundle(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let signed = cose::sign(&kinds::organisation(), <Bundle as seaworthy_protocol::Message>::TYPE, &bytes);
        prop_assert!(recompute(&signed, None).is_err());
        prop_assert!(recompute(&bytes, None).is_err());
    }
}
