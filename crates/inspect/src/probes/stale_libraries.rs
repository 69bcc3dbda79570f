//! Processes that still run code of files which an update has replaced: executable mappings whose path the kernel marks
//! ` (deleted)`.

use seaworthy_model::{Claim, Place, Reason, StaleLibraries};

use super::{Look, Reader, Stop};
use crate::root::{Fault, ReadError};

/// Mappings of one process; a browser has some 3,000 lines of 150 bytes.
const MAPS_CAP: u64 = 64 << 20;
/// Where packages put code. Anything else (/memfd:, /dev, /SYSV, /tmp, /home) is no library of theirs.
const PACKAGE_FOLDERS: [&str; 5] = ["/usr/", "/lib", "/bin/", "/sbin/", "/opt/"];
const OWN_FOLDERS: [&str; 2] = ["/usr/local/", "/usr/src/"];
/// `PF_KTHREAD` of the kernel's include/linux/sched.h.
const KERNEL_THREAD: u64 = 0x0020_0000;

/// Counts the processes of this mount namespace that do, and those it could not read.
pub fn probe(look: &Look) -> Claim<StaleLibraries> {
    look.answer(examine)
}

fn examine(reader: &Reader<'_>) -> Result<StaleLibraries, Stop<StaleLibraries>> {
    reader.live()?;
    let here = reader.link(Place::MountNamespaces, "/proc/self/ns/mnt")?.ok_or(Reason::Garbled)?;
    let processes = reader.list(Place::ProcessMaps, "/proc")?;
    let processes = processes.iter().filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
    let mut count = StaleLibraries { processes: 0, unreadable: 0 };
    let (mut first_seen, mut any_code) = (false, false);
    for process in processes {
        first_seen |= process == "1";
        match state(reader, process, &here)? {
            State::Stale => count.processes += 1,
            State::Unreadable => count.unreadable += 1,
            State::Fine => any_code = true,
            State::Empty => {}
        }
    }
    if !any_code && count.processes == 0 && count.unreadable == 0 {
        // This very process at least runs code.
        return Err(Stop::Unknown(Reason::Garbled));
    }
    // With hidepid the processes of others do not even appear.
    let all_seen = first_seen && count.unreadable == 0;
    if count.processes > 0 || all_seen { Ok(count) } else { Err(Stop::Seen(Reason::NoRight, count)) }
}

enum State {
    /// A thread of the kernel, or a process that has ended.
    Empty,
    Fine,
    Stale,
    Unreadable,
}

fn state(reader: &Reader<'_>, process: &str, here: &std::path::Path) -> Result<State, Reason> {
    let maps = match reader.bytes(Place::ProcessMaps, format!("/proc/{process}/maps"), MAPS_CAP) {
        Ok(maps) => maps,
        Err(error) if is_gone(&error) => return Ok(State::Empty),
        Err(error) if error.fault == Fault::NoRight => return unreadable(reader, process),
        Err(error) => return Err(error.reason()),
    };
    if maps.is_empty() {
        return Ok(State::Empty);
    }
    if !has_stale_library(&maps)? {
        return Ok(State::Fine);
    }
    // Only now does it matter whether the process sees the same files.
    match reader.link(Place::MountNamespaces, format!("/proc/{process}/ns/mnt")) {
        Ok(Some(there)) => Ok(if there == here { State::Stale } else { State::Fine }),
        Ok(None) => Ok(State::Fine),
        Err(error) if is_gone(&error) => Ok(State::Empty),
        Err(error) if error.fault == Fault::NoRight => Ok(State::Unreadable),
        Err(error) => Err(error.reason()),
    }
}

/// The process ended while we looked.
fn is_gone(error: &ReadError) -> bool {
    matches!(error.fault, Fault::Missing | Fault::Io(rustix::io::Errno::SRCH))
}

/// Threads of the kernel map nothing, so that it does not matter that their maps cannot be read.
fn unreadable(reader: &Reader<'_>, process: &str) -> Result<State, Reason> {
    let stat = match reader.optional(Place::ProcessStat, format!("/proc/{process}/stat")) {
        Ok(Some(stat)) => stat,
        Ok(None) => return Ok(State::Empty),
        Err(_) => return Ok(State::Unreadable),
    };
    // proc_pid_stat(5): after the name in brackets come state, five numbers and the flags.
    let flags = stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(6)?.parse::<u64>().ok());
    Ok(if flags.is_some_and(|flags| flags & KERNEL_THREAD != 0) { State::Empty } else { State::Unreadable })
}

fn has_stale_library(maps: &[u8]) -> Result<bool, Reason> {
    // The kernel writes whole lines: what begins or ends otherwise was not written by it, or not read to its end.
    let lines = maps.strip_suffix(b"\n").ok_or(Reason::Garbled)?;
    let (first, last) = (lines.split(|&byte| byte == b'\n').next(), lines.rsplit(|&byte| byte == b'\n').next());
    if ![first, last].into_iter().flatten().all(is_mapping) {
        return Err(Reason::Garbled);
    }
    let mut rest = maps;
    while let Some(at) = memchr::memmem::find(rest, b" (deleted)\n") {
        let start = memchr::memrchr(b'\n', rest.get(..at).unwrap_or_default()).map_or(0, |before| before + 1);
        if is_stale_library(rest.get(start..at).unwrap_or_default()) {
            return Ok(true);
        }
        rest = rest.get(at + 1..).unwrap_or_default();
    }
    Ok(false)
}

/// `start-end rwxp offset major:minor inode path`, proc_pid_maps(5).
fn is_mapping(line: &[u8]) -> bool {
    let mut words = line.split(|&byte| byte == b' ');
    let is_address = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_hexdigit);
    let mut range = words.next().unwrap_or_default().split(|&byte| byte == b'-');
    let is_range =
        range.next().is_some_and(is_address) && range.next().is_some_and(is_address) && range.next().is_none();
    let is_rights = |rights: &[u8]| {
        let known = [b"r-", b"w-", b"x-", b"sp"];
        rights.len() == known.len() && rights.iter().zip(known).all(|(letter, known)| known.contains(letter))
    };
    is_range && words.next().is_some_and(is_rights)
}

fn is_stale_library(line: &[u8]) -> bool {
    let executable = line.split(|&byte| byte == b' ').nth(1).is_some_and(|rights| rights.get(2) == Some(&b'x'));
    let path = memchr::memchr(b'/', line).and_then(|at| line.get(at..)).unwrap_or_default();
    let under = |folder: &&str| path.starts_with(folder.as_bytes());
    executable && PACKAGE_FOLDERS.iter().any(under) && !OWN_FOLDERS.iter().any(under)
}
