//! Encryption at rest, from the volumes that hold the system and the holder's data down to the hardware.
//!
//! A volume is encrypted when *every* way from it down through sysfs passes a cipher of device-mapper. That some
//! encrypted device exists (a USB stick, a loop device, swap) proves nothing about the system's volume, and neither
//! does /etc/crypttab. sysfs needs no rights.
//!
//! BUG: a drive that encrypts itself below the block layer, without LUKS2, reads as plain; a dm-crypt device with a null
//! cipher, which nobody gets without asking, reads as encrypted. sysfs shows neither.

use std::collections::BTreeSet;
use std::path::Path;

use seaworthy_model::{Claim, DiskEncryption, Encryption, Place, Reason, Volume};

use super::{Look, Reader, Stop};

/// Volumes looked at, where they are mounted on their own.
const MOUNTS: [&str; 3] = ["/", "/home", "/var"];
/// Device-mapper identities that cryptsetup gives to ciphers. `CRYPT-VERITY-` and `CRYPT-INTEGRITY-` only check.
const CIPHERS: [&str; 7] = [
    "CRYPT-LUKS1-",
    "CRYPT-LUKS2-",
    "CRYPT-PLAIN-",
    "CRYPT-TCRYPT-",
    "CRYPT-BITLK-",
    "CRYPT-FVAULT2-",
    "CRYPT-LOOPAES-",
];
/// More devices than this beneath one volume are not followed.
const MAX_DEVICES: usize = 1024;

/// Looks at each volume and at active swap.
pub fn probe(look: &Look) -> Claim<DiskEncryption> {
    look.answer(examine)
}

fn examine(reader: &Reader<'_>) -> Result<DiskEncryption, Stop<DiskEncryption>> {
    reader.live()?;
    if reader.is_container()? {
        return Err(Stop::NotApplicable(Reason::Container));
    }
    let text = reader.text(Place::MountInfo, "/proc/self/mountinfo")?;
    let mounts: Vec<Mount> = text.lines().map(Mount::parse).collect::<Option<_>>().ok_or(Reason::Garbled)?;
    if !mounts.iter().any(|mount| mount.point == "/") {
        return Err(Stop::Unknown(Reason::Garbled));
    }
    let mut volumes = Vec::new();
    for point in MOUNTS {
        // Of two mounts on one point the later one is seen.
        let Some(mount) = mounts.iter().rfind(|mount| mount.point == point) else { continue };
        if let Some(encryption) = of_mount(reader, mount) {
            volumes.push(Volume { mount: point.into(), encryption });
        }
    }
    if let Some(encryption) = of_swap(reader, &mounts)? {
        volumes.push(Volume { mount: "swap".into(), encryption });
    }
    let any = |wanted| volumes.iter().any(|volume: &Volume| volume.encryption == wanted);
    let (plain, unknown) = (any(Encryption::Plain), any(Encryption::Unknown) || volumes.is_empty());
    let found = DiskEncryption { volumes };
    // One plain volume decides, whatever the others are.
    if unknown && !plain { Err(Stop::Seen(Reason::NotSupported, found)) } else { Ok(found) }
}

/// One line of proc_pid_mountinfo(5).
struct Mount {
    /// `major:minor`.
    device: String,
    point: String,
    kind: String,
    source: String,
}

impl Mount {
    fn parse(line: &str) -> Option<Mount> {
        let (left, right) = line.split_once(" - ")?;
        let left: Vec<&str> = left.split(' ').collect();
        let [_, _, device, _, point, ..] = left.as_slice() else { return None };
        let mut right = right.split(' ');
        let (kind, source) = (right.next()?, right.next()?);
        let (major, minor) = device.split_once(':')?;
        let _: (u32, u32) = (major.parse().ok()?, minor.parse().ok()?);
        let device = (*device).to_owned();
        Some(Mount { device, point: unescape(point), kind: kind.to_owned(), source: unescape(source) })
    }
}

/// The four escapes of mountinfo and swaps.
fn unescape(text: &str) -> String {
    text.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
}

/// `None` where nothing rests on a disk.
fn of_mount(reader: &Reader<'_>, mount: &Mount) -> Option<Encryption> {
    if matches!(mount.kind.as_str(), "tmpfs" | "ramfs") && mount.point != "/" {
        return None;
    }
    let found = match mount.kind.as_str() {
        "btrfs" => of_btrfs(reader, mount),
        // No device of their own, and sysfs does not tell what they encrypt.
        "zfs" | "bcachefs" | "overlay" | "tmpfs" | "ramfs" | "rootfs" => Err(Reason::NotSupported),
        _ if mount.device.starts_with("0:") => Err(Reason::NotSupported),
        _ => device_name(reader, &mount.device).and_then(|name| of_device(reader, &name)),
    };
    let found = found.unwrap_or(Encryption::Unknown);
    // fscrypt and eCryptfs encrypt folder by folder on a plain volume; which ones, only their owners can see.
    if found == Encryption::Plain && has_folder_encryption(reader, &mount.point) {
        return Some(Encryption::Unknown);
    }
    Some(found)
}

fn has_folder_encryption(reader: &Reader<'_>, point: &str) -> bool {
    let marks = [".fscrypt", ".ecryptfs", "home/.ecryptfs"];
    marks.iter().any(|mark| reader.at(Place::FolderEncryption).exists(Path::new(point).join(mark)))
}

/// `8:1` to `sda1`.
fn device_name(reader: &Reader<'_>, device: &str) -> Result<String, Reason> {
    let link = reader.link(Place::BlockDevices, format!("/sys/dev/block/{device}")).map_err(|error| error.reason())?;
    let name = link.as_deref().and_then(Path::file_name).and_then(|name| name.to_str());
    name.map(str::to_owned).ok_or(Reason::Missing)
}

/// A source such as `/dev/sda2`, `/dev/mapper/root` or `/dev/vg/root` to the kernel's name of the device.
fn source_name(reader: &Reader<'_>, source: &str) -> Result<String, Reason> {
    let known = |name: &str| reader.exists(Place::BlockDevices, format!("/sys/class/block/{name}")).unwrap_or(false);
    let path = source.strip_prefix("/dev/").filter(|path| !path.contains("..")).ok_or(Reason::NotSupported)?;
    // sysfs writes `!` for a slash in a name.
    let direct = path.replace('/', "!");
    if known(&direct) {
        return Ok(direct);
    }
    if let Some(mapped) = path.strip_prefix("mapper/") {
        return mapped_name(reader, mapped);
    }
    let link = reader.link(Place::BlockDevices, source).map_err(|error| error.reason())?;
    let name = link.as_deref().and_then(Path::file_name).and_then(|name| name.to_str()).ok_or(Reason::Missing)?;
    if known(name) { Ok(name.to_owned()) } else { Err(Reason::Missing) }
}

/// Device-mapper's own name to the kernel's `dm-N`.
fn mapped_name(reader: &Reader<'_>, mapped: &str) -> Result<String, Reason> {
    let names = reader.list(Place::BlockDevices, "/sys/class/block").map_err(|error| error.reason())?;
    for name in names.into_iter().filter(|name| name.starts_with("dm-")) {
        let found = reader.text(Place::DeviceMapper, format!("/sys/class/block/{name}/dm/name"));
        if found.map_err(|error| error.reason())?.trim_end() == mapped {
            return Ok(name);
        }
    }
    Err(Reason::Missing)
}

/// A btrfs filesystem lies on all its devices at once, and its mount names only one of them.
fn of_btrfs(reader: &Reader<'_>, mount: &Mount) -> Result<Encryption, Reason> {
    let first = source_name(reader, &mount.source)?;
    let failed = |error: crate::root::ReadError| error.reason();
    for filesystem in reader.list(Place::Btrfs, "/sys/fs/btrfs").map_err(failed)? {
        let folder = format!("/sys/fs/btrfs/{filesystem}/devices");
        let devices = reader.optional_list(Place::Btrfs, folder).map_err(failed)?;
        if devices.contains(&first) {
            return all(reader, devices.iter());
        }
    }
    Err(Reason::Missing)
}

/// Active swap, all of it together; none where there is none, or only compressed memory.
fn of_swap(reader: &Reader<'_>, mounts: &[Mount]) -> Result<Option<Encryption>, Reason> {
    let text = reader.text(Place::Swaps, "/proc/swaps").map_err(|error| error.reason())?;
    let mut lines = text.lines();
    if !lines.next().is_some_and(|head| head.starts_with("Filename")) {
        return Err(Reason::Garbled);
    }
    let mut worst = None;
    for line in lines {
        let mut words = line.split_whitespace();
        let (Some(path), Some(kind)) = (words.next(), words.next()) else { return Err(Reason::Garbled) };
        let path = unescape(path);
        let found = match kind {
            "file" => holder_of(mounts, &path).and_then(|mount| of_mount(reader, mount)).unwrap_or(Encryption::Unknown),
            "partition" => match source_name(reader, &path).and_then(|name| of_swap_device(reader, &name)) {
                Ok(None) => continue,
                Ok(Some(found)) => found,
                Err(_) => Encryption::Unknown,
            },
            _ => return Err(Reason::Garbled),
        };
        worst = Some(worst.map_or(found, |worst| worse(worst, found)));
    }
    Ok(worst)
}

fn of_swap_device(reader: &Reader<'_>, name: &str) -> Result<Option<Encryption>, Reason> {
    if !name.starts_with("zram") {
        return of_device(reader, name).map(Some);
    }
    // Compressed memory is not at rest, unless it is written back to a disk.
    let backing = reader.optional(Place::BlockDevices, format!("/sys/class/block/{name}/backing_dev"));
    match backing.map_err(|error| error.reason())?.as_deref().map(str::trim) {
        None | Some("none") => Ok(None),
        Some(path) => of_device(reader, &source_name(reader, path)?).map(Some),
    }
}

/// The mount that a path lies on.
fn holder_of<'a>(mounts: &'a [Mount], path: &str) -> Option<&'a Mount> {
    let holds = |mount: &&Mount| Path::new(path).starts_with(&mount.point);
    mounts.iter().filter(holds).max_by_key(|mount| mount.point.len())
}

fn of_device(reader: &Reader<'_>, name: &str) -> Result<Encryption, Reason> {
    all(reader, std::iter::once(&name.to_owned()))
}

/// Walks down from these devices. Every end must lie beneath a cipher.
fn all<'a>(reader: &Reader<'_>, devices: impl Iterator<Item = &'a String>) -> Result<Encryption, Reason> {
    let mut open: Vec<String> = devices.cloned().collect();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut worst = None;
    while let Some(name) = open.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        if seen.len() > MAX_DEVICES {
            return Err(Reason::TooLarge);
        }
        match layer(reader, &name)? {
            Layer::Through(below) => open.extend(below),
            Layer::End(found) => worst = Some(worst.map_or(found, |worst| worse(worst, found))),
        }
    }
    // Devices that lie on each other in a ring have no end.
    worst.ok_or(Reason::Garbled)
}

fn worse(left: Encryption, right: Encryption) -> Encryption {
    let rank = |encryption| match encryption {
        Encryption::Encrypted => 0,
        Encryption::Unknown => 1,
        Encryption::Plain => 2,
    };
    if rank(left) >= rank(right) { left } else { right }
}

/// One device on the way down.
enum Layer {
    /// What it lies on: LVM, RAID, multipath, verity, integrity, a partition.
    Through(Vec<String>),
    /// A cipher, beneath which nothing matters; a drive, which is plain; or a loop device, a network drive or a mapping
    /// without identity, of which nothing is known.
    End(Encryption),
}

fn layer(reader: &Reader<'_>, name: &str) -> Result<Layer, Reason> {
    let failed = |error: crate::root::ReadError| error.reason();
    let folder = format!("/sys/class/block/{name}");
    let mapped = reader.optional(Place::DeviceMapper, format!("{folder}/dm/uuid")).map_err(failed)?;
    if let Some(uuid) = &mapped {
        if CIPHERS.iter().any(|cipher| uuid.starts_with(cipher)) {
            return Ok(Layer::End(Encryption::Encrypted));
        }
        if uuid.trim().is_empty() {
            // `dmsetup create` by hand: it may be anything.
            return Ok(Layer::End(Encryption::Unknown));
        }
    }
    let partition = reader.exists(Place::BlockDevices, format!("{folder}/partition")).map_err(failed)?;
    let disk = if partition { format!("{folder}/..") } else { folder };
    let below = reader.list(Place::BlockDevices, format!("{disk}/slaves")).map_err(failed)?;
    if !below.is_empty() {
        return Ok(Layer::Through(below));
    }
    // Only drives have a device of a bus; loop, nbd, zram, ram and empty mappings have none.
    let drive = reader.exists(Place::BlockDevices, format!("{disk}/device")).map_err(failed)?;
    Ok(Layer::End(if drive && mapped.is_none() { Encryption::Plain } else { Encryption::Unknown }))
}
