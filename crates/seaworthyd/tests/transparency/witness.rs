//! The witness: what it cosigns, what it refuses, and what it still knows after it was killed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use seaworthy_tlog::{Note, Request, Signature, VerifierKey};
use tempfile::TempDir;

use crate::program::{Running, run};
use crate::web::{post, try_post};
use crate::written::{Key, Log, ORIGIN, entry};

/// A witness that knows the log, and its files.
struct Witness {
    running: Running,
    url: String,
    key: VerifierKey,
}

fn files() -> TempDir {
    use seaworthy_tlog::Signer;
    let files = tempfile::tempdir().unwrap();
    fs::write(files.path().join("logs"), format!("# known\n{}\n", Key::log().key())).unwrap();
    files
}

impl Witness {
    fn start(files: &TempDir) -> Witness {
        let [key, logs, state] = ["key", "logs", "state"].map(|name| files.path().join(name).display().to_string());
        let options = ["--key", &key, "--logs", &logs, "--state", &state];
        let fixed = ["log", "witness", "--listen", "127.0.0.1:0", "--name", "example.org/witness"];
        let mut running = Running::start(&[&fixed[..], &options].concat());
        let url = format!("{}/add-checkpoint", running.line("listening on "));
        let key = running.line("vkey ").parse().unwrap();
        Witness { running, url, key }
    }

    fn ask(&self, request: &Request) -> (u16, String, String) {
        post(&self.url, &request.to_string())
    }

    /// Asks for a cosignature, and verifies it; its time.
    #[track_caller]
    fn cosigns(&self, request: &Request) -> u64 {
        let (status, _, body) = self.ask(request);
        assert_eq!(status, 200, "{body}");
        let mut note: Note = request.note.clone();
        Signature::parse_lines(&body).unwrap().into_iter().for_each(|line| note.add(line).unwrap());
        note.signed_by(&self.key).unwrap().unwrap().time.unwrap()
    }

    /// Asks, and is told the size that the witness holds.
    #[track_caller]
    fn holds(&self, request: &Request, size: u64) {
        let answer = self.ask(request);
        assert_eq!(answer, (409, "text/x.tlog.size".to_owned(), format!("{size}\n")));
    }

    #[track_caller]
    fn refuses(&self, request: &Request, status: u16) {
        let answer = self.ask(request);
        assert_eq!(answer.0, status, "{answer:?}");
    }
}

#[test]
fn it_cosigns_what_grows_and_refuses_all_else() {
    let files = files();
    let witness = Witness::start(&files);
    let mut log = Log::of(10);
    let time = witness.cosigns(&log.request(0));
    assert!(time > 1_700_000_000, "{time}");
    let older = log.request(10);
    log.append((10..700).map(entry).collect());
    witness.holds(&log.request(0), 10);
    witness.cosigns(&log.request(10));
    witness.cosigns(&log.request(700));
    // Rewound.
    witness.holds(&older, 700);
    // Forked: at the same size, beyond it, and with a proof of another log.
    let mut fork = Log::of(700);
    fork.rewrite((0..700).map(|index| entry(index + u64::from(index == 3))).collect());
    witness.holds(&fork.request(700), 700);
    fork.append((700..900).map(entry).collect());
    witness.refuses(&fork.request(700), 422);
    log.append((700..900).map(entry).collect());
    witness.refuses(&Request { proof: log.request(700).proof, ..fork.request(700) }, 422);
    witness.refuses(&Request { proof: Vec::new(), ..log.request(700) }, 422);
    // Not signed, of a log that is not known, and no request at all.
    let (text, other) = (log.note().text().to_owned(), Key::new(ORIGIN, 9));
    witness.refuses(&Request { note: Note::sign(&text, &other).unwrap(), ..log.request(700) }, 403);
    let (unknown, key) = (text.replace(ORIGIN, "example.org/other"), Key::new("example.org/other", 1));
    witness.refuses(&Request::new(0, Vec::new(), Note::sign(&unknown, &key).unwrap()).unwrap(), 404);
    witness.refuses(&Request { old: 901, ..log.request(0) }, 400);
    for body in ["", "old 1", "old 01\n\nx\n", &"x".repeat(5000)] {
        assert_eq!(post(&witness.url, body).0, 400, "{body}");
    }
    // None of it changed what the witness holds.
    witness.cosigns(&log.request(700));
}

#[test]
fn too_long_a_request_is_refused_unread() {
    let files = files();
    let witness = Witness::start(&files);
    assert_eq!(post(&witness.url, &"x".repeat(2 << 20)).0, 413);
    witness.cosigns(&Log::of(1).request(0));
}

#[test]
fn it_stops_gently_and_knows_everything_when_it_starts_again() {
    let files = files();
    let witness = Witness::start(&files);
    let log = Log::of(300);
    witness.cosigns(&log.request(0));
    let mode = |name: &str| fs::metadata(files.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("key"), mode("state")), (0o600, 0o700));
    kill_process(Pid::from_child(&witness.running.child), Signal::TERM).unwrap();
    let key = witness.key.clone();
    assert_eq!(witness.running.end().0, Some(0));
    let again = Witness::start(&files);
    assert_eq!(again.key, key);
    again.holds(&Log::of(200).request(0), 300);
    again.cosigns(&log.request(300));
}

/// Killed again and again while it cosigns: it never holds less than it cosigned.
#[test]
fn killed_at_any_time_it_stays_behind_its_word() {
    let files = files();
    let (mut log, cosigned) = (Log::of(1), AtomicU64::new(0));
    for round in 0_u64..8 {
        let mut witness = Witness::start(&files);
        thread::scope(|scope| {
            let (url, log, cosigned) = (&witness.url, &mut log, &cosigned);
            scope.spawn(move || while grow(url, log, cosigned) {});
            thread::sleep(Duration::from_millis(15 + 13 * round));
            witness.running.child.kill().unwrap();
        });
        witness.running.child.wait().unwrap();
        let again = Witness::start(&files);
        let (status, _, held) = again.ask(&Log::of(1).request(1));
        let held: u64 = if status == 409 { held.trim().parse().unwrap() } else { 1 };
        assert!(held >= cosigned.load(Ordering::Relaxed), "it holds {held} after {cosigned:?}");
    }
    assert!(cosigned.load(Ordering::Relaxed) > 1);
}

/// Asks for a cosignature over one entry more; false when the witness is gone.
fn grow(url: &str, log: &mut Log, cosigned: &AtomicU64) -> bool {
    let old = cosigned.load(Ordering::Relaxed);
    match try_post(url, &log.request(old).to_string()) {
        Some((200, ..)) => {
            cosigned.store(log.size(), Ordering::Relaxed);
            log.append(vec![entry(log.size())]);
            true
        }
        // Written down, and killed before it said so.
        Some((409, _, held)) => {
            cosigned.store(held.trim().parse().unwrap(), Ordering::Relaxed);
            true
        }
        Some(other) => panic!("{other:?}"),
        None => false,
    }
}

/// Of many checkpoints that are asked for at once, those that were cosigned form one history.
#[test]
fn requests_at_once_do_not_make_it_go_back() {
    let files = files();
    let witness = Witness::start(&files);
    let requests: Vec<Request> = (2..10).map(|size| Log::of(size).request(1)).collect();
    witness.cosigns(&Log::of(1).request(0));
    let statuses: Vec<u16> = thread::scope(|scope| {
        let asked: Vec<_> = requests.iter().map(|request| scope.spawn(|| witness.ask(request).0)).collect();
        asked.into_iter().map(|asked| asked.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 7, "{statuses:?}");
}

#[test]
fn what_it_cannot_rely_on_stops_it_at_the_start() {
    let files = files();
    let first = Witness::start(&files);
    let [key, logs, state] = ["key", "logs", "state"].map(|name| files.path().join(name).display().to_string());
    let start = |name: &str, logs: &str| {
        let fixed = ["log", "witness", "--listen", "127.0.0.1:0", "--name", name];
        run(&[&fixed[..], &["--key", &key, "--logs", logs, "--state", &state]].concat())
    };
    let said = start("example.org/witness", &logs);
    assert!(said.code == 2 && said.err.contains("error[data-unusable]"), "{said}");
    first.cosigns(&Log::of(3).request(0));
    drop(first);
    let held = fs::read_dir(&state).unwrap().map(|file| file.unwrap().path());
    let held = held.into_iter().find(|path| path.extension().is_some_and(|end| end == "held")).unwrap();
    fs::write(held, "damaged").unwrap();
    let said = start("example.org/witness", &logs);
    assert!(said.code == 2 && said.err.contains("error[data-unusable]"), "{said}");
    let said = start("a name", &logs);
    assert!(said.code == 2 && said.err.contains("--name"), "{said}");
    let empty = files.path().join("empty");
    fs::write(&empty, "# none\n").unwrap();
    let said = start("example.org/witness", empty.to_str().unwrap());
    assert!(said.code == 2 && said.err.contains("error[log-list-invalid]"), "{said}");
}
