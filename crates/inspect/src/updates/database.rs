//! dpkg's database in its place, and the architectures that go with it.

use std::path::{Path, PathBuf};

use seaworthy_packages::apt::config::Config;
use seaworthy_packages::apt::listname::Architectures;
use seaworthy_packages::apt::updates::Installation;
use seaworthy_packages::dpkg::{self, Entry, InvalidDatabase};

use super::UpdatesError;
use super::inputs::Reader;
use crate::relay::both;

/// No database is larger; a full desktop's has 5 MB.
const LARGEST_STATUS: u64 = 256 << 20;

/// The texts of the database.
pub(super) struct Database {
    status_path: PathBuf,
    status: Vec<u8>,
    /// The files of `status.d`, each with its path.
    parts: Vec<(PathBuf, Vec<u8>)>,
    /// The architectures that dpkg was told of: its own first.
    architectures: Vec<String>,
}

/// No system has more; each takes part in every source.
const MOST_ARCHITECTURES: usize = 256;

impl Database {
    pub(super) fn read(reader: &mut Reader<'_>, config: &Config) -> Result<Self, UpdatesError> {
        let status_path = PathBuf::from(status_path(config));
        let folder = status_path.parent().unwrap_or(Path::new("/")).to_owned();
        refuse_journal(reader, &folder.join("updates"))?;
        let status = reader.proper_file(&status_path, LARGEST_STATUS)?;
        let parts = read_parts(reader, &folder.join("status.d"))?;
        if status.is_none() && parts.is_empty() {
            return Err(UpdatesError::NoDatabase { path: status_path });
        }
        let architectures = reader.setting(&folder.join("arch"))?.unwrap_or_default();
        let architectures = String::from_utf8_lossy(&architectures);
        if architectures.split_ascii_whitespace().count() > MOST_ARCHITECTURES {
            return Err(UpdatesError::Option { option: "more than 256 architectures" });
        }
        Ok(Self {
            status_path,
            status: status.unwrap_or_default(),
            parts,
            architectures: architectures.split_ascii_whitespace().map(str::to_owned).collect(),
        })
    }

    pub(super) fn installation(&self, config: &Config) -> Result<Installation<'_>, UpdatesError> {
        let broken = |path: &Path, source: InvalidDatabase| UpdatesError::Database { path: path.to_owned(), source };
        let (head, tail) = dpkg::halves(&self.status);
        let (head, tail) = both(|| dpkg::status(head), || dpkg::status(tail));
        let mut entries = head.map_err(|error| broken(&self.status_path, error))?;
        entries.extend(tail.map_err(|error| broken(&self.status_path, error))?);
        for (path, text) in &self.parts {
            entries.extend(dpkg::status_d(text).map_err(|error| broken(path, error))?);
        }
        let native = config
            .find("APT::Architecture")
            .map(str::to_owned)
            .or_else(|| self.native(&entries))
            .ok_or_else(|| UpdatesError::NoArchitecture { path: self.status_path.clone() })?;
        Ok(Installation { entries, native })
    }

    /// dpkg's own package says it; images without dpkg have what most packages have.
    fn native(&self, entries: &[Entry<'_>]) -> Option<String> {
        let of = |name: &str| {
            let is_it = |entry: &&Entry<'_>| entry.is_installed() && entry.record.package == name;
            entries.iter().find(is_it).map(|entry| entry.record.architecture)
        };
        let specific = |architecture: &&str| !matches!(*architecture, "all" | "none");
        of("dpkg")
            .or_else(|| of("apt"))
            .filter(specific)
            .or_else(|| self.architectures.first().map(String::as_str))
            .or_else(|| {
                let mut installed = entries.iter().filter(|entry| entry.is_installed());
                installed.find_map(|entry| Some(entry.record.architecture).filter(specific))
            })
            .map(str::to_owned)
    }

    /// What the system can install: `APT::Architectures`, else what dpkg was told.
    pub(super) fn architectures(&self, config: &Config, native: &str) -> Architectures {
        let mut usable = config.list("APT::Architectures");
        usable.retain(|name| !name.is_empty());
        if usable.is_empty() {
            usable.extend(self.architectures.iter().filter(|name| *name != native).cloned());
            usable.insert(0, native.to_owned());
        } else if !usable.iter().any(|name| name == native) {
            usable.insert(0, native.to_owned());
        }
        let mut seen = Vec::new();
        let barbarian = config.list("APT::BarbarianArchitectures");
        for name in usable {
            if !seen.contains(&name) && !barbarian.contains(&name) {
                seen.push(name);
            }
        }
        Architectures { native: native.to_owned(), usable: seen }
    }
}

/// apt looks beside its own state: `…/apt` becomes `…/dpkg`.
fn status_path(config: &Config) -> String {
    if let Some(path) = config.path("Dir::State::status") {
        return path;
    }
    let state = config.find("Dir::State").unwrap_or_default();
    let parent = state.strip_suffix('/').unwrap_or(state).strip_suffix("/apt");
    let state = parent.filter(|parent| !parent.is_empty()).unwrap_or("var/lib");
    let mut places = Config::empty();
    places.set("RootDir", config.find("RootDir").unwrap_or_default());
    places.set("Dir", config.find("Dir").unwrap_or("/"));
    places.set("Dir::State", &format!("{state}/dpkg"));
    places.set("Dir::State::status", "status");
    places.path("Dir::State::status").unwrap_or_else(|| "/var/lib/dpkg/status".to_owned())
}

fn refuse_journal(reader: &mut Reader<'_>, path: &Path) -> Result<(), UpdatesError> {
    let names = reader.folder(path)?;
    if names.iter().any(|name| dpkg::is_journal_name(name)) {
        return Err(UpdatesError::DpkgInProgress { path: path.to_owned() });
    }
    Ok(())
}

fn read_parts(reader: &mut Reader<'_>, folder: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>, UpdatesError> {
    let mut parts = Vec::new();
    for name in reader.folder(folder)? {
        // Image builders put lists of checksums beside the stanzas.
        if name.starts_with('.') || name.ends_with(".md5sums") || name.ends_with(".preinst") {
            continue;
        }
        let path = folder.join(name);
        if let Some(text) = reader.setting(&path)? {
            parts.push((path, text));
        }
    }
    Ok(parts)
}
