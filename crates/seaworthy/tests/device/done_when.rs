//! The device alone, from end to end, on this machine: inspected, mended, stamped, and the stamp checked by another.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::kit::{Holder, updated_root, upgradable_here};
use seaworthy_testkit::skip;
use serde_json::Value;

#[test]
fn inspect_lists_what_apt_lists_and_its_command_mends_it_all() {
    let Some(offered) = upgradable_here() else { return };
    let holder = Holder::new();
    let said = holder.run(&["inspect", "--format", "json"]);
    let report = said.json();
    assert_eq!(seen(&report), offered);
    let lapses = report["findings"].as_array().unwrap().iter().filter(|finding| finding["verdict"] == "fail").count();
    assert_eq!(said.code == 1, lapses > 0, "{}", said.err);
    mends_all(&report);
    shows_all(&report, &holder.run(&["inspect", "--verbose"]).out);
}

/// People read of every lapse what programs do: package, both versions, and the command at the end.
fn shows_all(report: &Value, people: &str) {
    let verdict = report["verdict"].as_str().unwrap().to_uppercase();
    assert!(people.starts_with(&format!("{verdict}  this device, policy baseline: ")), "{people}");
    for update in report["claims"]["updates"]["pending"].as_array().unwrap() {
        let text = |field: &str| update[field].as_str().unwrap();
        let line = format!(" {} -> {}", text("installed"), text("candidate"));
        let is_shown = |shown: &str| shown.trim_start().starts_with(text("package")) && shown.contains(&line);
        assert!(people.lines().any(is_shown), "{line}");
    }
    if let Some(fix) = report["fix"].as_str() {
        assert!(people.ends_with(&format!("\nto mend what a command can mend\n    {fix}\n")), "{people}");
    }
}

/// Name, architecture, installed, candidate: as `apt list --upgradable` has them.
fn seen(report: &Value) -> Vec<[String; 4]> {
    let updates = &report["claims"]["updates"];
    let all = ["pending", "other_builds"].iter().flat_map(|list| updates[list].as_array().unwrap());
    let text = |update: &Value, field: &str| update[field].as_str().unwrap().to_owned();
    let mut all: Vec<[String; 4]> = all
        .map(|update| ["package", "architecture", "installed", "candidate"].map(|field| text(update, field)))
        .collect();
    all.sort();
    all
}

/// The combined command, simulated by apt: it installs every pending update that a command can, and removes nothing.
fn mends_all(report: &Value) {
    let pending = report["claims"]["updates"]["pending"].as_array().unwrap().iter();
    let wanted: BTreeSet<(&str, &str)> = pending
        .filter(|update| matches!(update["kept_back"].as_str(), None | Some("held")) && update["leftover"] == false)
        .map(|update| (update["package"].as_str().unwrap(), update["candidate"].as_str().unwrap()))
        .collect();
    let Some(fix) = report["fix"].as_str() else {
        assert!(wanted.is_empty(), "no command for {wanted:?}");
        return skip("the simulation of the fix", "nothing is pending on this machine");
    };
    let install = fix.split(" && ").find_map(|step| step.strip_prefix("apt-get install ")).unwrap();
    let simulated = Command::new("apt-get")
        .args(["-s", "install"])
        .args(install.split(' '))
        .env("LC_ALL", "C.UTF-8")
        .output()
        .unwrap();
    let text = String::from_utf8(simulated.stdout).unwrap();
    assert!(simulated.status.success(), "{text}");
    assert!(!text.lines().any(|line| line.starts_with("Remv ")), "{text}");
    let installed: BTreeSet<(&str, &str)> = text.lines().filter_map(unpacked).collect();
    let missing: Vec<_> = wanted.difference(&installed).collect();
    assert!(missing.is_empty(), "left out: {missing:?}");
}

/// `Inst jq [1.6-2.1] (1.6-2.1+deb12u1 Debian:12.11/oldstable [amd64])`
fn unpacked(line: &str) -> Option<(&str, &str)> {
    let rest = line.strip_prefix("Inst ")?;
    let name = rest.split(' ').next()?;
    let version = rest.split_once('(')?.1.split(' ').next()?;
    Some((name.split(':').next()?, version))
}

#[test]
fn with_its_lists_emptied_it_is_unknown_never_a_pass() {
    let Some(root) = updated_root() else { return };
    for entry in fs::read_dir(root.at("/var/lib/apt/lists")).unwrap().flatten() {
        fs::write(entry.path(), "").unwrap();
    }
    let holder = Holder::new();
    let path = root.path().to_str().unwrap();
    let emptied = holder.run(&["inspect", "--root", path, "--policy", "six-month", "--format", "json"]);
    assert_eq!((emptied.code, &emptied.json()["verdict"]), (3, &Value::from("unknown")));
    fs::remove_dir_all(root.at("/var/lib/apt/lists")).unwrap();
    let removed = holder.run(&["inspect", "--root", path, "--policy", "six-month"]);
    assert_eq!(removed.code, 3, "{removed}");
    let stamp = holder.run(&["stamp", "--root", path, "--policy", "six-month", "--out", "stamp.png"]);
    assert_eq!(stamp.code, 3, "{stamp}");
    assert!(stamp.err.contains("stamp"), "{stamp}");
    assert!(!holder.path().join("stamp.png").exists());
}

#[test]
fn a_stamp_is_checked_elsewhere_with_the_public_key_alone() {
    let Some(root) = updated_root() else { return };
    let (holder, door) = (Holder::new(), Holder::new());
    for ending in ["png", "svg", "txt", "cbor"] {
        let file = format!("stamp.{ending}");
        let stamp =
            holder.run(&["stamp", "--policy", "six-month", "--root", root.path().to_str().unwrap(), "--out", &file]);
        assert_eq!(stamp.code, 0, "{stamp}");
        fs::copy(holder.path().join(&file), door.path().join(&file)).unwrap();
    }
    fs::copy(holder.public_key(), door.path().join("device.pub")).unwrap();
    for file in ["stamp.png", "stamp.svg", "stamp.txt", "stamp.cbor"] {
        let checked = door.run(&["check", file, "--trust", "device.pub"]);
        assert_eq!(checked.code, 0, "{checked}");
        assert!(checked.out.starts_with("device, self-asserted: VALID until "), "{checked}");
    }
    assert_ne!(door.run(&["check", "stamp.png", "--trust", stranger(&door)]).code, 0);
    flipped_bits(&door);
    flipped_pixels(&door);
}

fn stranger(door: &Holder) -> &'static str {
    fs::copy(door.public_key(), door.path().join("stranger.pub")).unwrap();
    "stranger.pub"
}

fn flipped_bits(door: &Holder) {
    let whole = fs::read(door.path().join("stamp.cbor")).unwrap();
    for byte in (0..whole.len()).step_by(whole.len() / 12) {
        let mut changed = whole.clone();
        changed[byte] ^= 1 << (byte % 8);
        fs::write(door.path().join("changed.cbor"), changed).unwrap();
        let checked = door.run(&["check", "changed.cbor", "--trust", "device.pub"]);
        assert!(matches!(checked.code, 1 | 3), "byte {byte}: {checked}");
    }
}

/// A square of the picture turned to its opposite, larger than what the code can repair.
fn flipped_pixels(door: &Holder) {
    let (mut pixels, width, info) = picture(&door.path().join("stamp.png"));
    let (from, to) = (width * 2 / 5, width * 4 / 5);
    for line in pixels.chunks_mut(info.line_size).skip(from).take(to - from) {
        let per_byte = width.div_ceil(info.line_size).max(1);
        line[from / per_byte..to / per_byte].iter_mut().for_each(|byte| *byte = !*byte);
    }
    let file = fs::File::create(door.path().join("changed.png")).unwrap();
    let mut encoder = png::Encoder::new(file, info.width, info.height);
    encoder.set_color(info.color_type);
    encoder.set_depth(info.bit_depth);
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    let checked = door.run(&["check", "changed.png", "--trust", "device.pub"]);
    assert!(matches!(checked.code, 1 | 3), "{checked}");
}

fn picture(path: &Path) -> (Vec<u8>, usize, png::OutputInfo) {
    let mut reader = png::Decoder::new(std::io::BufReader::new(fs::File::open(path).unwrap())).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    (pixels, info.width as usize, info)
}
