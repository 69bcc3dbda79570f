//! A made system in a temporary folder: the sysroot of a probe test.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// A folder that stands for `/`; gone when dropped.
#[derive(Debug)]
pub struct Sysroot {
    folder: tempfile::TempDir,
}

impl Default for Sysroot {
    fn default() -> Sysroot {
        Sysroot::new()
    }
}

impl Sysroot {
    /// An empty system.
    #[expect(clippy::expect_used, reason = "a test without a temporary folder cannot go on")]
    pub fn new() -> Sysroot {
        Sysroot { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// Where it stands on this machine.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A path inside it.
    pub fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path.trim_start_matches('/'))
    }

    /// With a file.
    #[must_use]
    pub fn file(self, path: &str, content: impl AsRef<[u8]>) -> Sysroot {
        self.write(path, content);
        self
    }

    /// With an empty folder.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test without its sysroot cannot go on")]
    pub fn folder(self, path: &str) -> Sysroot {
        fs::create_dir_all(self.at(path)).expect("a folder");
        self
    }

    /// With a symbolic link.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test without its sysroot cannot go on")]
    pub fn link(self, path: &str, target: &str) -> Sysroot {
        let at = self.at(path);
        fs::create_dir_all(at.parent().unwrap_or(self.path())).expect("a folder");
        symlink(target, at).expect("a link");
        self
    }

    /// Writes a file into it.
    #[expect(clippy::expect_used, reason = "a test without its sysroot cannot go on")]
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let at = self.at(path);
        fs::create_dir_all(at.parent().unwrap_or(self.path())).expect("a folder");
        fs::write(at, content).expect("a file");
    }
}
