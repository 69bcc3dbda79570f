//! `seaworthy enrol`, `leave` and `organisation`, as on a terminal, against a made organisation.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use insta::assert_snapshot;
use seaworthy_model::{Code, RuleKind};
use seaworthy_protocol::{Enrolment, open_own};
use seaworthy_stamp::SigningKey;
use seaworthy_testkit::skip;

use crate::fake::{Fault, Server};
use crate::kit::{Holder, SEAWORTHY, Said};

const ENROLMENT: &str = "/api/v1/enrolment";

/// Rules whose claims are quick to read.
pub fn rules() -> Vec<RuleKind> {
    vec![RuleKind::Firewall, RuleKind::SecureBoot]
}

/// Somebody who agrees at once.
pub fn enrolled(server: &Server) -> Holder {
    let holder = Holder::new();
    let said = enrol(&holder, server, &["--yes"]);
    assert_eq!(said.code, 0, "{said}");
    holder
}

fn enrol(holder: &Holder, server: &Server, more: &[&str]) -> Said {
    holder.run(&[&["enrol", &server.link()], more].concat())
}

/// What varies from run to run, by names.
fn shown(said: &Said, server: &Server, holder: &Holder) -> String {
    let key = fs::read_to_string(holder.state().join("device.key")).ok();
    let device = key.and_then(|text| SigningKey::parse(&text).ok()).map(|key| key.public().id().to_string());
    let text = said.to_string().replace(&server.link(), "LINK").replace(&server.address(), "http://SERVER");
    let text = device.map_or(text.clone(), |device| text.replace(&device, "DEVICE"));
    let is_root = "    Run by a user and not by root, reports tell only what this user can see.\n";
    text.replace(is_root, "")
}

#[test]
fn the_holder_sees_who_asks_and_what_for_before_anything_is_sent() {
    let (server, holder) = (Server::new(&rules()), Holder::new());
    let said = enrol(&holder, &server, &[]);
    assert_snapshot!(shown(&said, &server, &holder), @"
    $ seaworthy enrol LINK
    Example Ltd asks to inspect this device.
        key       34750f98bd59fcfc
        server    http://SERVER
        unit      Workshop

    Policy house-rules, version 1: What our devices are held to
        its numbers come from: https://example.org/rules
        inspected at least every # days
        major     incoming packets are denied by default
        major     verified boot is on

    What leaves this device with each report, and nothing else:
        firewall                   whether incoming packets are denied by default, and by what
        secure-boot                whether verified boot is on
        envelope                   the device's public key, its clock, a counter; no serial number, no host name
        No name of a package leaves this device: the scope updates.names is not asked for.
        Never: what is installed, files, history, messages, contacts, location.

    Who looks at this device's record there leaves a line that you see: seaworthy ledger.
    When you leave (seaworthy leave), your data is erased there, except: the ids of the stamps it was issued.
    error[not-agreed]: nobody can be asked here, so nothing was sent
      hint: read what is asked for above; then run it on a terminal, or with --yes
    [exit 2]
    ");
    assert!(server.state().sent(ENROLMENT).is_empty());
    assert!(!holder.state().join("organisation.json").exists());
    assert_eq!(holder.run(&["organisation"]).code, 2);
}

#[test]
fn an_enrolment_is_sent_once_agreed_to_and_remembered() {
    let (server, holder) = (Server::new(&rules()), Holder::new());
    server.state().waits = true;
    let said = enrol(&holder, &server, &["--yes", "--name", "ada's laptop"]);
    let text = shown(&said, &server, &holder);
    assert!(text.contains("    approval  somebody there has to let this device in\n"), "{text}");
    assert!(text.contains("Sent to Example Ltd. Somebody there has to approve this device."), "{text}");
    let (sent, key) = open_own::<Enrolment>(&server.state().sent(ENROLMENT)[0]).unwrap();
    assert_eq!((sent.name.as_deref(), sent.holder, sent.replaces, sent.counter), (Some("ada's laptop"), None, None, 1));
    assert_eq!(fs::read_to_string(holder.state().join("device.pub")).unwrap(), key.to_pem());
    let standing = holder.run(&["organisation"]);
    let standing = shown(&standing, &server, &holder);
    assert!(standing.contains("    policy     house-rules, version 1, agreed to "), "{standing}");
    assert!(standing.contains("    reported   never: seaworthy report\n"), "{standing}");
    assert_snapshot!(shown(&enrol(&holder, &server, &["--yes"]), &server, &holder), @"
    $ seaworthy enrol LINK --yes
    error[already-there]: this device is enrolled with Example Ltd
      hint: seaworthy leave ends that; seaworthy enrol --again LINK enrols it anew under a new key
    [exit 2]
    ");
    server.misbehave(&[Fault::Problem(403, Code::DeviceWaiting)]);
    let waiting = holder.run(&["report"]);
    assert_eq!(waiting.code, 3);
    assert_snapshot!(waiting, @"
    $ seaworthy report
    error[device-waiting]: the device waits for approval
      hint: Ask your organisation to approve it; the device's key is shown by seaworthy key.
    [exit 3]
    ");
}

#[test]
fn show_prints_the_literal_document_and_enrols_nobody() {
    let (server, holder) = (Server::new(&rules()), Holder::new());
    let said = enrol(&holder, &server, &["--show"]);
    assert_eq!(said.code, 0, "{said}");
    let (_, json) = said.out.split_once("as it would be sent now:\n").unwrap();
    let document: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(document["body"]["claims"]["updates"]["reason"], "not-asked");
    assert_ne!(document["body"]["claims"]["firewall"]["reason"], "not-asked");
    assert!(server.state().sent(ENROLMENT).is_empty());
}

#[test]
fn a_lost_answer_is_asked_for_again_with_the_same_bytes() {
    let (server, holder) = (Server::new(&rules()), Holder::new());
    server.misbehave(&[Fault::Nothing, Fault::Mute]);
    let said = enrol(&holder, &server, &["--yes"]);
    assert_eq!(said.code, 3, "{said}");
    assert!(said.err.contains("error[server-unreachable]"), "{said}");
    assert!(!holder.state().join("organisation.json").exists());
    let again = enrol(&holder, &server, &[]);
    assert_eq!(again.code, 0, "{again}");
    assert!(
        again.err.starts_with("note: an enrolment with this link, which you agreed to, had no answer yet"),
        "{again}"
    );
    let sent = server.state().sent(ENROLMENT);
    assert_eq!((sent.len(), &sent[0]), (2, &sent[1]));
    assert_eq!(holder.run(&["report"]).code, 0);
}

#[test]
fn a_refused_enrolment_that_waited_is_asked_for_anew() {
    let (server, holder) = (Server::new(&rules()), Holder::new());
    server.misbehave(&[Fault::Nothing, Fault::Deaf]);
    assert_eq!(enrol(&holder, &server, &["--yes"]).code, 3);
    server.state().publish(&[RuleKind::Firewall, RuleKind::SshPassword], false);
    let said = enrol(&holder, &server, &["--yes"]);
    assert_eq!(said.code, 0, "{said}");
    assert!(said.err.contains("note: it was refused: ") && said.err.contains("[policy-not-agreed]"), "{said}");
}

#[test]
fn what_does_not_verify_enrols_nobody() {
    let (server, holder) = (Server::new(&rules()), Holder::new());
    let other = server.link().replacen(&server.link()[server.link().find('#').unwrap()..][1..9], "AAAAAAAA", 1);
    let said = holder.run(&["enrol", &other, "--yes"]);
    assert_eq!(said.code, 3, "{said}");
    assert!(
        said.err.starts_with("error[answer-untrusted]: the server shows another key than the link names\n"),
        "{said}"
    );
    for fault in [Fault::WrongKey, Fault::AnotherMessage] {
        let holder = Holder::new();
        server.misbehave(&[Fault::Nothing, fault]);
        let said = enrol(&holder, &server, &["--yes"]);
        assert_eq!(said.code, 3, "{said}");
        assert!(said.err.starts_with("error[answer-untrusted]: the acknowledgement"), "{said}");
        assert!(!holder.state().join("organisation.json").exists());
    }
    for (fault, word) in [
        (Fault::Garbage, "error[answer-untrusted]: "),
        (Fault::Endless, "the answer is longer than 4194304 bytes"),
        (Fault::Redirect, "redirects are not followed"),
        (Fault::Status(502), " answered 502: "),
        (Fault::Problem(429, Code::TooManyRequests), "error[server-unreachable]: "),
    ] {
        server.misbehave(&[fault]);
        let said = enrol(&holder, &server, &["--yes"]);
        assert!(said.code == 3 && said.err.contains(word), "{word}: {said}");
    }
    server.misbehave(&[Fault::Nothing, Fault::Problem(410, Code::DeviceLeft)]);
    assert_eq!(enrol(&holder, &server, &["--yes"]).code, 2);
    assert!(!holder.state().join("enrolling.json").exists(), "what was refused is not sent again");
    server.misbehave(&[Fault::Problem(403, Code::EnrolmentToken)]);
    assert_snapshot!(shown(&enrol(&holder, &server, &["--yes"]), &server, &holder), @"
    $ seaworthy enrol LINK --yes
    error[enrolment-token]: the enrolment token is not valid
      hint: Ask your organisation for a new link.
    [exit 2]
    ");
}

#[test]
fn only_a_link_is_followed() {
    let holder = Holder::new();
    assert_snapshot!(holder.run(&["enrol", "https://example.org"]), @"
    $ seaworthy enrol https://example.org
    error[enrolment-link]: not an enrolment link: what follows `#` must be the organisation's key and the token; copy it whole
      hint: Copy the link whole, in quotes, as your organisation gave it to you.
    [exit 2]
    ");
    let key = "A".repeat(43);
    let plain = format!("http://example.org/e#{key}.{key}");
    assert!(holder.run(&["enrol", &plain]).err.starts_with("error[enrolment-link]: the link is not encrypted"));
    let nobody = format!("http://127.0.0.1:9/e#{key}.{key}");
    let said = holder.run(&["enrol", &nobody]);
    assert!(said.code == 3 && said.err.starts_with("error[server-unreachable]: "), "{said}");
    let broken = holder.run(&["enrol", &format!("https://example.org/e#{key}.{key}"), "--ca", "none.pem"]);
    assert!(broken.code == 2 && broken.err.starts_with("error[usage]: none.pem: "), "{broken}");
}

#[test]
fn enrolling_again_makes_a_new_key_and_names_the_old_device() {
    let server = Server::new(&rules());
    let holder = enrolled(&server);
    let before = fs::read_to_string(holder.state().join("device.key")).unwrap();
    server.misbehave(&[Fault::Nothing, Fault::Deaf]);
    assert_eq!(enrol(&holder, &server, &["--again", "--yes"]).code, 3);
    assert_eq!(fs::read_to_string(holder.state().join("device.key")).unwrap(), before, "not before it is answered");
    let said = enrol(&holder, &server, &["--again", "--yes"]);
    assert_eq!(said.code, 0, "{said}");
    assert!(said.out.contains("Somebody there has to approve this device."), "{said}");
    assert_eq!(fs::read_to_string(holder.state().join("device.key.retired-1")).unwrap(), before);
    let (sent, key) = open_own::<Enrolment>(server.state().sent(ENROLMENT).last().unwrap()).unwrap();
    assert_eq!(sent.replaces, Some(SigningKey::parse(&before).unwrap().public().id().into()));
    assert_eq!(fs::read_to_string(holder.state().join("device.pub")).unwrap(), key.to_pem());
    assert!(!holder.state().join("device.key.next").exists());
}

#[test]
fn broken_state_is_set_aside_and_says_what_to_do() {
    let server = Server::new(&rules());
    let holder = enrolled(&server);
    fs::write(holder.state().join("exchange.json"), "{\"counter\": ").unwrap();
    assert_snapshot!(holder.run(&["report"]), @"
    $ seaworthy report
    error[enrolment-broken]: exchange.json makes no sense, and was set aside as exchange.json.broken
      hint: Enrol the device again: seaworthy enrol --again LINK.
    [exit 2]
    ");
    assert!(holder.state().join("exchange.json.broken").exists());
    assert_eq!(enrol(&holder, &server, &["--again", "--yes"]).code, 0);
    fs::remove_file(holder.state().join("device.key")).unwrap();
    let said = holder.run(&["report"]);
    assert!(
        said.err.starts_with("error[enrolment-broken]: the device key is not the one that was enrolled\n"),
        "{said}"
    );
}

#[test]
fn who_leaves_is_told_what_stays_and_forgets_the_organisation() {
    let server = Server::new(&rules());
    let holder = enrolled(&server);
    assert_snapshot!(holder.run(&["leave"]), @"
    $ seaworthy leave
    Leaving Example Ltd:
        erased there  this device's reports, findings, name and holder, and the ledger's entries
        kept there    the ids of the stamps it was issued
        erased here   what this device remembers of Example Ltd, and reports that wait
        kept here     the device key and the stamps
    The key is not taken back in: to come back, enrol with --again. seaworthy export takes the data out first.
    error[not-agreed]: nobody can be asked here, so nothing was sent
      hint: read what is asked for above; then run it on a terminal, or with --yes
    [exit 2]
    ");
    assert!(server.state().sent("/api/v1/requests").is_empty());
    // The answer is lost; the organisation has erased it all, and says that it knows no such device.
    server.misbehave(&[Fault::Mute]);
    assert_eq!(holder.run(&["leave", "--yes"]).code, 3);
    let said = holder.run(&["leave", "--yes"]);
    assert_eq!(said.code, 0, "{said}");
    assert!(said.out.ends_with("\nThis device has left Example Ltd.\n"), "{said}");
    assert!(holder.state().join("device.key").exists());
    assert_snapshot!(holder.run(&["report"]), @"
    $ seaworthy report
    error[not-enrolled]: no enrolment is in ~/state/seaworthy
      hint: Enrol it with the link that your organisation gave you: seaworthy enrol LINK. If root enrolled it, use sudo.
    [exit 2]
    ");
}

#[test]
fn a_person_at_a_terminal_is_asked() {
    if Command::new("script").arg("--version").output().is_err() {
        return skip("the question at a terminal", "script(1) is not installed");
    }
    let (server, holder) = (Server::new(&rules()), Holder::new());
    let answer = |word: &str| {
        let command = format!("{SEAWORTHY} enrol '{}'", server.link());
        let mut terminal = Command::new("script");
        terminal.args(["-qec", &command, "/dev/null"]).env("HOME", holder.path());
        terminal.env("XDG_STATE_HOME", holder.path().join("state")).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut terminal = terminal.spawn().unwrap();
        terminal.stdin.take().unwrap().write_all(format!("{word}\n").as_bytes()).unwrap();
        String::from_utf8(terminal.wait_with_output().unwrap().stdout).unwrap()
    };
    let no = answer("y");
    assert!(
        no.contains("Type yes to agree: ") && no.contains("error[not-agreed]: not agreed, so nothing was sent"),
        "{no}"
    );
    assert!(server.state().sent(ENROLMENT).is_empty());
    let yes = answer("yes");
    assert!(yes.contains("Enrolled with Example Ltd."), "{yes}");
}

#[test]
fn a_server_is_known_by_its_certificate_and_the_one_given_is_remembered() {
    let (server, certificate) = Server::with_tls(&rules());
    let holder = Holder::new();
    let said = enrol(&holder, &server, &["--yes"]);
    assert!(said.code == 3 && said.err.starts_with("error[answer-untrusted]: https://127.0.0.1:"), "{said}");
    assert!(said.err.contains("--ca FILE"), "{said}");
    fs::write(holder.path().join("ca.pem"), certificate).unwrap();
    let said = enrol(&holder, &server, &["--yes", "--ca", "ca.pem"]);
    assert_eq!(said.code, 0, "{said}");
    assert_eq!(holder.run(&["report"]).code, 0);
    // The system's own store may be named by the environment, as for other programs.
    let other = Holder::new();
    let link = server.link();
    let arguments = ["enrol", link.as_str(), "--yes"];
    let said = other.said(other.command(&arguments).env("SSL_CERT_FILE", holder.path().join("ca.pem")), &arguments);
    assert_eq!(said.code, 0, "{said}");
}
