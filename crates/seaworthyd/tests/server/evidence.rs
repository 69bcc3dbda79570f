//! Evidence of what was: a device passes and later fails, and both are proved and worked out anew without a server; what
//! is changed or erased is told apart; on both stores.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use seaworthy_store::{Database, Settings};
use serde_json::json;

use crate::kit::{self, Said};
use crate::organisation::{Holder, LENIENT, Organisation, on_each_store};

/// A policy that few machines meet, and none of which nothing is known.
const STRICT: &str = r#"
name = "strict"
version = 1
title = "What no test machine meets"
source = "a test"
cadence_days = 30
rules = [
  { kind = "automatic-updates", severity = "major" },
  { kind = "firewall", severity = "major" },
  { kind = "disk-encryption", severity = "major" },
]
"#;

fn put_in_force(organisation: &Organisation, policy: &str) {
    let signed = organisation.made("/api/v1/policies", &json!({ "policy": policy }));
    let assigned = json!({ "unit": organisation.root(), "sequence": signed["sequence"] });
    organisation.made("/api/v1/assignments", &assigned);
}

/// The operator's command beside the server.
fn beside(organisation: &Organisation, words: &[&str]) -> Said {
    let mut command: Command = kit::command(words);
    command.arg("--data").arg(&organisation.data).args(["--store", &organisation.store]);
    kit::said(&mut command, words)
}

fn prove(organisation: &Organisation, device: &str, at: &str, out: &Path) -> Said {
    let out = out.to_str().unwrap();
    beside(organisation, &["prove", "--device", device, "--at", at, "--why", "an auditor asked", "--out", out])
}

/// The instant, as the command line takes it; at least a second after the last one.
fn instant() -> String {
    std::thread::sleep(Duration::from_millis(1100));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let at = seaworthy_model::Timestamp::from_seconds(i64::try_from(now).unwrap()).to_string();
    std::thread::sleep(Duration::from_millis(1100));
    at
}

fn whole(organisation: &Organisation) {
    let Some(holder) = Holder::new() else { return };
    put_in_force(organisation, LENIENT);
    let before = instant();
    holder.does(&["enrol", &organisation.admin(&["enrolment"]), "--yes"]);
    holder.run(&["report"]);
    let passing = instant();
    put_in_force(organisation, STRICT);
    let changed = instant();
    let root = organisation.root();
    let devices = organisation.get(&format!("/api/v1/devices?unit={root}&reason=test")).json();
    let device = devices["devices"][0]["device"].as_str().unwrap_or_else(|| panic!("{devices}")).to_owned();
    fs::write(holder.path("trust.toml"), organisation.trust()).unwrap();

    let never = prove(organisation, &device, &before, &holder.path("never"));
    assert!(never.code == 3 && never.err.starts_with("error[prove-uninspected]"), "{never}");
    let unknown = prove(organisation, &"00".repeat(32), &passing, &holder.path("never"));
    assert!(unknown.code == 2 && unknown.err.starts_with("error[not-found]"), "{unknown}");
    let check = |name: &str| holder.run(&["check", name, "--trust", "trust.toml"]);
    for (at, name, verdict, policy) in
        [(&passing, "then.bundle", "pass", "lenient"), (&changed, "later.bundle", "", "strict")]
    {
        let said = prove(organisation, &device, at, &holder.path(name));
        assert_eq!(said.code, 0, "{said}");
        let (told, code) = check(name);
        assert!(code == 0 && told.starts_with(&format!("HOLDS: at {at} the verdict was {verdict}")), "{told}");
        assert!(told.contains(&format!("  policy       {policy} ")) && told.contains("  not proved   "), "{told}");
        assert!(name == "then.bundle" || !told.contains("the verdict was pass"), "{told}");
    }
    byte_by_byte(&holder);
    assert!(holder.does(&["ledger"]).contains("an auditor asked"), "the look is in the holder's ledger");

    let audited = beside(organisation, &["log", "audit"]);
    assert!(audited.code == 0 && audited.out.contains(" 0 records wait"), "{audited}");
    let unmet = |said: &Said| -> u64 {
        let line = said.out.lines().find(|line| line.contains("have no record any more")).unwrap();
        line.trim().split(' ').next().unwrap().parse().unwrap()
    };
    let met_before = unmet(&audited);
    holder.does(&["leave", "--yes"]);
    let erased = prove(organisation, &device, &passing, &holder.path("never"));
    assert!(erased.code == 1 && erased.err.starts_with("error[prove-erased]"), "{erased}");
    let audited = beside(organisation, &["log", "audit"]);
    assert!(audited.code == 0 && unmet(&audited) > met_before, "{audited}");
    assert!(!holder.path("never").exists());
}

/// Some bytes all over the bundle; the protocol's own tests change each.
fn byte_by_byte(holder: &Holder) {
    let good = fs::read(holder.path("then.bundle")).unwrap();
    for at in (0..good.len()).step_by(good.len() / 60) {
        let mut changed = good.clone();
        changed[at] ^= 1;
        fs::write(holder.path("changed.bundle"), changed).unwrap();
        let (told, code) = holder.run(&["check", "changed.bundle", "--trust", "trust.toml"]);
        assert!(code == 1, "byte {at}: {told}");
    }
}

#[test]
fn a_verdict_of_the_past_is_worked_out_anew() {
    on_each_store(whole);
}

#[test]
fn the_audit_names_rows_that_were_changed_by_hand() {
    let organisation = Organisation::start("sqlite");
    // What is of the second in which the log began may be older than the log.
    instant();
    put_in_force(&organisation, LENIENT);
    put_in_force(&organisation, STRICT);
    assert_eq!(beside(&organisation, &["log", "audit"]).code, 0);
    let sql = |statement: &str| {
        let database = Database::beside(&organisation.data, Settings::default()).unwrap();
        assert_eq!(database.write(|connection| connection.execute(statement, &[])), Ok(1), "{statement}");
    };
    let named = |statement: &str, what: &str| {
        sql(statement);
        let said = beside(&organisation, &["log", "audit"]);
        assert!(said.code == 1 && said.out.contains(&format!("CHANGED  {what}: ")), "{statement}\n{said}");
    };
    named("UPDATE assignments SET since = since - 60 WHERE place = 1", "assignment 1");
    named("UPDATE policies SET name = 'other' WHERE sequence = 2", "policy 2");
    named("UPDATE policies SET leaf = NULL WHERE sequence = 3", "policy 3");
}
