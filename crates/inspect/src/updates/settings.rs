//! apt's configuration, sources and preferences in their places.

use std::path::{Path, PathBuf};

use seaworthy_packages::apt::config::Config;
use seaworthy_packages::apt::extended_states::AutoInstalled;
use seaworthy_packages::apt::parts::{Folder, counts};
use seaworthy_packages::apt::preferences::{self, Pin};
use seaworthy_packages::apt::sources::{self, Entry};
use seaworthy_packages::apt::updates::{Installation, Phasing, PhasingMode};
use seaworthy_versions::dpkg::compare;

use super::inputs::Reader;
use super::{Conditions, UpdatesError};

/// What apt's version changes in its answer.
pub(super) struct Dialect {
    source_version_pins: bool,
    spares_security_candidates: bool,
}

impl Dialect {
    /// Where apt is not installed, the newest rules hold.
    pub(super) fn of(installation: &Installation<'_>) -> Self {
        let mut installed = installation.entries.iter().filter(|entry| entry.is_installed());
        let apt = installed.find(|entry| entry.record.package == "apt");
        let version = apt.and_then(|entry| entry.record.version);
        let since = |first: &str| version.is_none_or(|version| compare(version, first).is_ge());
        Self { source_version_pins: since("2.9.9"), spares_security_candidates: since("2.7.11") }
    }
}

/// The merged configuration.
pub(super) struct Configuration {
    pub(super) config: Config,
}

/// The sources, with the file of each entry.
pub(super) struct Plan {
    pub(super) entries: Vec<Entry>,
    pub(super) files: Vec<PathBuf>,
}

impl Configuration {
    /// apt reads the folder first and the file over it. What `APT_CONFIG` names in the
    /// environment of some process is not part of the device.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, UpdatesError> {
        let mut config = Config::default();
        let read = |config: &mut Config, path: PathBuf, reader: &mut Reader<'_>| {
            let Some(text) = reader.setting(&path)? else { return Ok(()) };
            config.read(&text).map_err(|source| UpdatesError::Config { path, source })
        };
        for path in files(reader, &config, "Dir::Etc::parts", Folder::Config)? {
            read(&mut config, path, reader)?;
        }
        if let Some(main) = config.path("Dir::Etc::main") {
            read(&mut config, PathBuf::from(main), reader)?;
        }
        for option in ["APT::Sources::With", "APT::Snapshot"] {
            if config.find(option).is_some() || !config.list(option).is_empty() {
                return Err(UpdatesError::Option { option });
            }
        }
        Ok(Self { config })
    }

    /// `sources.list` first, then the folder.
    pub(super) fn sources(&self, reader: &mut Reader<'_>, native: &str) -> Result<Plan, UpdatesError> {
        let mut paths: Vec<PathBuf> = self.config.path("Dir::Etc::sourcelist").map(PathBuf::from).into_iter().collect();
        paths.extend(files(reader, &self.config, "Dir::Etc::sourceparts", Folder::Sources)?);
        let mut plan = Plan { entries: Vec::new(), files: Vec::new() };
        for path in paths {
            let Some(text) = reader.setting(&path)? else { continue };
            let is_deb822 = path.extension().is_some_and(|ending| ending == "sources");
            let parse = if is_deb822 { sources::deb822 } else { sources::one_line };
            let entries =
                parse(&text, native).map_err(|source| UpdatesError::Sources { path: path.clone(), source })?;
            if entries.iter().any(|entry| entry.options.snapshot.is_some()) {
                return Err(UpdatesError::Option { option: "Snapshot" });
            }
            plan.files.extend(entries.iter().map(|_| path.clone()));
            plan.entries.extend(entries);
        }
        Ok(plan)
    }

    /// `preferences` first, then the folder.
    pub(super) fn preferences(&self, reader: &mut Reader<'_>, dialect: &Dialect) -> Result<Vec<Pin>, UpdatesError> {
        let mut paths: Vec<PathBuf> =
            self.config.path("Dir::Etc::preferences").map(PathBuf::from).into_iter().collect();
        paths.extend(files(reader, &self.config, "Dir::Etc::preferencesparts", Folder::Preferences)?);
        let mut pins = Vec::new();
        for path in paths {
            let Some(text) = reader.setting(&path)? else { continue };
            let read = preferences::read(&text, dialect.source_version_pins);
            pins.extend(read.map_err(|source| UpdatesError::Preferences { path, source })?);
        }
        Ok(pins)
    }

    /// The seed of phasing. Images without an identity have an empty file.
    pub(super) fn machine_id(&self, reader: &mut Reader<'_>) -> Result<Option<String>, UpdatesError> {
        if let Some(id) = self.config.find("APT::Machine-ID") {
            return Ok(Some(id.to_owned()));
        }
        let beside = || self.config.path("Dir::Etc").map(|etc| format!("{etc}/../machine-id"));
        let Some(path) = self.config.path("Dir::Etc::machine-id").or_else(beside) else {
            return Ok(None);
        };
        let text = reader.setting(Path::new(&path))?.unwrap_or_default();
        let line = String::from_utf8_lossy(&text).lines().next().unwrap_or_default().to_owned();
        Ok(Some(line).filter(|id| !id.is_empty()))
    }

    pub(super) fn phasing<'a>(
        &self,
        conditions: &Conditions,
        dialect: &Dialect,
        machine_id: Option<&'a str>,
    ) -> Phasing<'a> {
        let on = |name: &str| {
            let inherited = self.config.enabled(&format!("Update-Manager::{name}"), false);
            self.config.enabled(&format!("APT::Get::{name}"), inherited)
        };
        let mode = match machine_id {
            _ if on("Always-Include-Phased-Updates") => PhasingMode::Everybody,
            _ if on("Never-Include-Phased-Updates") => PhasingMode::Nobody,
            Some(machine_id) if !conditions.in_chroot => PhasingMode::Drawn { machine_id },
            _ => PhasingMode::Everybody,
        };
        Phasing {
            mode,
            by_policy: self.config.enabled("APT::Get::Phase-Policy", false),
            spares_security_candidates: dialect.spares_security_candidates,
        }
    }

    pub(super) fn auto_installed(&self, reader: &mut Reader<'_>, native: &str) -> Result<AutoInstalled, UpdatesError> {
        let Some(path) = self.config.path("Dir::State::extended_states") else {
            return Ok(AutoInstalled::default());
        };
        let text = reader.file(Path::new(&path), 64 << 20)?.unwrap_or_default();
        Ok(AutoInstalled::read(&text, native))
    }
}

/// The files of a configuration folder that count, in apt's order.
fn files(reader: &mut Reader<'_>, config: &Config, option: &str, folder: Folder) -> Result<Vec<PathBuf>, UpdatesError> {
    let Some(path) = config.path(option) else {
        return Ok(Vec::new());
    };
    let names = reader.folder(Path::new(&path))?;
    let counting = names.into_iter().filter(|name| counts(folder, name));
    Ok(counting.map(|name| Path::new(&path).join(name)).collect())
}
