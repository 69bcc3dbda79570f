//! Storage that drops what was not synced. A server under load is traced; at many moments of the trace the machine is
//! taken to stop, its folder is built anew from what was synced by then and a part of what was not, and the store is
//! opened: what was acknowledged before that moment is there.

mod disk;
mod first_start;
mod trace;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use data_encoding::BASE64URL_NOPAD;
use seaworthy_protocol::{Acknowledgement, Digest, open};
use seaworthy_store::FILE;
use seaworthy_store::driver::Value;
use seaworthy_testkit::skip;

use self::disk::{Disk, Files, Unsynced};
use self::trace::Event;
use crate::kit::{Fleet, Load, Luck, Server, count_heard, database_is_whole, held};
use crate::process::Place;

/// Calls that change files, make them durable, or tell a client.
const CALLS: &str = "trace=openat,pwrite64,fsync,fdatasync,ftruncate,unlink,sendto,sendmsg,writev";
const CUTS: u64 = 40;
const REPORTS: u64 = 200;
/// Pages of the log before the load; at 4,000 it is brought into the file.
const PAGES: i64 = 3600;

#[test]
fn what_was_acknowledged_before_the_cut_is_there() {
    if !may_trace() {
        skip("storage that drops what was not synced", "strace is not installed, or may not trace");
        return;
    }
    let founded = Place::sqlite();
    let mut fleet = Fleet::enrolled(&founded, 16);
    let place = swollen(&founded);
    let base = disk::files(place.folder.path());
    let events = traced(&place, &mut fleet);
    let told: Vec<(usize, Digest)> = told(&events, &fleet);
    assert!(told.len() >= fleet.acknowledged(), "the trace lacks answers");
    let mut luck = Luck(8);
    for number in 0..CUTS {
        let cut = cut(&events, &told, number, &mut luck);
        let unsynced = [Unsynced::Lost, Unsynced::Kept, Unsynced::Mixed, Unsynced::Mixed][number as usize / 4 % 4];
        let found = disk::after_the_cut(&base, &events[..cut], Disk::Honest, unsynced, &mut luck);
        let heard: BTreeSet<Digest> = told.iter().filter(|(at, _)| *at < cut).map(|(_, message)| *message).collect();
        let place = place_of(&found);
        let store = place.open();
        database_is_whole(&store);
        count_heard(&store, &fleet, &|message| heard.contains(message));
    }
    // The same with a disk that does not do what a sync asks: the test would notice a server that does not sync.
    let found = disk::after_the_cut(&base, &events, Disk::Lying, Unsynced::Lost, &mut luck);
    let (place, lost) = (place_of(&found), told.last().unwrap().1);
    assert!(!held(&place.open(), &fleet).contains(&lost), "nothing is lost on a disk that lies");
}

fn may_trace() -> bool {
    let mut command = Command::new("strace");
    command.args(["-o", "/dev/null", "true"]).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// A copy of a place whose write-ahead log is almost long enough to be brought into the file: it will be under load,
/// which is not the least dangerous moment.
fn swollen(founded: &Place) -> Place {
    let (database, page) = (founded.database(), vec![7_u8; 4000]);
    database
        .write(|connection| {
            connection.execute("CREATE TABLE ballast (number INTEGER PRIMARY KEY, bytes BLOB) STRICT", &[])?;
            for number in 0..PAGES {
                let row = [Value::from(number), Value::from(page.as_slice())];
                connection.execute("INSERT INTO ballast (number, bytes) VALUES (?1, ?2)", &row)?;
            }
            Ok(())
        })
        .unwrap();
    let place = place_of(&disk::files(founded.folder.path()));
    fs::create_dir(place.folder.path().join("keys")).unwrap();
    for key in fs::read_dir(founded.folder.path().join("keys")).unwrap().map(Result::unwrap) {
        fs::copy(key.path(), place.folder.path().join("keys").join(key.file_name())).unwrap();
    }
    place
}

/// What a server did under load.
fn traced(place: &Place, fleet: &mut Fleet) -> Vec<Event> {
    let log = tempfile::NamedTempFile::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = log.path().to_str().unwrap();
    let strace = ["strace", "-D", "-f", "-y", "-xx", "-s", "1000000", "-e", CALLS, "-o", path];
    let (server, load) = (Server::start_around(place, &strace), Load::default());
    load.aim(&server.address);
    fleet.under_load(&load, 8, |_| load.wait_for(REPORTS));
    fleet.settle(&server.address);
    let tracer = tracer(server.id());
    server.kill();
    wait_for_the_end(&tracer);
    trace::read(&fs::read_to_string(path).unwrap(), &fs::canonicalize(place.folder.path()).unwrap())
}

/// The process that traces another.
fn tracer(id: u32) -> String {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    status.lines().find_map(|line| line.strip_prefix("TracerPid:")).unwrap().trim().to_owned()
}

/// Waits until the tracer has written all it saw, and is gone, or waits to be buried.
fn wait_for_the_end(tracer: &str) {
    let began = Instant::now();
    let stat = || fs::read_to_string(format!("/proc/{tracer}/stat")).unwrap_or_default();
    while stat().rsplit(") ").next().is_some_and(|state| !state.is_empty() && !state.starts_with('Z')) {
        assert!(began.elapsed() < Duration::from_secs(20), "strace does not end");
        thread::sleep(Duration::from_millis(20));
    }
}

/// The acknowledged messages, each with the event by which it was told.
fn told(events: &[Event], fleet: &Fleet) -> Vec<(usize, Digest)> {
    let sent = events.iter().enumerate().filter_map(|(place, event)| match event {
        Event::Sent { bytes } => Some((place, String::from_utf8_lossy(bytes))),
        _ => None,
    });
    let answered = |text: &str| {
        let sealed = text.split_once("\"acknowledgement\":\"")?.1.split('"').next()?;
        let sealed = BASE64URL_NOPAD.decode(sealed.as_bytes()).ok()?;
        Some(open::<Acknowledgement>(&sealed, &fleet.devices[0].authority).unwrap().answers)
    };
    sent.filter_map(|(place, text)| Some((place, answered(&text)?))).collect()
}

/// Half of the cuts are right behind an acknowledgement, a quarter while the log is brought into the file, the others
/// anywhere.
fn cut(events: &[Event], told: &[(usize, Digest)], number: u64, luck: &mut Luck) -> usize {
    let is_fold = |event: &Event| matches!(event, Event::Written { name, .. } if name == FILE);
    let folded = events.iter().position(is_fold).expect("the log was never brought into the file");
    let to_the_end = events.iter().rposition(is_fold).unwrap_or(folded) + 10;
    let mut within = |low: usize, high: usize| luck.within(low as u64, high.min(events.len()) as u64) as usize;
    match number % 4 {
        0 | 2 => told[within(0, told.len())].0 + 1,
        1 => within(folded, to_the_end),
        _ => within(0, events.len()),
    }
}

/// A data folder of these files, without the folders in it: tiles are no part of the store. The index of the log is made
/// anew, as it is on a machine that starts.
fn place_of(files: &Files) -> Place {
    let place = Place::sqlite();
    for (name, bytes) in files.iter().filter(|(name, _)| !name.ends_with("-shm") && !name.contains('/')) {
        write(&place.folder.path().join(name), bytes);
    }
    place
}

fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
}
