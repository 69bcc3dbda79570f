//! Files of the state directory: written whole or not at all, readable by their owner alone.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A file of the state directory is never larger than this.
const STATE_CAP: u64 = 16 << 20;

/// The directory in which a device keeps its key, its ledger and what it remembers.
#[derive(Clone, Debug)]
pub struct StateDirectory {
    path: PathBuf,
}

impl StateDirectory {
    /// Names it; it is made when something is first written.
    pub fn new(path: impl Into<PathBuf>) -> StateDirectory {
        StateDirectory { path: path.into() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads a file; `None` where there is none.
    pub fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let path = self.path.join(name);
        match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
            Ok(metadata) if metadata.len() > STATE_CAP => return Err(io::Error::other("larger than it can be")),
            Ok(_) => {}
        }
        fs::read(path).map(Some)
    }

    /// Reads a JSON file. One that cannot be understood is set aside under `NAME.broken`, never overwritten.
    pub fn read_json<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let bytes = self.read(name).ok()??;
        let value = serde_json::from_slice(&bytes).ok();
        if value.is_none() {
            // Setting it aside is a kindness; a directory that forbids it changes no answer.
            let _ = fs::rename(self.path.join(name), self.path.join(format!("{name}.broken")));
        }
        value
    }

    /// Replaces a file: a crash leaves the old one or the new one.
    pub fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.replace(name, |path| write_new(path, bytes)?.sync_all())
    }

    /// Replaces a file that can be worked out again: after a power failure it may be torn, and no reader may mind.
    pub fn write_lightly(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.replace(name, |path| write_new(path, bytes).map(drop))
    }

    fn replace(&self, name: &str, write: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
        self.make()?;
        let temporary = self.path.join(format!(".{name}.{}", std::process::id()));
        let written = write(&temporary).and_then(|()| fs::rename(&temporary, self.path.join(name)));
        if written.is_err() {
            // The error that matters is the one above.
            let _ = fs::remove_file(&temporary);
        }
        written
    }

    /// Replaces a JSON file.
    pub fn write_json<T: Serialize>(&self, name: &str, value: &T) -> io::Result<()> {
        self.write(name, &serde_json::to_vec(value)?)
    }

    /// Makes the directory, for its owner alone.
    pub fn make(&self) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.path)
    }
}

/// Never through a link that somebody laid there.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file: File = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn files_are_private_and_a_broken_one_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDirectory::new(folder.path().join("deep/er"));
        assert_eq!(state.read_json::<Vec<u8>>("a.json"), None);
        state.write_json("a.json", &[1, 2, 3]).unwrap();
        assert_eq!(state.read_json::<Vec<u8>>("a.json"), Some(vec![1, 2, 3]));
        assert_eq!(fs::metadata(state.path().join("a.json")).unwrap().permissions().mode() & 0o777, 0o600);
        state.write("a.json", b"not json").unwrap();
        assert_eq!(state.read_json::<Vec<u8>>("a.json"), None);
        assert_eq!(fs::read(state.path().join("a.json.broken")).unwrap(), b"not json");
    }
}
