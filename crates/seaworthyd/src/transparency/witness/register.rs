//! What a witness has cosigned: a small file for each log, in a folder of which one witness alone has the lock. A file is
//! replaced whole, and synced, before the cosignature leaves: whoever kills the witness finds the old or the new one.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use seaworthy_protocol::Digest;
use seaworthy_stamp::sha256;
use seaworthy_tlog::{Checkpoint, Held};

use crate::folder;
use crate::transparency::bounded;

/// Longest file: an origin is within a checkpoint that was taken, but names are far shorter.
const MAX_FILE: usize = 2 << 20;

/// The folder.
#[derive(Debug)]
pub struct Register {
    folder: PathBuf,
    _lock: File,
}

impl Register {
    /// Opens the folder, which is made if need be, for one witness.
    pub fn open(path: &Path) -> io::Result<Register> {
        folder::make(path)?;
        let lock = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path.join("lock"))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => io::Error::other("another witness works on it"),
            TryLockError::Error(error) => error,
        })?;
        Ok(Register { folder: path.to_owned(), _lock: lock })
    }

    /// What was cosigned last of a log. A file that cannot be read is never taken for nothing.
    pub fn held(&self, origin: &str) -> io::Result<Held> {
        let name = name(origin);
        let damaged = |why: &str| io::Error::other(format!("{name}: {why}"));
        let bytes = match bounded(&self.folder.join(&name), MAX_FILE) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Held::NOTHING),
            read => read.map_err(|error| damaged(&error.to_string()))?,
        };
        let text = String::from_utf8(bytes).map_err(|_| damaged("damaged"))?;
        let checkpoint: Checkpoint = text.parse().map_err(|fault| damaged(&format!("{fault}")))?;
        let is_own = checkpoint.origin == origin;
        if is_own { Ok(Held { size: checkpoint.size, root: checkpoint.root }) } else { Err(damaged("of another log")) }
    }

    /// Writes down what is cosigned next; it is durable when this returns.
    pub fn hold(&self, origin: &str, held: &Held) -> io::Result<()> {
        let text = Checkpoint::new(origin, held.size, held.root).to_string();
        folder::write(&self.folder, &name(origin), text.as_bytes())
    }
}

/// The file of a log: an origin has characters that a name of a file must not have.
fn name(origin: &str) -> String {
    format!("{}.held", Digest::from_bytes(sha256(origin.as_bytes())))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use seaworthy_tlog::Hash;

    use super::*;

    const ORIGIN: &str = "example.org/log/a";

    #[test]
    fn what_is_held_is_read_back_and_damage_is_not_nothing() {
        let place = tempfile::tempdir().unwrap();
        let held = Held { size: 7, root: Hash::leaf(b"x") };
        let register = Register::open(place.path()).unwrap();
        assert_eq!(register.held(ORIGIN).unwrap(), Held::NOTHING);
        register.hold(ORIGIN, &held).unwrap();
        assert!(Register::open(place.path()).unwrap_err().to_string().contains("another witness"));
        drop(register);
        let register = Register::open(place.path()).unwrap();
        assert_eq!(register.held(ORIGIN).unwrap(), held);
        assert_eq!(register.held("example.org/log/b").unwrap(), Held::NOTHING);
        for damage in ["", "example.org/log/b\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", "x"] {
            fs::write(place.path().join(name(ORIGIN)), damage).unwrap();
            assert!(register.held(ORIGIN).is_err(), "{damage}");
        }
    }
}
