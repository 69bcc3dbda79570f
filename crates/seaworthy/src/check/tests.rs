//! What `check` says, and how it ends.

use std::cell::Cell;
use std::fs;

use clap::Parser;
use seaworthy_stamp::PRESENTER_NOTE;
use serde_json::Value;

use super::*;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    check: CheckArgs,
}

fn vector(name: &str) -> String {
    format!("{}/../../docs/spec/vectors/stamp/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn text(name: &str) -> String {
    fs::read_to_string(vector(name)).unwrap()
}

/// What a command line says, and its exit code.
fn said(arguments: &[&str], input: &str) -> (String, u8) {
    let line = Line::try_parse_from(["check"].iter().chain(arguments)).unwrap();
    let mut out = Vec::new();
    let now = "2026-11-23".parse().unwrap();
    let answer = run_with(&line.check, &|| now, None, &Newest::default(), &mut input.as_bytes(), &mut out).unwrap();
    (String::from_utf8(out).unwrap(), answer.exit_code())
}

#[test]
fn a_valid_stamp_says_role_and_grade_first() {
    let (out, exit) = said(&[&vector("organisation.svg"), "--trust", &vector("trust.toml")], "");
    assert_eq!(exit, 0);
    let expected = format!(
        "organisation, inspector-observed: VALID until 2027-05-21T10:00:00Z, six-month, by Example Harbour; bare stamp
  valid until  2027-05-21T10:00:00Z (179 days left)
  policy       six-month (digest {})
  issued       2026-11-22T10:00:00Z
  by           Example Harbour, key 1325b850c2871916eae203f0efc3c8987f64e5e3cdb27679e6d1fa97808357e6
  subject      a mounted disk, not a running device
  revocation   not looked up (https://status.example/3, place 123456)
  shown        bare stamp

{PRESENTER_NOTE}
",
        "5a".repeat(32)
    );
    assert_eq!(out, expected);
}

#[test]
fn a_refused_stamp_says_why_and_what_to_do() {
    let arguments = [&vector("device.txt"), "--trust", &vector("device.pub"), "--at", "2027-06-01"];
    let (out, exit) = said(&arguments, "");
    assert_eq!(exit, 1);
    assert!(
        out.starts_with(
            "device, self-asserted: REFUSED the stamp has expired: ended 2027-05-21T10:00:00Z [stamp-expired]\n"
        ),
        "{out}"
    );
    assert!(out.contains("what to do   Inspect the device again"), "{out}");
}

#[test]
fn of_an_unknown_issuer_nothing_is_said() {
    let (out, exit) = said(&["-", "--trust", &vector("organisation.pub")], &text("device.txt"));
    assert_eq!(exit, 3);
    assert!(out.starts_with("NOT KNOWN no trusted key issued the stamp: key "), "{out}");
    assert!(!out.contains("six-month") && !out.contains("2027"), "{out}");
}

#[test]
fn a_door_gets_a_line_for_a_line_and_goes_on_after_a_bad_one() {
    let input =
        format!("{}hello\n\n{}\u{1b}[2J\n{}", text("device.txt"), "A".repeat(200_000), text("device.url").trim());
    let (out, exit) = said(&["--lines", "--trust", &vector("device.pub")], &input);
    assert_eq!(exit, 1);
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 4);
    assert!(lines[0].starts_with("device, self-asserted: VALID until ") && lines[3] == lines[0]);
    assert_eq!(lines[1], "REFUSED the text is not a stamp: `hello` [stamp-text]");
    assert!(!out.contains('\u{1b}'));
}

#[test]
fn json_carries_code_and_fix() {
    let missing = vector("none.png");
    let (out, exit) = said(
        &[
            &vector("device.txt"),
            text("device.url").trim(),
            &missing,
            "--trust",
            &vector("device.pub"),
            "--format",
            "json",
        ],
        "",
    );
    assert_eq!(exit, 2);
    let out: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&out["stamps"][0]["answer"], &out["stamps"][0]["signed"]["role"]), (&"valid".into(), &"device".into()));
    assert_eq!(out["stamps"][1]["exit"], 0);
    assert_eq!(
        (&out["stamps"][2]["refusal"]["code"], &out["stamps"][2]["signed"]),
        (&"input-unreadable".into(), &Value::Null)
    );
    let (lines, _) = said(&["--lines", "--trust", &vector("device.pub"), "--format", "json"], "hello\n");
    assert_eq!(serde_json::from_str::<Value>(&lines).unwrap()["refusal"]["code"], "stamp-text");
}

#[test]
fn a_clock_before_the_newest_stamp_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let state = seaworthy_inspect::StateDirectory::new(folder.path());
    let line = |extra: &[&str]| {
        let (stamp, key) = (vector("device.txt"), vector("device.pub"));
        let arguments = ["check", &stamp, "--trust", &key];
        Line::try_parse_from(arguments.iter().chain(extra)).unwrap().check
    };
    let checked = |now: &str, extra: &[&str]| {
        let newest = Newest::load(&state);
        let (now, mut out) = (now.parse().unwrap(), Vec::new());
        let answer = run_with(&line(extra), &|| now, None, &newest, &mut "".as_bytes(), &mut out).unwrap();
        newest.keep(&state);
        (answer.exit_code(), String::from_utf8(out).unwrap())
    };
    // Issued on 22 November 2026 at 10:00.
    assert_eq!(checked("2026-11-20", &["--at", "2026-11-23"]).0, 0, "an instant that is asked about");
    let (exit, out) = checked("2026-11-20", &[]);
    assert!(exit == 1 && out.contains("[stamp-not-yet-valid]"), "from the future, and no proof: {out}");
    assert_eq!(checked("2026-11-22T10:05:00Z", &[]).0, 0);
    let (exit, out) = checked("2026-11-22T09:45:00Z", &[]);
    assert!(exit == 3 && out.contains("[clock-wrong]"), "{out}");
    assert_eq!(checked("2026-11-22T09:55:00Z", &[]).0, 0, "within the tolerance");
    assert_eq!(checked("2026-11-20", &["--at", "2026-11-23"]).0, 0);
}

#[test]
fn a_stamp_is_looked_up_where_a_list_is_given() {
    let (stamp, trust, list) = (vector("organisation.txt"), vector("trust.toml"), vector("status-list.cwt"));
    let (out, exit) = said(&[&stamp, "--trust", &trust, "--status-list", &list], "");
    let head = "organisation, inspector-observed: REFUSED the stamp was revoked: by the list of 2026-11-23";
    assert!(exit == 1 && out.starts_with(head) && out.contains("[stamp-revoked]"), "{out}");
    assert!(!out.contains("not looked up"), "{out}");
    let failing = |list: &str, trust: &str| {
        let line = ["check", &stamp, "--trust", trust, "--status-list", list];
        let check = Line::try_parse_from(line).unwrap().check;
        let now = "2026-11-23".parse().unwrap();
        run_with(&check, &|| now, None, &Newest::default(), &mut "".as_bytes(), &mut Vec::new()).unwrap_err().code
    };
    assert_eq!(failing(&stamp, &trust), Code::StatusListBroken);
    assert_eq!(failing(&vector("none.cwt"), &trust), Code::StatusListBroken);
    assert_eq!(failing(&list, &vector("organisation.pub")), Code::StatusListIssuer);
}

/// A stamp that ended while the door was open is refused from then on.
#[test]
fn each_line_is_judged_by_the_clock_as_it_is_then() {
    let line = Line::try_parse_from(["check", "--lines", "--trust", &vector("device.pub")]).unwrap();
    let text = fs::read_to_string(vector("device.txt")).unwrap();
    let asked = Cell::new(0);
    let clock = || {
        asked.set(asked.get() + 1);
        if asked.get() <= 2 { "2026-11-23".parse().unwrap() } else { "2027-11-23".parse().unwrap() }
    };
    let mut out = Vec::new();
    let input = format!("{text}\n{text}\n");
    run_with(&line.check, &clock, None, &Newest::default(), &mut input.as_bytes(), &mut out).unwrap();
    let said = String::from_utf8(out).unwrap();
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].contains("VALID until") && lines[1].contains("[stamp-expired]"), "{said}");
}

#[test]
fn a_broken_trust_file_stops_all() {
    let line = Line::try_parse_from(["check", "x", "--trust", &vector("device.txt")]).unwrap();
    let now = Timestamp::from_seconds(0);
    let error =
        run_with(&line.check, &|| now, None, &Newest::default(), &mut "".as_bytes(), &mut Vec::new()).unwrap_err();
    assert_eq!(error.code, Code::TrustSyntax);
    assert!(Line::try_parse_from(["check", "x"]).is_err(), "--trust is required");
    assert!(Line::try_parse_from(["check", "--trust", "x"]).is_err(), "an input is required");
}

/// A vector of another page.
fn of(page: &str, name: &str) -> String {
    vector(&format!("../{page}/{name}"))
}

#[test]
fn it_is_said_whether_a_stamp_was_presented() {
    let (trust, by_time) = (vector("device.pub"), of("presentation", "time.txt"));
    let cases: Value = serde_json::from_str(&fs::read_to_string(of("presentation", "cases.json")).unwrap()).unwrap();
    let (at, challenge) = (cases["at"].as_str().unwrap(), cases["challenge"].as_str().unwrap());
    let (out, exit) = said(&[&by_time, "--trust", &trust, "--at", at], "");
    assert_eq!(exit, 0);
    assert!(out.contains("; presented by its own key at 2026-11-23T12:00:00Z\n"), "{out}");
    assert!(!out.contains(PRESENTER_NOTE), "{out}");

    let challenged = |input: &str, challenge: &str| said(&[input, "--trust", &trust, "--challenge", challenge], "");
    let (out, exit) = challenged(&of("presentation", "challenge.txt"), &challenge.to_lowercase());
    assert!(exit == 0 && out.contains("; presented by its own key to your challenge\n"), "{out}");
    for (input, code) in [(vector("device.txt"), "[presentation-missing]"), (by_time, "[presentation-challenge]")] {
        let (out, exit) = challenged(&input, challenge);
        assert!(exit == 1 && out.starts_with("device, self-asserted: REFUSED ") && out.contains(code), "{out}");
    }
    let (text, json) = (fs::read_to_string(of("presentation", "time.txt")).unwrap(), ["--format", "json"]);
    let (out, _) = said(&[&[text.trim(), "--trust", &trust, "--at", at][..], &json].concat(), "");
    let out: Value = serde_json::from_str(&out).unwrap();
    let stamp = &out["stamps"][0];
    assert_eq!((&stamp["presented"]["by"], &stamp["presented"]["time"]), (&"time".into(), &at.into()));
    assert_eq!((&stamp["signed"]["presenter_proved"], &stamp["note"]), (&true.into(), &Value::Null));
    assert!(Line::try_parse_from(["check", "x", "--trust", "t", "--challenge", "short"]).is_err());
    assert!(Line::try_parse_from(["check", "x", "--trust", "t", "--new-challenge"]).is_err());
}

#[test]
fn a_proof_is_demanded_where_a_log_policy_is_given() {
    let (trust, policy, proof) = (vector("device.pub"), of("proof", "log-policy.txt"), of("proof", "device.proof"));
    let text = text("device.txt");
    let demanded = |stamp: &str, proof: Option<&str>, more: &[&str]| {
        let mut arguments = vec![stamp, "--trust", &trust, "--log-policy", &policy];
        arguments.extend(proof.iter().flat_map(|proof| ["--proof", proof]));
        arguments.extend(more);
        said(&arguments, "")
    };
    let origin = "log.example/log/1325b850c2871916";
    let seen = "seen by north (2026-11-22T10:05:00Z), south (2026-11-22T10:06:00Z)";
    for stamp in [text.trim(), &format!("{}.3", text.trim()), &of("presentation", "time.txt")] {
        let (out, exit) = demanded(stamp, Some(&proof), &["--at", "2026-11-23T12:00:00Z"]);
        assert!(exit == 0 && out.contains(&format!("  log          entry 3 of {origin}, {seen}\n")), "{out}");
    }
    let (out, exit) = demanded(&format!("{}.4", text.trim()), Some(&proof), &[]);
    assert!(exit == 1 && out.contains("[stamp-log-index]"), "{out}");
    let (out, exit) = demanded(text.trim(), None, &[]);
    assert!(exit == 3 && out.starts_with("device, self-asserted: NOT KNOWN no proof shows"), "{out}");
    let (out, exit) = demanded(text.trim(), Some(&vector("device.txt")), &[]);
    assert!(exit == 1 && out.contains("[log-proof-malformed]"), "{out}");
    let (out, exit) = said(&[&format!("{}.70000", text.trim()), "--trust", &trust], "");
    assert!(exit == 0 && out.contains("  log          index 70000, not checked\n"), "{out}");
    let (out, _) = demanded(text.trim(), Some(&proof), &["--format", "json"]);
    let log = &serde_json::from_str::<Value>(&out).unwrap()["stamps"][0]["log"];
    assert_eq!((&log["checked"], &log["index"], &log["origin"]), (&true.into(), &3.into(), &origin.into()));
    assert_eq!(log["witnesses"][1]["at"], "2026-11-22T10:06:00Z");
}

#[test]
fn each_wrong_proof_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let cases: Value = serde_json::from_str(&fs::read_to_string(of("proof", "cases.json")).unwrap()).unwrap();
    for case in cases["refused"].as_array().unwrap() {
        fs::write(path("proof"), case["proof"].as_str().unwrap()).unwrap();
        fs::write(path("policy"), case["policy"].as_str().unwrap()).unwrap();
        let (stamp, trust, proof, policy) = (vector("device.txt"), vector("device.pub"), path("proof"), path("policy"));
        let (out, exit) = said(&[&stamp, "--trust", &trust, "--proof", &proof, "--log-policy", &policy], "");
        assert!(exit == 1 && out.contains(&format!("[{}]", case["code"].as_str().unwrap())), "{case} {out}");
    }
}

#[test]
fn a_log_policy_that_cannot_be_used_is_said_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let (policy, trust) = (folder.path().join("policy").display().to_string(), vector("device.pub"));
    let failing = |proof: &str| {
        let line = ["check", "x", "--trust", &trust, "--log-policy", &policy, "--proof", proof];
        let check = Line::try_parse_from(line).unwrap().check;
        let now = "2026-11-23".parse().unwrap();
        run_with(&check, &|| now, None, &Newest::default(), &mut "".as_bytes(), &mut Vec::new())
            .map(|_| ())
            .unwrap_err()
    };
    let proof = of("proof", "device.proof");
    assert_eq!(failing(&proof).code, Code::LogPolicyBroken);
    fs::write(&policy, "quorum none\nlog what\n").unwrap();
    let failure = failing(&proof);
    assert_eq!((failure.code, failure.exit), (Code::LogPolicyBroken, 2));
    assert!(failure.what.contains(": line 2: "), "{}", failure.what);
    fs::write(&policy, "quorum none\n").unwrap();
    assert_eq!(failing("nowhere").code, Code::InputUnreadable);
    assert!(Line::try_parse_from(["check", "x", "--trust", "t", "--proof", "p"]).is_err(), "--log-policy is required");
}

/// South saw the checkpoint on 22 November 2026 at 10:06.
#[test]
fn a_witness_knows_how_late_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let state = seaworthy_inspect::StateDirectory::new(folder.path());
    let (stamp, trust, policy) = (vector("device.txt"), vector("device.pub"), of("proof", "log-policy.txt"));
    let proof = of("proof", "device.proof");
    let checked = |now: &str, proof: &[&str]| {
        let line = ["check", &stamp, "--trust", &trust];
        let check = Line::try_parse_from(line.iter().chain(proof)).unwrap().check;
        let (newest, mut out) = (Newest::load(&state), Vec::new());
        let answer = run_with(&check, &|| now.parse().unwrap(), None, &newest, &mut "".as_bytes(), &mut out).unwrap();
        newest.keep(&state);
        (answer.exit_code(), String::from_utf8(out).unwrap())
    };
    let proved = ["--log-policy", policy.as_str(), "--proof", &proof];
    let (exit, out) = checked("2026-11-22T09:55:59Z", &proved);
    assert!(exit == 3 && out.contains("[clock-wrong]"), "{out}");
    assert_eq!(checked("2026-11-22T09:55:59Z", &[]).0, 0, "without a proof nobody knows better");
    assert_eq!(checked("2026-11-22T10:10:00Z", &proved).0, 0);
    assert_eq!(checked("2026-11-22T09:55:59Z", &[]).0, 3, "and the witness is remembered");
}
