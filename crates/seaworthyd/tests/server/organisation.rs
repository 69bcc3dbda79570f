//! An organisation, whole: the server, an administrator, units, a link, this machine enrolled and reporting its true
//! state, the stamp checked offline, a reviewer's look in the holder's ledger, and leaving; on both stores.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use data_encoding::BASE64URL_NOPAD;
use seaworthy_protocol::LogDocument;
use seaworthy_stamp::{Role, Trust};
use seaworthy_testkit::postgres::Postgres;
use seaworthy_testkit::skip;
use seaworthy_tlog::Policy;
use serde_json::{Value, json};

use crate::kit::{self, Answer, SEAWORTHYD, Server};

/// An organisation's server with an administrator's token.
pub struct Organisation {
    pub server: Server,
    pub data: PathBuf,
    pub store: String,
    pub token: String,
}

impl Organisation {
    /// Starts one on a store: `sqlite`, or the address of a database.
    pub fn start(store: &str) -> Organisation {
        Organisation::start_with(store, &[])
    }

    pub fn start_with(store: &str, arguments: &[&str]) -> Organisation {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().to_owned();
        let mut command = kit::command(&["serve", "--listen=127.0.0.1:0", "--store", store, "--organisation=Harbour"]);
        command.arg("--data").arg(&data).args(arguments).stderr(Stdio::null());
        let server = Server::spawn(&mut command, folder);
        let mut organisation = Organisation { server, data, store: store.to_owned(), token: String::new() };
        organisation.token = organisation.admin(&["token", "--role=administrator"]);
        organisation
    }

    /// What the operator's command prints.
    pub fn admin(&self, words: &[&str]) -> String {
        let mut command = kit::command(&["admin"]);
        command.args(words).arg("--data").arg(&self.data).args(["--store", &self.store]);
        let said = kit::said(&mut command, words);
        assert_eq!(said.code, 0, "{said}");
        said.out.trim().to_owned()
    }

    pub fn get(&self, path: &str) -> Answer {
        self.get_as(&self.token, path)
    }

    pub fn get_as(&self, token: &str, path: &str) -> Answer {
        self.server.ask(&format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        ))
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        let body = body.to_string();
        self.server.ask(&format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.token,
            body.len()
        ))
    }

    /// What a request makes.
    #[track_caller]
    pub fn made(&self, path: &str, body: &Value) -> Value {
        let answer = self.post(path, body);
        assert_eq!(answer.status(), 201, "{answer:?}");
        answer.json()
    }

    /// What everybody may know of it: its description, or what hangs below that.
    pub fn public(&self, below: &str) -> Answer {
        let key = self.admin(&["organisations"]);
        self.get(&format!("/api/v1/organisations/{}{below}", key.split(' ').next().unwrap()))
    }

    /// Its trust file.
    pub fn trust(&self) -> String {
        self.public("/trust.toml").body
    }

    /// The root unit.
    pub fn root(&self) -> String {
        self.get("/api/v1/units").json()["units"][0]["id"].as_str().unwrap().to_owned()
    }

    pub fn counts(&self, unit: &str) -> [u64; 4] {
        let counts = self.get(&format!("/api/v1/units/{unit}/counts")).json();
        ["pass", "fail", "unknown", "not_inspected"].map(|name| counts[name].as_u64().unwrap())
    }
}

/// The device's program, built beside the server's; a run of this package alone may not have built it.
pub fn seaworthy() -> Option<PathBuf> {
    let path = Path::new(SEAWORTHYD).with_file_name("seaworthy");
    if !path.exists() {
        skip("an organisation with a device", "the device's program is not built; cargo test --workspace builds it");
    }
    path.exists().then_some(path)
}

/// A holder with a device of their own.
pub struct Holder {
    program: PathBuf,
    home: tempfile::TempDir,
}

impl Holder {
    pub fn new() -> Option<Holder> {
        Some(Holder { program: seaworthy()?, home: tempfile::tempdir().unwrap() })
    }

    /// What the device's program says, and how it ends.
    pub fn run(&self, arguments: &[&str]) -> (String, i32) {
        let mut command = Command::new(&self.program);
        command.args(arguments).env_clear().env("HOME", self.home.path()).current_dir(self.home.path());
        command.env("XDG_STATE_HOME", self.home.path().join("state")).stdin(Stdio::null());
        let Output { status, stdout, stderr } = command.output().unwrap();
        let text = [stdout, stderr].concat();
        (String::from_utf8(text).unwrap(), status.code().unwrap())
    }

    #[track_caller]
    pub fn does(&self, arguments: &[&str]) -> String {
        let (said, code) = self.run(arguments);
        assert_eq!(code, 0, "seaworthy {arguments:?}: {said}");
        said
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }
}

/// A policy that any machine meets whose release is supported.
pub const LENIENT: &str = r#"
name = "lenient"
version = 1
title = "What a test machine meets"
source = "a test"
cadence_days = 30
rules = [{ kind = "release", lts = true, severity = "major" }]
"#;

pub fn on_each_store(check: fn(&Organisation)) {
    check(&Organisation::start("sqlite"));
    match Postgres::shared() {
        Some(postgres) => check(&Organisation::start(&postgres.database())),
        None => skip("an organisation on PostgreSQL", "it is not installed"),
    }
}

#[test]
fn from_the_first_start_to_leaving() {
    on_each_store(|organisation| {
        let Some(holder) = Holder::new() else { return };
        let root = organisation.root();
        let unit = organisation.made("/api/v1/units", &json!({ "parent": root, "name": "Quay" }));
        let unit = unit["id"].as_str().unwrap();
        let link = organisation.admin(&["enrolment", "--unit=Quay"]);
        let said = holder.does(&["enrol", &link, "--yes", "--name", "the old laptop"]);
        assert!(said.contains("Enrolled with Harbour."), "{said}");
        assert_eq!(organisation.counts(unit), [0, 0, 0, 1], "enrolled, not inspected: never a pass");

        let (said, _) = holder.run(&["report"]);
        assert!(said.contains("by policy baseline"), "{said}");
        assert_eq!(organisation.counts(&root)[3], 0, "counted in the unit above, too");

        let policy = organisation.made("/api/v1/policies", &json!({ "policy": LENIENT }));
        organisation.made("/api/v1/assignments", &json!({ "unit": unit, "sequence": policy["sequence"] }));
        holder.run(&["report"]);
        let said = holder.does(&["report", "--stamp", "stamp.png"]);
        assert!(said.contains("PASS, by policy lenient"), "{said}");
        assert_eq!(organisation.counts(unit), [1, 0, 0, 0]);

        std::fs::write(holder.path("trust.toml"), organisation.trust()).unwrap();
        let said = holder.does(&["check", "stamp.png", "--trust", "trust.toml"]);
        assert!(said.contains("organisation, self-asserted: VALID") && said.contains("by Harbour"), "{said}");

        let reviewer = organisation.admin(&["token", "--role=reviewer", "--name=Rita"]);
        let listed = organisation.get_as(&reviewer, &format!("/api/v1/devices?unit={unit}&reason=monthly+review"));
        let device = listed.json()["devices"][0]["device"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/devices/{device}");
        organisation.get_as(&reviewer, &path).is_problem(422, "request-invalid");
        let shown = organisation.get_as(&reviewer, &format!("{path}?reason=call+12"));
        assert_eq!(shown.json()["name"], "the old laptop");

        let said = holder.does(&["ledger"]);
        assert!(said.contains("Rita (reviewer)") && said.contains("why: call 12"), "{said}");
        assert!(said.contains("why: monthly review") && said.contains("devices of Quay"), "{said}");
        assert!(said.contains("the chain holds"), "{said}");

        let said = holder.does(&["export", "--out", "all.json"]);
        let export: Value = serde_json::from_slice(&std::fs::read(holder.path("all.json")).unwrap()).unwrap();
        assert_eq!(export["reports"].as_array().unwrap().len(), 3, "{said}");

        holder.does(&["leave", "--yes"]);
        assert_eq!(organisation.counts(unit), [0, 0, 0, 0]);
        organisation.get_as(&reviewer, &format!("{path}?reason=call+13")).is_problem(410, "device-left");
    });
}

#[test]
fn an_organisation_makes_its_log_known() {
    on_each_store(|organisation| {
        let log = organisation.public("").json()["log"].clone();
        let (origin, url) = (log["origin"].as_str().unwrap(), log["url"].as_str().unwrap());
        let key = organisation.admin(&["organisations"]);
        assert_eq!(url, format!("http://{origin}"));
        assert!(origin.ends_with(&format!("/log/{}", &key[..16])), "{origin}");

        let answer = organisation.public("/log-policy");
        let policy = Policy::parse(answer.body.as_bytes()).unwrap();
        assert_eq!((policy.logs()[0].key.name(), policy.logs()[0].url.as_deref()), (origin, Some(url)));
        assert_eq!(log["verifier_key"], policy.logs()[0].key.to_string());
        assert!(!policy.asks_for_witnesses(), "nobody was named");

        let mut trust = Trust::default();
        trust.add_file("trust.toml", &organisation.trust()).unwrap();
        let roles: Vec<Role> = trust.records().iter().map(|record| record.role).collect();
        assert_eq!(roles, [Role::Organisation, Role::Log, Role::StatusList]);
        assert!(trust.records().iter().all(|record| record.name.as_deref() == Some("Harbour")));
        let [signing, logs, _] = trust.records() else { unreachable!() };
        let sealed = BASE64URL_NOPAD.decode(log["document"].as_str().unwrap().as_bytes()).unwrap();
        let document = LogDocument::read(&sealed, &[signing.key]).unwrap();
        assert_eq!((document.origin.as_str(), document.key.0.as_slice()), (origin, logs.key.as_bytes().as_slice()));
    });
}

#[test]
fn keys_follow_each_other_and_old_stamps_stay() {
    on_each_store(|organisation| {
        let Some(holder) = Holder::new() else { return };
        holder.does(&["enrol", &organisation.admin(&["enrolment"]), "--yes"]);
        let policy = organisation.made("/api/v1/policies", &json!({ "policy": LENIENT }));
        organisation
            .made("/api/v1/assignments", &json!({ "unit": organisation.root(), "sequence": policy["sequence"] }));
        holder.run(&["report"]);
        holder.does(&["report", "--stamp", "before.png"]);
        let rotated = organisation.made("/api/v1/keys", &json!({}));
        assert_eq!(rotated["place"], 1);
        let said = holder.does(&["report", "--stamp", "after.png"]);
        assert!(said.contains("PASS"), "the device follows the chain: {said}");
        std::fs::write(holder.path("trust.toml"), organisation.trust()).unwrap();
        holder.does(&["check", "before.png", "after.png", "--trust", "trust.toml"]);
        // After a compromise: what the old key signs from before the stamp on is refused.
        let from = "2020-01-01T00:00:00Z";
        let answer = organisation.post("/api/v1/keys/0/revoke", &json!({ "from": from }));
        assert_eq!(answer.status(), 200, "{answer:?}");
        organisation.post("/api/v1/keys/1/revoke", &json!({ "from": from })).is_problem(409, "already-there");
        std::fs::write(holder.path("trust.toml"), organisation.trust()).unwrap();
        holder.does(&["check", "after.png", "--trust", "trust.toml"]);
        assert_ne!(holder.run(&["check", "before.png", "--trust", "trust.toml"]).1, 0);
    });
}

#[test]
fn devices_never_have_to_go_back_to_an_older_policy() {
    on_each_store(|organisation| {
        let Some(holder) = Holder::new() else { return };
        let root = organisation.root();
        let quay = organisation.made("/api/v1/units", &json!({ "parent": root, "name": "Quay" }));
        let pier = organisation.made("/api/v1/units", &json!({ "parent": root, "name": "Pier" }));
        let document =
            |policy: &str| organisation.made("/api/v1/policies", &json!({ "policy": policy }))["sequence"].clone();
        let (lenient, six_month) = (document(LENIENT), document("six-month"));
        let assign = |unit: &Value, sequence: &Value| {
            organisation.made("/api/v1/assignments", &json!({ "unit": unit["id"], "sequence": sequence }))
        };
        assign(&pier, &six_month);
        holder.does(&["enrol", &organisation.admin(&["enrolment", "--unit=Pier"]), "--yes"]);
        let assigned = assign(&quay, &lenient);
        assert!(assigned["sequence"].as_u64() > six_month.as_u64(), "signed anew, under the next number: {assigned}");
        assign(&pier, &six_month);
        holder.run(&["report"]);
        let listed = organisation.get(&format!("/api/v1/devices?unit={root}&below=true&reason=move")).json();
        let device = listed["devices"][0]["device"].as_str().unwrap();
        let asked = json!({ "unit": quay["id"], "reason": "moved to the quay" });
        assert_eq!(organisation.post(&format!("/api/v1/devices/{device}/move"), &asked).status(), 204);
        holder.run(&["report"]);
        let (said, _) = holder.run(&["report"]);
        assert!(said.contains("by policy lenient") && !said.contains("policy-rollback"), "{said}");
    });
}

#[test]
fn a_link_that_lets_any_device_in_waits_for_a_person() {
    on_each_store(|organisation| {
        let Some(holder) = Holder::new() else { return };
        let link = organisation.admin(&["enrolment", "--any"]);
        let (said, _) = holder.run(&["enrol", &link, "--yes"]);
        assert!(said.contains("Somebody there has to approve this device."), "{said}");
        let (said, code) = holder.run(&["report"]);
        assert!(code != 0 && said.contains("error[device-waiting]"), "{said}");
        let root = organisation.root();
        let waiting = organisation.get(&format!("/api/v1/devices?unit={root}&state=waiting&reason=approval")).json();
        let device = waiting["devices"][0]["device"].as_str().unwrap();
        let reason = json!({ "reason": "seen at the desk" });
        assert_eq!(organisation.post(&format!("/api/v1/devices/{device}/approve"), &reason).status(), 204);
        let (said, _) = holder.run(&["report"]);
        assert!(said.contains("by policy baseline"), "{said}");
        assert_eq!(organisation.post(&format!("/api/v1/devices/{device}/revoke"), &reason).status(), 204);
        let (said, _) = holder.run(&["report"]);
        assert!(said.contains("error[device-revoked]"), "{said}");
        assert!(holder.does(&["ledger"]).contains("seen at the desk"), "a revoked holder still sees who did what");
    });
}
