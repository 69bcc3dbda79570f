//! The probes: one file per claim, each a function of a [`Look`].
//!
//! A probe reads through a `Reader`, which notes every [`Place`], and stops at the first thing it cannot be sure of.
//! Nothing is run, no device or pipe is opened, and what is absent is told apart from what cannot be read.

pub mod antivirus;
pub mod automatic_updates;
pub mod disk_encryption;
pub mod distribution;
pub mod firewall;
pub mod kernel;
pub mod mandatory_access_control;
pub mod restart;
pub mod screen_lock;
pub mod secure_boot;
pub mod ssh;
pub mod stale_libraries;

mod gsettings;
pub mod netfilter;
mod pattern;
mod systemd;

use std::cell::RefCell;
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use seaworthy_model::{Claim, Place, Reason, Timestamp};

use crate::root::{Fault, Identity, ReadError, Root};
use netfilter::{Kernel, Netfilter, Unasked};

/// Whose desktop is looked at. The binary takes it from its environment.
#[derive(Clone, Debug)]
pub struct UserContext {
    /// Home folder.
    pub home: PathBuf,
    /// User number; 0 has no desktop of its own.
    pub uid: u32,
    /// Whether the inspection runs with all rights.
    pub is_root: bool,
    /// `XDG_CURRENT_DESKTOP`, such as `ubuntu:GNOME`, where the session has one.
    pub desktop: Option<String>,
}

/// `PROC_PID_INIT_INO` of the kernel's include/linux/proc_ns.h: the processes of the machine itself.
const FIRST_PID_NAMESPACE: u32 = 0xefff_fffc;

/// What every probe is given.
#[derive(Clone, Debug)]
pub struct Look {
    /// Where to read.
    pub root: Root,
    /// Now.
    pub now: Timestamp,
    /// Whose desktop is looked at.
    pub user: UserContext,
    /// The kernel's packet filter.
    pub netfilter: Arc<dyn Netfilter>,
}

impl Look {
    /// A look at a root. The running kernel's packet filter is asked only where the root is the running system's own.
    pub fn new(root: Root, now: Timestamp, user: UserContext) -> Look {
        let own = root.is_live() && root.directory() == Path::new("/");
        let netfilter: Arc<dyn Netfilter> = if own { Arc::new(Kernel) } else { Arc::new(Unasked) };
        Look { root, now, user, netfilter }
    }

    fn answer<T>(&self, examine: impl FnOnce(&Reader<'_>) -> Result<T, Stop<T>>) -> Claim<T> {
        let reader = Reader { look: self, read: RefCell::default() };
        let found = examine(&reader);
        let read = reader.read.into_inner();
        match found {
            Ok(value) => Claim::Known { value, read },
            Err(Stop::NotApplicable(reason)) => Claim::NotApplicable { reason, read },
            Err(Stop::Unknown(reason)) => Claim::Unknown { reason, read, seen: None },
            Err(Stop::Seen(reason, value)) => Claim::Unknown { reason, read, seen: Some(value) },
        }
    }
}

/// Why a probe does not know.
#[derive(Debug)]
enum Stop<T> {
    NotApplicable(Reason),
    Unknown(Reason),
    /// Unknown, with what was seen all the same.
    Seen(Reason, T),
}

impl<T> From<ReadError> for Stop<T> {
    fn from(error: ReadError) -> Stop<T> {
        Stop::Unknown(error.reason())
    }
}

impl<T> From<Reason> for Stop<T> {
    fn from(reason: Reason) -> Stop<T> {
        Stop::Unknown(reason)
    }
}

/// Reads for one probe and notes where.
struct Reader<'a> {
    look: &'a Look,
    read: RefCell<Vec<Place>>,
}

impl Reader<'_> {
    fn at(&self, place: Place) -> &Root {
        let mut read = self.read.borrow_mut();
        if !read.contains(&place) {
            read.push(place);
        }
        &self.look.root
    }

    /// A running system, or a stop: only it can say.
    fn live(&self) -> Result<(), Reason> {
        if self.look.root.is_live() { Ok(()) } else { Err(Reason::NotRunning) }
    }

    fn text(&self, place: Place, path: impl AsRef<Path>) -> Result<String, ReadError> {
        self.at(place).text(path)
    }

    /// A text that may be absent.
    fn optional(&self, place: Place, path: impl AsRef<Path>) -> Result<Option<String>, ReadError> {
        absent_is_none(self.at(place).text(path))
    }

    fn bytes(&self, place: Place, path: impl AsRef<Path>, cap: u64) -> Result<Vec<u8>, ReadError> {
        self.at(place).read(path.as_ref(), cap)
    }

    fn open(&self, place: Place, path: impl AsRef<Path>) -> Result<File, ReadError> {
        self.at(place).open(path.as_ref())
    }

    /// The names in a directory that are text; others are no concern of a probe.
    fn list(&self, place: Place, path: impl AsRef<Path>) -> Result<Vec<String>, ReadError> {
        let names = self.at(place).list(path.as_ref())?;
        Ok(names.into_iter().filter_map(|name| OsString::into_string(name).ok()).collect())
    }

    /// The names in a directory; none where it is absent.
    fn optional_list(&self, place: Place, path: impl AsRef<Path>) -> Result<Vec<String>, ReadError> {
        absent_is_none(self.list(place, path)).map(Option::unwrap_or_default)
    }

    /// Whether something is there; an error other than absence is an error.
    fn exists(&self, place: Place, path: impl AsRef<Path>) -> Result<bool, ReadError> {
        absent_is_none(self.at(place).identity(path.as_ref())).map(|found| found.is_some())
    }

    fn identity(&self, place: Place, path: impl AsRef<Path>) -> Result<Option<Identity>, ReadError> {
        absent_is_none(self.at(place).identity(path.as_ref()))
    }

    /// Where a symbolic link points; none where nothing is there or it is no link.
    fn link(&self, place: Place, path: impl AsRef<Path>) -> Result<Option<PathBuf>, ReadError> {
        match self.at(place).link(path.as_ref()) {
            // readlink(2) of something that is no link.
            Err(ReadError { fault: Fault::Io(rustix::io::Errno::INVAL), .. }) => Ok(None),
            other => absent_is_none(other),
        }
    }

    /// Whether this is a container: a runtime left its mark (systemd's, docker's, podman's), and the processes here are
    /// not all of the machine's. The mark alone is no proof: a machine may start from an image that was made for one.
    fn is_container(&self) -> Result<bool, Reason> {
        let failed = |error: ReadError| error.reason();
        let mut marked = false;
        for mark in ["/run/systemd/container", "/.dockerenv", "/run/.containerenv"] {
            marked |= self.exists(Place::ContainerMark, mark).map_err(failed)?;
        }
        if !marked {
            return Ok(false);
        }
        let namespace = self.link(Place::ContainerMark, "/proc/self/ns/pid").map_err(failed)?.ok_or(Reason::Missing)?;
        let number =
            namespace.to_str().and_then(|name| name.strip_prefix("pid:[")?.strip_suffix(']')?.parse::<u32>().ok());
        Ok(number.ok_or(Reason::Garbled)? != FIRST_PID_NAMESPACE)
    }

    /// `NAME=value` lines of os-release(5).
    fn os_release(&self) -> Result<OsRelease, Reason> {
        let text = match self.optional(Place::OsRelease, "/etc/os-release") {
            Ok(Some(text)) => text,
            Ok(None) => self.text(Place::OsRelease, "/usr/lib/os-release").map_err(|error| error.reason())?,
            Err(error) => return Err(error.reason()),
        };
        let release = OsRelease(text);
        if release.get("ID").is_empty() { Err(Reason::Garbled) } else { Ok(release) }
    }
}

fn absent_is_none<T>(result: Result<T, ReadError>) -> Result<Option<T>, ReadError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

/// os-release(5): assignments of a shell, without its expansions.
struct OsRelease(String);

impl OsRelease {
    /// The last value of a name, unquoted; empty where there is none. Bounded, and free of control characters.
    fn get(&self, name: &str) -> String {
        let value = self.0.lines().rev().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix('='));
        let value = value.unwrap_or_default().trim();
        let bare = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
        bare.unwrap_or(value).chars().filter(|&letter| letter != '\\' && !letter.is_control()).take(64).collect()
    }

    /// Whether this system is, or derives from, one of these.
    fn is_like(&self, ids: &[&str]) -> bool {
        let like = self.get("ID_LIKE");
        ids.contains(&self.get("ID").as_str()) || like.split(' ').any(|id| ids.contains(&id))
    }
}

/// A word and the rest of a line.
fn word(line: &str) -> (&str, &str) {
    let line = line.trim_start();
    line.split_once(char::is_whitespace).map_or((line, ""), |(first, rest)| (first, rest.trim_start()))
}
