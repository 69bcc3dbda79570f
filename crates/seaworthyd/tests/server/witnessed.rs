//! A stamp that a machine without network believes: the server, two witnesses that anybody could run, a proof file; and
//! one byte of the stored past that is changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use crate::kit::{self, Server};
use crate::organisation::{Holder, Organisation};
use crate::program::Running;
use crate::revoking::stamped;

/// A server on a data folder that stays.
fn organisation(data: &Path, arguments: &[&str]) -> Organisation {
    let mut command = kit::command(&["serve", "--listen=127.0.0.1:0", "--organisation=Harbour", "--data"]);
    command.arg(data).args(arguments).stderr(Stdio::null());
    let server = Server::spawn(&mut command, tempfile::tempdir().unwrap());
    let mut organisation =
        Organisation { server, data: data.to_owned(), store: "sqlite".to_owned(), token: String::new() };
    organisation.token = organisation.admin(&["token", "--role=administrator"]);
    organisation
}

/// A witness of this log, and its line of a policy.
fn witness(folder: &Path, name: &str, log: &str) -> (Running, String) {
    let path = |what: &str| folder.join(format!("{name}-{what}")).to_str().unwrap().to_owned();
    fs::write(path("logs"), format!("{log}\n")).unwrap();
    let files = [path("key"), path("logs"), path("state")];
    let named = format!("{name}.example");
    let arguments = ["log", "witness", "--listen", "127.0.0.1:0", "--name", &named];
    let arguments = [&arguments[..], &["--key", &files[0], "--logs", &files[1], "--state", &files[2]]].concat();
    let mut running = Running::start(&arguments);
    let address = running.line("listening on ");
    let key = running.line("vkey ");
    (running, format!("witness {name} {key} {address}\n"))
}

/// The one bundle of entries of the one log.
fn entries(data: &Path) -> PathBuf {
    let log = fs::read_dir(data.join("log")).unwrap().next().unwrap().unwrap().path();
    let widths = fs::read_dir(log.join("tile/entries/000.p")).unwrap().map(|file| file.unwrap().path());
    widths.max_by_key(|path| path.file_name().unwrap().to_str().unwrap().parse::<u32>().unwrap()).unwrap()
}

#[test]
fn a_stamp_its_proof_and_two_witnesses_convince_without_network() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let first = organisation(&data, &[]);
    let key = first.public("").json()["log"]["verifier_key"].as_str().unwrap().to_owned();
    first.server.signal(Signal::TERM);
    first.server.wait();

    let [(one, line), (other, line2)] = ["ada", "bob"].map(|name| witness(folder.path(), name, &key));
    let policy = folder.path().join("policy");
    fs::write(&policy, format!("{line}{line2}group both all ada bob\nquorum both\n")).unwrap();
    let organisation = organisation(&data, &["--log-policy", policy.to_str().unwrap()]);
    let Some(holder) = stamped(&organisation) else { return };
    // Of stamps of one second none is the newest.
    thread::sleep(Duration::from_millis(1100));
    holder.does(&["report", "--stamp", "stamp.png"]);
    holder.does(&["stamp", "--proof", "stamp.proof"]);
    fs::write(holder.path("log-policy"), organisation.public("/log-policy").body).unwrap();
    organisation.server.signal(Signal::TERM);
    organisation.server.wait();
    drop((one, other));

    convinces(&holder);
    let said = monitor(&data, &key);
    assert_eq!(said.code, 0, "{said}");
    let bundle = entries(&data);
    let mut bytes = fs::read(&bundle).unwrap();
    // Entry 2: each has a length of two bytes before its 33.
    bytes[2 * 35 + 20] ^= 1;
    fs::write(&bundle, bytes).unwrap();
    let said = monitor(&data, &key);
    assert!(said.code == 1 && said.err.contains("log-entry-changed") && said.err.contains("entry 2"), "{said}");
}

/// No server and no witness runs any more.
fn convinces(holder: &Holder) {
    let check = ["check", "stamp.png", "--trust", "trust.toml", "--log-policy", "log-policy"];
    let proved = [&check[..], &["--proof", "stamp.proof"]].concat();
    let said = holder.does(&proved);
    assert!(said.contains("ada") && said.contains("bob"), "{said}");
    assert_eq!(holder.run(&check).1, 3, "a proof is demanded");

    let proof = fs::read_to_string(holder.path("stamp.proof")).unwrap();
    let without_bob: Vec<&str> = proof.lines().filter(|line| !line.contains("bob.example")).collect();
    fs::write(holder.path("stamp.proof"), without_bob.join("\n") + "\n").unwrap();
    let (said, code) = holder.run(&proved);
    assert!(code == 1 && said.contains("log-checkpoint"), "{said}");
}

fn monitor(data: &Path, key: &str) -> kit::Said {
    let log = fs::read_dir(data.join("log")).unwrap().next().unwrap().unwrap().path();
    kit::run(&["log", "monitor", log.to_str().unwrap(), "--key", key, "--once"])
}
