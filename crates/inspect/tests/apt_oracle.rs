//! Real apt as the judge of our reading: on this machine's own state, on hundreds of
//! mutated databases, on an archive that phases its updates, and, where
//! `SEAWORTHY_TRIXIE_ROOT` names one, inside a Debian 13 system.
//!
//! Where there is no apt, a test says so and passes.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use seaworthy_inspect::lists::{self, ListError};
use seaworthy_inspect::updates::{CatalogState, Conditions, Survey, survey};
use seaworthy_inspect::{Root, updates};
use seaworthy_testkit::apt::{AptRoot, Chance, Upgradable, upgradable_line};

fn has_apt() -> bool {
    let has = Path::new("/usr/bin/apt").exists() && Path::new("/var/lib/dpkg/status").exists();
    if !has {
        eprintln!("SKIPPED: no apt here");
    }
    has
}

fn ours(survey: &Survey) -> Vec<Upgradable> {
    let all = survey.updates.upgradable.iter().chain(&survey.updates.other_builds);
    let mut all: Vec<Upgradable> = all
        .map(|upgrade| {
            let upgrade = upgrade.clone();
            (upgrade.package, upgrade.architecture, upgrade.installed, upgrade.candidate)
        })
        .collect();
    all.sort();
    all
}

/// What differs, one line each.
fn differences(ours: &[Upgradable], apts: &[Upgradable]) -> Vec<String> {
    let missing = apts.iter().filter(|line| !ours.contains(line)).map(|line| format!("only apt: {line:?}"));
    let extra = ours.iter().filter(|line| !apts.contains(line)).map(|line| format!("only ours: {line:?}"));
    missing.chain(extra).collect()
}

#[test]
fn this_machine() {
    if !has_apt() {
        return;
    }
    #[expect(clippy::disallowed_methods, reason = "the real apt is the judge of our reading")]
    let output =
        std::process::Command::new("apt").args(["list", "--upgradable"]).env("LC_ALL", "C.UTF-8").output().unwrap();
    let mut apts: Vec<_> = String::from_utf8(output.stdout).unwrap().lines().filter_map(upgradable_line).collect();
    apts.sort();
    let survey = survey(&Root::live(), &Conditions::default()).unwrap();
    assert_eq!(differences(&ours(&survey), &apts), [""; 0]);
    eprintln!("this machine: {} upgradable, equal", apts.len());
}

// ---------------------------------------------------------------- mutated databases

/// Stanzas of this machine that the mutations start from.
struct Material {
    status: Vec<String>,
    /// Stanzas of installed packages by list: one of each of two archives.
    archives: [Vec<String>; 2],
}

fn stanzas(text: &str) -> Vec<String> {
    text.split("\n\n").map(|stanza| stanza.trim_matches('\n').to_owned()).filter(|stanza| !stanza.is_empty()).collect()
}

fn field<'a>(stanza: &'a str, name: &str) -> Option<&'a str> {
    stanza.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

fn with_field(stanza: &str, name: &str, value: &str) -> String {
    let kept = stanza.lines().filter(|line| !line.starts_with(&format!("{name}:")));
    let mut lines: Vec<String> = kept.map(str::to_owned).collect();
    lines.insert(1.min(lines.len()), format!("{name}: {value}"));
    lines.join("\n")
}

/// The stanzas of the real lists whose package is installed.
fn installed_stanzas(names: &[&str], root: &Root, is_security: impl Fn(&str) -> bool) -> Vec<String> {
    let survey = survey(root, &Conditions::default()).unwrap();
    let mut kept = Vec::new();
    for catalog in &survey.catalogs {
        let CatalogState::Present { path, .. } = &catalog.state else { continue };
        if !is_security(&survey.archives[catalog.archive].suite) {
            continue;
        }
        let mut text = Vec::new();
        let list = lists::open(root, path).unwrap();
        list.for_each_chunk::<ListError>(|chunk| {
            text.extend_from_slice(chunk);
            Ok(())
        })
        .unwrap();
        let text = String::from_utf8_lossy(&text).into_owned();
        let wanted = |stanza: &&str| {
            let name = stanza.strip_prefix("Package: ").and_then(|rest| rest.lines().next());
            name.is_some_and(|name| names.binary_search(&name).is_ok())
        };
        kept.extend(text.split("\n\n").filter(wanted).map(str::to_owned));
    }
    kept
}

fn material(root: &Root) -> Material {
    let status = String::from_utf8_lossy(&root.read(Path::new("/var/lib/dpkg/status"), 1 << 30).unwrap()).into_owned();
    let status = stanzas(&status);
    let mut names: Vec<&str> = status.iter().filter_map(|stanza| field(stanza, "Package")).collect();
    names.sort_unstable();
    let archives = [
        installed_stanzas(&names, root, |suite| !suite.ends_with("-security")),
        installed_stanzas(&names, root, |suite| suite.ends_with("-security")),
    ];
    Material { status, archives }
}

const STATES: [&str; 7] = [
    "half-installed",
    "unpacked",
    "half-configured",
    "triggers-awaited",
    "triggers-pending",
    "config-files",
    "not-installed",
];

fn mutated_version(version: &str, chance: &mut Chance) -> String {
    match chance.below(6) {
        0 => format!("{version}~"),
        1 => format!("{version}+x1"),
        2 => format!("0~{}", version.replace(':', ".")),
        3 if !version.contains(':') => format!("0:{version}"),
        4 if !version.contains('-') => format!("{version}-0"),
        _ => format!("9:{}", version.rsplit(':').next().unwrap()),
    }
}

fn mutated_stanza(stanza: &str, chance: &mut Chance) -> Option<String> {
    let version = field(stanza, "Version").unwrap_or("1");
    Some(match chance.below(11) {
        0 => return None,
        1 => with_field(stanza, "Status", "hold ok installed"),
        2 | 3 => with_field(stanza, "Version", &mutated_version(version, chance)),
        4 => with_field(stanza, "Installed-Size", "77"),
        5 => with_field(stanza, "Status", &format!("install reinstreq {}", chance.one(&STATES).unwrap())),
        6 => with_field(stanza, "Status", &format!("deinstall ok {}", chance.one(&STATES).unwrap())),
        7 => {
            let depends = field(stanza, "Depends").unwrap_or("libc6");
            with_field(stanza, "Depends", &format!("{depends}, base-files (>= 1)"))
        }
        8 => with_field(stanza, "Multi-Arch", chance.one(&["same", "foreign", "allowed", "no", "odd"]).unwrap()),
        9 => with_field(stanza, "Architecture", chance.one(&["i386", "all", "amd64", "armhf"]).unwrap()),
        _ => {
            let foreign = with_field(stanza, "Architecture", "i386");
            format!("{stanza}\n\n{}", with_field(&foreign, "Version", &mutated_version(version, chance)))
        }
    })
}

fn mutated_list(stanzas: &[String], architecture: Option<&str>, chance: &mut Chance) -> String {
    let mut text = String::new();
    for stanza in stanzas {
        let mut stanza = stanza.clone();
        if let Some(architecture) = architecture {
            if chance.happens(60) {
                continue;
            }
            stanza = with_field(&stanza, "Architecture", architecture);
        }
        let version = field(&stanza, "Version").unwrap_or("1").to_owned();
        match chance.below(40) {
            0 => stanza = with_field(&stanza, "Version", &mutated_version(&version, chance)),
            1 => stanza = with_field(&stanza, "Size", "12345"),
            2 => stanza = with_field(&stanza, "Replaces", "nothing (<< 1)"),
            3 => continue,
            4 => {
                let other = with_field(&stanza, "Version", &mutated_version(&version, chance));
                stanza = format!("{stanza}\n\n{other}");
            }
            _ => {}
        }
        text.push_str(&stanza);
        text.push_str("\n\n");
    }
    text
}

fn release(archive: &Archive, chance: &mut Chance) -> String {
    let flags = match chance.below(10) {
        0 => "NotAutomatic: yes\n",
        1 => "NotAutomatic: yes\nButAutomaticUpgrades: yes\n",
        2 => "ButAutomaticUpgrades: yes\n",
        _ => "",
    };
    let Archive { label, suite, codename, .. } = archive;
    format!(
        "Origin: Debian\nLabel: {label}\nSuite: {suite}\nCodename: {codename}\nVersion: 12.15\n\
         Date: Sat, 11 Jul 2026 09:01:32 UTC\nArchitectures: all amd64 i386\nComponents: main\n{flags}"
    )
}

struct Archive {
    line: &'static str,
    prefix: &'static str,
    label: &'static str,
    suite: &'static str,
    codename: &'static str,
}

const ARCHIVES: [Archive; 2] = [
    Archive {
        line: "deb http://deb.example.org/debian bookworm main",
        prefix: "deb.example.org_debian_dists_bookworm_",
        label: "Debian",
        suite: "oldstable",
        codename: "bookworm",
    },
    Archive {
        line: "deb [trusted=yes] http://security.example.org/debian-security bookworm-security main",
        prefix: "security.example.org_debian-security_dists_bookworm-security_",
        label: "Debian-Security",
        suite: "oldstable-security",
        codename: "bookworm-security",
    },
];

fn pins(names: &[&str], chance: &mut Chance) -> String {
    const DATA: [&str; 16] = [
        "release a=oldstable",
        "release a=oldstable-security",
        "release n=bookworm*",
        "release l=Debian-Security",
        "release o=Debian, c=main",
        "release o=/^Deb/",
        "release a=now",
        "release v=12*",
        "release bookworm",
        "release *",
        "release b=i386",
        "origin security.example.org",
        "origin \"*.example.org\"",
        "version 1*",
        "version *deb12u*",
        "version /\\+b[0-9]+$/",
    ];
    const PRIORITIES: [&str; 13] =
        ["-10", "-1", "1", "99", "100", "101", "500", "501", "990", "999", "1000", "1001", "30000"];
    let mut text = String::new();
    for _ in 0..chance.below(4) {
        let name = chance.one(names).unwrap().to_string();
        let package = match chance.below(9) {
            0 | 1 => "*".to_owned(),
            2 => format!("{}*", &name[..2.min(name.len())]),
            3 => format!("/^{}/", &name[..1]),
            4 => format!("src:{name}"),
            5 => format!("{name}:any"),
            6 => "lib* python3*:i386".to_owned(),
            7 => format!("{name} {}", chance.one(names).unwrap()),
            _ => name,
        };
        let never = package == "*" && chance.happens(20);
        let priority = if never { "never" } else { chance.one(&PRIORITIES).unwrap() };
        let data = chance.one(&DATA).unwrap();
        text.push_str(&format!("Package: {package}\nPin: {data}\nPin-Priority: {priority}\n\n"));
    }
    text
}

fn mutate(root: &AptRoot, material: &Material, seed: u64) -> std::io::Result<()> {
    let mut chance = Chance::new(seed);
    let rate = [1, 5, 30][chance.below(3)];
    let mut status = String::new();
    for stanza in &material.status {
        // dpkg's own stanza tells both readers the architecture.
        let keep = field(stanza, "Package") == Some("dpkg") || !chance.happens(rate);
        let stanza = if keep { Some(stanza.clone()) } else { mutated_stanza(stanza, &mut chance) };
        if let Some(stanza) = stanza {
            status.push_str(&stanza);
            status.push_str("\n\n");
        }
    }
    root.write("var/lib/dpkg/status", status)?;
    let mut sources = String::new();
    for (archive, stanzas) in ARCHIVES.iter().zip(&material.archives) {
        let path = |name: &str| format!("var/lib/apt/lists/{}{name}", archive.prefix);
        root.write(&path("InRelease"), release(archive, &mut chance))?;
        root.write(&path("main_binary-amd64_Packages"), mutated_list(stanzas, None, &mut chance))?;
        root.write(&path("main_binary-i386_Packages"), mutated_list(stanzas, Some("i386"), &mut chance))?;
        if !chance.happens(5) {
            sources.push_str(&format!("{}\n", archive.line));
        }
    }
    root.write("etc/apt/sources.list", sources)?;
    let names: Vec<&str> = material.status.iter().filter_map(|stanza| field(stanza, "Package")).collect();
    root.write("etc/apt/preferences", pins(&names, &mut chance))?;
    root.write("etc/apt/preferences.d/10.pref", pins(&names, &mut chance))?;
    let default = ["", "", "", "", "oldstable", "bookworm-security", "a=oldstable-security", "now", "12*", "sid"];
    let release = chance.one(&default).unwrap();
    root.write("etc/apt/apt.conf.d/10default", format!("APT::Default-Release \"{release}\";\n"))
}

/// Mutates and compares with several threads; gives the number of lines compared.
fn compare_mutants(material: &Material, count: u64, make: impl Fn() -> AptRoot + Sync) -> (usize, usize) {
    let (next, lines, refusals) = (AtomicU64::new(0), Mutex::new(0_usize), Mutex::new(0_usize));
    let failures = Mutex::new(BTreeMap::new());
    let work = || {
        let root = make();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= count {
                return;
            }
            mutate(&root, material, seed).unwrap();
            let ours_found = survey(&Root::disk(root.path()), &Conditions::default());
            let found = match (root.upgradable().unwrap(), ours_found) {
                (Some(apts), Ok(survey)) => {
                    *lines.lock().unwrap() += apts.len();
                    differences(&ours(&survey), &apts)
                }
                (None, Err(updates::UpdatesError::NoAnswer(_))) => {
                    *refusals.lock().unwrap() += 1;
                    Vec::new()
                }
                (apts, ours) => vec![format!("apt {:?}, ours {:?}", apts.map(|all| all.len()), ours.map(|_| ()))],
            };
            if !found.is_empty() {
                let settings = ["etc/apt/preferences", "etc/apt/preferences.d/10.pref", "etc/apt/apt.conf.d/10default"];
                let mut found: Vec<String> = found.into_iter().take(10).collect();
                found.extend(settings.map(|path| std::fs::read_to_string(root.path().join(path)).unwrap()));
                failures.lock().unwrap().insert(seed, found);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(work);
        }
    });
    let failures = failures.into_inner().unwrap();
    let shown: Vec<_> = failures.iter().take(3).collect();
    assert!(failures.is_empty(), "{} of {count} differ, first: {shown:#?}", failures.len());
    (lines.into_inner().unwrap(), refusals.into_inner().unwrap())
}

#[test]
fn mutated_databases() {
    if !has_apt() {
        return;
    }
    let material = material(&Root::live());
    if material.archives[0].len() < 100 {
        eprintln!("SKIPPED mutated_databases: this machine has no lists; run apt-get update");
        return;
    }
    let (lines, refusals) = compare_mutants(&material, 320, || AptRoot::new().unwrap());
    eprintln!("320 mutated databases, {lines} lines, {refusals} refusals: all equal");
    assert!(lines > 1000);
}

// ---------------------------------------------------------------- leftovers

/// Ours must be leftovers for apt too; apt may know more.
#[test]
fn leftovers_are_leftovers_for_apt_too() {
    if !has_apt() {
        return;
    }
    let material = material(&Root::live());
    let root = AptRoot::new().unwrap();
    let (mut ours_count, mut apts_count) = (0, 0);
    for seed in 1..=6 {
        let mut chance = Chance::new(seed);
        let share = [95, 80, 50][chance.below(3)];
        let mut states = String::new();
        let mut list = String::new();
        for stanza in &material.status {
            let (name, version) = (field(stanza, "Package").unwrap(), field(stanza, "Version").unwrap_or("1"));
            if chance.happens(share) {
                states += &format!("Package: {name}\nArchitecture: amd64\nAuto-Installed: 1\n\n");
            }
            // Every package can be upgraded, so that each one is judged.
            list += &format!("{}\n\n", with_field(stanza, "Version", &format!("{version}+x")));
        }
        root.write("var/lib/dpkg/status", material.status.join("\n\n") + "\n").unwrap();
        root.write("var/lib/apt/extended_states", states).unwrap();
        root.write("etc/apt/sources.list", ARCHIVES[0].line).unwrap();
        root.write(&format!("var/lib/apt/lists/{}main_binary-amd64_Packages", ARCHIVES[0].prefix), list).unwrap();
        let survey = survey(&Root::disk(root.path()), &Conditions::default()).unwrap();
        let output = root.run("apt-get", &["--simulate", "autoremove"]).unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let removed = text.lines().filter_map(|line| line.strip_prefix("Remv ")?.split(' ').next());
        let removed: std::collections::BTreeSet<&str> = removed.collect();
        let ours = survey.updates.upgradable.iter().filter(|upgrade| survey.leftovers[upgrade.entry]);
        let ours: Vec<&str> = ours.map(|upgrade| upgrade.package.as_str()).collect();
        let extra: Vec<_> = ours.iter().filter(|name| !removed.contains(*name)).collect();
        assert!(extra.is_empty(), "seed {seed}: apt keeps {extra:?}");
        (ours_count, apts_count) = (ours_count + ours.len(), apts_count + removed.len());
    }
    eprintln!("leftovers: {ours_count} found of apt's {apts_count}, none that apt keeps");
    assert!(ours_count * 10 > apts_count * 9);
}

// ---------------------------------------------------------------- phased updates

/// An archive like Ubuntu's with sixty packages, some updates of which are phased.
fn phased_system(root: &AptRoot, machine_id: &str, seed: u64) -> std::io::Result<()> {
    let mut chance = Chance::new(seed);
    let mut status = "Package: dpkg\nArchitecture: amd64\nVersion: 1.22\nStatus: install ok installed\n\n".to_owned();
    let (mut updates, mut security) = (String::new(), String::new());
    for index in 0..60 {
        let head = format!("Package: p{index}\nArchitecture: amd64\n");
        let hold = if chance.happens(5) { "hold" } else { "install" };
        status += &format!("{head}Version: 1-1ubuntu1\nStatus: {hold} ok installed\n\n");
        let phased = match chance.below(4) {
            0 => String::new(),
            _ => format!("Phased-Update-Percentage: {}\n", chance.below(11) * 10),
        };
        let source =
            if chance.happens(50) { format!("Source: s{index} (1-1ubuntu1.{index})\n") } else { String::new() };
        updates += &format!("{head}Version: 1-1ubuntu1.2\n{source}{phased}Filename: p{index}.deb\nSize: 5\n\n");
        if chance.happens(20) {
            security += &format!("{head}Version: 1-1ubuntu1.1\nFilename: q{index}.deb\nSize: 5\n\n");
        }
    }
    root.write("var/lib/dpkg/status", status)?;
    let mut sources = String::new();
    for (suite, list) in [("noble", ""), ("noble-updates", &updates), ("noble-security", &security)] {
        let prefix = format!("var/lib/apt/lists/archive.example.org_ubuntu_dists_{suite}");
        let text = format!("Origin: Ubuntu\nLabel: Ubuntu\nSuite: {suite}\nCodename: noble\nVersion: 24.04\n");
        root.write(&format!("{prefix}_InRelease"), text)?;
        root.write(&format!("{prefix}_main_binary-amd64_Packages"), list)?;
        sources += &format!("deb [arch=amd64] http://archive.example.org/ubuntu {suite} main\n");
    }
    root.write("etc/apt/sources.list", sources)?;
    root.write("etc/apt/apt.conf.d/10id", format!("APT::Machine-ID \"{machine_id}\";\n"))
}

fn check_phasing(make: impl Fn() -> AptRoot) -> usize {
    let mut kept = 0;
    for (seed, machine_id) in
        [(1, "e50211670eae679f02e8d28a79023c39"), (2, "7301ef56e64dc3cd6089065c3146e80a"), (3, "0")]
    {
        let root = make();
        phased_system(&root, machine_id, seed).unwrap();
        let survey = survey(&Root::disk(root.path()), &Conditions::default()).unwrap();
        assert_eq!(differences(&ours(&survey), &root.upgradable().unwrap().unwrap()), [""; 0]);
        let now = survey.updates.upgradable.iter().filter(|upgrade| {
            let is_kept = upgrade.phased.is_some_and(|phased| phased.kept_back);
            kept += usize::from(is_kept);
            !is_kept && !upgrade.held
        });
        let mut now: Vec<String> = now.map(|upgrade| upgrade.package.clone()).collect();
        now.sort();
        for command in ["upgrade", "dist-upgrade"] {
            assert_eq!(now, root.simulated(command).unwrap(), "{command}, seed {seed}");
        }
    }
    kept
}

#[test]
fn phased_updates_are_kept_back_as_apt_keeps_them() {
    if has_apt() {
        let kept = check_phasing(|| AptRoot::new().unwrap());
        eprintln!("180 packages, {kept} kept back by phasing: equal to upgrade and dist-upgrade");
        assert!(kept > 10);
    }
}

// ---------------------------------------------------------------- Debian 13

#[test]
fn debian_13() {
    #[expect(clippy::disallowed_methods, reason = "a test asks where the other system is")]
    let Some(chroot) = std::env::var_os("SEAWORTHY_TRIXIE_ROOT").map(PathBuf::from) else {
        eprintln!("SKIPPED debian_13: SEAWORTHY_TRIXIE_ROOT names no Debian 13 system");
        return;
    };
    let material = material(&Root::disk(&chroot));
    let (lines, refusals) = compare_mutants(&material, 150, || AptRoot::inside(&chroot).unwrap());
    let kept = check_phasing(|| AptRoot::inside(&chroot).unwrap());
    eprintln!("Debian 13: 150 mutated databases, {lines} lines, {refusals} refusals, {kept} kept back: all equal");
}
