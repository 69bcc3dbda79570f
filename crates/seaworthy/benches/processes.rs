//! Whole processes against their peers, paired in one run: medians, ratios, and the floor (the same bytes read once).
//!
//! `cargo xtask bench`. It reads this machine's real package database; nothing on it is changed. The desktop's
//! configuration (lists as plain files, a warm package cache) is shown to both sides in a mount namespace of its own,
//! which takes root; without it that part is skipped aloud.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a benchmark runs programs and prints")]
#![expect(clippy::expect_used, reason = "a benchmark that cannot run its programs cannot go on")]

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const ROUNDS: usize = 11;
const SEAWORTHY: &str = env!("CARGO_BIN_EXE_seaworthy");
const LISTS: &str = "/var/lib/apt/lists";

fn main() {
    // `cargo test` builds benches too and starts them with other arguments.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    if !Path::new("/usr/bin/apt").exists() {
        println!("SKIPPED: apt is not installed");
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    println!(
        "median of {ROUNDS}, each pair interleaved; empty process {:.2?}",
        median_alone(&mut command("/bin/true"))
    );
    println!("{:<52} {:>10} {:>10} {:>8} {:>7}", "work", "ours", "peer", "ratio", "wanted");
    lists_as_they_are(folder.path());
    desktop(folder.path());
    check(folder.path());
    peers_once();
    size();
}

fn lists_as_they_are(folder: &Path) {
    let floor = floor(Path::new(LISTS));
    println!("floor: the files under {LISTS} and the package database read once: {floor:.2?}");
    let wrap = Vec::new();
    updates("as on this machine", &wrap, folder, 20.0, 200.0);
    let mut cold = ours(&wrap, folder, &["inspect", "--prove"]);
    let mut warm = ours(&wrap, folder, &["inspect"]);
    let mut apt = peer(&wrap);
    pair("full inspect, everything proved again", &mut cold, &mut apt, 5.0);
    pair("full inspect, proof remembered", &mut warm, &mut apt, 10.0);
}

/// The usual desktop: plain lists and a warm package cache.
fn desktop(folder: &Path) {
    let raw = folder.join("lists");
    if !unpack_lists(&raw) {
        println!("SKIPPED desktop: the lists could not be unpacked");
        return;
    }
    let cache = folder.join("cache");
    fs::create_dir_all(&cache).expect("a folder");
    let script = format!(
        "mount --bind {} {LISTS} && mount --bind {} /var/cache/apt && exec \"$@\"",
        raw.display(),
        cache.display()
    );
    let wrap: Vec<String> = ["unshare", "-m", "sh", "-c", &script, "sh"].map(str::to_owned).to_vec();
    let mut try_it = wrapped(&wrap, "/bin/true");
    if !quiet(&mut try_it).status().is_ok_and(|status| status.success()) {
        println!("SKIPPED desktop: a mount namespace needs root");
        return;
    }
    println!(
        "desktop floor: {:.2?}; entering the namespace costs {:.2?}, taken off below",
        floor(&raw),
        median_alone(&mut try_it)
    );
    updates("desktop", &wrap, folder, 20.0, 75.0);
}

fn updates(name: &str, wrap: &[String], folder: &Path, cold: f64, warm: f64) {
    let only = ["inspect", "--only", "updates"];
    let mut apt = peer(wrap);
    run(&mut apt);
    let toll = if wrap.is_empty() { Duration::ZERO } else { median_alone(&mut wrapped(wrap, "/bin/true")) };
    let mut ratios = |label: &str, mut ours: Command, forget: bool, wanted: f64| {
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            if forget {
                forget_all(folder);
            }
            a.push(time(&mut ours));
            b.push(time(&mut apt));
        }
        line(
            &format!("updates, {name}, {label}"),
            median(a).saturating_sub(toll),
            median(b).saturating_sub(toll),
            wanted,
        );
    };
    ratios("nothing remembered", ours(wrap, folder, &only), true, cold);
    run(&mut ours(wrap, folder, &["inspect"]));
    ratios("remembered", ours(wrap, folder, &only), false, warm);
    memory(wrap, folder, name, &only);
}

fn memory(wrap: &[String], folder: &Path, name: &str, arguments: &[&str]) {
    for (label, forget) in [("nothing remembered", true), ("remembered", false)] {
        if forget {
            forget_all(folder);
        } else {
            run(&mut ours(wrap, folder, &["inspect"]));
        }
        match peak_kib(wrap, folder, arguments) {
            Some(kib) => println!("peak memory, {name}, {label}: {:.1} MiB", f64::from(kib) / 1024.0),
            None => println!("SKIPPED peak memory: GNU time is not installed (package time)"),
        }
    }
}

/// Peak resident memory, by GNU time.
fn peak_kib(wrap: &[String], folder: &Path, arguments: &[&str]) -> Option<u32> {
    let mut timed = wrapped(wrap, "/usr/bin/time");
    timed.args(["-f", "%M", SEAWORTHY]).args(arguments).env("XDG_STATE_HOME", folder.join("state"));
    let output = timed.stdout(Stdio::null()).output().ok()?;
    String::from_utf8_lossy(&output.stderr).lines().last()?.trim().parse().ok()
}

/// The stamp of `docs/spec/`, for a device may have none.
fn check(folder: &Path) {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/spec/vectors/stamp");
    let (text, key) =
        (vectors.join("device.txt").display().to_string(), vectors.join("device.pub").display().to_string());
    let mut check = ours(&[], folder, &["check", &text, "--trust", &key, "--at", "2026-12-01"]);
    assert!(run_status(&mut check), "the stamp is valid then");
    println!("check of a stamp as text, whole process: {:.2?} (wanted under 5 ms)", median_alone(&mut check));
}

fn peers_once() {
    for (program, arguments) in
        [("lynis", &["audit", "system", "--quick"][..]), ("unattended-upgrade", &["--dry-run"][..])]
    {
        let found =
            ["/usr/bin", "/usr/sbin"].iter().map(|folder| Path::new(folder).join(program)).find(|path| path.exists());
        match found {
            Some(path) => {
                println!("{program} {}, once: {:.1?}", arguments.join(" "), time(command(path).args(arguments)))
            }
            None => println!("SKIPPED {program}: not installed"),
        }
    }
}

fn size() {
    let bytes = fs::metadata(SEAWORTHY).map_or(0, |metadata| metadata.len());
    println!("the binary: {:.2} MB (wanted under 12 MB)", bytes as f64 / 1e6);
}

/// Plain copies of the lists.
fn unpack_lists(raw: &Path) -> bool {
    fs::create_dir_all(raw.join("partial")).expect("a folder");
    let Ok(entries) = fs::read_dir(LISTS) else { return false };
    entries.flatten().all(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        let to = raw.join(name.trim_end_matches(".lz4"));
        if name.ends_with(".lz4") {
            let copy = |file: fs::File, mut out| std::io::copy(&mut lz4_flex::frame::FrameDecoder::new(file), &mut out);
            fs::File::open(entry.path()).and_then(|file| copy(file, fs::File::create(to)?)).is_ok()
        } else {
            !name.contains("Release") && !name.contains("Packages") || fs::copy(entry.path(), to).is_ok()
        }
    })
}

/// The physical limit: the same bytes read once.
fn floor(lists: &Path) -> Duration {
    let mut buffer = vec![0u8; 256 << 10];
    let mut runs = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let mut files: Vec<PathBuf> =
            fs::read_dir(lists).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        files.retain(|path| path.to_string_lossy().contains("Packages") || path.to_string_lossy().contains("Release"));
        files.push(PathBuf::from("/var/lib/dpkg/status"));
        for path in files {
            let Ok(mut file) = fs::File::open(path) else { continue };
            while std::io::Read::read(&mut file, &mut buffer).is_ok_and(|length| length > 0) {}
        }
        runs.push(start.elapsed());
    }
    median(runs)
}

fn pair(name: &str, ours: &mut Command, peer: &mut Command, wanted: f64) {
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        a.push(time(ours));
        b.push(time(peer));
    }
    line(name, median(a), median(b), wanted);
}

fn line(name: &str, ours: Duration, peer: Duration, wanted: f64) {
    let ratio = peer.as_secs_f64() / ours.as_secs_f64();
    println!("{name:<52} {:>10} {:>10} {ratio:>7.1}x {wanted:>6}x", format!("{ours:.2?}"), format!("{peer:.2?}"));
}

fn ours(wrap: &[String], folder: &Path, arguments: &[&str]) -> Command {
    let mut command = wrapped(wrap, SEAWORTHY);
    command.args(arguments).env("XDG_STATE_HOME", folder.join("state"));
    command
}

fn peer(wrap: &[String]) -> Command {
    let mut command = wrapped(wrap, "apt");
    command.args(["list", "--upgradable"]);
    if !wrap.is_empty() {
        // The desktop keeps its package cache; some images switch it off.
        command.args(["-o", "Dir::Cache::pkgcache=pkgcache.bin", "-o", "Dir::Cache::srcpkgcache=srcpkgcache.bin"]);
    }
    command
}

fn wrapped(wrap: &[String], program: impl AsRef<OsStr>) -> Command {
    let Some((first, rest)) = wrap.split_first() else { return command(program) };
    let mut command = command(first);
    command.args(rest).arg(program);
    command
}

fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    command
}

fn quiet(command: &mut Command) -> &mut Command {
    command.stdout(Stdio::null()).stderr(Stdio::null())
}

fn forget_all(folder: &Path) {
    // Absent is as good as removed.
    let _ = fs::remove_dir_all(folder.join("state"));
}

fn run(command: &mut Command) {
    run_status(command);
}

fn run_status(command: &mut Command) -> bool {
    quiet(command).status().expect("the program starts").success()
}

fn time(command: &mut Command) -> Duration {
    let start = Instant::now();
    run(command);
    start.elapsed()
}

fn median_alone(command: &mut Command) -> Duration {
    median((0..ROUNDS).map(|_| time(command)).collect())
}

fn median(mut runs: Vec<Duration>) -> Duration {
    runs.sort_unstable();
    runs.get(runs.len() / 2).copied().unwrap_or_default()
}
