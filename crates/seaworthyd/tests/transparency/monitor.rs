//! The monitor: it follows a log that grows, and catches one that rewinds, forks, or drops an entry.

use std::fs;
use std::path::{Path, PathBuf};

use seaworthy_tlog::{Place, Signer};
use tempfile::TempDir;

use crate::program::{Running, Said, run};
use crate::web::{serve, serve_busy};
use crate::written::{Key, Log, entry};

/// A monitor with a memory.
struct Monitor {
    state: TempDir,
}

impl Monitor {
    fn new() -> Monitor {
        Monitor { state: tempfile::tempdir().unwrap() }
    }

    fn looks(&self, at: &str) -> Said {
        let key = Key::log().key().to_string();
        run(&["log", "monitor", at, "--key", &key, "--once", "--state", self.state.path().to_str().unwrap()])
    }

    /// The folder of evidence, of which there is one.
    fn evidence(&self) -> PathBuf {
        let kept = fs::read_dir(self.state.path()).unwrap().map(|file| file.unwrap().path());
        let kept: Vec<PathBuf> = kept.filter(|path| path.is_dir()).collect();
        assert_eq!(kept.len(), 1);
        kept[0].clone()
    }
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn a_log_that_grows_is_well() {
    let mut log = Log::of(1000);
    let (monitor, url) = (Monitor::new(), serve(log.folder.path()));
    for (at, size) in [(log.at().to_owned(), 1000), (url.clone(), 1000), (url.clone(), 66_000), (url, 66_001)] {
        log.append((log.size()..size).map(entry).collect());
        let said = monitor.looks(&at);
        assert_eq!(said.code, 0, "{said}");
        assert!(said.out.contains(&format!(": {size} entries, all checked in ")), "{said}");
        assert_eq!(text(&monitor.state.path().join("checkpoint")), log.note().to_string());
    }
}

#[test]
fn an_empty_log_is_well() {
    assert_eq!(Monitor::new().looks(Log::of(0).at()).code, 0);
}

#[test]
fn a_server_that_is_asked_too_much_is_asked_later() {
    let log = Log::of(300);
    let said = Monitor::new().looks(&serve_busy(log.folder.path(), 3));
    assert_eq!(said.code, 0, "{said}");
}

/// Once a tile is full, the partial ones before it may go.
#[test]
fn partial_tiles_may_go_once_there_are_full_ones() {
    let mut log = Log::of(300);
    let monitor = Monitor::new();
    assert_eq!(monitor.looks(log.at()).code, 0);
    log.append((300..600).map(entry).collect());
    for partial in ["tile/0/001.p/44", "tile/entries/001.p/44"] {
        fs::remove_file(log.folder.path().join(partial)).unwrap();
    }
    assert_eq!(monitor.looks(log.at()).code, 0);
}

#[test]
fn a_rewound_log_is_caught_with_both_checkpoints() {
    let mut log = Log::of(700);
    let (monitor, seen) = (Monitor::new(), log.note().to_string());
    assert_eq!(monitor.looks(log.at()).code, 0);
    log.rewrite((0..600).map(entry).collect());
    monitor.looks(log.at()).caught("log-rewound", "the log had 700 entries, and now says that it has 600");
    let kept = monitor.evidence();
    assert_eq!((text(&kept.join("seen")), text(&kept.join("found"))), (seen.clone(), log.note().to_string()));
    assert!(text(&kept.join("finding")).contains("[log-rewound]"));
    assert_eq!(text(&monitor.state.path().join("checkpoint")), seen, "what was seen first still counts");
}

#[test]
fn a_forked_log_is_caught() {
    let other = |index: u64| entry(if index == 5 { 1 << 40 } else { index });
    for size in [700, 701, 5000] {
        let mut log = Log::of(700);
        let monitor = Monitor::new();
        assert_eq!(monitor.looks(log.at()).code, 0);
        log.rewrite((0..size).map(other).collect());
        let said = monitor.looks(&serve(log.folder.path()));
        said.caught("log-forked", &format!("the checkpoint of size {size} does not continue the one of size 700"));
        assert!(said.err.contains("evidence: "), "{said}");
        assert_eq!(text(&monitor.evidence().join("found")), log.note().to_string());
    }
}

/// The entry is gone, all after it move up, and new ones hide that the log is shorter.
#[test]
fn a_dropped_entry_is_caught() {
    let mut log = Log::of(700);
    let monitor = Monitor::new();
    assert_eq!(monitor.looks(log.at()).code, 0);
    let mut entries = log.entries();
    entries.remove(400);
    log.rewrite(entries.clone());
    monitor.looks(log.at()).caught("log-rewound", "699");
    entries.extend((1000..1300).map(entry));
    log.rewrite(entries);
    monitor.looks(log.at()).caught("log-forked", "700");
}

/// The tiles are another log's than the checkpoint, but each fits the others.
#[test]
fn another_tree_under_the_same_checkpoint_is_caught() {
    let mut log = Log::of(700);
    let note = log.note().to_string();
    log.rewrite((1..701).map(entry).collect());
    fs::write(log.path(&Place::Checkpoint), note).unwrap();
    Monitor::new().looks(log.at()).caught("log-root-differs", "the 700 entries");
}

#[test]
fn it_follows_until_the_log_is_caught() {
    let mut log = Log::of(10);
    let (url, key) = (serve(log.folder.path()), Key::log().key().to_string());
    let mut running = Running::start(&["log", "monitor", &url, "--key", &key, "--every", "1"]);
    assert!(running.line("").contains(": 10 entries, all checked"));
    log.append((10..600).map(entry).collect());
    assert!(running.line("").contains(": 600 entries, 590 new ones checked"));
    // For a moment there is no log; that is no proof against it.
    let (place, away) = (log.path(&Place::Checkpoint), log.folder.path().join("away"));
    fs::rename(&place, &away).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1500));
    fs::rename(&away, &place).unwrap();
    log.append(vec![entry(600)]);
    assert!(running.line("").contains(": 601 entries, 1 new ones checked"));
    let mut entries = log.entries();
    entries[7] = entry(7777);
    entries.push(entry(601));
    log.rewrite(entries);
    let (code, complaint) = running.end();
    assert_eq!(code, Some(1), "{complaint}");
    assert!(complaint.contains("error[log-forked]") && complaint.contains("[log-unreachable]"), "{complaint}");
}

/// While it follows, too, damage is told apart from another past.
#[test]
fn a_tile_that_is_changed_meanwhile_is_named() {
    let mut log = Log::of(700);
    let key = Key::log().key().to_string();
    let mut running = Running::start(&["log", "monitor", log.at(), "--key", &key, "--every", "1"]);
    assert!(running.line("").contains(": 700 entries, all checked"));
    let tile = log.folder.path().join("tile/1/000.p/2");
    let mut bytes = fs::read(&tile).unwrap();
    bytes[40] ^= 1;
    fs::write(&tile, bytes).unwrap();
    log.append((700..710).map(entry).collect());
    let (code, complaint) = running.end();
    assert_eq!(code, Some(1), "{complaint}");
    assert!(complaint.contains("tile/1/000.p/2 was changed: it does not hold what entries 256 to 511"), "{complaint}");
}

#[test]
fn nothing_read_is_nothing_known() {
    let key = Key::log().key().to_string();
    let log = Log::of(10);
    fs::remove_file(log.path(&Place::Checkpoint)).unwrap();
    for at in ["http://127.0.0.1:1/log", log.at()] {
        let said = run(&["log", "monitor", at, "--key", &key, "--once"]);
        assert!(said.code == 3 && said.err.contains("error[log-unreachable]"), "{said}");
    }
    for at in ["http://example.org/log", "/nowhere"] {
        assert_eq!(run(&["log", "monitor", at, "--key", &key, "--once"]).code, 2);
    }
    assert_eq!(run(&["log", "monitor", log.at(), "--key", "nonsense", "--once"]).code, 2);
}

#[test]
fn a_memory_of_another_log_or_a_damaged_one_is_not_used() {
    let log = Log::of(10);
    let monitor = Monitor::new();
    for memory in ["", "damaged", &log.note().to_string().replace("\n10\n", "\n11\n")] {
        fs::write(monitor.state.path().join("checkpoint"), memory).unwrap();
        let said = monitor.looks(log.at());
        assert!(said.code == 2 && said.err.contains("error[data-unusable]"), "{said}");
    }
}

#[test]
fn a_policy_demands_its_witnesses() {
    let log = Log::of(10);
    let files = tempfile::tempdir().unwrap();
    let key = Key::log().key().to_string();
    let policy = files.path().join("policy");
    let look = |text: &str| {
        fs::write(&policy, text).unwrap();
        run(&["log", "monitor", log.at(), "--key", &key, "--once", "--log-policy", policy.to_str().unwrap()])
    };
    let witness = witness_key();
    let said = look(&format!("log {key}\nwitness w {witness}\nquorum none\n"));
    assert_eq!(said.code, 0, "{said}");
    look(&format!("log {key}\nwitness w {witness}\nquorum w\n")).caught("log-witnesses-lacking", "it has none");
    look(&format!("witness w {witness}\nquorum w\n")).caught("log-witnesses-lacking", "it has none");
    let other = Key::new("example.org/other", 1);
    for unusable in ["nonsense\n".to_owned(), format!("log {}\nquorum none\n", other.key())] {
        let said = look(&unusable);
        assert!(said.code == 2 && said.err.contains("error[log-list-invalid]"), "{said}");
    }
}

fn witness_key() -> seaworthy_tlog::VerifierKey {
    let bytes = Key::new("example.org/w", 5).key().as_bytes().to_vec();
    seaworthy_tlog::VerifierKey::new("example.org/w", seaworthy_tlog::Algorithm::CosignatureV1, &bytes).unwrap()
}
