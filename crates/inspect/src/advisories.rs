//! Advisory records that the caller gives: OSV JSON, a file or a folder of them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use seaworthy_appraise::reference;
use seaworthy_model::{Distribution, PendingUpdate};
use seaworthy_packages::osv::{self, Advisory, InvalidAdvisory};

/// Records read at most; Debian has 60,000.
const MAX_RECORDS: usize = 500_000;

/// Advisory records.
#[derive(Clone, Debug, Default)]
pub struct Advisories {
    records: Vec<Advisory>,
}

/// Why records cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum AdvisoriesError {
    /// A file or folder cannot be read.
    #[error("{path}: {source}")]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file is no OSV record.
    #[error("{path}: not an OSV record: {source}")]
    Record {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        source: InvalidAdvisory,
    },
    /// More records than any vendor has.
    #[error("{path}: more than {MAX_RECORDS} records")]
    TooMany {
        /// Where.
        path: PathBuf,
    },
}

impl Advisories {
    /// Reads a record, or every `*.json` in a folder.
    pub fn read(path: &Path) -> Result<Advisories, AdvisoriesError> {
        let failed = |source| AdvisoriesError::Read { path: path.to_owned(), source };
        let mut advisories = Advisories::default();
        if !fs::metadata(path).map_err(failed)?.is_dir() {
            advisories.add(path)?;
            return Ok(advisories);
        }
        let mut files: Vec<PathBuf> = Vec::new();
        for entry in fs::read_dir(path).map_err(failed)? {
            let file = entry.map_err(failed)?.path();
            if file.extension().is_some_and(|ending| ending == "json") && file.is_file() {
                files.push(file);
            }
            if files.len() > MAX_RECORDS {
                return Err(AdvisoriesError::TooMany { path: path.to_owned() });
            }
        }
        files.sort();
        files.iter().try_for_each(|file| advisories.add(file))?;
        Ok(advisories)
    }

    fn add(&mut self, path: &Path) -> Result<(), AdvisoriesError> {
        let failed = |source| AdvisoriesError::Read { path: path.to_owned(), source };
        let size = fs::metadata(path).map_err(failed)?.len();
        if size > osv::LARGEST_RECORD as u64 {
            return Err(AdvisoriesError::Record { path: path.to_owned(), source: InvalidAdvisory::TooLarge });
        }
        let bytes = fs::read(path).map_err(failed)?;
        let record = Advisory::parse(&bytes);
        self.records.push(record.map_err(|source| AdvisoriesError::Record { path: path.to_owned(), source })?);
        Ok(())
    }

    /// Adds to an update what the advisories say that it answers. `versions` are its source versions, installed and
    /// offered.
    pub fn annotate(&self, update: &mut PendingUpdate, versions: &(String, String), distribution: &Distribution) {
        reference::annotate(&self.records, update, (&versions.0, &versions.1), distribution);
    }
}
