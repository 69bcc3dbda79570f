//! Stamps and ledgers against the organisation's log: `report`, `stamp --proof`, `ledger --verify`.

use std::fs;

use seaworthy_stamp::SigningKey;

use crate::enrol::{enrolled, rules};
use crate::fake::Server;
use crate::fake_log::{Log, ORIGIN, policy};
use crate::kit::Holder;

/// An organisation with a log, and a device of it.
fn logged() -> (Server, Holder) {
    let server = Server::new(&rules());
    let holder = enrolled(&server);
    server.state().log = Some(Log::new());
    fs::write(holder.path().join("policy"), policy()).unwrap();
    let key = SigningKey::from_seed(&[1; 32]).unwrap().public().to_pem();
    fs::write(holder.path().join("organisation.pub"), key).unwrap();
    (server, holder)
}

fn with_log(server: &Server, change: impl FnOnce(&mut Log)) {
    change(server.state().log.as_mut().unwrap());
}

#[test]
fn a_stamp_comes_with_its_place_in_the_log_and_is_proved_offline() {
    let (server, holder) = logged();
    let said = holder.run(&["report", "--stamp", "mine.png", "--format", "json"]);
    assert_eq!((said.code, said.err.as_str(), &said.json()["stamp"]["log_index"]), (0, "", &1.into()), "{said}");
    let said = holder.run(&["stamp", "--proof", "mine.proof"]);
    assert!(said.code == 0 && said.out.ends_with(": mine.proof\n"), "{said}");
    // Nothing more is asked of anybody.
    drop(server);
    let check = ["check", "mine.png", "--trust", "organisation.pub"];
    let checked = holder.run(&check);
    assert!(checked.out.contains("  log          index 1, not checked\n"), "{checked}");
    let demand = ["--log-policy", "policy"];
    assert_eq!(holder.run(&[&check[..], &demand].concat()).code, 3);
    let checked = holder.run(&[&check[..], &demand, &["--proof", "mine.proof"]].concat());
    let found = format!("  log          entry 1 of {ORIGIN}, seen by no witness\n");
    assert!(checked.code == 0 && checked.out.contains(&found), "{checked}");
    assert_eq!(holder.run(&["present", "--out", "shown.png"]).code, 0);
    let check = ["check", "shown.png", "--trust", "organisation.pub", "--proof", "mine.proof"];
    let checked = holder.run(&[&check[..], &demand].concat());
    assert!(checked.code == 0 && checked.out.contains(&found), "{checked}");
}

#[test]
fn a_log_that_is_slow_holds_nobody_up_for_long() {
    let (server, holder) = logged();
    with_log(&server, |log| log.is_slow = true);
    let said = holder.run(&["report"]);
    assert!(said.code == 0 && said.err.contains("note: the log has not taken the stamp in yet"), "{said}");
    let said = holder.run(&["stamp", "--proof", "mine.proof"]);
    assert!(said.code == 3 && said.err.contains("error[log-proof-missing]: stamp "), "{said}");
    assert!(!holder.path().join("mine.proof").exists());
    with_log(&server, |log| log.is_slow = false);
    assert_eq!(holder.run(&["stamp", "--proof", "mine.proof"]).code, 0);
    let text = fs::read_to_string(holder.path().join("mine.proof")).unwrap();
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nextra AQE"), "{text}");
}

#[test]
fn a_log_that_another_key_signs_proves_nothing() {
    let (server, holder) = logged();
    with_log(&server, |log| log.is_forged = true);
    let said = holder.run(&["report"]);
    assert!(said.code == 0 && said.err.contains("note: the stamp is not proved to be in the log: "), "{said}");
    let said = holder.run(&["stamp", "--proof", "mine.proof"]);
    assert!(said.code == 3 && said.err.contains("error[answer-untrusted]: the organisation's log: "), "{said}");
}

#[test]
fn a_stamp_from_before_the_log_has_no_proof() {
    let server = Server::new(&rules());
    let holder = enrolled(&server);
    assert_eq!(holder.run(&["report"]).code, 0);
    let said = holder.run(&["stamp", "--proof", "mine.proof"]);
    assert!(said.code == 2 && said.err.contains("it came without a place in a log"), "{said}");
    let said = holder.run(&["stamp", "--proof", "mine.proof", "--out", "mine.png"]);
    assert!(said.code == 2 && said.err.contains("cannot be used with"), "{said}");
}

#[test]
fn every_entry_of_the_ledger_is_looked_up() {
    let (server, holder) = logged();
    for why in ["audit", "a question", "another"] {
        server.state().look(why);
    }
    let count = server.state().ledger.len();
    let verified = || holder.run(&["ledger", "--verify"]);
    let said = verified();
    let all = format!("{count} proved to be in the log {ORIGIN}, which has {} entries\n", count + 1);
    assert!(said.code == 0 && said.out.ends_with(&all), "{said}");
    let json = holder.run(&["ledger", "--verify", "--format", "json"]).json();
    assert_eq!((&json["log"]["proved"], &json["log"]["older"]), (&count.into(), &0.into()));

    with_log(&server, |log| log.replace(2));
    let said = verified();
    assert!(said.code == 1 && said.err.contains("error[ledger-unlogged]: entry 2 of "), "{said}");
    assert!(said.out.contains("the chain holds"), "it is shown all the same: {said}");
    assert_eq!(holder.run(&["ledger"]).code, 0, "only who asks is told");
}

#[test]
fn a_server_cannot_say_nothing_of_an_entry() {
    let (server, holder) = logged();
    server.state().look("audit");
    with_log(&server, |log| log.is_silent = true);
    let said = holder.run(&["ledger", "--verify"]);
    assert!(said.code == 1 && said.err.contains("the server does not say where it is"), "{said}");
    with_log(&server, |log| log.since = "2030-01-01");
    let said = holder.run(&["ledger", "--verify"]);
    assert!(said.code == 0 && said.out.contains("0 proved to be in the log"), "{said}");
    assert!(said.out.ends_with(" older than the log\n"), "{said}");
    server.state().log = None;
    let said = holder.run(&["ledger", "--verify"]);
    assert!(said.code == 3 && said.err.contains("the organisation shows no log"), "{said}");
}
