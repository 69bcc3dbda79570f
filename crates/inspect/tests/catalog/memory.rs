//! What is remembered between inspections: used while nothing that was read has changed, and never longer.

use std::fs::{self, File};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use seaworthy_testkit::archive::{KEYS_MADE, KeyPlan, SigningPlan, clear_signed};

use super::*;

/// The filesystem's clock: change times cannot be set, so these tests live in the present.
fn clock(made: &Made) -> i64 {
    made.system.write("/clock", "");
    modified(made, "/clock")
}

fn modified(made: &Made, path: &str) -> i64 {
    let time = fs::metadata(made.system.at(path)).unwrap().modified().unwrap();
    i64::try_from(time.duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

fn set_modified(made: &Made, path: &str, seconds: i64) {
    let time = UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap());
    File::open(made.system.at(path)).unwrap().set_modified(time).unwrap();
}

/// A device with dates of the present, and its state directory.
struct Kept {
    made: Made,
    state: tempfile::TempDir,
    now: i64,
}

/// Stands in the memory alone: who sees it did not read the lists.
const REMEMBERED: &str = "3.0.9";

impl Kept {
    fn new() -> Kept {
        Kept::by(Key::new(1))
    }

    fn by(key: Key) -> Kept {
        let mut made = Made::new();
        let now = clock(&made);
        made.key = key;
        made.base.date = now - 100 * DAY;
        made.security.date = now - DAY;
        made.write();
        Kept { made, state: tempfile::tempdir().unwrap(), now: now + 10 }
    }

    fn run(&self) -> Run {
        self.made.device().state(self.state.path()).at(self.now)
    }

    fn later(&self) -> Run {
        self.run().at(self.now + 10)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.state.path().join(name)
    }

    /// Scans, and puts the mark into what is remembered.
    fn marked(self) -> Kept {
        let first = self.run().evidence();
        assert_eq!(pending(&first)[0].candidate, "3.0.2");
        assert_eq!(self.run().evidence().claims, first.claims, "the same evidence from memory");
        self.edit("3.0.2", REMEMBERED);
        self
    }

    fn edit(&self, from: &str, to: &str) {
        let path = self.path("memory.json");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(path, text.replace(from, to)).unwrap();
    }
}

fn is_remembered(evidence: &Evidence) -> bool {
    pending(evidence).iter().any(|update| update.candidate == REMEMBERED)
}

/// Rewrites a file in place: same inode, size and time of change.
fn rewrite(made: &Made, path: &str, change: impl Fn(&mut Vec<u8>)) {
    let at = made.system.at(path);
    let (mut bytes, time) = (fs::read(&at).unwrap(), modified(made, path));
    let size = bytes.len();
    change(&mut bytes);
    assert_eq!(bytes.len(), size);
    fs::write(&at, bytes).unwrap();
    set_modified(made, path, time);
}

#[test]
fn anything_that_changes_is_read_again() {
    type Row = (&'static str, fn(&Made));
    fn same(made: &Made, path: &str) {
        rewrite(made, path, |_| {});
    }
    let rows: [Row; 13] = [
        ("status", |made| same(made, "/var/lib/dpkg/status")),
        ("sources", |made| same(made, "/etc/apt/sources.list")),
        ("InRelease", |made| same(made, &made.security.path("InRelease"))),
        ("list", |made| same(made, &made.security.list("main/binary-amd64/Packages"))),
        ("keyring", |made| same(made, KEYRING)),
        ("machine-id", |made| same(made, "/etc/machine-id")),
        ("architectures", |made| same(made, "/var/lib/dpkg/arch")),
        ("preferences", |made| made.system.write("/etc/apt/preferences", "")),
        ("a folder of preferences", |made| made.system.write("/etc/apt/preferences.d/a", "")),
        ("settings", |made| made.system.write("/etc/apt/apt.conf.d/a", "")),
        ("a source beside", |made| made.system.write("/etc/apt/sources.list.d/a.list", "")),
        ("a key beside", |made| made.system.write("/etc/apt/trusted.gpg.d/a.gpg", "")),
        ("the running kernel", |made| made.system.write("/proc/sys/kernel/osrelease", "6.1.0-1\n")),
    ];
    for (what, change) in rows {
        let kept = Kept::new().marked();
        assert!(is_remembered(&kept.later().evidence()), "{what}: before");
        change(&kept.made);
        let after = kept.later().evidence();
        assert!(!is_remembered(&after), "{what}: after");
        assert_eq!(proof(what, &after), Ok(kept.made.key.fingerprint()), "{what}");
    }
}

#[test]
fn a_proof_is_remembered_where_it_is_asked_for() {
    let kept = Kept::new().marked();
    assert!(is_remembered(&kept.later().proving(Proving::RememberedOnly).evidence()));
    assert!(!is_remembered(&kept.later().proving(Proving::Again).evidence()));
    assert!(!is_remembered(&kept.later().evidence()), "what was proved again took its place");
}

#[test]
fn a_set_that_was_not_proved_is_remembered_as_such() {
    let kept = Kept::new();
    let only_remembered = || kept.later().proving(Proving::RememberedOnly).evidence();
    assert_eq!(proof("without a memory", &only_remembered()), Err(Reason::Unproved));
    kept.edit("3.0.2", REMEMBERED);
    let again = only_remembered();
    assert!(is_remembered(&again));
    assert_eq!(proof("with one", &again), Err(Reason::Unproved));
    let whole = kept.later().evidence();
    assert!(!is_remembered(&whole) && proof("afterwards", &whole).is_ok(), "it stands in for no proof");
}

#[test]
fn a_failed_proof_is_tried_again() {
    let kept = Kept::new();
    kept.made.system.write(&kept.made.security.path("InRelease"), kept.made.security.release());
    assert_eq!(proof("unsigned", &kept.run().evidence()), Err(Reason::Unsigned));
    kept.edit("3.0.2", REMEMBERED);
    assert!(!is_remembered(&kept.later().evidence()));
}

#[test]
fn a_proof_ends_with_its_key() {
    let made = Made::new();
    let days = u32::try_from((clock(&made) - i64::from(KEYS_MADE)) / DAY + 2).unwrap();
    let kept = Kept::by(KeyPlan { expires_days: Some(days), ..KeyPlan::new(41) }.into()).marked();
    assert!(is_remembered(&kept.later().evidence()));
    let end = i64::from(KEYS_MADE) + i64::from(days) * DAY;
    assert!(is_remembered(&kept.run().at(end - 1).evidence()));
    for proving in [Proving::WhereNeeded, Proving::RememberedOnly] {
        let evidence = kept.run().at(end).proving(proving).evidence();
        assert!(!is_remembered(&evidence) && proof("expired", &evidence).is_err(), "{proving:?}");
    }
}

#[test]
fn what_changed_in_this_second_is_not_remembered() {
    let kept = Kept::new();
    let last = fs::metadata(kept.made.system.at(&kept.made.security.list("main/binary-amd64/Packages"))).unwrap();
    let second = std::os::unix::fs::MetadataExt::ctime(&last);
    kept.run().at(second).evidence();
    assert!(!kept.path("memory.json").exists());
    kept.run().at(second + 2).evidence();
    assert!(kept.path("memory.json").exists());
}

#[test]
fn a_disk_is_never_remembered() {
    let kept = Kept::new();
    let host = Sysroot::new().file(KEYRING, kept.made.key.binary());
    let run = || kept.made.disk(&host).state(kept.state.path()).at(kept.now);
    assert!(proof("disk", &run().evidence()).is_ok());
    assert_eq!(fs::read_dir(kept.state.path()).unwrap().count(), 0, "neither memory nor ledger");
    let kept = Kept::new().marked();
    let run = kept.made.disk(&host).state(kept.state.path()).at(kept.now);
    assert!(!is_remembered(&run.evidence()), "nor is a device's memory used for one");
}

#[test]
fn a_broken_file_of_state_is_set_aside_and_harmless() {
    let kept = Kept::new();
    let whole = kept.run().evidence();
    for garbage in ["", "{", "[1]", "{\"version\":1}", "\u{0}\u{0}"] {
        for name in ["memory.json", "ledger.json"] {
            fs::write(kept.path(name), garbage).unwrap();
        }
        assert_eq!(kept.later().evidence().claims, whole.claims, "{garbage:?}");
        for name in ["memory.json", "ledger.json"] {
            assert_eq!(fs::read_to_string(kept.path(&format!("{name}.broken"))).unwrap(), garbage, "{name}");
        }
    }
}

#[test]
fn a_state_directory_that_cannot_be_written_changes_no_claim() {
    let kept = Kept::new();
    let whole = kept.run().evidence();
    let file = kept.path("file");
    fs::write(&file, "").unwrap();
    let mut run = kept.run();
    run.0.state = Some(StateDirectory::new(file.join("below")));
    let (evidence, troubles) = run.0.run(&[ClaimId::Updates, ClaimId::Distribution]);
    assert_eq!(evidence.claims, whole.claims);
    assert_eq!(troubles.len(), 2, "{troubles:?}");
}

#[test]
fn another_build_or_shape_is_forgotten() {
    for (from, to) in [(env!("CARGO_PKG_VERSION"), "0.0.0-other"), ("{\"version\":2", "{\"version\":1")] {
        let kept = Kept::new().marked();
        kept.edit(from, to);
        assert!(!is_remembered(&kept.later().evidence()), "{to}");
    }
}

/// A fetch that finds nothing new only touches the folder of partial files.
#[test]
fn a_fetch_without_news_is_noticed_from_memory() {
    let kept = Kept::new().marked();
    let fetched = |evidence: &Evidence| catalog(evidence).sources[1].fetched_at;
    set_modified(&kept.made, "/var/lib/apt/lists/partial", kept.now + 5);
    let evidence = kept.later().evidence();
    assert!(is_remembered(&evidence));
    assert_eq!(fetched(&evidence), Some(t(kept.now + 5)));
    set_modified(&kept.made, "/var/lib/apt/lists/partial", kept.now + 99 * DAY);
    assert!(fetched(&kept.later().evidence()) < Some(t(kept.now)), "a time to come is no fetch");
}

/// Lists and Release files that are rewritten while they are read: what is proved is what was read.
#[test]
fn a_proof_is_of_the_lists_that_were_read() {
    let made = Made::new();
    let variants = ["3.0.2", "3.0.3"].map(|version| {
        let suite = Suite::debian_security(NOW - DAY, &offered("openssl", version));
        let signed = clear_signed(&suite.release(), &[(&made.key, SigningPlan::default())]);
        let digest = seaworthy_inspect::sha256(signed.as_bytes());
        (version, suite.indexes[0].1.clone(), signed, digest)
    });
    let stop = AtomicBool::new(false);
    let mut proved = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                for (_, list, signed, _) in &variants {
                    made.system.write(&made.security.path("InRelease"), signed);
                    made.system.write(&made.security.list("main/binary-amd64/Packages"), list);
                    std::thread::sleep(Duration::from_micros(2500));
                }
            }
        });
        for _ in 0..150 {
            let evidence = made.device().evidence();
            if let Claim::Known { value, .. } = &evidence.claims.updates {
                proved += 1;
                let Proof::Proved { release, .. } = &catalog(&evidence).sources[1].proof else { panic!() };
                let variant = variants.iter().find(|variant| variant.3 == *release).unwrap();
                if value.pending[0].candidate != variant.0 {
                    stop.store(true, Ordering::Relaxed);
                    panic!("{} was offered, and {} proved", value.pending[0].candidate, variant.0);
                }
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    println!("{proved} of 150 inspections were proved");
}
