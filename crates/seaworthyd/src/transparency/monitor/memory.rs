//! What a monitor remembers of a log: the last checkpoint it saw, as the log signed it; and the evidence when the log was
//! caught. All of it is text that anybody can verify.

use std::io;
use std::path::{Path, PathBuf};

use seaworthy_model::{Code, Timestamp};
use seaworthy_tlog::MAX_NOTE;

use crate::failure::Failure;
use crate::folder;
use crate::transparency::bounded;

/// File of the last checkpoint.
const LAST: &str = "checkpoint";

/// The folder of a log.
#[derive(Debug)]
pub struct Memory {
    folder: PathBuf,
}

impl Memory {
    /// Opens the folder, which is made if need be.
    pub fn open(path: &Path) -> Result<Memory, Failure> {
        folder::make(path).map_err(|error| unusable(path, &error))?;
        Ok(Memory { folder: path.to_owned() })
    }

    /// The last checkpoint, if there was one. One that cannot be read is never taken for none.
    pub fn last(&self) -> Result<Option<Vec<u8>>, Failure> {
        let path = self.folder.join(LAST);
        match bounded(&path, MAX_NOTE) {
            Ok(note) => Ok(Some(note)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unusable(&path, &error)),
        }
    }

    /// Remembers a checkpoint; durable when this returns.
    pub fn remember(&self, checkpoint: &[u8]) -> Result<(), Failure> {
        folder::write(&self.folder, LAST, checkpoint).map_err(|error| unusable(&self.folder, &error))
    }

    /// Keeps what a log was caught with in a folder of its own: the checkpoint that was seen before, the one that was
    /// found, and what is wrong. Where that is.
    pub fn keep(&self, at: Timestamp, seen: Option<&[u8]>, found: &[u8], what: &str) -> Result<PathBuf, Failure> {
        let kept = self.folder.join(format!("caught-{at}"));
        let files = [("seen", seen), ("found", Some(found)), ("finding", Some(what.as_bytes()))];
        let written = folder::make(&kept).and_then(|()| {
            let mut files = files.into_iter().filter_map(|(name, bytes)| Some((name, bytes?)));
            files.try_for_each(|(name, bytes)| folder::write(&kept, name, bytes))
        });
        written.map(|()| kept.clone()).map_err(|error| unusable(&kept, &error))
    }

    /// What stands in the folder is not of this log.
    pub fn is_of_another(&self, why: &dyn std::fmt::Display) -> Failure {
        unusable(&self.folder.join(LAST), why).hinting("give each log a state folder of its own")
    }
}

fn unusable(path: &Path, why: &dyn std::fmt::Display) -> Failure {
    Failure::new(Code::DataUnusable, format!("{}: {why}", path.display()))
}
