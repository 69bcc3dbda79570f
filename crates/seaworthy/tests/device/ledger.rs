//! `seaworthy ledger` and `export`, as on a terminal, against a made organisation.

use std::fs;

use insta::assert_snapshot;
use seaworthy_model::Code;

use crate::enrol::{enrolled, rules};
use crate::fake::{Fault, Server};

#[test]
fn the_holder_sees_who_looked() {
    let server = Server::new(&rules());
    let holder = enrolled(&server);
    server.state().look("asked why the \u{1b}[2Jbadge was red");
    let said = holder.run(&["ledger"]);
    let device = said.out.lines().next().unwrap().to_owned();
    assert!(device.starts_with("   1  2026-11-24T10:00:00Z  enrolled  holder (holder)"), "{device}");
    assert_snapshot!(said, @r#"
    $ seaworthy ledger
       1  2026-11-24T10:00:00Z  enrolled  holder (holder)
          why: enrolled
       2  2026-11-24T10:00:00Z  read      Rita Reviewer (reviewer)
          why: asked why the \u{1b}[2Jbadge was red
          what: verdict, findings
    2 entries; the chain holds, up to what was signed now
    [exit 0]
    "#);
    let json = holder.run(&["ledger", "--format", "json"]).json();
    assert_eq!(json["head"]["sequence"], 2);
    assert_eq!(json["entries"][1]["who"]["name"], "Rita Reviewer");
}

#[test]
fn a_changed_ledger_is_found_out_and_what_shows_it_is_kept() {
    let server = Server::new(&rules());
    let holder = enrolled(&server);
    server.state().look("first");
    server.state().look("second");
    assert_eq!(holder.run(&["report"]).code, 0);
    let whole = server.state().ledger.clone();

    // Rewound: a report notices, and counts all the same.
    server.state().ledger.pop();
    let said = holder.run(&["report"]);
    assert_eq!(said.code, 1, "{said}");
    assert!(said.out.contains("\nExample Ltd says: PASS"), "{said}");
    assert_snapshot!(said.err, @"
    error[ledger-broken]: the ledger ends at entry 2, but entry 3 was signed earlier; what shows it is kept in ~/state/seaworthy/ledger-broken-1.json
      hint: Keep the file ledger-broken-N.json of the state directory, which holds the evidence, and ask your organisation.
    ");
    // Another history of the same length.
    server.state().look("nothing to see");
    let said = holder.run(&["ledger"]);
    assert!(
        said.code == 1 && said.err.starts_with("error[ledger-broken]: entry 3 is not the one that was signed"),
        "{said}"
    );
    let kept = fs::read_to_string(holder.state().join("ledger-broken-3.json")).unwrap();
    assert!(kept.contains("nothing to see"), "{kept}");
    // With a gap.
    server.state().ledger = whole.clone();
    server.state().look("fourth");
    assert_eq!(holder.run(&["ledger"]).code, 0);
    server.state().ledger = whole;
    assert_eq!(holder.run(&["agent", "--once"]).code, 1);
}

#[test]
fn an_old_entry_changed_below_a_newer_head_is_found_out_by_the_agent_too() {
    let server = Server::new(&rules());
    let holder = enrolled(&server);
    server.state().look("to see what is wrong");
    assert_eq!(holder.run(&["report"]).code, 0);
    server.state().ledger.pop();
    server.state().look("for the yearly review");
    server.state().look("once more");
    assert_eq!(holder.run(&["agent", "--once"]).code, 0, "the head went on");
    // A week later it looks at the whole ledger.
    let state = holder.state().join("exchange.json");
    let text = fs::read_to_string(&state).unwrap();
    let from = text.find("\"ledger_proved_at\"").unwrap();
    let old = format!("{}{}", &text[..from], text[from..].replacen("\"20", "\"19", 1));
    fs::write(&state, old).unwrap();
    for command in [&["agent", "--once"][..], &["ledger"]] {
        let said = holder.run(command);
        assert_eq!(said.code, 1, "{said}");
        assert!(
            said.err.starts_with("error[ledger-broken]: entry 2 is not the one that was signed earlier; "),
            "{said}"
        );
    }
}

#[test]
fn everything_stored_can_be_taken_out() {
    let server = Server::new(&rules());
    let holder = enrolled(&server);
    assert_eq!(holder.run(&["export"]).json()["state"], "active");
    let said = holder.run(&["export", "--out", "mine.json"]);
    assert_eq!(said.code, 0, "{said}");
    assert_eq!(fs::read_to_string(holder.path().join("mine.json")).unwrap(), holder.run(&["export"]).out);
    let said = holder.run(&["export", "--out", "nowhere/mine.json"]);
    assert!(said.code == 2 && said.err.starts_with("error[output-unwritable]: nowhere/mine.json: "), "{said}");
}

#[test]
fn nothing_is_asked_before_what_waits_was_sent() {
    let server = Server::new(&rules());
    let holder = enrolled(&server);
    server.misbehave(&[Fault::Deaf]);
    assert_eq!(holder.run(&["report"]).code, 3);
    server.misbehave(&[Fault::Deaf]);
    for command in ["ledger", "export"] {
        server.misbehave(&[Fault::Status(503)]);
        let said = holder.run(&[command]);
        assert!(said.code == 3 && said.err.starts_with("error[server-unreachable]: "), "{command}: {said}");
    }
    assert!(server.state().sent("/api/v1/requests").is_empty());
    assert_eq!(holder.run(&["ledger"]).code, 0);
    // A holder of a revoked device still sees who looked: what waits is dropped, and the request is made.
    server.misbehave(&[Fault::Deaf]);
    assert_eq!(holder.run(&["report"]).code, 3);
    server.misbehave(&[Fault::Problem(403, Code::DeviceRevoked)]);
    assert_eq!(holder.run(&["ledger"]).code, 0);
}
