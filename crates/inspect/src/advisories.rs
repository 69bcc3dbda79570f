//! Advisory records that the caller gives: OSV JSON, a file or a folder of them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use seaworthy_model::{DateSource, Dated, Distribution, PendingUpdate, Rating, Timestamp};
use seaworthy_packages::osv::{self, Advisory, Grade, Gravity, InvalidAdvisory, Update};

use crate::ledger::earliest;

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
        let Some(release) = ecosystem(distribution) else { return };
        let seen = Update { release: &release, source: &update.source, installed: &versions.0, candidate: &versions.1 };
        for advisory in osv::fixed(&self.records, seen) {
            update.rating = update.rating.max(rating(advisory.gravity(&seen)));
            if is_release_notice(&advisory.id) {
                let published = advisory.published.map(|at| Timestamp::from_seconds(at.as_second()));
                let dated = published.map(|at| Dated { at, from: DateSource::Advisory });
                update.out_by = earliest(update.out_by, dated);
            }
            let names = std::iter::once(advisory.id.as_str()).chain(advisory.cves());
            for name in names {
                if !update.advisories.iter().any(|known| known == name) {
                    update.advisories.push(name.to_owned());
                }
            }
        }
    }
}

/// A vendor's notice is published with its fix. The record of a flaw may be older than any fix, so it dates none.
fn is_release_notice(id: &str) -> bool {
    ["DSA-", "DLA-", "ELA-", "USN-", "LSN-"].iter().any(|kind| id.starts_with(kind))
}

/// `Debian:12`, `Ubuntu:24.04`.
fn ecosystem(distribution: &Distribution) -> Option<String> {
    let name = match distribution.id.as_str() {
        "debian" => "Debian",
        "ubuntu" => "Ubuntu",
        _ => return None,
    };
    Some(format!("{name}:{}", distribution.version))
}

/// The graver of score and word.
fn rating(gravity: Gravity) -> Option<Rating> {
    let by_score = gravity.cvss.filter(|score| *score > 0.0).map(|score| match score {
        score if score >= 9.0 => Rating::Critical,
        score if score >= 7.0 => Rating::High,
        score if score >= 4.0 => Rating::Medium,
        _ => Rating::Low,
    });
    let by_word = gravity.grade.map(|grade| match grade {
        Grade::Negligible | Grade::Low => Rating::Low,
        Grade::Medium => Rating::Medium,
        Grade::High => Rating::High,
        Grade::Critical => Rating::Critical,
    });
    by_score.max(by_word)
}
