//! `seaworthy report`, `agent` and `agree`, as on a terminal, against a made organisation.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use insta::assert_snapshot;
use seaworthy_model::{Body, Code, RuleKind};
use seaworthy_protocol::{Digest, Report};
use seaworthy_stamp::SigningKey;

use crate::enrol::{enrolled, rules};
use crate::fake::{Fault, Server};
use crate::kit::Holder;

const REPORTS: &str = "/api/v1/reports";

fn waiting(holder: &Holder) -> usize {
    let entries = fs::read_dir(holder.state().join("outbox")).into_iter().flatten().flatten();
    entries.filter(|entry| entry.path().extension().is_some_and(|ending| ending == "cbor")).count()
}

#[test]
fn a_report_is_sent_judged_and_stamped() {
    let server = Server::new(&rules());
    let holder = enrolled(&server);
    let said = holder.run(&["report", "--stamp", "mine.png"]);
    assert_eq!(said.code, 0, "{said}");
    assert!(said.out.contains("\nExample Ltd says: PASS, by policy house-rules\nstamp until 2096-"), "{said}");
    assert!(fs::read(holder.path().join("mine.png")).unwrap().starts_with(b"\x89PNG"));
    let organisation = holder.path().join("organisation.pub");
    fs::write(&organisation, SigningKey::from_seed(&[1; 32]).unwrap().public().to_pem()).unwrap();
    let checked = holder.run(&["check", "mine.png", "--trust", "organisation.pub"]);
    assert_eq!(checked.code, 0, "{checked}");
    let id = "02".repeat(16);
    for ending in ["cbor", "key"] {
        assert!(holder.state().join(format!("stamps/{id}.{ending}")).exists(), "{ending}");
    }
    assert_eq!(waiting(&holder), 0);
    assert!(holder.run(&["organisation"]).out.contains(" (live), pass until 2096-"));

    server.state().passes = false;
    let said = holder.run(&["report", "--stamp", "none.png"]);
    assert_eq!(said.code, 1, "{said}");
    assert!(said.out.ends_with("no stamp, so none.png was not written\n"), "{said}");
    let json = holder.run(&["report", "--format", "json"]).json();
    assert_eq!((&json["reception"], &json["verdict"]), (&"live".into(), &"fail".into()));
    server.state().in_force = None;
    let said = holder.run(&["report"]);
    assert_eq!(said.code, 3, "{said}");
    assert!(said.out.ends_with("has no policy in force for this device: it counts as not inspected\n"), "{said}");
}

#[test]
fn show_sends_nothing_and_shows_what_is_sent() {
    let server = Server::new(&rules());
    let holder = enrolled(&server);
    let said = holder.run(&["report", "--show", "--format", "json"]);
    assert_eq!(said.code, 0, "{said}");
    assert!(server.state().sent(REPORTS).is_empty());
    let shown = said.json();
    assert_eq!(holder.run(&["report"]).code, 0);
    let sent = server.state().sent(REPORTS);
    let body = Body::decode(&Report::decode(&sent[0]).unwrap().body.0).unwrap();
    assert_eq!(shown["body"], serde_json::to_value(&body).unwrap());
    let envelope = serde_json::to_value(&server.state().envelopes()[0]).unwrap();
    for field in ["organisation", "key", "counter", "nonce", "policy", "body"] {
        assert_eq!(shown["envelope"][field], envelope[field], "{field}");
    }
    let words = holder.run(&["report", "--show"]).out;
    assert!(
        words.starts_with("This would be sent to Example Ltd, signed with this device's key. Nothing is sent now.\n")
    );
    assert!(
        words.contains("\n    firewall                   whether incoming packets are denied by default"),
        "{words}"
    );
}

#[test]
fn a_lost_answer_is_asked_for_again_before_anything_new() {
    let server = Server::new(&rules());
    let holder = enrolled(&server);
    server.misbehave(&[Fault::Mute]);
    let said = holder.run(&["report"]);
    assert_eq!(said.code, 3, "{said}");
    assert!(said.err.contains("; 1 report waits to be sent\n"), "{said}");
    assert_eq!(holder.run(&["report"]).code, 0);
    let sent = server.state().sent(REPORTS);
    assert_eq!((sent.len(), &sent[0]), (3, &sent[1]));
    let counters: Vec<u64> = server.state().envelopes().iter().map(|envelope| envelope.counter).collect();
    assert_eq!(counters, [2, 2, 3]);
    // The stamp of the first is kept as well: its answer came with the second asking.
    assert!(holder.state().join(format!("stamps/{}.cbor", "02".repeat(16))).exists());
}

#[test]
fn reports_that_waited_go_first_in_order_and_only_the_first_may_be_live() {
    let server = Server::new(&rules());
    let holder = enrolled(&server);
    for fault in [Fault::Deaf, Fault::Status(503), Fault::Garbage] {
        server.misbehave(&[fault]);
        assert_eq!(holder.run(&["report"]).code, 3);
    }
    assert_eq!(waiting(&holder), 3);
    assert!(holder.run(&["organisation"]).out.contains("    waiting    3 to be sent\n"));
    server.state().seen.clear();
    assert_eq!(holder.run(&["report"]).code, 0);
    let envelopes = server.state().envelopes();
    let counters: Vec<u64> = envelopes.iter().map(|envelope| envelope.counter).collect();
    assert_eq!(counters, [2, 3, 4, 5]);
    let live: Vec<bool> = envelopes.iter().map(|envelope| envelope.nonce.is_some()).collect();
    assert_eq!(live, [true, false, false, true]);
    assert_eq!(waiting(&holder), 0);
}

#[test]
fn answers_that_do_not_verify_count_for_nothing() {
    let server = Server::new(&rules());
    let holder = enrolled(&server);
    for fault in [Fault::WrongKey, Fault::AnotherMessage, Fault::Endless, Fault::Redirect] {
        server.misbehave(std::slice::from_ref(&fault));
        let said = holder.run(&["report"]);
        assert_eq!(said.code, 3, "{fault:?}: {said}");
        assert!(
            said.err.contains("error[answer-untrusted]") || said.err.contains("error[server-unreachable]"),
            "{said}"
        );
    }
    assert!(holder.run(&["organisation"]).out.contains("    reported   never"));
    // A replaced key does not come back, and a new one is followed.
    server.state().keys.push(SigningKey::from_seed(&[2; 32]).unwrap());
    assert_eq!(holder.run(&["report"]).code, 0);
    server.state().keys.pop();
    let said = holder.run(&["report"]);
    assert!(said.err.starts_with("error[answer-untrusted]: a key that was replaced is back; 1 report waits"), "{said}");
}

#[test]
fn a_refusal_is_shown_with_its_code_and_nothing_waits() {
    let server = Server::new(&rules());
    let holder = enrolled(&server);
    server.misbehave(&[Fault::Problem(409, Code::DeviceForked)]);
    assert_snapshot!(holder.run(&["report"]), @"
    $ seaworthy report
    error[device-forked]: the device's key was used twice
      hint: Enrol the right device again: seaworthy enrol --again LINK. It gets a new key, and the old one is retired.
    [exit 2]
    ");
    assert_eq!(waiting(&holder), 0);
}

#[test]
fn what_waits_outlasts_a_server_that_is_not_itself_and_not_one_that_shuts_the_device_out() {
    let server = Server::new(&rules());
    let holder = enrolled(&server);
    for fault in [Fault::Deaf, Fault::Problem(404, Code::RouteUnknown), Fault::Problem(404, Code::DeviceUnknown)] {
        server.misbehave(&[fault]);
        assert_ne!(holder.run(&["report"]).code, 0);
    }
    assert_eq!(waiting(&holder), 2, "one was refused before it was made");
    server.misbehave(&[Fault::Problem(400, Code::ReportMalformed)]);
    let said = holder.run(&["report"]);
    assert_eq!(said.code, 0, "{said}");
    assert!(said.err.starts_with("note: a report that waited was refused: "), "{said}");
    server.misbehave(&[Fault::Deaf]);
    assert_eq!(holder.run(&["report"]).code, 3);
    server.misbehave(&[Fault::Problem(403, Code::DeviceRevoked)]);
    assert_eq!(holder.run(&["report"]).code, 2);
    assert_eq!(waiting(&holder), 0);
}

#[test]
fn a_restored_snapshot_is_found_out() {
    let server = Server::new(&rules());
    let holder = enrolled(&server);
    let snapshot = fs::read(holder.state().join("exchange.json")).unwrap();
    assert_eq!(holder.run(&["report"]).code, 0);
    assert_eq!(holder.run(&["report"]).code, 0);
    fs::write(holder.state().join("exchange.json"), &snapshot).unwrap();
    let said = holder.run(&["report"]);
    assert!(said.code == 2 && said.err.starts_with("error[device-forked]: "), "{said}");
    // The same where the remembered nonce is too old to be used: the request is too late, and the report tells.
    let old = String::from_utf8(snapshot).unwrap();
    let from = old.find("\"at\":\"").unwrap() + 6;
    fs::write(holder.state().join("exchange.json"), old.replacen(&old[from..from + 4], "2020", 1)).unwrap();
    let said = holder.run(&["report"]);
    assert!(said.code == 2 && said.err.starts_with("error[device-forked]: "), "{said}");
}

#[test]
fn an_old_nonce_is_asked_for_anew() {
    let server = Server::new(&rules());
    let holder = enrolled(&server);
    let text = fs::read_to_string(holder.state().join("exchange.json")).unwrap();
    let from = text.find("\"at\":\"").unwrap() + 6;
    fs::write(holder.state().join("exchange.json"), text.replacen(&text[from..from + 4], "2020", 1)).unwrap();
    assert_eq!(holder.run(&["report"]).code, 0);
    assert_eq!(server.state().sent("/api/v1/requests").len(), 1);
    assert!(server.state().envelopes()[0].nonce.is_some());
}

#[test]
fn a_policy_that_asks_for_no_more_is_taken_over() {
    let server = Server::new(&rules());
    let holder = enrolled(&server);
    server.state().publish(&[RuleKind::Firewall], false);
    let said = holder.run(&["report"]);
    assert_eq!(said.code, 0, "{said}");
    assert_snapshot!(said.err, @"note: policy house-rules, version 2 (document 2) is in force now; it asks for no more than you agreed to");
    assert_eq!(holder.run(&["report"]).err, "");
    let policies: Vec<_> = server.state().envelopes().iter().map(|envelope| envelope.policy).collect();
    assert_ne!(policies[0], policies[1]);
}

#[test]
fn a_policy_that_asks_for_more_waits_for_the_holder() {
    let server = Server::new(&rules());
    let holder = enrolled(&server);
    server.state().publish(&[RuleKind::Firewall, RuleKind::SshPassword], true);
    let said = holder.run(&["report"]);
    assert_eq!(said.code, 0, "{said}");
    assert_snapshot!(said.err, @"
    note: policy house-rules, version 2 (document 2) asks for more than you agreed to; none of that is sent until you do
      hint: seaworthy agree shows what is new, and asks
    ");
    assert_eq!(holder.run(&["report"]).code, 0);
    let ssh = |index: usize| {
        let sent = server.state().sent(REPORTS);
        let body = Body::decode(&Report::decode(&sent[index]).unwrap().body.0).unwrap();
        serde_json::to_value(&body).unwrap()["claims"]["ssh"]["reason"].clone()
    };
    assert_eq!((ssh(0), ssh(1)), ("not-asked".into(), "not-asked".into()));
    assert_snapshot!(holder.run(&["agree"]), @"
    $ seaworthy agree
    Example Ltd asks for more than you agreed to.

    New, beyond what you agreed to:
        ssh                        whether an SSH server takes passwords, and how the superuser may sign in
        updates.names              names and versions of updates that are not installed

    Policy house-rules, version 2: What our devices are held to
        its numbers come from: https://example.org/rules
        inspected at least every # days
        major     incoming packets are denied by default
        major     SSH accepts no passwords

    What leaves this device with each report, and nothing else:
        firewall                   whether incoming packets are denied by default, and by what
        ssh                        whether an SSH server takes passwords, and how the superuser may sign in
        envelope                   the device's public key, its clock, a counter; no serial number, no host name
        Names of updates leave this device: the scope updates.names is asked for.
        Never: what is installed, files, history, messages, contacts, location.
    error[not-agreed]: nobody can be asked here, so nothing was sent
      hint: read what is asked for above; then run it on a terminal, or with --yes
    [exit 2]
    ");
    assert_eq!(holder.run(&["agree", "--yes"]).code, 0);
    assert_eq!(holder.run(&["report"]).code, 0);
    assert_ne!(ssh(2), "not-asked");
    assert_snapshot!(holder.run(&["agree"]), @"
    $ seaworthy agree
    Example Ltd asks for no more than you agreed to: policy house-rules
    [exit 0]
    ");
}

#[test]
fn an_older_policy_is_refused() {
    let server = Server::new(&rules());
    let holder = enrolled(&server);
    server.state().publish(&[RuleKind::Firewall], false);
    server.state().publish(&[RuleKind::SecureBoot], false);
    assert_eq!(holder.run(&["report"]).code, 0);
    server.state().in_force = Some(1);
    let said = holder.run(&["report"]);
    assert!(said.out.contains("\nExample Ltd says: PASS"), "{said}");
    assert_snapshot!(said.err, @"
    error[policy-rollback]: document 2 of Example Ltd after document 3
      hint: Tell your organisation; to go back to earlier rules it signs them anew.
    ");
    assert_eq!(said.code, 3);
    // Nor one that somebody else signed.
    server.state().publish(&[RuleKind::Firewall], false);
    server.state().documents[3].organisation = Digest::ZERO;
    let said = holder.run(&["report"]);
    assert!(said.err.starts_with("error[answer-untrusted]: the policy document is another organisation's\n"), "{said}");
}

#[test]
fn the_agent_is_quiet_patient_and_content_with_any_verdict() {
    let server = Server::new(&rules());
    let holder = enrolled(&server);
    server.state().passes = false;
    let said = holder.run(&["agent", "--once"]);
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (0, "", ""));
    server.misbehave(&[Fault::Status(503)]);
    let said = holder.run(&["agent", "--once", "--jitter", "1"]);
    assert!(said.code == 3 && said.err.starts_with("error[server-unreachable]: "), "{said}");
    let seen = server.state().seen.len();
    let said = holder.run(&["agent", "--once"]);
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (3, "", ""));
    assert_eq!(server.state().seen.len(), seen, "it lets the server be");
    assert!(holder.run(&["organisation"]).out.contains("    next try   not before "));
    // A person does not wait.
    assert_eq!(holder.run(&["report"]).code, 1);
    assert_eq!(holder.run(&["agent", "--once"]).code, 0);
    assert_eq!(holder.run(&["agent"]).code, 2);
}

#[test]
fn killed_at_any_moment_no_counter_is_used_twice() {
    let server = Server::new(&rules());
    let holder = enrolled(&server);
    for step in 0..24 {
        let mut run = holder.command(&["report"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(step * 3));
        run.kill().unwrap();
        run.wait().unwrap();
    }
    let said = holder.run(&["report"]);
    assert_eq!(said.code, 0, "{said}");
    let mut counters: Vec<(u64, Digest)> =
        server.state().envelopes().iter().map(|envelope| (envelope.counter, envelope.body)).collect();
    assert!(counters.is_sorted(), "{counters:?}");
    counters.dedup();
    assert!(counters.windows(2).all(|pair| pair[0].0 < pair[1].0), "{counters:?}");
    assert_eq!(waiting(&holder), 0);
}

#[test]
fn runs_at_once_take_turns() {
    let server = Server::new(&rules());
    let holder = enrolled(&server);
    let start = |_| holder.command(&["agent", "--once"]).stderr(Stdio::null()).spawn().unwrap();
    let runs: Vec<_> = (0..4).map(start).collect();
    let codes: Vec<Option<i32>> = runs.into_iter().map(|mut run| run.wait().unwrap().code()).collect();
    // One that waited for too long on a slow machine says so with 3.
    assert!(codes.contains(&Some(0)) && codes.iter().all(|code| matches!(code, Some(0 | 3))), "{codes:?}");
    let counters: Vec<u64> = server.state().envelopes().iter().map(|envelope| envelope.counter).collect();
    assert!(counters.windows(2).all(|pair| pair[0] < pair[1]), "{counters:?}");
}
