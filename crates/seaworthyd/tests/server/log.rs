//! An organisation's log as anybody reads it: from a real server that took reports in, followed by the real monitor; its
//! tiles in a folder and in a bucket.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::kit::{self, Answer};
use crate::organisation::{Holder, LENIENT, Organisation};

/// Where the log is read, and its key.
fn log(organisation: &Organisation) -> (String, String) {
    let shown = &organisation.public("").json()["log"];
    let text = |name: &str| shown[name].as_str().unwrap().to_owned();
    let path = text("url").rsplit_once("/log/").map(|(_, digits)| format!("/log/{digits}")).unwrap();
    (path, text("verifier_key"))
}

/// The checkpoint, once the log has as many entries.
fn grown(organisation: &Organisation, path: &str, size: u64) -> Answer {
    let began = Instant::now();
    loop {
        let answer = organisation.server.get(&format!("{path}/checkpoint"));
        let lines: Vec<&str> = answer.body.lines().collect();
        if answer.status() == 200 && lines[1].parse::<u64>().unwrap() >= size {
            return answer;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{answer:?}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// Makes entries: policies, and a device that enrols and reports.
fn live(organisation: &Organisation) -> Option<Holder> {
    for version in 1..=5 {
        let policy = LENIENT.replace("version = 1", &format!("version = {version}"));
        organisation.made("/api/v1/policies", &json!({ "policy": policy }));
    }
    let holder = Holder::new()?;
    holder.does(&["enrol", &organisation.admin(&["enrolment"]), "--yes"]);
    (0..3).for_each(|_| _ = holder.run(&["report"]));
    Some(holder)
}

#[test]
fn anybody_reads_the_log_and_the_monitor_finds_it_well() {
    let organisation = Organisation::start("sqlite");
    let (path, key) = log(&organisation);
    let holder = live(&organisation);
    let checkpoint = grown(&organisation, &path, 5);
    let size: u64 = checkpoint.body.lines().nth(1).unwrap().parse().unwrap();
    let head = |answer: &Answer, name: &str| answer.header(name).unwrap_or_default().to_owned();
    assert_eq!(head(&checkpoint, "content-type"), "text/plain; charset=utf-8");
    assert_eq!(
        (head(&checkpoint, "cache-control"), head(&checkpoint, "access-control-allow-origin")),
        ("no-cache".into(), "*".into())
    );
    let ask = |line: &str, field: &str| {
        organisation.server.ask(&format!("{line} HTTP/1.1\r\nHost: l\r\n{field}Connection: close\r\n\r\n"))
    };
    let known = ask(&format!("GET {path}/checkpoint"), &format!("If-None-Match: {}\r\n", head(&checkpoint, "etag")));
    assert_eq!((known.status(), known.body.as_str()), (304, ""));

    let tile = ask(&format!("HEAD {path}/tile/0/000.p/{size}"), "");
    assert_eq!((tile.status(), head(&tile, "content-length")), (200, (size * 32).to_string()), "{tile:?}");
    assert_eq!(head(&tile, "content-type"), "application/octet-stream");
    assert_eq!(head(&tile, "cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(ask(&format!("HEAD {path}/tile/entries/000.p/{size}"), "").status(), 200);

    let url = format!("http://{}{path}", organisation.server.address);
    let said = kit::run(&["log", "monitor", &url, "--key", &key, "--once"]);
    assert!(said.code == 0 && said.out.contains(" entries, all checked in "), "{said}");
    if let Some(holder) = holder {
        holder.does(&["ledger", "--verify"]);
    }
}

#[test]
fn what_is_not_there_is_told_and_never_kept() {
    let organisation = Organisation::start("sqlite");
    let (path, _) = log(&organisation);
    let absent = |path: &str, code: &str| {
        let answer = organisation.server.get(path);
        answer.is_problem(404, code);
        let header = |name| answer.header(name);
        assert_eq!((header("cache-control"), header("access-control-allow-origin")), (Some("no-store"), Some("*")));
    };
    for place in [
        "tile/0/999",
        "tile/0/000.p/256",
        "tile/0/x000/001",
        "tile/0/0",
        "tile/64/000",
        "tile/data/000",
        "tile/0/..%2f000",
    ] {
        absent(&format!("{path}/{place}"), "not-found");
    }
    for batch in ["0000000000000000", "0", "000000000000000G"] {
        absent(&format!("{path}/batch/{batch}"), "not-found");
    }
    for part in ["checkpoint", "tile/0/000", "batch/0000000000000000"] {
        absent(&format!("/log/0123456789abcdef/{part}"), "organisation-unknown");
    }
}
