//! Whatever lies on a disk, an inspection of it neither passes nor breaks.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::kit::{Holder, updated_root};
use seaworthy_testkit::apt::Chance;
use seaworthy_testkit::{Sysroot, skip};

/// Paths that probes look at.
const PATHS: &[&str] = &[
    "/etc/os-release",
    "/var/lib/dpkg/status",
    "/var/lib/dpkg/arch",
    "/var/lib/dpkg/updates/0001",
    "/var/lib/dpkg/status.d/one",
    "/var/lib/apt/extended_states",
    "/var/lib/apt/lists/deb.example.org_debian_dists_bookworm_InRelease",
    "/var/lib/apt/lists/deb.example.org_debian_dists_bookworm_main_binary-amd64_Packages",
    "/var/lib/apt/lists/deb.example.org_debian_dists_bookworm_main_binary-amd64_Packages.lz4",
    "/var/lib/apt/lists/deb.example.org_debian_dists_bookworm_main_binary-amd64_Packages.xz",
    "/etc/apt/sources.list",
    "/etc/apt/sources.list.d/debian.sources",
    "/etc/apt/preferences.d/pins",
    "/etc/apt/apt.conf.d/50own",
    "/etc/apt/trusted.gpg.d/own.gpg",
    "/usr/share/distro-info/debian.csv",
    "/usr/sbin/sshd",
    "/etc/ssh/sshd_config",
    "/etc/ufw/ufw.conf",
    "/etc/selinux/config",
    "/boot/vmlinuz-6.1.0-18-amd64",
    "/etc/machine-id",
    "/usr/share/wayland-sessions/gnome.desktop",
    "/usr/bin/clamscan",
    "/var/lib/clamav/daily.cvd",
];

/// Beginnings that reach further into a reader than noise does.
const BEGINNINGS: &[&str] = &[
    "",
    "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n",
    "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2\n\n",
    "deb http://deb.example.org/debian bookworm main\n",
    "Types: deb\nURIs: http://deb.example.org/debian\nSuites: bookworm\nComponents: main\n",
    "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nOrigin: Debian\nCodename: bookworm\n",
    "Dir::State::lists \"../../../../etc\";\nDir::Etc \"/dev/zero\";\n",
    "Package: *\nPin: release o=Debian\nPin-Priority: 99999999999999999999\n",
    "\u{4}\"M\u{18}",
    "\u{fd}7zXZ\0",
    "ClamAV-VDB:",
];

fn garbage(chance: &mut Chance) -> Vec<u8> {
    let mut content = chance.one(BEGINNINGS).unwrap().as_bytes().to_vec();
    let length = chance.below(400);
    content.extend((0..length).map(|_| u8::try_from(chance.below(256)).unwrap()));
    content
}

/// A file, a folder in its place, a pipe, a link out of the disk or to itself, or nothing.
fn plant(root: &Sysroot, path: &str, chance: &mut Chance) {
    let at = root.at(path);
    fs::create_dir_all(at.parent().unwrap()).ok();
    match chance.below(10) {
        0 => _ = fs::create_dir_all(at),
        1 => _ = Command::new("mkfifo").arg(at).status(),
        2 => _ = symlink(path, at),
        3 => _ = symlink("../../../../../../../../etc/passwd", at),
        4 => {}
        5 => _ = fs::File::create(at).and_then(|file| file.set_len(1 << 40)),
        _ => _ = fs::write(at, garbage(chance)),
    }
}

#[test]
fn no_tree_of_garbage_passes_or_breaks_the_inspection() {
    let holder = Holder::new();
    for seed in 0..60 {
        let mut chance = Chance::new(seed);
        let root = Sysroot::new();
        for path in PATHS {
            plant(&root, path, &mut chance);
        }
        let policy = chance.one(&["baseline", "six-month", "cyber-essentials", "essential-eight"]).unwrap();
        let said =
            holder.run(&["inspect", "--root", root.path().to_str().unwrap(), "--policy", policy, "--format", "json"]);
        assert!(matches!(said.code, 1..=3), "seed {seed}: {said}");
        assert!(said.code == 2 || said.json()["verdict"] != "pass", "seed {seed}");
    }
}

/// A disk that would pass, and one thing on it is not what it was, nor what an earlier inspection remembers of it.
#[test]
fn no_damage_to_what_a_pass_rests_on_leaves_a_pass() {
    let Some(whole) = updated_root() else { return };
    let holder = Holder::new();
    let inspect = |what: &str| {
        let said = holder.run(&["inspect", "--root", whole.path().to_str().unwrap(), "--policy", "six-month"]);
        assert!(!matches!(said.code, 0 | 2 | 70) || what == "nothing", "{what}: {said}");
        said.code
    };
    if inspect("nothing") != 0 {
        return skip(
            "damage to a disk that passes",
            "this machine's release or sources keep its updated disk from passing",
        );
    }
    let lists: Vec<_> =
        fs::read_dir(whole.at("/var/lib/apt/lists")).unwrap().flatten().map(|entry| entry.path()).collect();
    let kept = |path: &std::path::Path| {
        let name = path.to_string_lossy();
        name.ends_with("InRelease") || name.contains("_Packages")
    };
    for path in lists.iter().filter(|path| kept(path)) {
        let content = fs::read(path).unwrap();
        let mut changed = content.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        fs::write(path, changed).unwrap();
        inspect(&format!("{} with one bit changed", path.display()));
        fs::write(path, &content[..middle]).unwrap();
        inspect(&format!("{} cut", path.display()));
        fs::remove_file(path).unwrap();
        inspect(&format!("{} removed", path.display()));
        fs::write(path, content).unwrap();
    }
    for path in ["/var/lib/dpkg/status", "/etc/os-release", "/etc/apt/sources.list.d", "/etc/apt/sources.list"] {
        let (at, away) = (whole.at(path), whole.at("/away"));
        if fs::rename(&at, &away).is_ok() {
            // A machine may have its sources in one of the two places only.
            let is_idle = fs::read_dir(&away).is_ok_and(|mut folder| folder.next().is_none());
            if !is_idle && fs::metadata(&away).is_ok_and(|away| away.len() > 0) {
                inspect(&format!("{path} removed"));
            }
            fs::rename(away, at).unwrap();
        }
    }
    assert_eq!(inspect("nothing"), 0, "mended again it passes");
}
