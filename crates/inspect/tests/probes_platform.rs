//! Distribution, kernel, restart and replaced libraries on made systems.

use std::path::PathBuf;

use seaworthy_inspect::probes::{Look, UserContext, distribution, kernel, restart, stale_libraries};
use seaworthy_inspect::{Fault, Root};
use seaworthy_model::{Claim, Reason, Timestamp};
use seaworthy_testkit::Sysroot;

fn look(root: Root) -> Look {
    let user = UserContext { home: PathBuf::from("/root"), uid: 0, is_root: true, desktop: None };
    Look::new(root, Timestamp::from_seconds(1_800_000_000), user)
}

fn live(system: &Sysroot) -> Look {
    look(Root::staged(system.path()))
}

const BOOKWORM: &str = "PRETTY_NAME=\"Debian\"\nID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n";

#[test]
fn support_ends_after_its_last_day() {
    let system = Sysroot::new().file("/etc/os-release", BOOKWORM);
    let claim = distribution::probe(&live(&system));
    let found = claim.seen().unwrap();
    assert_eq!(found.lts_end.unwrap().to_string(), "2028-07-01T00:00:00Z");
    assert_eq!((found.id.as_str(), found.version.as_str(), found.codename.as_str()), ("debian", "12", "bookworm"));
    assert!(matches!(claim, Claim::Known { .. }));
}

#[test]
fn the_running_device_may_know_better_but_a_mounted_disk_never() {
    let ours = seaworthy_packages::distro_info::DEBIAN.trim_end().replace("2028-06-30", "2029-06-30");
    let newer = format!("{ours}\n99,Later,later,2030-01-01,2031-01-01,2034-01-01,2036-01-01\n");
    let system = Sysroot::new().file("/etc/os-release", BOOKWORM).file("/usr/share/distro-info/debian.csv", newer);
    let lts = |look: &Look| distribution::probe(look).seen().unwrap().lts_end.unwrap().date();
    assert_eq!(lts(&live(&system)), "2029-07-01");
    assert_eq!(lts(&look(Root::disk(system.path()))), "2028-07-01");
    let short = "version,codename,series,created,release,eol\n12,B,bookworm,,,2099-01-01\n";
    system.write("/usr/share/distro-info/debian.csv", short);
    assert_eq!(lts(&live(&system)), "2028-07-01");
}

#[test]
fn releases_without_an_end_are_unlisted() {
    for text in ["ID=debian\nVERSION_CODENAME=sid\n", "ID=linuxmint\nVERSION_ID=22\n", "ID=debian\nVERSION_ID=99\n"] {
        let claim = distribution::probe(&live(&Sysroot::new().file("/etc/os-release", text)));
        assert_eq!(claim.reason(), Some(Reason::ReleaseUnlisted), "{text}");
        assert!(matches!(claim, Claim::Unknown { .. }));
    }
}

/// Packages whose version starts with `-` were removed.
fn kernel_system(release: &str, build: &str, packages: &[(&str, &str)]) -> Sysroot {
    let stanza = |(name, version): &(&str, &str)| {
        let state = if version.starts_with('-') { "deinstall ok config-files" } else { "install ok installed" };
        let version = version.trim_start_matches('-');
        format!("Package: {name}\nStatus: {state}\nArchitecture: amd64\nVersion: {version}\n\n")
    };
    let status: String = [("base-files", "12")].iter().chain(packages).map(stanza).collect();
    Sysroot::new()
        .file("/proc/sys/kernel/osrelease", format!("{release}\n"))
        .file("/proc/sys/kernel/version", format!("{build}\n"))
        .file("/var/lib/dpkg/status", status)
}

/// `running newest current`, or the reason.
fn kernel_of(system: &Sysroot) -> String {
    match kernel::probe(&live(system)) {
        Claim::Known { value, .. } => format!("{} {} {}", value.running, value.newest, value.current),
        Claim::NotApplicable { reason, .. } => format!("n/a {reason}"),
        Claim::Unknown { reason, .. } => format!("? {reason}"),
    }
}

#[test]
fn kernels_are_compared_by_package_version() {
    let check = |release, build, packages: &[(&str, &str)], expected| {
        assert_eq!(kernel_of(&kernel_system(release, build, packages)), expected, "{release}");
    };
    // PatchMon: `.100` taken for older than `.96`.
    let both = [("linux-image-6.8.0-100-generic", "6.8.0-100.100"), ("linux-image-6.8.0-96-generic", "6.8.0-96.96")];
    check("6.8.0-100-generic", "#100-Ubuntu SMP x", &both, "6.8.0-100.100 6.8.0-100.100 true");
    check("6.8.0-96-generic", "#96-Ubuntu SMP x", &both, "6.8.0-96.96 6.8.0-100.100 false");
    // One name, rebuilt: the file is the new one, the running build the old.
    let debian = "#1 SMP PREEMPT_DYNAMIC Debian 6.1.140-1 (2025-05-22)";
    let rebuilt = [("linux-image-6.1.0-37-amd64", "6.1.140-2")];
    check("6.1.0-37-amd64", debian, &rebuilt, "6.1.140-1 6.1.140-2 false");
    // Other flavours, symbols, metapackages and removed packages are no newer kernel.
    let others = [
        ("linux-image-6.1.0-37-amd64", "6.1.140-1"),
        ("linux-image-6.1.0-38-rt-amd64", "6.1.147-1"),
        ("linux-image-6.1.0-39-amd64-dbg", "6.1.148-1"),
        ("linux-image-amd64", "6.1.153-1"),
        ("linux-image-6.1.0-40-amd64", "-6.1.153-1"),
    ];
    check("6.1.0-37-amd64", debian, &others, "6.1.140-1 6.1.140-1 true");
    // The running kernel's package is gone, a newer one is there.
    let newer = [("linux-image-6.1.0-39-amd64", "6.1.148-1")];
    check("6.1.0-37-amd64", debian, &newer, "6.1.140-1 6.1.148-1 false");
    // A kernel that says nothing of its package.
    check("6.12.0-custom", "#1 SMP Mon", &newer, "? not-supported");
    check("6.18.44-fc", "#1 SMP PREEMPT_DYNAMIC @0", &[], "n/a no-kernel");
    check("garbage", "garbage", &[], "? garbled");
}

#[test]
fn guests_without_a_kernel_and_kernels_without_a_package() {
    // LXC guests with a kernel package run their host's kernel (PatchMon #799).
    let guest = kernel_system("6.8.12-4-pve", "#1 SMP x", &[("linux-image-6.1.0-39-amd64", "6.1.148-1")]);
    assert_eq!(
        kernel_of(&guest.file("/run/systemd/container", "lxc").link("/proc/self/ns/pid", "pid:[4026532999]")),
        "n/a container"
    );
    let own = || kernel_system("6.9.1", "#1 x", &[]);
    assert_eq!(kernel_of(&own().file("/boot/vmlinuz-6.9.1", "")), "? not-supported");
    assert_eq!(kernel_of(&own().folder("/usr/lib/modules/6.9.1")), "? not-supported");
    assert_eq!(kernel_of(&own().file("/var/lib/dpkg/updates/0001", "")), "? packages-busy");
    assert_eq!(kernel::probe(&look(Root::disk(own().path()))).reason(), Some(Reason::NotRunning));
}

#[test]
fn the_mark_of_a_restart_means_something_only_where_it_would_be_made() {
    let plain = Sysroot::new().folder("/run").folder("/etc");
    assert!(matches!(restart::probe(&live(&plain)), Claim::NotApplicable { .. }));
    let writer = plain.file("/etc/kernel/postinst.d/unattended-upgrades", "");
    assert!(matches!(restart::probe(&live(&writer)), Claim::Known { value, .. } if !value.required));
    let asked = writer.file("/run/reboot-required", "*** System restart required ***\n");
    let claim = restart::probe(&live(&asked));
    assert!(matches!(claim, Claim::Known { value, .. } if value.required && value.since.is_some()));
    assert_eq!(restart::probe(&live(&Sysroot::new())).reason(), Some(Reason::Missing));
}

fn processes(maps: &[&str]) -> Sysroot {
    let mut system = Sysroot::new().link("/proc/self/ns/mnt", "mnt:[1]").folder("/proc/sys");
    for (index, maps) in maps.iter().enumerate() {
        let id = index + 1;
        let flags = if maps.is_empty() { 0x0020_8040 } else { 0x0040_0100 };
        let stat = format!("{id} (a) b) S 0 0 0 0 -1 {flags} 0 0\n");
        let namespace = if maps.contains("/other/") { "mnt:[2]" } else { "mnt:[1]" };
        system = system.file(&format!("/proc/{id}/maps"), maps).file(&format!("/proc/{id}/stat"), stat);
        system = system.link(&format!("/proc/{id}/ns/mnt"), namespace);
    }
    system
}

const STALE: &str = "7f00-7f01 r-xp 00000000 08:01 42      /usr/lib/x86_64-linux-gnu/libssl.so.3 (deleted)\n";
const FINE: &str = "7f00-7f01 r-xp 00000000 08:01 42 /usr/lib/libc.so.6\n";

#[test]
fn only_replaced_code_of_packages_is_stale() {
    let fine = [
        FINE,
        "7f00-7f01 r--p 00000000 08:01 42 /usr/lib/libssl.so.3 (deleted)\n",
        "7f00-7f01 r-xp 00000000 00:01 42 /memfd:doublemapper (deleted)\n",
        "7f00-7f01 rwxs 0 00:01 42 /dev/shm/x (deleted)\n7f02-7f03 rwxs 0 00:01 42 /SYSV00000000 (deleted)\n",
        "7f00-7f01 r-xp 0 08:01 42 /tmp/jit (deleted)\n7f02-7f03 r-xp 0 08:01 42 /usr/local/bin/x (deleted)\n",
        "7f00-7f01 r-xp 0 08:01 42 /usr/lib/libssl.so.3 (deleted)\n7f00-7f01 r-xp 0 08:01 4 /other/x\n",
        "",
    ];
    let claim = stale_libraries::probe(&live(&processes(&fine)));
    assert!(matches!(&claim, Claim::Known { value, .. } if value.processes == 0), "{claim:?}");
    let claim = stale_libraries::probe(&live(&processes(&[FINE, STALE, STALE])));
    assert!(matches!(claim, Claim::Known { value, .. } if value.processes == 2));
}

#[test]
fn processes_that_cannot_be_read_leave_it_unknown_unless_one_is_stale() {
    let system = processes(&[FINE, STALE, ""]);
    let hidden = |path: &str| look(Root::staged(system.path()).failing(path, Fault::NoRight));
    let claim = stale_libraries::probe(&hidden("/proc/1/maps"));
    assert!(matches!(claim, Claim::Known { value, .. } if (value.processes, value.unreadable) == (1, 1)));
    let claim = stale_libraries::probe(&hidden("/proc/2/maps"));
    assert_eq!((claim.reason(), claim.seen().unwrap().unreadable), (Some(Reason::NoRight), 1));
    // A thread of the kernel has no code that could be replaced.
    let claim = stale_libraries::probe(&hidden("/proc/3/maps"));
    assert!(matches!(claim, Claim::Known { value, .. } if (value.processes, value.unreadable) == (1, 0)));
    // hidepid: the processes of others do not even appear.
    std::fs::remove_dir_all(system.at("/proc/1")).unwrap();
    system.write("/proc/2/maps", FINE);
    assert_eq!(stale_libraries::probe(&live(&system)).reason(), Some(Reason::NoRight));
}
