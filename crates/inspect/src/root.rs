//! The one door to the filesystem: every file a probe reads passes here.
//!
//! A mounted disk is hostile (DESIGN §5). Paths are resolved by the kernel inside the root (`openat2` with
//! `RESOLVE_IN_ROOT`): a link that would lead out ends at the root again, and magic links are refused. A path is first
//! opened without touching what it names (`O_PATH`), and read only if it is a regular file, so that no device, pipe or
//! socket is ever opened.

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Dir, FileType, MemfdFlags, Mode, OFlags, ResolveFlags, Stat};
use rustix::io::Errno;
use seaworthy_model::{Reason, Timestamp};

/// Files of settings are never larger than this.
pub const SETTINGS_CAP: u64 = 1 << 20;

/// How often the kernel is asked to resolve a path that others are changing.
const RESOLVE_ATTEMPTS: usize = 32;

/// The most entries of a directory that are listed.
const MAX_ENTRIES: usize = 200_000;

/// Why a path could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {fault}")]
pub struct ReadError {
    /// The path, as asked for.
    pub path: PathBuf,
    /// What went wrong.
    pub fault: Fault,
}

/// What went wrong with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Nothing is there.
    #[error("not there")]
    Missing,
    /// The reader has no right to it.
    #[error("no right to read it")]
    NoRight,
    /// A device, pipe, socket or directory, or a link that leads nowhere allowed.
    #[error("not a regular file of this disk")]
    NotAFile,
    /// Larger than the reader's limit.
    #[error("too large")]
    TooLarge,
    /// Any other error of the system.
    #[error("reading failed: {0}")]
    Io(Errno),
}

impl ReadError {
    /// Whether nothing is there, as opposed to something that cannot be read.
    pub fn is_missing(&self) -> bool {
        self.fault == Fault::Missing
    }

    /// The reason a claim gives for this error.
    pub fn reason(&self) -> Reason {
        match self.fault {
            Fault::Missing => Reason::Missing,
            Fault::NoRight => Reason::NoRight,
            Fault::NotAFile => Reason::NotAFile,
            Fault::TooLarge => Reason::TooLarge,
            Fault::Io(_) => Reason::ReadFailed,
        }
    }
}

/// What makes a file the same file with the same content: a rename, a write or a change of times alters it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Identity {
    /// Device number of the filesystem.
    pub device: u64,
    /// Inode number.
    pub inode: u64,
    /// Length in bytes.
    pub size: u64,
    /// Last change of content, nanoseconds since 1970.
    pub modified_ns: i64,
    /// Last change of content or metadata, nanoseconds since 1970; a user cannot set it.
    pub changed_ns: i64,
}

impl Identity {
    fn of(stat: &Stat) -> Identity {
        Identity {
            device: stat.st_dev,
            inode: stat.st_ino,
            size: u64::try_from(stat.st_size).unwrap_or(0),
            modified_ns: nanoseconds(stat.st_mtime, stat.st_mtime_nsec),
            changed_ns: nanoseconds(stat.st_ctime, stat.st_ctime_nsec),
        }
    }

    /// When the content last changed.
    pub fn modified(&self) -> Timestamp {
        Timestamp::from_seconds(self.modified_ns.div_euclid(1_000_000_000))
    }

    /// When content or metadata last changed.
    pub fn changed(&self) -> Timestamp {
        Timestamp::from_seconds(self.changed_ns.div_euclid(1_000_000_000))
    }
}

fn nanoseconds(seconds: i64, nanoseconds: u64) -> i64 {
    seconds.saturating_mul(1_000_000_000).saturating_add(i64::try_from(nanoseconds).unwrap_or(0))
}

/// Where an inspection reads: the running system, or a mounted disk.
#[derive(Clone, Debug)]
pub struct Root {
    directory: PathBuf,
    live: bool,
    troubles: Vec<(PathBuf, Trouble)>,
}

/// What a test puts in place of the answers of the filesystem.
#[derive(Clone, Debug)]
enum Trouble {
    Fails(Fault),
    Garbage(Vec<u8>),
}

/// What a garbled directory seems to hold.
const GARBLED_NAMES: [&str; 4] = ["1", "50-x.conf", "garbage", "gnome.desktop"];

impl Root {
    /// The running system.
    pub fn live() -> Root {
        Root { directory: PathBuf::from("/"), live: true, troubles: Vec::new() }
    }

    /// A mounted disk, or a folder that holds a system.
    pub fn disk(directory: impl Into<PathBuf>) -> Root {
        Root { directory: directory.into(), live: false, troubles: Vec::new() }
    }

    /// A made system that answers as a running one does; for tests of what only a running system knows.
    pub fn staged(directory: impl Into<PathBuf>) -> Root {
        Root { directory: directory.into(), live: true, troubles: Vec::new() }
    }

    /// The same root, at and below one path of which every access fails; for tests.
    #[must_use]
    pub fn failing(mut self, path: &str, fault: Fault) -> Root {
        self.troubles.push((PathBuf::from(path), Trouble::Fails(fault)));
        self
    }

    /// The same root, at and below one path of which everything exists and reads as these bytes; for tests.
    #[must_use]
    pub fn garbled(mut self, path: &str, bytes: &[u8]) -> Root {
        self.troubles.push((PathBuf::from(path), Trouble::Garbage(bytes.to_vec())));
        self
    }

    fn trouble(&self, path: &Path) -> Result<Option<&[u8]>, Fault> {
        match self.troubles.iter().find(|(top, _)| path.starts_with(top)) {
            None => Ok(None),
            Some((_, Trouble::Fails(fault))) => Err(*fault),
            Some((_, Trouble::Garbage(bytes))) => Ok(Some(bytes)),
        }
    }

    /// Whether this is a running system: /proc and /sys are its own.
    pub fn is_live(&self) -> bool {
        self.live
    }

    /// The folder that stands for `/`.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Opens a regular file for reading.
    pub fn open(&self, path: &Path) -> Result<File, ReadError> {
        self.open_file(path).map_err(|fault| ReadError { path: path.to_owned(), fault })
    }

    /// Reads a whole regular file of at most `cap` bytes.
    pub fn read(&self, path: &Path, cap: u64) -> Result<Vec<u8>, ReadError> {
        let fail = |fault| ReadError { path: path.to_owned(), fault };
        let file = self.open_file(path).map_err(fail)?;
        let size = file.metadata().map(|metadata| metadata.len()).unwrap_or(0);
        if size > cap {
            return Err(fail(Fault::TooLarge));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0).saturating_add(1));
        let read = file.take(cap.saturating_add(1)).read_to_end(&mut bytes);
        match read {
            Err(error) => Err(fail(fault_of(error))),
            Ok(length) if length as u64 > cap => Err(fail(Fault::TooLarge)),
            Ok(_) => Ok(bytes),
        }
    }

    /// Reads a small text file; bytes that are not UTF-8 become replacement characters.
    pub fn text(&self, path: impl AsRef<Path>) -> Result<String, ReadError> {
        let bytes = self.read(path.as_ref(), SETTINGS_CAP)?;
        Ok(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    /// The names in a directory, sorted; without `.` and `..`.
    pub fn list(&self, path: &Path) -> Result<Vec<OsString>, ReadError> {
        self.names(path).map_err(|fault| ReadError { path: path.to_owned(), fault })
    }

    /// What makes a path the same file; follows links inside the root.
    pub fn identity(&self, path: &Path) -> Result<Identity, ReadError> {
        self.stat(path).map(|stat| Identity::of(&stat)).map_err(|fault| ReadError { path: path.to_owned(), fault })
    }

    /// Whether anything is at this path; an error other than absence counts as something.
    pub fn exists(&self, path: impl AsRef<Path>) -> bool {
        !matches!(self.locate(path.as_ref(), OFlags::PATH), Err(Fault::Missing))
    }

    /// Where a symbolic link points, unresolved.
    pub fn link(&self, path: &Path) -> Result<PathBuf, ReadError> {
        let target = self.locate(path, OFlags::PATH | OFlags::NOFOLLOW).and_then(|fd| {
            if self.trouble(path)?.is_some() {
                return Ok(c"garbage".to_owned());
            }
            rustix::fs::readlinkat(&fd, "", Vec::new()).map_err(fault_of_errno)
        });
        target
            .map(|target| PathBuf::from(OsString::from_vec(target.into_bytes())))
            .map_err(|fault| ReadError { path: path.to_owned(), fault })
    }

    /// The last part of the path a directory link resolves to, as sysfs uses it (`/sys/dev/block/8:1` to `sda1`).
    pub fn link_name(&self, path: &Path) -> Result<OsString, ReadError> {
        let target = self.link(path)?;
        target.file_name().map(OsString::from).ok_or(ReadError { path: path.to_owned(), fault: Fault::NotAFile })
    }

    fn stat(&self, path: &Path) -> Result<Stat, Fault> {
        let stat = match self.trouble(path)? {
            None if self.is_this_system() => rustix::fs::statat(CWD, path, AtFlags::empty()),
            _ => rustix::fs::fstat(self.locate(path, OFlags::PATH)?),
        };
        stat.map_err(fault_of_errno)
    }

    /// Whether paths mean here what they mean to the kernel.
    fn is_this_system(&self) -> bool {
        self.live && self.directory == Path::new("/")
    }

    fn open_file(&self, path: &Path) -> Result<File, Fault> {
        if let Some(bytes) = self.trouble(path)? {
            return garbled_file(bytes);
        }
        let handle = self.locate(path, OFlags::PATH)?;
        let stat = rustix::fs::fstat(&handle).map_err(fault_of_errno)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(Fault::NotAFile);
        }
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = File::from(self.locate(path, flags)?);
        // The path may have been exchanged between the two opens; NONBLOCK kept a pipe from holding us up.
        let again = rustix::fs::fstat(&file).map_err(fault_of_errno)?;
        if (again.st_dev, again.st_ino) == (stat.st_dev, stat.st_ino) { Ok(file) } else { Err(Fault::NotAFile) }
    }

    fn names(&self, path: &Path) -> Result<Vec<OsString>, Fault> {
        if self.trouble(path)?.is_some() {
            return Ok(GARBLED_NAMES.map(OsString::from).to_vec());
        }
        let directory = self.locate(path, OFlags::RDONLY | OFlags::DIRECTORY)?;
        let mut names = Vec::new();
        for entry in Dir::read_from(&directory).map_err(fault_of_errno)? {
            let name = OsString::from_vec(entry.map_err(fault_of_errno)?.file_name().to_bytes().to_vec());
            if name != "." && name != ".." {
                names.push(name);
            }
            if names.len() > MAX_ENTRIES {
                return Err(Fault::TooLarge);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn locate(&self, path: &Path, flags: OFlags) -> Result<rustix::fd::OwnedFd, Fault> {
        let flags = flags | OFlags::CLOEXEC;
        if let Some(bytes) = self.trouble(path)? {
            return garbled_file(bytes).map(Into::into);
        }
        if self.is_this_system() {
            return rustix::fs::openat(CWD, path, flags, Mode::empty()).map_err(fault_of_errno);
        }
        let top = rustix::fs::open(&self.directory, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
            .map_err(fault_of_errno)?;
        let inside = path.strip_prefix("/").unwrap_or(path);
        let inside = if inside.as_os_str().is_empty() { Path::new(".") } else { inside };
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        // The kernel gives up on `..` while anything on the machine is renamed (openat2(2), EAGAIN).
        let mut opened = Err(Errno::AGAIN);
        for _ in 0..RESOLVE_ATTEMPTS {
            opened = rustix::fs::openat2(&top, inside, flags, Mode::empty(), resolve);
            if !matches!(opened, Err(Errno::AGAIN)) {
                break;
            }
        }
        opened.map_err(fault_of_errno)
    }
}

/// An open file with these bytes, for the tests of garbled roots.
fn garbled_file(bytes: &[u8]) -> Result<File, Fault> {
    let mut file = File::from(rustix::fs::memfd_create(c"garbage", MemfdFlags::CLOEXEC).map_err(fault_of_errno)?);
    file.write_all(bytes).and_then(|()| file.rewind()).map_err(fault_of)?;
    Ok(file)
}

/// Whether a folder can be inspected at all.
pub fn is_directory(path: &Path) -> bool {
    rustix::fs::statat(CWD, path, AtFlags::empty())
        .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory)
}

fn fault_of_errno(errno: Errno) -> Fault {
    match errno {
        Errno::NOENT | Errno::NOTDIR => Fault::Missing,
        Errno::ACCESS | Errno::PERM => Fault::NoRight,
        Errno::LOOP | Errno::ISDIR | Errno::XDEV | Errno::NXIO | Errno::NODEV => Fault::NotAFile,
        other => Fault::Io(other),
    }
}

/// The fault of an error that std returned.
pub fn fault_of(error: std::io::Error) -> Fault {
    fault_of_errno(Errno::from_io_error(&error).unwrap_or(Errno::IO))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn disk() -> (tempfile::TempDir, Root) {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::disk(folder.path());
        (folder, root)
    }

    #[test]
    fn links_never_lead_out_of_a_disk() {
        let (folder, root) = disk();
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret"), "outside").unwrap();
        symlink(outside.path().join("secret"), folder.path().join("absolute")).unwrap();
        symlink("../../../../../../../../etc/passwd", folder.path().join("upward")).unwrap();
        symlink("/inside", folder.path().join("own")).unwrap();
        std::fs::write(folder.path().join("inside"), "mine").unwrap();
        assert!(root.text("/absolute").unwrap_err().is_missing());
        assert!(root.text("/upward").unwrap_err().is_missing());
        assert_eq!(root.text("/own").unwrap(), "mine");
        symlink("loop", folder.path().join("loop")).unwrap();
        assert_eq!(root.text("/loop").unwrap_err().fault, Fault::NotAFile);
    }

    #[test]
    fn only_regular_files_within_the_limit_are_read() {
        let (folder, root) = disk();
        rustix::fs::mknodat(CWD, folder.path().join("pipe"), FileType::Fifo, Mode::from_raw_mode(0o644), 0).unwrap();
        assert_eq!(root.text("/pipe").unwrap_err().fault, Fault::NotAFile);
        std::fs::create_dir(folder.path().join("folder")).unwrap();
        assert_eq!(root.text("/folder").unwrap_err().fault, Fault::NotAFile);
        let sparse = File::create(folder.path().join("sparse")).unwrap();
        sparse.set_len(1 << 40).unwrap();
        assert_eq!(root.text("/sparse").unwrap_err().fault, Fault::TooLarge);
        assert!(root.text("/absent").unwrap_err().is_missing());
    }
}
