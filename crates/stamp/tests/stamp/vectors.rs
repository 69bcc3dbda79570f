//! The vectors and tables under `docs/spec/` are what the code makes. `UPDATE_DOCS=1` writes them anew.
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::kit::*;
use crate::refused;
use ciborium::Value;
use data_encoding::HEXLOWER;
use seaworthy_model::{Code, Grade, Subject};
use seaworthy_stamp::{Answer, Host, Particulars, REFUSALS, Stamp, StatusList, Statuses, Trust, check, read};
use serde_json::json;

pub(crate) fn spec() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/spec")
}

/// Holds a file under `docs/spec/` to what it must be, or writes it when told to.
#[expect(clippy::disallowed_methods, reason = "whoever runs the test says so by the environment")]
pub(crate) fn hold(path: &str, content: &str) {
    let path = spec().join(path);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, content).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, content, "{} is out of date; run with UPDATE_DOCS=1", path.display());
}

/// The part of a page between two markers, held to what it must be.
fn hold_table(page: &str, name: &str, rows: &str) {
    let text = fs::read_to_string(spec().join(page)).unwrap();
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end {name} -->"));
    let (before, rest) = text.split_once(&begin).unwrap();
    let (_, after) = rest.split_once(&end).unwrap();
    hold(page, &format!("{before}{begin}{rows}{end}{after}"));
}

/// Claims as JSON that people can read: keys as text, byte strings as hexadecimal with an `h` before.
pub(crate) fn readable(value: &Value) -> serde_json::Value {
    match value {
        Value::Map(entries) => {
            let name = |key: &Value| {
                key.as_text().map_or_else(|| i128::from(key.as_integer().unwrap()).to_string(), str::to_owned)
            };
            entries.iter().map(|(key, value)| (name(key), readable(value))).collect::<serde_json::Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().map(readable).collect(),
        Value::Bytes(bytes) => format!("h'{}'", HEXLOWER.encode(bytes)).into(),
        Value::Text(text) => text.as_str().into(),
        Value::Integer(number) => json!(i64::try_from(i128::from(*number)).unwrap()),
        other => panic!("{other:?}"),
    }
}

fn valid() -> BTreeMap<&'static str, (u8, Stamp)> {
    let inspected = Particulars {
        subject: Subject::MountedDisk,
        grade: Grade::InspectorObserved,
        status: Some(status()),
        ..particulars()
    };
    BTreeMap::from([
        ("device", (DEVICE, stamp(DEVICE, &particulars()))),
        ("organisation", (ORGANISATION, stamp(ORGANISATION, &inspected))),
    ])
}

#[test]
fn the_valid_vectors_are_what_the_code_makes() {
    let host = Host::parse("seaworthy.example").unwrap();
    for (name, (seed, stamp)) in valid() {
        let signed: Value = ciborium::from_reader(stamp.cbor()).unwrap();
        let payload = signed.as_tag().unwrap().1.as_array().unwrap()[2].as_bytes().unwrap();
        let claims = readable(&ciborium::from_reader(payload.as_slice()).unwrap());
        hold(&format!("vectors/stamp/{name}.key"), &key(seed).to_pem());
        hold(&format!("vectors/stamp/{name}.pub"), &key(seed).public().to_pem());
        hold(&format!("vectors/stamp/{name}.json"), &format!("{claims:#}\n"));
        hold(&format!("vectors/stamp/{name}.hex"), &format!("{}\n", HEXLOWER.encode(stamp.cbor())));
        hold(&format!("vectors/stamp/{name}.txt"), &format!("{}\n", stamp.to_text(None)));
        hold(&format!("vectors/stamp/{name}.url"), &format!("{}\n", stamp.to_text(Some(&host))));
        hold(&format!("vectors/stamp/{name}.svg"), &stamp.to_svg(Some(&host)).unwrap());
    }
    hold("vectors/stamp/trust.toml", &trust_toml());
}

/// Reads the files as a stranger would, with nothing of the kit.
#[test]
fn the_valid_vectors_are_valid() {
    let folder = spec().join("vectors/stamp");
    let mut trust = Trust::default();
    for file in ["device.pub", "trust.toml"] {
        trust.add_file(file, &fs::read_to_string(folder.join(file)).unwrap()).unwrap();
    }
    for name in ["device", "organisation"] {
        for form in ["txt", "url", "svg"] {
            let carried = read(&fs::read(folder.join(format!("{name}.{form}"))).unwrap()).unwrap();
            let checked = check(&carried.bytes, &trust, time("2026-11-23"), None).unwrap();
            assert_eq!(checked.facts().role.name(), name);
        }
    }
}

/// zlib may pack the same list in many ways, so the vector is held to what it says.
#[test]
#[expect(clippy::disallowed_methods, reason = "whoever runs the test says so by the environment")]
fn the_status_list_vector_revokes_the_organisations_stamp() {
    let path = spec().join("vectors/stamp/status-list.cwt");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let mut statuses = Statuses::valid(2, 1 << 20).unwrap();
        assert!(statuses.set(status().index, 1));
        let (issued, expires) = (time("2026-11-23"), time("2026-11-24"));
        let list = StatusList { address: status().uri, issued, expires, ttl: None, statuses };
        fs::write(&path, list.sign(&key(OTHER_STATUS))).unwrap();
    }
    let mut trust = Trust::default();
    trust.add_file("trust.toml", &trust_toml()).unwrap();
    assert_eq!(trust.add_status_list(&fs::read(&path).unwrap()).unwrap(), time("2026-11-23"));
    let (_, stamp) = &valid()["organisation"];
    let refusal = check(stamp.cbor(), &trust, time("2026-11-23"), None).unwrap_err();
    assert_eq!(refusal.code(), Code::StampRevoked);
}

/// A case as the vectors have it.
pub(crate) fn refused_vector(case: &refused::Case) -> serde_json::Value {
    let code = Code::from_name(case.code).unwrap();
    let mut vector = json!({
        "name": case.name,
        "code": case.code,
        "exit": Answer::of(code).exit_code(),
        "at": case.at.to_string(),
    });
    if let Some(floor) = case.floor {
        vector["floor"] = floor.to_string().into();
    }
    if let Some(challenge) = case.challenge {
        vector["challenge"] = challenge.to_string().into();
    }
    match str::from_utf8(&case.input) {
        Ok(text) => vector["text"] = text.into(),
        Err(_) => vector["hex"] = HEXLOWER.encode(&case.input).into(),
    }
    vector
}

#[test]
fn the_refused_vectors_are_what_the_code_refuses() {
    let cases: Vec<_> = refused::cases().iter().map(refused_vector).collect();
    let file = json!({ "trust": ["device.pub", "trust.toml"], "cases": cases });
    hold("vectors/stamp/refused.json", &format!("{file:#}\n"));
}

#[test]
fn the_table_of_refusals_is_that_of_the_code() {
    let rows: String = REFUSALS
        .iter()
        .map(|(code, answer)| format!("| `{code}` | {} | {} |\n", answer.exit_code(), code.entry().title))
        .collect();
    hold_table("stamp.md", "refusals", &rows);
}

#[test]
fn the_tables_of_the_trust_file_are_those_of_the_code() {
    let codes = [Code::TrustUnreadable, Code::TrustSyntax, Code::TrustWord, Code::TrustValue, Code::TrustKey];
    let rows: String = codes.iter().map(|code| format!("| `{code}` | {} |\n", code.entry().title)).collect();
    hold_table("trust.md", "errors", &rows);
    // The message of an unknown key names all that there are.
    let message = Trust::default().add_file("t", "[[trust]]\nother = 1").unwrap_err().message;
    let (_, keys) = message.split_once("there are ").unwrap();
    let page = fs::read_to_string(spec().join("trust.md")).unwrap();
    let described: Vec<&str> = page
        .lines()
        .skip_while(|line| *line != "<!-- keys -->")
        .take_while(|line| *line != "<!-- end keys -->")
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    assert_eq!(described, keys.split(", ").collect::<Vec<_>>());
}
