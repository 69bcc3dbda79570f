//! A mounted disk whose maker wants the inspecting machine to hang, to run out of memory, to read what lies outside the
//! disk, or to believe what it should not (DESIGN §5). Every file that an inspection reads is replaced, one at a time.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};
use seaworthy_appraise::appraise;
use seaworthy_inspect::{Inspection, Proving, Root, UserContext};
use seaworthy_model::{Claim, ClaimId, Evidence, PolicyId, Subject, Timestamp, Verdict};
use seaworthy_testkit::archive::{Key, Stored, Suite, debian_system, offered};
use seaworthy_testkit::{Sysroot, skip};

const DAY: i64 = 86_400;
/// 2026-11-22.
const NOW: i64 = 1_795_305_600;
const KEYRING: &str = "/usr/share/keyrings/made.gpg";
const LIMIT: Duration = Duration::from_secs(60);
/// What a run may add to the memory of the process: a whole status of 100 MB, and little beside it.
const MEMORY_LIMIT_KB: u64 = 700 << 10;

/// What replacing a file must do to the verdict of `six-month`, which passes on the disk as made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Weight {
    /// Nothing passes without it.
    Vital,
    /// Like absence at best: apt passes over what is no regular file.
    Optional,
    /// It has no part in the verdict; nothing may hang or break.
    Beside,
}
use Weight::{Beside, Optional, Vital};

/// Every file that an inspection of a disk reads, with content that is read.
const FILES: &[(&str, &str, Weight)] = &[
    ("/var/lib/dpkg/status", "", Vital),
    ("/var/lib/dpkg/arch", "amd64\n", Optional),
    ("/var/lib/dpkg/info/openssl.list", "/.\n", Optional),
    ("/var/lib/apt/extended_states", "Package: hello\nArchitecture: amd64\nAuto-Installed: 1\n\n", Optional),
    ("/var/lib/apt/lists/deb.example_debian_dists_bookworm_InRelease", "", Vital),
    ("/var/lib/apt/lists/deb.example_debian_dists_bookworm_main_binary-amd64_Packages", "", Vital),
    ("/var/lib/apt/lists/security.example_debian-security_dists_bookworm-security_InRelease", "", Vital),
    (
        "/var/lib/apt/lists/security.example_debian-security_dists_bookworm-security_main_binary-amd64_Packages.lz4",
        "",
        Vital,
    ),
    ("/etc/apt/sources.list", "", Vital),
    ("/etc/apt/sources.list.d/a.sources", "# none\n", Optional),
    ("/etc/apt/sources.list.d/a.list", "# none\n", Optional),
    ("/etc/apt/preferences", "Package: hello\nPin: version 1\nPin-Priority: 1\n", Optional),
    ("/etc/apt/preferences.d/a.pref", "Package: hello\nPin: version 1\nPin-Priority: 1\n", Optional),
    ("/etc/apt/apt.conf", "APT::Get::Assume-Yes \"no\";\n", Optional),
    ("/etc/apt/apt.conf.d/a", "APT::Get::Assume-Yes \"no\";\n", Optional),
    ("/etc/machine-id", "0123456789abcdef0123456789abcdef\n", Optional),
    ("/etc/os-release", "", Vital),
    ("/usr/share/distro-info/debian.csv", "version,codename,series,created,release,eol\n", Optional),
    ("/usr/share/doc/openssl/changelog.Debian.gz", "", Beside),
    ("/etc/apt/apt.conf.d/20auto-upgrades", "APT::Periodic::Unattended-Upgrade \"1\";\n", Optional),
    ("/etc/cron.daily/apt-compat", "", Beside),
    ("/etc/default/ssh", "SSHD_OPTS=\n", Beside),
    ("/etc/default/ufw", "DEFAULT_INPUT_POLICY=\"DROP\"\n", Beside),
    ("/etc/ufw/ufw.conf", "ENABLED=yes\n", Beside),
    ("/etc/ufw/user.rules", "*filter\nCOMMIT\n", Beside),
    ("/etc/nftables.conf", "flush ruleset\n", Beside),
    ("/etc/firewalld/firewalld.conf", "DefaultZone=public\n", Beside),
    ("/etc/ssh/sshd_config", "Include /etc/ssh/sshd_config.d/*.conf\n", Beside),
    ("/etc/ssh/sshd_config.d/a.conf", "PasswordAuthentication no\n", Beside),
    ("/usr/sbin/sshd", "", Beside),
    ("/etc/dconf/profile/user", "user-db:user\nsystem-db:local\n", Beside),
    ("/etc/dconf/db/local", "GVariant", Beside),
    ("/home/ada/.config/dconf/user", "GVariant", Beside),
    ("/usr/share/glib-2.0/schemas/gschemas.compiled", "GVariant", Beside),
    ("/usr/share/xsessions/gnome.desktop", "[Desktop Entry]\n", Beside),
    ("/usr/bin/clamscan", "", Beside),
    ("/var/lib/clamav/daily.cvd", "ClamAV-VDB:01 Nov 2026 00-00 +0000:1:1:1:x:x:x:1790000000", Beside),
    ("/etc/selinux/config", "SELINUX=enforcing\n", Beside),
    ("/etc/systemd/system/apt-daily.timer", "[Timer]\n", Beside),
    ("/usr/lib/systemd/system/apt-daily.timer", "[Timer]\n", Beside),
    ("/usr/bin/unattended-upgrade", "", Beside),
    ("/var/log/unattended-upgrades/unattended-upgrades.log", "", Beside),
    ("/var/lib/apt/periodic/update-success-stamp", "", Beside),
    ("/boot/vmlinuz-6.1.0-1-amd64", "", Beside),
    ("/usr/lib/modules/6.1.0-1-amd64/modules.dep", "", Beside),
    ("/run/reboot-required", "", Beside),
    ("/proc/self/mountinfo", "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n", Beside),
    ("/sys/kernel/security/lsm", "apparmor", Beside),
];

/// A disk that passes, and the machine that inspects it.
struct Bench {
    disk: Sysroot,
    host: Sysroot,
    /// What lies outside the disk, beside it.
    outside: Sysroot,
}

impl Bench {
    fn new() -> Bench {
        let bench = Bench {
            disk: debian_system(&[("dpkg", "1"), ("openssl", "3.0.1")]),
            host: Sysroot::new(),
            outside: Sysroot::new(),
        };
        let key = Key::new(1);
        bench.host.write(KEYRING, key.binary());
        let base = Suite::debian(NOW - 134 * DAY, &offered("hello", "1"));
        let mut security = Suite::debian_security(NOW - DAY, &offered("openssl", "3.0.0"));
        security.stored = Stored::Lz4;
        for suite in [&base, &security] {
            suite.write(&bench.disk, &key);
        }
        let option = format!("[signed-by={KEYRING}]");
        bench.disk.write("/etc/apt/sources.list", [base.source(&option), security.source(&option)].concat());
        for (path, content, _) in FILES.iter().filter(|(path, ..)| !bench.disk.at(path).exists()) {
            bench.disk.write(path, content);
        }
        bench
    }

    fn inspect(&self, wanted: &[ClaimId]) -> Evidence {
        let user = UserContext { home: PathBuf::from("/home/ada"), uid: 1000, is_root: false, desktop: None };
        let inspection = Inspection {
            root: Root::disk(self.disk.path()),
            host: Root::staged(self.host.path()),
            now: Timestamp::from_seconds(NOW),
            user,
            state: None,
            proving: Proving::WhereNeeded,
            advisories: None,
        };
        inspection.run(wanted).0
    }

    /// Takes a file away for as long as `hold` is in its place.
    fn replaced<T>(&self, path: &str, hold: impl FnOnce(&Path) -> bool, look: impl FnOnce() -> T) -> Option<T> {
        let (at, kept) = (self.disk.at(path), self.outside.at("/kept"));
        fs::rename(&at, &kept).unwrap();
        let held = hold(&at).then(look);
        let _ = fs::remove_file(&at).or_else(|_| fs::remove_dir_all(&at));
        fs::rename(&kept, &at).unwrap();
        held
    }
}

fn verdict(evidence: &Evidence) -> Verdict {
    let policy = seaworthy_appraise::policy::named("six-month").unwrap().policy().unwrap();
    let id = PolicyId { name: policy.name.clone(), digest: String::new() };
    appraise(evidence, &policy, id).timeline.at(Timestamp::from_seconds(NOW))
}

fn peak_memory_kb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// Replaces every file in one way, and holds each run to its limits and its verdict.
fn each(what: &str, is_regular: bool, hold: impl Fn(&Bench, &str, &Path) -> bool) {
    let bench = Bench::new();
    assert_eq!(verdict(&bench.inspect(ClaimId::ALL)), Verdict::Pass, "the disk as made");
    let mut wrong = Vec::new();
    for (path, _, weight) in FILES {
        let before = Instant::now();
        let found = bench.replaced(path, |at| hold(&bench, path, at), || bench.inspect(ClaimId::ALL));
        let Some(evidence) = found else { continue };
        if before.elapsed() > LIMIT {
            wrong.push(format!("{path}: took {:?}", before.elapsed()));
        }
        if evidence.envelope.subject != Subject::MountedDisk {
            wrong.push(format!("{path}: is no disk any more"));
        }
        if verdict(&evidence) != Verdict::Pass {
            continue;
        }
        if *weight == Vital {
            wrong.push(format!("{path}: passes"));
        } else if *weight == Optional && !is_regular {
            let absent = bench.replaced(path, |_| true, || bench.inspect(ClaimId::ALL)).unwrap().claims;
            if (evidence.claims.updates, evidence.claims.catalog) != (absent.updates, absent.catalog) {
                wrong.push(format!("{path}: passes, and not for its absence"));
            }
        }
    }
    assert!(peak_memory_kb() < MEMORY_LIMIT_KB, "{what}: {} kB of memory", peak_memory_kb());
    assert!(wrong.is_empty(), "{what}:\n{}", wrong.join("\n"));
}

/// The very file lies outside: if it were read, the disk would pass.
#[test]
fn a_link_to_a_valid_file_outside() {
    each("an absolute link", false, |bench, _, at| symlink(bench.outside.at("/kept"), at).is_ok());
    each("a relative link", false, |bench, _, at| {
        let up = "../".repeat(40);
        symlink(format!("{up}{}", bench.outside.at("/kept").display()), at).is_ok()
    });
}

#[test]
fn a_link_to_itself_and_through_proc() {
    each("a loop", false, |_, _, at| symlink(at.file_name().unwrap(), at).is_ok());
    each("a link through /proc", false, |bench, _, at| {
        symlink(format!("/proc/self/root{}", bench.outside.at("/kept").display()), at).is_ok()
    });
}

#[test]
fn a_pipe() {
    each("a pipe", false, |_, _, at| mknodat(CWD, at, FileType::Fifo, Mode::from_raw_mode(0o666), 0).is_ok());
}

#[test]
fn a_socket() {
    each("a socket", false, |_, _, at| mknodat(CWD, at, FileType::Socket, Mode::from_raw_mode(0o666), 0).is_ok());
}

#[test]
fn a_folder() {
    each("a folder", false, |_, _, at| fs::create_dir(at).is_ok());
}

#[test]
fn a_device() {
    let probe = Sysroot::new();
    let zero = |at: &Path| mknodat(CWD, at, FileType::CharacterDevice, Mode::from_raw_mode(0o666), makedev(1, 5));
    if let Err(error) = zero(&probe.at("/zero")) {
        skip("device nodes on a disk", &format!("they cannot be made here: {error}"));
        return;
    }
    each("a device", false, |_, _, at| zero(at).is_ok());
}

#[test]
fn an_endless_hole() {
    each("a sparse file of 1 TiB", true, |_, _, at| File::create(at).and_then(|file| file.set_len(1 << 40)).is_ok());
}

#[test]
fn a_hundred_megabytes_of_noise() {
    let noise = Sysroot::new();
    let mut state = 1_u64;
    let bytes: Vec<u8> = (0..100 << 17)
        .flat_map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state ^ (state >> 29)).to_le_bytes()
        })
        .collect();
    noise.write("/noise", &bytes);
    drop(bytes);
    each("noise", true, |_, _, at| fs::hard_link(noise.at("/noise"), at).is_ok());
}

/// Small enough to be read, and made to be hard to read: nested as deep, and lines as long, as fits.
#[test]
fn deep_nests_and_long_lines() {
    let size = 900_000;
    let repeated = |text: &str| text.repeat(size / text.len());
    let shapes = [
        ("letters", repeated("a")),
        ("blanks", repeated(" ")),
        ("braces", repeated("a{\n")),
        ("brackets", format!("deb {}", repeated("["))),
        ("parentheses", format!("Package: a\nVersion: 1\nDepends: {}", repeated("(a|"))),
        ("quotes", repeated("\"\\")),
        ("line ends", repeated("\n")),
        ("zeros", repeated("\0")),
        ("fields", repeated("Package: a\n")),
        ("stanzas", repeated("Package: a\nVersion: 1\n\n")),
        ("includes of itself", repeated("Include /etc/ssh/sshd_config\n")),
        ("comments", repeated("/*")),
        ("messages", repeated("-----BEGIN PGP SIGNED MESSAGE-----\nHash: a\n\n")),
        (
            "a signature",
            format!(
                "-----BEGIN PGP SIGNED MESSAGE-----\n\na: b\n-----BEGIN PGP SIGNATURE-----\n\n{}\n-----END PGP SIGNATURE-----\n",
                repeated("yv//")
            ),
        ),
        ("sources", repeated("deb http://a b c\n")),
        ("many sources", (0..3_000).map(|at| format!("deb http://a b{at} c\n")).collect()),
    ];
    for (what, text) in shapes {
        each(what, true, |_, _, at| fs::write(at, &text).is_ok());
    }
}

/// Images without dpkg keep a file for each package instead.
#[test]
fn parts_of_a_database_that_are_something_else() {
    let bench = Bench::new();
    let (status, part) = ("/var/lib/dpkg/status", "/var/lib/dpkg/status.d/all");
    bench.disk.write(part, fs::read(bench.disk.at(status)).unwrap());
    fs::remove_file(bench.disk.at(status)).unwrap();
    assert_eq!(verdict(&bench.inspect(ClaimId::ALL)), Verdict::Pass, "the disk as made");
    type Hold = fn(&Bench, &Path) -> bool;
    let holds: [(&str, Hold); 5] = [
        ("nothing", |_, _| true),
        ("emptied", |_, at| File::create(at).is_ok()),
        ("a link outside", |bench, at| symlink(bench.outside.at("/kept"), at).is_ok()),
        ("a pipe", |_, at| mknodat(CWD, at, FileType::Fifo, Mode::from_raw_mode(0o666), 0).is_ok()),
        ("a hole", |_, at| File::create(at).and_then(|file| file.set_len(1 << 40)).is_ok()),
    ];
    for (what, hold) in holds {
        let evidence = bench.replaced(part, |at| hold(&bench, at), || bench.inspect(ClaimId::ALL)).unwrap();
        assert_eq!(verdict(&evidence), Verdict::Unknown, "{what}");
    }
}

/// Folders, not files: what lists them must not be led astray either.
#[test]
fn folders_that_are_something_else() {
    let folders = [
        "/var/lib/apt/lists",
        "/etc/apt",
        "/etc/apt/sources.list.d",
        "/var/lib/dpkg",
        "/var/lib/dpkg/updates",
        "/etc",
        "/var",
        "/usr",
        "/home/ada/.config/dconf",
        "/etc/ssh/sshd_config.d",
        "/var/lib/clamav",
    ];
    type Hold = fn(&Bench, &Path) -> bool;
    let holds: [(&str, Hold); 4] = [
        ("a link outside", |bench, at| symlink(bench.outside.at("/kept"), at).is_ok()),
        ("a loop", |_, at| symlink(at.file_name().unwrap(), at).is_ok()),
        ("a pipe", |_, at| mknodat(CWD, at, FileType::Fifo, Mode::from_raw_mode(0o666), 0).is_ok()),
        ("a link to the top", |_, at| symlink("/", at).is_ok()),
    ];
    let bench = Bench::new();
    for folder in folders {
        for (what, hold) in holds {
            let before = Instant::now();
            let evidence = bench.replaced(folder, |at| hold(&bench, at), || bench.inspect(ClaimId::ALL)).unwrap();
            assert!(before.elapsed() < LIMIT, "{folder}, {what}");
            let vital = ["/var/lib/apt/lists", "/etc/apt", "/var/lib/dpkg", "/etc", "/var"].contains(&folder);
            assert!(!vital || verdict(&evidence) != Verdict::Pass, "{folder}, {what}");
            let known = matches!(evidence.claims.updates, Claim::Known { .. });
            assert!(!vital || !known || folder == "/etc", "{folder}, {what}: {:?}", evidence.claims.updates);
        }
    }
}
