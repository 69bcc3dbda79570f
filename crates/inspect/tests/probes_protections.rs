//! Secure boot, mandatory access control, antivirus, automatic updates and screen lock on made systems.

#![expect(clippy::unwrap_used, reason = "a test whose made system cannot be made has failed")]

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use seaworthy_inspect::probes::{
    Look, UserContext, antivirus, automatic_updates, mandatory_access_control, screen_lock, secure_boot,
};
use seaworthy_inspect::{Fault, Root};
use seaworthy_model::{Claim, DAY, Timestamp};
use seaworthy_testkit::Sysroot;

const NOW: i64 = 1_800_000_000;

fn look(root: Root) -> Look {
    let user = UserContext { home: PathBuf::from("/home/ada"), uid: 1000, is_root: false, desktop: None };
    Look::new(root, Timestamp::from_seconds(NOW), user)
}

fn live(system: &Sysroot) -> Look {
    look(Root::staged(system.path()))
}

fn show<T>(claim: &Claim<T>, value: impl Fn(&T) -> String) -> String {
    match claim {
        Claim::Known { value: known, .. } => value(known),
        Claim::NotApplicable { reason, .. } => format!("n/a {reason}"),
        Claim::Unknown { reason, .. } => format!("? {reason}"),
    }
}

const EFI: &str = "/sys/firmware/efi/efivars";
const VENDOR: &str = "8be4df61-93ca-11d2-aa0d-00e098032b8c";

fn firmware(secure_boot: &[u8], setup_mode: &[u8], mok: Option<&[u8]>) -> Sysroot {
    let system = Sysroot::new().file(&format!("{EFI}/SecureBoot-{VENDOR}"), secure_boot);
    let system = system.file(&format!("{EFI}/SetupMode-{VENDOR}"), setup_mode);
    match mok {
        Some(mok) => system.file(&format!("{EFI}/MokSBStateRT-605dab50-e046-4300-abb6-3dd810dd8b23"), mok),
        None => system,
    }
}

fn boot_of(system: &Sysroot) -> String {
    show(&secure_boot::probe(&live(system)), |found| found.enabled.to_string())
}

#[test]
fn secure_boot_needs_all_three_variables_to_agree() {
    let (off, on) = (&[6, 0, 0, 0, 0][..], &[6, 0, 0, 0, 1][..]);
    assert_eq!(boot_of(&firmware(on, off, None)), "true");
    assert_eq!(boot_of(&firmware(on, off, Some(off))), "true");
    assert_eq!(boot_of(&firmware(on, off, Some(on))), "false");
    assert_eq!(boot_of(&firmware(on, on, None)), "false");
    assert_eq!(boot_of(&firmware(off, off, None)), "false");
    assert_eq!(boot_of(&firmware(&[1], off, None)), "? garbled");
    assert_eq!(boot_of(&firmware(&[6, 0, 0, 0, 7], off, None)), "? garbled");
    assert_eq!(boot_of(&firmware(&[6, 0, 0, 0, 1, 1], off, None)), "? too-large");
    let hidden = firmware(on, off, Some(on));
    let root = Root::staged(hidden.path())
        .failing("/sys/firmware/efi/efivars/MokSBStateRT-605dab50-e046-4300-abb6-3dd810dd8b23", Fault::NoRight);
    assert_eq!(show(&secure_boot::probe(&look(root)), |found| found.enabled.to_string()), "? no-right");
}

#[test]
fn no_uefi_no_variables_and_hidden_firmware_are_three_things() {
    assert_eq!(boot_of(&Sysroot::new().folder("/sys/firmware/acpi")), "n/a no-uefi");
    assert_eq!(boot_of(&Sysroot::new().folder("/sys/firmware/efi/runtime")), "? missing");
    assert_eq!(boot_of(&Sysroot::new().folder(EFI)), "? missing");
    assert_eq!(boot_of(&Sysroot::new().folder("/sys/firmware")), "? missing");
    assert_eq!(
        boot_of(
            &Sysroot::new()
                .folder("/sys/firmware")
                .file("/.dockerenv", "")
                .link("/proc/self/ns/pid", "pid:[4026532999]")
        ),
        "n/a container"
    );
}

fn access(lsm: &str) -> Sysroot {
    Sysroot::new().file("/sys/kernel/security/lsm", lsm).file("/sys/module/apparmor/parameters/enabled", "Y\n")
}

fn access_of(look: &Look) -> String {
    show(&mandatory_access_control::probe(look), |found| format!("{} {}", found.enforcing, found.kind))
}

#[test]
fn loaded_is_not_enforcing() {
    let profiles = "/sys/kernel/security/apparmor/profiles";
    let apparmor = || access("lockdown,capability,landlock,yama,apparmor,bpf");
    assert_eq!(access_of(&live(&apparmor().file(profiles, "/usr/bin/man (enforce)\nx (complain)\n"))), "true apparmor");
    assert_eq!(access_of(&live(&apparmor().file(profiles, "/usr/bin/man (complain)\n"))), "false apparmor");
    assert_eq!(access_of(&live(&apparmor().file(profiles, ""))), "false apparmor");
    let system = apparmor().file(profiles, "x (enforce)\n");
    assert_eq!(access_of(&look(Root::staged(system.path()).failing(profiles, Fault::NoRight))), "? no-right");
    let off = apparmor().file("/sys/module/apparmor/parameters/enabled", "N\n");
    assert_eq!(access_of(&live(&off)), "false none");
    let selinux = || access("capability,selinux");
    assert_eq!(access_of(&live(&selinux())), "? missing");
    assert_eq!(access_of(&live(&selinux().file("/sys/fs/selinux/enforce", "1"))), "true selinux");
    assert_eq!(access_of(&live(&selinux().file("/sys/fs/selinux/enforce", "0"))), "false selinux");
    let configured = selinux().file("/sys/fs/selinux/enforce", "0").file("/etc/selinux/config", "SELINUX=enforcing\n");
    assert_eq!(access_of(&live(&configured)), "false selinux");
    assert_eq!(access_of(&live(&access("capability,yama"))), "false none");
    assert_eq!(access_of(&live(&Sysroot::new().folder("/sys/kernel/security"))), "? missing");
}

fn clamav(seconds: i64) -> String {
    format!("{:<512}rest", format!("ClamAV-VDB:22 Nov 2026 09-32 +0000:27800:2077000:90:abc:def:raynman:{seconds}"))
}

#[test]
fn signatures_are_dated_by_their_header() {
    let of = |system: &Sysroot| {
        show(&antivirus::probe(&live(system)), |found| (NOW - found.signatures_at.seconds()).to_string())
    };
    let installed = || Sysroot::new().file("/usr/bin/clamscan", "");
    assert_eq!(of(&Sysroot::new().folder("/usr/bin")), "n/a no-antivirus");
    assert_eq!(of(&Sysroot::new()), "? missing");
    assert_eq!(of(&installed()), "? missing");
    let both = installed()
        .file("/var/lib/clamav/main.cvd", clamav(NOW - 900))
        .file("/var/lib/clamav/daily.cld", clamav(NOW - 5));
    assert_eq!(of(&both), "5");
    assert_eq!(of(&installed().file("/var/lib/clamav/daily.cvd", clamav(NOW + 86_400))), "? clock-wrong");
    assert_eq!(of(&installed().file("/var/lib/clamav/daily.cvd", "ClamAV-VDB:x")), "? garbled");
}

const PERIODIC: &str = "APT::Periodic::Update-Package-Lists \"1\";\nAPT::Periodic::Unattended-Upgrade \"1\";\n";
const ORIGINS: &str = "Unattended-Upgrade::Origins-Pattern {\n  \"origin=Debian,codename=${distro_codename}-security,label=Debian-Security\";\n};\n";
const SECURITY: &str = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nOrigin: Debian\nLabel: Debian-Security\nSuite: oldstable-security\nCodename: bookworm-security\n";
const STAMP: &str = "/var/lib/apt/periodic/unattended-upgrades-stamp";

fn stamped(system: Sysroot, age: i64) -> Sysroot {
    let system = system.file(STAMP, "");
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs((NOW - age).unsigned_abs());
    std::fs::File::options().write(true).open(system.at(STAMP)).unwrap().set_modified(time).unwrap();
    system
}

fn updating() -> Sysroot {
    let wants = "/etc/systemd/system/timers.target.wants";
    let system = Sysroot::new()
        .file("/etc/os-release", "ID=debian\nVERSION_ID=12\nVERSION_CODENAME=bookworm\n")
        .file("/var/lib/dpkg/status", "")
        .file("/usr/bin/unattended-upgrade", "")
        .file("/etc/apt/apt.conf.d/20auto-upgrades", PERIODIC)
        .file("/etc/apt/apt.conf.d/50unattended-upgrades", ORIGINS)
        .file("/var/lib/apt/lists/security.debian.org_debian-security_dists_bookworm-security_InRelease", SECURITY)
        .folder("/run/systemd/system")
        .link(&format!("{wants}/apt-daily.timer"), "/usr/lib/systemd/system/apt-daily.timer")
        .link(&format!("{wants}/apt-daily-upgrade.timer"), "/usr/lib/systemd/system/apt-daily-upgrade.timer");
    stamped(system, DAY)
}

fn gaps(system: &Sysroot) -> String {
    show(&automatic_updates::probe(&live(system)), |found| {
        assert_eq!(found.enabled, found.gaps.is_empty());
        found.gaps.iter().map(|gap| gap.name()).collect::<Vec<_>>().join(" ")
    })
}

#[test]
fn automatic_updates_need_every_part() {
    assert_eq!(gaps(&updating()), "");
    let last = "/etc/apt/apt.conf.d/99-local";
    assert_eq!(gaps(&updating().file(last, "APT::Periodic::Enable \"0\";\n")), "upgrade-off lists-off");
    assert_eq!(gaps(&updating().file(last, "APT::Periodic::Unattended-Upgrade \"0\";\n")), "upgrade-off");
    assert_eq!(gaps(&updating().file(last, "APT::Periodic::Update-Package-Lists \"always\";\n")), "");
    assert_eq!(gaps(&updating().file("/etc/apt/apt.conf.d/99.dpkg-old", "APT::Periodic::Enable \"0\";\n")), "");
    assert_eq!(gaps(&updating().link("/etc/systemd/system/apt-daily-upgrade.timer", "/dev/null")), "timer-off");
    assert_eq!(gaps(&updating().link("/etc/systemd/system/apt-daily.service", "/dev/null")), "timer-off");
    assert_eq!(gaps(&stamped(updating(), 8 * DAY)), "not-run");
    assert_eq!(gaps(&stamped(updating(), -3 * DAY)), "not-run");
    let without = |path: &str| {
        let system = updating();
        std::fs::remove_file(system.at(path)).unwrap();
        gaps(&system)
    };
    assert_eq!(without("/usr/bin/unattended-upgrade"), "not-installed");
    assert_eq!(without("/etc/systemd/system/timers.target.wants/apt-daily.timer"), "timer-off");
    assert_eq!(without("/etc/apt/apt.conf.d/50unattended-upgrades"), "security-not-allowed");
    assert_eq!(without(STAMP), "not-run");
}

#[test]
fn origins_must_cover_the_security_archive() {
    let with = |origins: &str| {
        let text = format!("Unattended-Upgrade::Origins-Pattern {{ \"{origins}\"; }};\n");
        gaps(&updating().file("/etc/apt/apt.conf.d/50unattended-upgrades", text))
    };
    assert_eq!(with("origin=Debian,codename=${distro_codename},label=Debian"), "security-not-allowed");
    // The suite's name moved on with the next release.
    assert_eq!(with("origin=Debian,archive=stable-security"), "security-not-allowed");
    assert_eq!(with("origin=Debian,archive=oldstable-security"), "");
    assert_eq!(with("origin=*"), "");
    let allowed = "Unattended-Upgrade::Allowed-Origins { \"${distro_id}:oldstable-security\"; };\n";
    assert_eq!(gaps(&updating().file("/etc/apt/apt.conf.d/50unattended-upgrades", allowed)), "");
    let ubuntu = updating().file("/etc/os-release", "ID=ubuntu\nVERSION_ID=24.04\nVERSION_CODENAME=noble\n").file(
        "/etc/apt/apt.conf.d/50unattended-upgrades",
        "Unattended-Upgrade::Allowed-Origins { \"${distro_id}:${distro_codename}-security\"; };\n",
    );
    std::fs::remove_dir_all(ubuntu.at("/var/lib/apt/lists")).unwrap();
    assert_eq!(gaps(&ubuntu), "");
}

#[test]
fn settings_alone_are_no_proof_and_other_systems_are_not_judged() {
    let image = updating();
    std::fs::remove_dir_all(image.at("/run/systemd")).unwrap();
    std::fs::remove_file(image.at(STAMP)).unwrap();
    assert_eq!(gaps(&image), "timer-off not-run");
    assert_eq!(gaps(&updating().file("/etc/os-release", "ID=fedora\n")), "? not-supported");
    assert_eq!(gaps(&updating().file("/etc/apt/apt.conf.d/99-broken", "APT { \"")), "? garbled");
}

fn lock_of(look: &Look) -> String {
    show(&screen_lock::probe(look), |found| format!("{} {}", found.enabled, found.delay_seconds))
}

/// A GNOME desktop with this machine's own schemas, where it has them.
fn desktop() -> Option<Sysroot> {
    let path = "/usr/share/glib-2.0/schemas/gschemas.compiled";
    let Ok(schemas) = std::fs::read(path) else {
        seaworthy_testkit::skip(
            "screen lock on GNOME",
            "no compiled schemas here: apt-get install gsettings-desktop-schemas",
        );
        return None;
    };
    Some(Sysroot::new().file(path, schemas).file("/usr/share/wayland-sessions/gnome.desktop", ""))
}

type Keys<'a> = &'a [(&'a str, zvariant::Value<'a>)];

fn database(keys: Keys<'_>, locks: &[&str]) -> Vec<u8> {
    let mut table = gvdb::write::HashTableBuilder::new();
    for (key, value) in keys {
        table.insert_value(key, value.try_clone().unwrap()).unwrap();
    }
    if !locks.is_empty() {
        let mut locked = gvdb::write::HashTableBuilder::new();
        for lock in locks {
            locked.insert_value(lock, zvariant::Value::new(true)).unwrap();
        }
        table.insert_table(".locks", locked).unwrap();
    }
    gvdb::write::FileWriter::new().write_to_vec_with_table(table).unwrap()
}

const LOCK: &str = "/org/gnome/desktop/screensaver/lock-enabled";
const DELAY: &str = "/org/gnome/desktop/screensaver/lock-delay";
const IDLE: &str = "/org/gnome/desktop/session/idle-delay";
const FORBID: &str = "/org/gnome/desktop/lockdown/disable-lock-screen";
const USER: &str = "/home/ada/.config/dconf/user";

#[test]
fn the_users_settings_stand_over_the_defaults_of_the_schemas() {
    let Some(system) = desktop() else { return };
    assert_eq!(lock_of(&live(&system)), "true 300");
    let with = |keys: Keys<'_>| {
        system.write(USER, database(keys, &[]));
        lock_of(&live(&system))
    };
    assert_eq!(with(&[(IDLE, 0_u32.into())]), "false 0");
    assert_eq!(with(&[(LOCK, false.into())]), "false 300");
    assert_eq!(with(&[(IDLE, 600_u32.into()), (DELAY, 30_u32.into())]), "true 630");
    assert_eq!(with(&[(FORBID, true.into())]), "false 300");
    system.write(USER, "garbage");
    assert_eq!(lock_of(&live(&system)), "? garbled");
    let hidden = Root::staged(system.path()).failing("/home", Fault::NoRight);
    assert_eq!(lock_of(&look(hidden)), "? no-right");
}

#[test]
fn locked_settings_of_an_organisation_stand_over_the_users() {
    let Some(system) = desktop() else { return };
    let system = system
        .file("/etc/dconf/profile/user", "user-db:user\nsystem-db:local\n")
        .file(USER, database(&[(IDLE, 0_u32.into())], &[]))
        .file("/etc/dconf/db/local", database(&[(IDLE, 120_u32.into())], &[]));
    assert_eq!(lock_of(&live(&system)), "false 0");
    system.write("/etc/dconf/db/local", database(&[(IDLE, 120_u32.into())], &[IDLE]));
    assert_eq!(lock_of(&live(&system)), "true 120");
    system.write("/etc/dconf/profile/user", "user-db:user\nservice-db:keyfile/user\n");
    assert_eq!(lock_of(&live(&system)), "? not-supported");
}

#[test]
fn other_desktops_and_other_users_are_unknown_and_none_does_not_apply() {
    assert_eq!(lock_of(&live(&Sysroot::new().folder("/usr/share"))), "n/a no-desktop");
    assert_eq!(lock_of(&live(&Sysroot::new())), "? missing");
    let sway = Sysroot::new().file("/usr/share/wayland-sessions/sway.desktop", "");
    assert_eq!(lock_of(&live(&sway)), "? not-supported");
    let Some(system) = desktop() else { return };
    let mut root = live(&system);
    root.user.uid = 0;
    assert_eq!(lock_of(&root), "? not-supported");
    let both = system.file("/usr/share/xsessions/plasma.desktop", "");
    assert_eq!(lock_of(&live(&both)), "? not-supported");
    let mut running = live(&both);
    running.user.desktop = Some("ubuntu:GNOME".into());
    assert_eq!(lock_of(&running), "true 300");
    running.user.desktop = Some("KDE".into());
    assert_eq!(lock_of(&running), "? not-supported");
}
