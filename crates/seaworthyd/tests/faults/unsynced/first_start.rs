//! The first start: the organisation's key is in a folder that was made a moment ago. A name that its folder has not
//! synced may be gone after a power failure, and with it the key that every device has pinned.

use std::fs;
use std::path::Path;
use std::process::Command;

use seaworthy_testkit::skip;

use super::trace::{self, Event};
use super::{may_trace, tracer, wait_for_the_end};
use crate::kit::{SEAWORTHYD, Server};

const CALLS: &str = "trace=openat,mkdir,rename,fsync,fdatasync";

#[test]
fn every_name_is_synced_before_the_server_listens() {
    if !may_trace() {
        skip("the first start on storage that drops what was not synced", "strace may not trace here");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (data, log) = (folder.path().join("made/for/it"), folder.path().join("log"));
    let mut command = Command::new("strace");
    command.args(["-D", "-f", "-y", "-xx", "-s", "4096", "-e", CALLS, "-o", log.to_str().unwrap(), SEAWORTHYD]);
    command.args(["serve", "--listen=127.0.0.1:0", "--data"]).arg(&data);
    let server = Server::spawn(&mut command);
    let tracer = tracer(server.id());
    server.kill();
    wait_for_the_end(&tracer);
    let events = trace::read(&fs::read_to_string(&log).unwrap(), &fs::canonicalize(folder.path()).unwrap());
    let made: Vec<(usize, &str)> = events.iter().enumerate().filter_map(kept_name).collect();
    assert!(made.iter().any(|(_, name)| name.ends_with(".key")), "{made:?}");
    for (place, name) in made {
        let parent = Path::new(name).parent().unwrap().to_str().unwrap();
        let is_synced =
            |event: &Event| matches!(event, Event::Synced { name, since } if name == parent && *since > place);
        assert!(events.iter().any(is_synced), "{name} is not synced in {parent:?}");
    }
}

/// A name that came into being and is needed after a power failure; some files are written anew at each start.
fn kept_name((place, event): (usize, &Event)) -> Option<(usize, &str)> {
    let Event::Made { name } = event else { return None };
    let passes = ["-shm", "-journal", ".lock", ".draft", "/address"].iter().any(|end| name.ends_with(end));
    (!passes).then_some((place, name))
}
