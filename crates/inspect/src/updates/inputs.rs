//! Keeps account of every file and folder that was asked for, so that an answer can be
//! kept until one of them changes.

use std::path::{Path, PathBuf};

use crate::root::{Fault, Identity, ReadError, Root};

/// No configuration file is larger.
const LARGEST_SETTING: u64 = 4 << 20;

/// A file or folder that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Input {
    /// Its path in the root.
    pub path: PathBuf,
    /// What it was just before it was read; `None` where it was not there.
    pub identity: Option<Identity>,
}

/// Reads from a root and keeps account.
pub(super) struct Reader<'a> {
    root: &'a Root,
    inputs: Vec<Input>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(root: &'a Root) -> Self {
        Self { root, inputs: Vec::new() }
    }

    pub(super) fn into_inputs(self) -> Vec<Input> {
        self.inputs
    }

    /// Notes a path without reading it. Whether it is there.
    pub(super) fn note(&mut self, path: &Path) -> bool {
        let identity = self.root.identity(path).ok();
        let is_there = identity.is_some();
        self.inputs.push(Input { path: path.to_owned(), identity });
        is_there
    }

    /// A file, or `None` where it is missing or no regular file, which apt passes over.
    pub(super) fn file(&mut self, path: &Path, cap: u64) -> Result<Option<Vec<u8>>, ReadError> {
        self.proper_file(path, cap).or_else(|error| match error.fault {
            Fault::NotAFile => Ok(None),
            _ => Err(error),
        })
    }

    /// A file that nothing but its absence excuses.
    pub(super) fn proper_file(&mut self, path: &Path, cap: u64) -> Result<Option<Vec<u8>>, ReadError> {
        self.note(path);
        match self.root.read(path, cap) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A file of settings.
    pub(super) fn setting(&mut self, path: &Path) -> Result<Option<Vec<u8>>, ReadError> {
        self.file(path, LARGEST_SETTING)
    }

    /// The names in a folder, sorted by their bytes; none where it is missing.
    pub(super) fn folder(&mut self, path: &Path) -> Result<Vec<String>, ReadError> {
        self.note(path);
        match self.root.list(path) {
            Ok(names) => {
                let mut names: Vec<String> = names.into_iter().filter_map(|name| name.into_string().ok()).collect();
                names.sort_unstable();
                Ok(names)
            }
            Err(error) if error.is_missing() => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}
