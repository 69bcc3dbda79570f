//! The vectors of evidence bodies under `docs/spec/vectors/evidence/`: what is read, and what is refused. `UPDATE_DOCS=1`
//! writes them anew.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on stops"
)]

use std::fs;
use std::path::{Path, PathBuf};

use ciborium::Value;
use seaworthy_model::*;
use serde_json::json;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/spec/vectors/evidence")
}

/// Holds a file to what it must be, or writes it when told to.
#[expect(clippy::disallowed_methods, reason = "whoever runs the test says so by the environment")]
fn hold(name: &str, content: &[u8]) {
    let path = folder().join(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(folder()).unwrap();
        fs::write(&path, content).unwrap();
    }
    let found = fs::read(&path).unwrap_or_default();
    assert!(found == content, "{} is out of date; run with UPDATE_DOCS=1", path.display());
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sha256(bytes: &[u8]) -> String {
    hex(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref())
}

fn t(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn known<T>(value: T) -> Claim<T> {
    Claim::known(value, &[])
}

fn source(role: SourceRole, label: &str, codename: &str, date: &str) -> CatalogSource {
    CatalogSource {
        origin: label.into(),
        label: label.into(),
        suite: codename.replace("bookworm", "oldstable"),
        codename: codename.into(),
        role,
        date: Some(t(date)),
        valid_until: (role == SourceRole::Security).then(|| t(date).plus_days(7)),
        fetched_at: Some(t("2026-11-22T09:41:07Z")),
        proof: Proof::Proved { key: "4CB50190207B4758A3F73A796ED0E7B82643E131".into(), release: "5e".repeat(32) },
    }
}

fn update(package: &str, built: &str, offered_by: u32) -> PendingUpdate {
    PendingUpdate {
        package: package.into(),
        architecture: "amd64".into(),
        foreign: false,
        installed: "1.6-2.1".into(),
        candidate: "1.6-2.1+deb12u1".into(),
        security: offered_by == 1,
        source: package.into(),
        offered_by,
        kept_back: None,
        leftover: false,
        not_before: Some(Dated { at: t(built), from: DateSource::InstalledBuild }),
        out_by: Some(Dated { at: t("2026-11-21T20:04:31Z"), from: DateSource::ReleaseDate }),
        advisories: vec!["DSA-5000-1".into(), "CVE-2026-1".into()],
        rating: (offered_by == 1).then_some(Rating::High),
    }
}

fn updates() -> Updates {
    let held = PendingUpdate { kept_back: Some(KeptBack::Held), ..update("vim", "2025-02-03T04:05:06Z", 0) };
    let seen_here = Dated { at: t("2026-11-20T08:00:00Z"), from: DateSource::FirstSeen };
    let theirs = PendingUpdate { out_by: Some(seen_here), ..update("docker-ce", "2026-10-09T08:07:06Z", 2) };
    let pending =
        vec![update("jq", "2023-01-02T03:04:05Z", 1), update("libjq1", "2023-01-02T03:04:05Z", 1), held, theirs];
    Updates { pending, other_builds: vec![], withheld: vec![] }
}

/// A running device with lapses.
fn device() -> Evidence {
    let mut claims = Claims::unknown(Reason::NotAsked);
    claims.updates = known(updates());
    claims.catalog = known(Catalog {
        sources: vec![
            source(SourceRole::Base, "Debian", "bookworm", "2026-07-11T10:16:37Z"),
            source(SourceRole::Security, "Debian-Security", "bookworm-security", "2026-11-21T20:04:31Z"),
            source(SourceRole::ThirdParty, "Docker CE", "bookworm", "2026-11-20T11:12:13Z"),
        ],
    });
    claims.distribution = known(Distribution {
        id: "debian".into(),
        version: "12".into(),
        codename: "bookworm".into(),
        support_end: Some(t("2026-07-11")),
        lts_end: Some(t("2028-07-01")),
    });
    claims.kernel = known(Kernel {
        running: "6.1.140-1".into(),
        newest: "6.1.170-1".into(),
        current: false,
        installed_at: Some(t("2026-11-20T06:12:44Z")),
    });
    claims.restart = known(Restart { required: true, since: Some(t("2026-11-20T06:12:51Z")) });
    claims.stale_libraries = known(StaleLibraries { processes: 17, unreadable: 0 });
    protections(&mut claims);
    Evidence { envelope: Envelope { inspected_at: t("2026-11-22T12:00:00Z"), subject: Subject::Device }, claims }
}

fn protections(claims: &mut Claims) {
    let volume = |mount: &str, encryption| Volume { mount: mount.into(), encryption };
    claims.disk_encryption =
        known(DiskEncryption { volumes: vec![volume("swap", Encryption::Plain), volume("/", Encryption::Encrypted)] });
    claims.firewall = known(Firewall { active: true, kind: FirewallKind::Ufw });
    claims.secure_boot = Claim::not_applicable(Reason::NoUefi, &[Place::Efi]);
    claims.automatic_updates = known(AutomaticUpdates {
        enabled: false,
        gaps: vec![AutomaticUpdatesGap::NotRun, AutomaticUpdatesGap::TimerOff],
        last_run: Some(t("2026-10-01")),
    });
    claims.mandatory_access_control =
        known(MandatoryAccessControl { enforcing: true, kind: MandatoryAccessControlKind::AppArmor });
    claims.ssh = known(Ssh { password: false, root_login: RootLogin::ProhibitPassword });
    claims.screen_lock = Claim::unknown(Reason::NoRight, &[Place::DconfUser]);
    claims.antivirus = known(Antivirus { product: "clamav".into(), signatures_at: t("2026-11-22T07:00:00Z") });
}

/// A mounted disk of which little is known.
fn disk() -> Evidence {
    let mut claims = Claims::unknown(Reason::NotRunning);
    claims.updates = Claim::Unknown { reason: Reason::Unproved, read: vec![], seen: Some(updates()) };
    Evidence { envelope: Envelope { inspected_at: t("2026-11-22T12:00:00Z"), subject: Subject::MountedDisk }, claims }
}

fn bodies() -> [(&'static str, Body); 3] {
    let refused = Grants { update_names: false };
    [
        ("device", Body::of(&device(), refused)),
        ("named", Body::of(&device(), Grants { update_names: true })),
        ("disk", Body::of(&disk(), refused)),
    ]
}

#[test]
fn the_vectors_are_read() {
    let mut sums = String::new();
    for (name, body) in bodies() {
        let bytes = body.canonical_bytes().unwrap();
        hold(&format!("{name}.cbor"), &bytes);
        hold(&format!("{name}.json"), format!("{:#}\n", json!(body)).as_bytes());
        sums += &format!("{}  {name}.cbor\n", sha256(&bytes));
        assert_eq!(Body::decode(&fs::read(folder().join(format!("{name}.cbor"))).unwrap()), Ok(body));
    }
    hold("SHA256SUMS", sums.as_bytes());
}

/// The closed list of reasons, as the page has it.
#[test]
fn the_page_lists_every_reason() {
    let page = fs::read_to_string(folder().join("../../evidence.md")).unwrap();
    let (before, rest) = page.split_once("<!-- reasons -->\n").unwrap();
    let (_, after) = rest.split_once("<!-- end reasons -->").unwrap();
    let names: Vec<String> = Reason::ALL.iter().map(|reason| format!("{:?}", reason.name())).collect();
    let lines: Vec<String> = names.chunks(6).map(|names| names.join(" / ")).collect();
    let cddl = format!("```cddl\nreason = {}\n```\n", lines.join("\n       / "));
    hold("../../evidence.md", format!("{before}<!-- reasons -->\n{cddl}<!-- end reasons -->{after}").as_bytes());
}

/// The value at a path.
fn field<'a>(value: &'a mut Value, path: &str) -> &'a mut Value {
    path.split('.').filter(|name| !name.is_empty()).fold(value, |value, name| match value {
        Value::Map(entries) => &mut entries.iter_mut().find(|(key, _)| key.as_text() == Some(name)).unwrap().1,
        Value::Array(items) => &mut items[name.parse::<usize>().unwrap()],
        _ => panic!("{name} is in no map"),
    })
}

fn put(value: &mut Value, path: &str, name: &str, content: Value) {
    let entries = field(value, path).as_map_mut().unwrap();
    entries.retain(|(key, _)| key.as_text() != Some(name));
    entries.push((name.into(), content));
}

/// A name, and how the body of the mounted disk is spoilt.
type Spoilt = (&'static str, fn(&mut Value));

const PENDING: &str = "claims.updates.seen.pending";

const SPOILT: [Spoilt; 14] = [
    ("another version", |body| put(body, "", "version", 2.into())),
    ("a field beside the claims", |body| put(body, "", "inspected_at", 1_795_348_800.into())),
    ("a claim outside the closed set", |body| put(body, "claims", "browser", "x".into())),
    ("a claim missing", |body| {
        field(body, "claims").as_map_mut().unwrap().retain(|(key, _)| key.as_text() != Some("ssh"))
    }),
    ("a reason outside the closed list", |body| put(body, "claims.ssh", "reason", "because".into())),
    ("places that were read", |body| put(body, "claims.ssh", "read", Value::Array(vec![]))),
    ("what was seen of a claim that is judged as a whole", |body| {
        let seen = [("password", true.into()), ("root_login", "no".into())];
        let seen = seen.map(|(name, value): (&str, Value)| (name.into(), value)).to_vec();
        put(body, "claims.ssh", "seen", Value::Map(seen));
    }),
    ("no updates counted", |body| put(body, &format!("{PENDING}.0"), "count", 0.into())),
    ("more updates than a body holds", |body| put(body, &format!("{PENDING}.0"), "count", 4097.into())),
    ("lapses out of order", |body| field(body, PENDING).as_array_mut().unwrap().reverse()),
    ("alike lapses told twice", |body| {
        let lapses = field(body, PENDING).as_array_mut().unwrap();
        lapses.insert(0, lapses[0].clone());
    }),
    ("a nameless build dated to the second", |body| {
        put(body, &format!("{PENDING}.0.not_before"), "at", 1_672_628_645.into())
    }),
    ("a date of the device's own clock", |body| {
        put(body, &format!("{PENDING}.0.not_before"), "from", "first-seen".into())
    }),
    ("a source that is not there", |body| put(body, &format!("{PENDING}.0"), "offered_by", 0.into())),
];

fn canonical_bytes(value: Value) -> Vec<u8> {
    canonical::to_bytes(&canonical::sorted(value).unwrap()).unwrap()
}

/// Other encodings of the same content.
fn other_forms(bytes: &[u8]) -> [(&'static str, Vec<u8>); 3] {
    let trailing = [bytes, &[0]].concat();
    let long_count = [&[0xb8, bytes[0] & 0x1f], &bytes[1..]].concat();
    let endless = [&[0xbf], &bytes[1..], &[0xff]].concat();
    [("a byte too many", trailing), ("a count in the long form", long_count), ("a map without a count", endless)]
}

#[test]
fn the_refused_vectors_are_refused() {
    let bytes = Body::of(&disk(), Grants::default()).canonical_bytes().unwrap();
    let spoilt = SPOILT.iter().map(|(name, spoil)| {
        let mut value: Value = ciborium::from_reader(bytes.as_slice()).unwrap();
        spoil(&mut value);
        (*name, canonical_bytes(value))
    });
    let cases = spoilt.chain(other_forms(&bytes)).map(|(name, bytes)| {
        let error = Body::decode(&bytes).expect_err(name);
        json!({"name": name, "hex": hex(&bytes), "why": error.to_string()})
    });
    let cases: Vec<_> = cases.collect();
    hold("refused.json", format!("{:#}\n", json!({"cases": cases})).as_bytes());
}

#[test]
fn a_body_has_a_schema() {
    let schema = schemars::schema_for!(Body).to_value();
    for (_, body) in bodies() {
        let claims = json!(body)["claims"].as_object().unwrap().clone();
        assert!(claims.keys().all(|claim| schema["$defs"]["BodyClaims"]["properties"].get(claim).is_some()));
    }
    assert_eq!(schema["$defs"]["PackageName"]["type"], "string");
}
