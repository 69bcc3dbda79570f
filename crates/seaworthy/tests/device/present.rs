//! `seaworthy present` and its checks, as at a door: the device draws, the checker looks.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use insta::assert_snapshot;
use seaworthy_model::{Appraisal, Grade, PolicyId, Subject, Timeline, Timestamp, Verdict};
use seaworthy_stamp::{Fresh, Particulars, Passing, SigningKey, Stamp, issue};

use crate::kit::Holder;

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_seconds(i64::try_from(since.as_secs()).unwrap())
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32]).unwrap()
}

/// A stamp by a key, issued so many seconds ago for a day; its presenter has the seed of its id.
fn stamp(issuer: &SigningKey, id: u8, age: i64) -> Stamp {
    let issued = now() - age;
    let appraisal = Appraisal {
        policy: PolicyId { name: "six-month".into(), digest: "5a".repeat(32) },
        timeline: Timeline::always(Verdict::Pass).then(issued + 86_400, Verdict::Unknown),
        findings: vec![],
    };
    let particulars =
        Particulars { subject: Subject::Device, grade: Grade::SelfAsserted, build: "0.1.0".into(), status: None };
    let fresh = Fresh { id: [id; 16], presenter: key(id).public() };
    issue(&Passing::new(&appraisal, issued).unwrap(), &particulars, &fresh, issuer).unwrap()
}

fn id(id: u8) -> String {
    format!("{id:02x}").repeat(16)
}

/// Keeps a stamp and its key as the device does.
fn keep(holder: &Holder, stamp: &Stamp, number: u8) {
    let folder = holder.state().join("stamps");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(format!("{}.cbor", id(number))), stamp.cbor()).unwrap();
    fs::write(folder.join(format!("{}.key", id(number))), key(number).to_pem()).unwrap();
}

/// A device with a stamp of its organisation, and a checker who trusts that.
fn device_and_door() -> (Holder, Holder) {
    let (device, door) = (Holder::new(), Holder::new());
    keep(&device, &stamp(&key(200), 1, 60), 1);
    fs::write(door.path().join("issuer.pub"), key(200).public().to_pem()).unwrap();
    (device, door)
}

fn carry(device: &Holder, door: &Holder, name: &str) {
    fs::copy(device.path().join(name), door.path().join(name)).unwrap();
}

#[test]
fn a_stamp_is_presented_in_every_form_and_is_good_for_a_minute() {
    let (device, door) = device_and_door();
    for ending in ["png", "svg", "txt", "cbor"] {
        let file = format!("shown.{ending}");
        let said = device.run(&["present", "--out", &file]);
        assert!(said.code == 0 && said.out.starts_with(&format!("{file}: presented, good until ")), "{said}");
        carry(&device, &door, &file);
        let checked = door.run(&["check", &file, "--trust", "issuer.pub"]);
        assert!(checked.code == 0 && checked.out.contains("; presented by its own key at "), "{checked}");
    }
    let late = (now() + 62).to_string();
    let checked = door.run(&["check", "shown.png", "--trust", "issuer.pub", "--at", &late]);
    assert!(checked.code == 1 && checked.out.contains("[presentation-time]"), "{checked}");
    let drawn = device.run(&["present"]);
    let text = drawn.out.lines().find(|line| line.starts_with("SEAWORTHY:P#")).unwrap();
    assert_eq!(door.run(&["check", text, "--trust", "issuer.pub"]).code, 0);
}

#[test]
fn a_challenge_is_drawn_answered_and_counts_once() {
    let (device, door) = device_and_door();
    let drawn = door.run(&["check", "--new-challenge"]);
    let challenge = drawn.out.lines().find(|line| line.len() == 26 && line.is_ascii()).unwrap().to_owned();
    assert!(drawn.code == 0 && drawn.out.contains('█'), "{drawn}");
    let json = door.run(&["check", "--new-challenge", "--format", "json"]).json();
    let other = json["challenge"].as_str().unwrap();
    assert_ne!(other, challenge);

    let said = device.run(&["present", "--challenge", &challenge.to_lowercase(), "--out", "shown.png"]);
    assert_eq!((said.code, said.out), (0, format!("shown.png: presented, answers {challenge}\n")));
    carry(&device, &door, "shown.png");
    let check =
        |challenge: &str, input: &str| door.run(&["check", "--challenge", challenge, input, "--trust", "issuer.pub"]);
    let checked = check(&challenge, "shown.png");
    assert!(checked.code == 0 && checked.out.contains("; presented by its own key to your challenge"), "{checked}");
    let checked = check(other, "shown.png");
    assert!(checked.code == 1 && checked.out.contains("[presentation-challenge]"), "{checked}");
    // A photograph of the bare stamp.
    fs::write(door.path().join("bare.png"), stamp(&key(200), 1, 60).to_png(None, 4).unwrap()).unwrap();
    let checked = check(&challenge, "bare.png");
    assert!(checked.code == 1 && checked.out.contains("[presentation-missing]"), "{checked}");
    let bare = door.run(&["check", "bare.png", "--trust", "issuer.pub"]);
    assert!(bare.code == 0 && bare.out.contains("; bare stamp\n"), "{bare}");
}

#[test]
fn the_organisations_newest_stamp_is_presented_while_it_is_valid() {
    let (device, door) = device_and_door();
    let own = fs::read_to_string(device.public_key()).unwrap();
    fs::write(door.path().join("device.pub"), own).unwrap();
    let own = SigningKey::parse(&fs::read_to_string(device.state().join("device.key")).unwrap()).unwrap();
    keep(&device, &stamp(&key(200), 2, 30), 2);
    keep(&device, &stamp(&key(200), 3, 90_000), 3);
    keep(&device, &stamp(&own, 4, 1), 4);
    fs::write(device.state().join("stamps").join(format!("{}.cbor", id(5))), "damaged").unwrap();
    let presented = || {
        let text =
            device.run(&["present"]).out.lines().find(|line| line.starts_with("SEAWORTHY:P#")).unwrap().to_owned();
        let checked = door.run(&["check", &text, "--trust", "issuer.pub", "--trust", "device.pub", "--format", "json"]);
        checked.json()["stamps"][0]["signed"]["id"].as_str().unwrap().to_owned()
    };
    assert_eq!(presented(), id(2));
    for gone in [1, 2] {
        fs::remove_file(device.state().join("stamps").join(format!("{}.key", id(gone)))).unwrap();
    }
    assert_eq!(presented(), id(4));
}

#[test]
fn a_stamp_without_its_key_cannot_be_presented() {
    let (device, other) = device_and_door();
    fs::write(device.path().join("stamp.txt"), stamp(&key(200), 1, 60).to_text(None)).unwrap();
    assert_eq!(device.run(&["present", "--stamp", "stamp.txt", "--out", "shown.txt"]).code, 0);
    fs::copy(device.path().join("stamp.txt"), other.path().join("stamp.txt")).unwrap();
    assert_snapshot!(other.run(&["present", "--stamp", "stamp.txt"]), @r"
    $ seaworthy present --stamp stamp.txt
    error[presenter-key]: no key for stamp 01010101010101010101010101010101
      hint: Present the stamp on its own device, and as the user who got it.
    [exit 2]
    ");
    assert_snapshot!(other.run(&["present"]), @r"
    $ seaworthy present
    error[stamp-none]: no stamp that is valid now is kept here
      hint: Get one: seaworthy report, or seaworthy stamp for one of this device's own.
    [exit 2]
    ");
    // With the key of another stamp in its place.
    keep(&other, &stamp(&key(200), 1, 60), 1);
    fs::write(other.state().join("stamps").join(format!("{}.key", id(1))), key(9).to_pem()).unwrap();
    assert_eq!(other.run(&["present"]).code, 2);
    fs::write(device.path().join("old.txt"), stamp(&key(200), 1, 90_000).to_text(None)).unwrap();
    let old = device.run(&["present", "--stamp", "old.txt"]);
    assert!(old.code == 2 && old.err.contains("error[stamp-none]: the stamp is not valid now"), "{old}");
}

#[test]
fn wrong_arguments_are_said() {
    let (device, _) = device_and_door();
    for (arguments, said) in [
        (&["present", "--challenge", "SHORT"][..], "not the 26 letters and digits of a challenge"),
        (&["present", "--for", "60", "--out", "a.png"], "cannot be used with"),
        (&["present", "--for", "soon"], "invalid value 'soon'"),
        (&["present", "--out", "shown.gif"], "unknown ending"),
        (&["present", "--stamp", "nowhere.png"], "error[input-unreadable]: nowhere.png"),
        (&["check", "x", "--trust", "t", "--challenge", "1"], "not the 26 letters and digits of a challenge"),
        (&["check", "--new-challenge", "--lines"], "cannot be used with"),
        (&["check", "x", "--trust", "t", "--proof", "p"], "--log-policy <FILE>"),
    ] {
        let answer = device.run(arguments);
        assert!(answer.code == 2 && answer.err.contains(said), "{answer}");
    }
}

/// As long as it is asked to, and no longer.
#[test]
fn it_is_drawn_for_a_while() {
    let (device, _) = device_and_door();
    let said = device.run(&["present", "--for", "1"]);
    assert_eq!((said.code, said.out.matches("presented, good until ").count()), (0, 1), "{said}");
    assert!(!said.out.contains('\u{1b}'), "no terminal, no codes");
}

/// The index of a kept proof goes into the code.
#[test]
fn what_is_known_of_the_log_is_shown() {
    let (device, door) = device_and_door();
    let vectors = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/spec/vectors/proof/device.proof");
    fs::copy(vectors, device.state().join("stamps").join(format!("{}.proof", id(1)))).unwrap();
    device.run(&["present", "--out", "shown.svg"]);
    carry(&device, &door, "shown.svg");
    let checked = door.run(&["check", "shown.svg", "--trust", "issuer.pub"]);
    assert!(checked.code == 0 && checked.out.contains("  log          index 3, not checked\n"), "{checked}");
}
