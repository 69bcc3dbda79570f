//! The disk is full: nothing is acknowledged, what was stays, and as soon as there is room the same server goes on.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use seaworthy_testkit::skip;

use crate::kit::{Fleet, Load, Sent, Server, Wire, becomes_ready, count, database_is_whole};
use crate::process::Place;

/// A small disk of its own in place of the data folder `$1`, which it begins as a copy of; seen by this process alone.
const SMALL_DISK: &str = r#"
data=$1 room=$1.room; shift
mkdir "$room" && mount -t tmpfs -o size=12m tmpfs "$room" && cp -a "$data/." "$room" && mount --bind "$room" "$data" \
  && exec "$@"
"#;

#[test]
fn a_full_disk_refuses_and_recovers() {
    if !may_mount() {
        skip("a full disk", "this user may not mount a small one");
        return;
    }
    let place = Place::sqlite();
    let (mut fleet, load) = (Fleet::enrolled(&place, 16), Load::default());
    let data = place.folder.path().to_str().unwrap();
    let server = Server::start_around(&place, &["unshare", "-m", "sh", "-c", SMALL_DISK, "sh", data]);
    let inside = PathBuf::from(format!("/proc/{}/root{data}", server.id()));
    load.aim(&server.address);
    fleet.under_load(&load, 8, |token| {
        load.wait_for(50);
        let ballast = fill(&inside);
        refused(&load);
        everybody_is_told(&server.address, token);
        fs::remove_file(ballast).unwrap();
        load.wait_for(50);
    });
    fleet.settle(&server.address);
    becomes_ready(&server.address, 200);
    let copy = frozen(&server, &inside);
    let store = copy.open();
    database_is_whole(&store);
    assert_eq!(count(&store, &fleet), fleet.acknowledged());
    server.kill();
    fs::remove_dir(format!("{data}.room")).unwrap();
}

/// A copy of the small disk, of which nobody writes meanwhile. SQLite itself would look for it outside.
fn frozen(server: &Server, inside: &Path) -> Place {
    server.freeze();
    let copy = Place::sqlite();
    for entry in fs::read_dir(inside).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), copy.folder.path().join(entry.file_name())).unwrap();
        }
    }
    copy
}

fn may_mount() -> bool {
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", "mount -t tmpfs tmpfs /mnt"]).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// A file that leaves no room.
fn fill(folder: &Path) -> PathBuf {
    let path = folder.join("ballast");
    let mut file = File::create(&path).unwrap();
    for size in [1 << 20, 4096, 1] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
    path
}

/// Waits until nothing but refusals comes.
fn refused(load: &Load) {
    let began = Instant::now();
    loop {
        let (acknowledged, refused) = (load.count(), load.refused.load(Ordering::Relaxed));
        thread::sleep(Duration::from_millis(300));
        if load.count() == acknowledged && load.refused.load(Ordering::Relaxed) > refused {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "the full disk is not noticed");
    }
}

/// Devices, people and the balancer in front hear of it; who only asks whether the process lives hears that it does.
fn everybody_is_told(address: &str, token: &str) {
    let mut wire = Wire::open(address).unwrap();
    let units = wire.get("/api/v1/units", token).unwrap();
    assert_eq!(units.status, 200, "what writes nothing is answered");
    let root = units.json()["units"][0]["id"].as_str().unwrap().to_owned();
    let listed = wire.get(&format!("/api/v1/devices?unit={root}&reason=round"), token).unwrap();
    assert_eq!(listed.problem(), (503, "store-full".to_owned()), "no look that is not written down");
    assert!(listed.header("retry-after").is_some(), "{listed:?}");
    assert_eq!(wire.get("/healthz", "").unwrap().status, 200);
    becomes_ready(address, 503);
}

/// A device is told what it is told to do: to come again, and when.
#[test]
fn a_device_is_told_when_to_come_again() {
    if !may_mount() {
        skip("a device at a full disk", "this user may not mount a small one");
        return;
    }
    let place = Place::sqlite();
    let mut fleet = Fleet::enrolled(&place, 1);
    let data = place.folder.path().to_str().unwrap();
    let server = Server::start_around(&place, &["unshare", "-m", "sh", "-c", SMALL_DISK, "sh", data]);
    let ballast = fill(&PathBuf::from(format!("/proc/{}/root{data}", server.id())));
    let (mut wire, body) = (Wire::open(&server.address).unwrap(), fleet.bodies[0].clone());
    let device = &mut fleet.devices[0];
    let refused = loop {
        match device.report(&mut wire, &body) {
            Sent::Acknowledged(_) => {}
            Sent::Refused(answer) => break answer,
            Sent::Lost => panic!("the server is gone"),
        }
    };
    assert_eq!(refused.problem(), (503, "store-full".to_owned()));
    assert!(refused.header("retry-after").unwrap().parse::<u64>().unwrap() > 0);
    fs::remove_file(ballast).unwrap();
    assert!(matches!(device.report(&mut wire, &body), Sent::Acknowledged(_)), "the same bytes, once there is room");
    server.stop();
    fs::remove_dir(format!("{data}.room")).unwrap();
}
