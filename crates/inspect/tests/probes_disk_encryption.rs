//! Disk encryption, one test for each way in which others got it wrong.

#![expect(clippy::indexing_slicing, reason = "mounts are written out below, four words each")]

use std::path::PathBuf;

use seaworthy_inspect::Root;
use seaworthy_inspect::probes::{Look, UserContext, disk_encryption};
use seaworthy_model::{Claim, DiskEncryption, Reason, Timestamp};
use seaworthy_testkit::Sysroot;

const NO_SWAP: &str = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";
const LUKS1: &str = "CRYPT-LUKS1-0123456789abcdef-root";
const LUKS2: &str = "CRYPT-LUKS2-0123456789abcdef-root";

struct Machine(Sysroot);

impl Machine {
    /// Each mount is `major:minor point kind source`.
    fn new(mounts: &[&str]) -> Machine {
        let line = |mount: &&str| {
            let words: Vec<&str> = mount.split(' ').collect();
            format!("27 1 {} / {} rw,relatime shared:1 - {} {} rw\n", words[0], words[1], words[2], words[3])
        };
        let mounts: String = mounts.iter().map(line).collect();
        Machine(Sysroot::new().file("/proc/self/mountinfo", mounts).file("/proc/swaps", NO_SWAP))
    }

    fn swap(self, line: &str) -> Machine {
        self.0.write("/proc/swaps", format!("{NO_SWAP}{line}\n"));
        self
    }

    fn block(mut self, name: &str, number: &str, place: &str) -> Machine {
        let target = format!("../../devices/{place}/{name}");
        self.0 = self.0.link(&format!("/sys/class/block/{name}"), &target);
        self.0 = self.0.link(&format!("/sys/dev/block/{number}"), &target);
        self.0 = self.0.folder(&format!("/sys/devices/{place}/{name}"));
        self
    }

    /// A drive with partitions `8:1`, `8:2`, ….
    fn drive(self, name: &str, major: u32, partitions: u32) -> Machine {
        let mut machine = self.block(name, &format!("{major}:0"), "pci0/block");
        let folder = format!("/sys/devices/pci0/block/{name}");
        machine.0 = machine.0.folder(&format!("{folder}/slaves")).folder(&format!("{folder}/device"));
        for number in 1..=partitions {
            let partition = format!("{name}{number}");
            machine = machine.block(&partition, &format!("{major}:{number}"), &format!("pci0/block/{name}"));
            machine.0.write(&format!("{folder}/{partition}/partition"), format!("{number}\n"));
        }
        machine
    }

    /// A device that lies on others.
    fn stacked(self, name: &str, number: &str, slaves: &[&str]) -> Machine {
        let mut machine = self.block(name, number, "virtual/block");
        let folder = format!("/sys/devices/virtual/block/{name}/slaves");
        machine.0 = machine.0.folder(&folder);
        for slave in slaves {
            machine.0 = machine.0.link(&format!("{folder}/{slave}"), "../elsewhere");
        }
        machine
    }

    fn mapped(self, minor: u32, name: &str, uuid: &str, slaves: &[&str]) -> Machine {
        let machine = self.stacked(&format!("dm-{minor}"), &format!("253:{minor}"), slaves);
        let folder = format!("/sys/devices/virtual/block/dm-{minor}/dm");
        machine.0.write(&format!("{folder}/uuid"), format!("{uuid}\n"));
        machine.0.write(&format!("{folder}/name"), format!("{name}\n"));
        machine
    }

    fn probe(&self) -> Claim<DiskEncryption> {
        let user = UserContext { home: PathBuf::from("/root"), uid: 0, is_root: true, desktop: None };
        disk_encryption::probe(&Look::new(Root::staged(self.0.path()), Timestamp::from_seconds(0), user))
    }
}

/// What is seen, as `mount=encryption`, and `?` where the claim is unknown.
fn check(machine: &Machine, expected: &str) {
    let claim = machine.probe();
    let known = if matches!(claim, Claim::Known { .. }) { "" } else { " ?" };
    let volumes = claim.seen().map(|found| found.volumes.clone()).unwrap_or_default();
    let volumes: Vec<String> = volumes.iter().map(|volume| format!("{}={}", volume.mount, volume.encryption)).collect();
    assert_eq!(format!("{}{known}", volumes.join(" ")), expected);
}

#[test]
fn a_bare_partition_is_plain() {
    check(&Machine::new(&["8:2 / ext4 /dev/sda2"]).drive("sda", 8, 2), "/=plain");
}

#[test]
fn luks_on_a_partition() {
    for uuid in [LUKS1, LUKS2, "CRYPT-PLAIN-root"] {
        let machine = Machine::new(&["253:0 / ext4 /dev/mapper/root", "8:1 /boot ext4 /dev/sda1"]);
        check(&machine.drive("sda", 8, 2).mapped(0, "root", uuid, &["sda2"]), "/=encrypted");
    }
}

#[test]
fn lvm_on_luks_and_luks_on_lvm() {
    let mounts = ["253:1 / ext4 /dev/mapper/vg-root", "253:2 /home xfs /dev/mapper/vg-home"];
    let machine = Machine::new(&mounts).drive("sda", 8, 3).mapped(0, "crypt", LUKS2, &["sda3"]);
    let machine = machine.mapped(1, "vg-root", "LVM-abc", &["dm-0"]).mapped(2, "vg-home", "LVM-def", &["dm-0"]);
    check(&machine, "/=encrypted /home=encrypted");
    let machine = Machine::new(&["253:1 / ext4 /dev/mapper/root"]).drive("sda", 8, 1);
    let machine = machine.mapped(0, "vg-root", "LVM-abc", &["sda1"]).mapped(1, "root", LUKS2, &["dm-0"]);
    check(&machine, "/=encrypted");
}

#[test]
fn checking_is_not_encrypting() {
    for uuid in ["CRYPT-VERITY-abc-root", "CRYPT-INTEGRITY-root", "LVM-abc", "mpath-abc", "CRYPT-SUBDEV-abc"] {
        let machine = Machine::new(&["253:0 / ext4 /dev/mapper/root"]).drive("sda", 8, 1);
        check(&machine.mapped(0, "root", uuid, &["sda1"]), "/=plain");
    }
}

#[test]
fn an_encrypted_loop_stick_or_swap_does_not_make_the_system_pass() {
    let machine = Machine::new(&["8:1 / ext4 /dev/sda1", "253:0 /media/stick ext4 /dev/mapper/stick"]);
    let machine = machine.drive("sda", 8, 1).drive("sdb", 24, 1).stacked("loop0", "7:0", &[]);
    let machine = machine.mapped(0, "stick", LUKS2, &["sdb1"]).mapped(1, "crypt-loop", LUKS2, &["loop0"]);
    let machine = machine.mapped(2, "swap", "CRYPT-PLAIN-swap", &["sdb"]);
    machine.0.write("/etc/crypttab", "swap /dev/sdb /dev/urandom swap\n");
    check(&machine.swap("/dev/dm-2 partition 1 0 -2"), "/=plain swap=encrypted");
}

#[test]
fn a_plain_swap_or_home_shows() {
    let machine = || {
        let mounts = ["253:0 / ext4 /dev/mapper/root", "8:3 /home ext4 /dev/sda3"];
        Machine::new(&mounts).drive("sda", 8, 3).mapped(0, "root", LUKS2, &["sda2"])
    };
    check(&machine().swap("/dev/sda1 partition 1 0 -2"), "/=encrypted /home=plain swap=plain");
    check(&machine().swap("/swap\\040file file 1 0 -2"), "/=encrypted /home=plain swap=encrypted");
    check(&machine().swap("/home/swap file 1 0 -2"), "/=encrypted /home=plain swap=plain");
}

#[test]
fn every_leg_of_a_raid_must_be_encrypted() {
    let machine = || Machine::new(&["9:0 / ext4 /dev/md0"]).drive("sda", 8, 1).drive("sdb", 24, 1);
    let half = machine().mapped(0, "a", LUKS2, &["sda1"]).stacked("md0", "9:0", &["dm-0", "sdb1"]);
    check(&half, "/=plain");
    let whole = machine().mapped(0, "a", LUKS2, &["sda1"]).mapped(1, "b", LUKS2, &["sdb1"]);
    check(&whole.stacked("md0", "9:0", &["dm-0", "dm-1"]), "/=encrypted");
}

#[test]
fn a_partition_of_a_raid_goes_through_the_raid() {
    let machine = Machine::new(&["259:1 / ext4 /dev/md0p1"]).drive("sda", 8, 1).mapped(0, "a", LUKS2, &["sda1"]);
    let machine = machine.stacked("md0", "9:0", &["dm-0"]).block("md0p1", "259:1", "virtual/block/md0");
    machine.0.write("/sys/devices/virtual/block/md0/md0p1/partition", "1\n");
    check(&machine, "/=encrypted");
}

#[test]
fn btrfs_is_found_by_its_source_and_all_its_devices_count() {
    let machine = || {
        let mounts = ["0:28 / btrfs /dev/mapper/root", "0:28 /home btrfs /dev/mapper/root"];
        Machine::new(&mounts).drive("sda", 8, 2).mapped(0, "root", LUKS2, &["sda1"])
    };
    let one = Machine(machine().0.link("/sys/fs/btrfs/11-22/devices/dm-0", "../x").folder("/sys/fs/btrfs/features"));
    check(&one, "/=encrypted /home=encrypted");
    let two = Machine(one.0.link("/sys/fs/btrfs/11-22/devices/sda2", "../x"));
    check(&two, "/=plain /home=plain");
    check(&machine(), "/=unknown /home=unknown ?");
}

#[test]
fn what_sysfs_cannot_tell_is_unknown() {
    for mount in
        ["0:30 / zfs rpool/ROOT", "0:31 / overlay overlay", "0:32 / nfs4 server:/x", "0:33 / bcachefs /dev/sda1"]
    {
        check(&Machine::new(&[mount]).drive("sda", 8, 1), "/=unknown ?");
    }
    check(&Machine::new(&["7:0 / squashfs /dev/loop0"]).stacked("loop0", "7:0", &[]), "/=unknown ?");
    let nameless = Machine::new(&["253:0 / ext4 /dev/mapper/x"]).drive("sda", 8, 1).mapped(0, "x", "", &["sda1"]);
    check(&nameless, "/=unknown ?");
    let fscrypt = Machine::new(&["8:1 / ext4 /dev/sda1"]).drive("sda", 8, 1);
    check(&Machine(fscrypt.0.folder("/.fscrypt")), "/=unknown ?");
    check(&Machine::new(&["8:1 / ext4 /dev/sda1"]), "/=unknown ?");
}

#[test]
fn compressed_memory_is_not_at_rest() {
    let machine = || {
        let mounts = ["253:0 / ext4 /dev/mapper/root", "0:40 /var tmpfs tmpfs"];
        let machine = Machine::new(&mounts).drive("sda", 8, 2).mapped(0, "root", LUKS2, &["sda1"]);
        machine.stacked("zram0", "252:0", &[]).swap("/dev/zram0 partition 1 0 100")
    };
    check(&machine(), "/=encrypted");
    let written_back = machine();
    written_back.0.write("/sys/devices/virtual/block/zram0/backing_dev", "/dev/sda2\n");
    check(&written_back, "/=encrypted swap=plain");
}

#[test]
fn a_container_leaves_it_to_its_host_and_a_loop_of_devices_ends() {
    let container = Machine(
        Machine::new(&["0:50 / overlay overlay"])
            .0
            .file("/.dockerenv", "")
            .link("/proc/self/ns/pid", "pid:[4026532999]"),
    );
    assert_eq!(container.probe().reason(), Some(Reason::Container));
    // A machine that was started from a container's image is still a machine.
    let image = Machine(Machine::new(&["8:1 / ext4 /dev/sda1"]).drive("sda", 8, 1).0.file("/.dockerenv", ""));
    assert_eq!(image.probe().reason(), Some(Reason::Missing));
    check(&Machine(image.0.link("/proc/self/ns/pid", "pid:[4026531836]")), "/=plain");
    let machine = Machine::new(&["253:0 / ext4 /dev/mapper/a"]);
    let machine = machine.mapped(0, "a", "LVM-a", &["dm-1"]).mapped(1, "b", "LVM-b", &["dm-0"]);
    check(&machine, "/=unknown ?");
}
