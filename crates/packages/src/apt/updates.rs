//! The answer: which installed packages apt would upgrade, to what, and why not.
//!
//! [`Updates::upgradable`] and [`Updates::other_builds`] together are exactly what
//! `apt list --upgradable` prints. No dependency is solved: whether an upgrade can be
//! installed without removing something is another question.

use std::cmp::Ordering;

use rustc_hash::FxHashMap;
use seaworthy_versions::dpkg::compare;
use thiserror::Error;

use super::identity::Identity;
use super::phasing::draw;
use super::policy::{File, Policy, default_release_exists};
use super::preferences::Pin;
use super::scan::{Offer, Wanted};
use crate::dpkg::Entry;
use crate::pattern::UnsupportedPattern;

/// What is installed.
#[derive(Debug, Clone)]
pub struct Installation<'a> {
    /// dpkg's database, in its order.
    pub entries: Vec<Entry<'a>>,
    /// This system's own architecture.
    pub native: String,
}

/// One live index of packages and what it offers.
#[derive(Debug, Clone)]
pub struct Index<'a> {
    /// What pins look at.
    pub file: File,
    /// Its versions of installed packages, in its order.
    pub offers: &'a [Offer],
}

/// What the holder or the distribution settled.
#[derive(Debug, Clone, Default)]
pub struct Settings<'a> {
    /// `APT::Default-Release`.
    pub default_release: Option<&'a str>,
    /// In the order in which apt reads them.
    pub pins: &'a [Pin],
    /// How phased updates are treated.
    pub phasing: Phasing<'a>,
}

/// How apt treats phased updates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Phasing<'a> {
    /// Who gets them.
    pub mode: PhasingMode<'a>,
    /// `APT::Get::Phase-Policy`: an excluded update is not even the candidate.
    pub by_policy: bool,
    /// Whether a candidate that itself is in a suite of security updates is never kept
    /// back. apt 2.6 looks only at the versions below it.
    pub spares_security_candidates: bool,
}

/// Who gets phased updates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PhasingMode<'a> {
    /// Everybody: so configured, no machine id, or a chroot.
    #[default]
    Everybody,
    /// Nobody: so configured.
    Nobody,
    /// The machines that draw a low number.
    Drawn {
        /// Content of `/etc/machine-id`.
        machine_id: &'a str,
    },
}

/// Why there is no answer. apt gives none either in the first case.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NoAnswer {
    /// `APT::Default-Release` names nothing in the sources.
    #[error("APT::Default-Release is {0:?}, which no source has")]
    DefaultRelease(String),
    /// A pattern this program cannot read.
    #[error(transparent)]
    Pattern(#[from] UnsupportedPattern),
}

/// The answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Updates {
    /// Newer versions.
    pub upgradable: Vec<Upgrade>,
    /// Other builds of the installed version («upgradable from X to X»).
    pub other_builds: Vec<Upgrade>,
    /// Security updates that would be candidates but for pins or a default release.
    pub withheld: Vec<Upgrade>,
}

/// One package and the version it could have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upgrade {
    /// Its name.
    pub package: String,
    /// The installed version's, `all` included.
    pub architecture: String,
    /// The installed version.
    pub installed: String,
    /// The offered version.
    pub candidate: String,
    /// Source package of the candidate.
    pub source: String,
    /// Source version of what is installed.
    pub installed_source_version: String,
    /// Source version of the candidate.
    pub candidate_source_version: String,
    /// The candidate, or a version between it and the installed one, is a security
    /// update.
    pub security: bool,
    /// Which index offers the candidate; one of a security archive if there is one.
    pub catalog: usize,
    /// The holder keeps the package at its version.
    pub held: bool,
    /// The vendor gives the candidate to some machines only.
    pub phased: Option<Phased>,
    /// Its place among the entries of the installation.
    pub entry: usize,
}

/// How far a phased update has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phased {
    /// Percent of machines.
    pub percentage: u8,
    /// Not this one yet.
    pub kept_back: bool,
}

/// One version of an installed package, with every file that has it.
#[derive(Debug, Clone)]
pub(crate) struct Version<'a> {
    pub(crate) version: &'a str,
    pub(crate) source: &'a str,
    pub(crate) source_version: &'a str,
    pub(crate) files: Vec<usize>,
    phased: Option<u8>,
    identity: Identity,
}

impl<'a> Installation<'a> {
    /// The names to look for in indexes.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        let installed = self.entries.iter().filter(|entry| entry.is_installed());
        installed.map(|entry| &*entry.record.package).collect()
    }

    /// Packages for all architectures count as this system's own.
    pub(crate) fn architecture<'b>(&'b self, architecture: &'b str) -> &'b str {
        if architecture == "all" { &self.native } else { architecture }
    }
}

impl File {
    /// Whether what the archive offers are security updates: Debian's security archive
    /// by its label, suites that end in `-security`, Ubuntu's extended maintenance.
    #[must_use]
    pub fn is_security(&self) -> bool {
        let is = |field: &Option<String>, value: &str| field.as_deref() == Some(value);
        let archive = &self.archive;
        is(&archive.label, "Debian-Security")
            || archive.suite.as_ref().is_some_and(|suite| suite.ends_with("-security"))
            || ["UbuntuESM", "UbuntuESMApps"].iter().any(|origin| is(&archive.origin, origin))
    }
}

/// Answers for an installation. `indexes` are those of the live sources, in apt's order.
///
/// # Errors
/// apt would refuse to answer, or a pattern cannot be read.
pub fn updates(
    installation: &Installation<'_>,
    indexes: &[Index<'_>],
    settings: &Settings<'_>,
) -> Result<Updates, NoAnswer> {
    let mut files: Vec<File> = indexes.iter().map(|index| index.file.clone()).collect();
    files.push(File::installed());
    if let Some(release) = settings.default_release
        && !default_release_exists(release, &files)?
    {
        return Err(NoAnswer::DefaultRelease(release.to_owned()));
    }
    let engine = Engine {
        policy: Policy::new(settings.default_release, settings.pins, &files, &installation.native)?,
        default_policy: Policy::without_pins(&files, &installation.native),
        security: files.iter().map(File::is_security).collect(),
        phasing: &settings.phasing,
    };
    let mut updates = Updates::default();
    for package in packages(installation, indexes) {
        let Some(entry) = installation.entries.get(package.entry) else {
            continue;
        };
        engine.judge(entry, &package, &mut updates);
    }
    Ok(updates)
}

/// An installed package and its versions, highest first.
struct Package<'a> {
    entry: usize,
    architecture: &'a str,
    versions: Vec<Version<'a>>,
    installed: usize,
}

/// The installed packages with every version that an index or dpkg's database has, in
/// the order of the database.
fn packages<'a>(installation: &'a Installation<'_>, indexes: &'a [Index<'_>]) -> Vec<Package<'a>> {
    let mut places: FxHashMap<(&str, &str), usize> = FxHashMap::default();
    let mut packages: Vec<Package<'a>> = Vec::new();
    for (index, entry) in installation.entries.iter().enumerate() {
        if !entry.is_installed() {
            continue;
        }
        let architecture = installation.architecture(entry.record.architecture);
        // Of two entries for one package the later one says what is installed.
        let place = *places.entry((&entry.record.package, architecture)).or_insert(packages.len());
        match packages.get_mut(place) {
            Some(package) => package.entry = index,
            None => packages.push(Package { entry: index, architecture, versions: Vec::new(), installed: 0 }),
        }
    }
    for (file, index) in indexes.iter().enumerate() {
        for offer in index.offers {
            let key = (&*offer.package, installation.architecture(&offer.architecture));
            let package = places.get(&key).and_then(|place| packages.get_mut(*place));
            if let Some(package) = package {
                package.merge(version_of_offer(offer, file));
            }
        }
    }
    add_database(installation, indexes.len(), &places, &mut packages);
    packages
}

/// apt reads dpkg's database after all indexes.
fn add_database<'a>(
    installation: &'a Installation<'_>,
    file: usize,
    places: &FxHashMap<(&str, &str), usize>,
    packages: &mut [Package<'a>],
) {
    for (index, entry) in installation.entries.iter().enumerate() {
        let record = &entry.record;
        let key = (&*record.package, installation.architecture(record.architecture));
        let Some(package) = places.get(&key).and_then(|place| packages.get_mut(*place)) else {
            continue;
        };
        let Some(version) = record.version else { continue };
        let known = package.versions.len();
        let at = package.merge(Version {
            version,
            source: &record.source,
            source_version: &record.source_version,
            files: vec![file],
            phased: record.phased_percentage,
            identity: record.identity,
        });
        if package.entry == index {
            package.installed = at;
        } else if index > package.entry && at <= package.installed {
            package.installed += package.versions.len() - known;
        }
    }
}

fn version_of_offer(offer: &Offer, file: usize) -> Version<'_> {
    Version {
        version: &offer.version,
        source: offer.source.as_deref().unwrap_or(&offer.package),
        source_version: offer.source_version.as_deref().unwrap_or(&offer.version),
        files: vec![file],
        phased: offer.phased_percentage,
        identity: offer.identity,
    }
}

impl<'a> Package<'a> {
    /// Puts a version in its place and says which: with an equal version of the same
    /// build it becomes one, behind equal versions of other builds it is another.
    fn merge(&mut self, new: Version<'a>) -> usize {
        for (at, known) in self.versions.iter_mut().enumerate() {
            match compare(new.version, known.version) {
                Ordering::Less => {}
                Ordering::Equal if new.identity.is_same_build(&known.identity) => {
                    known.files.extend(new.files);
                    known.phased = new.phased.or(known.phased);
                    if known.identity.size == 0 {
                        known.identity.size = new.identity.size;
                    }
                    return at;
                }
                Ordering::Equal => {}
                Ordering::Greater => {
                    self.versions.insert(at, new);
                    return at;
                }
            }
        }
        self.versions.push(new);
        self.versions.len() - 1
    }
}

struct Engine<'s> {
    policy: Policy,
    default_policy: Policy,
    /// By file.
    security: Vec<bool>,
    phasing: &'s Phasing<'s>,
}

impl Engine<'_> {
    fn judge(&self, entry: &Entry<'_>, package: &Package<'_>, updates: &mut Updates) {
        let candidate = self.candidate(&self.policy, entry, package);
        let upgrade = candidate.filter(|at| *at < package.installed);
        if let Some(at) = upgrade
            && let Some(upgrade) = self.upgrade(entry, package, at, package.installed)
        {
            if compare(&upgrade.candidate, &upgrade.installed) == Ordering::Equal {
                updates.other_builds.push(upgrade);
            } else {
                updates.upgradable.push(upgrade);
            }
        }
        let reached = candidate.unwrap_or(package.installed).min(package.installed);
        let wished = self.candidate(&self.default_policy, entry, package);
        if let Some(at) = wished.filter(|at| *at < reached)
            && let Some(upgrade) = self.upgrade(entry, package, at, reached)
            && upgrade.security
            && compare(&upgrade.candidate, &upgrade.installed) == Ordering::Greater
        {
            updates.withheld.push(upgrade);
        }
    }

    fn candidate(&self, policy: &Policy, entry: &Entry<'_>, package: &Package<'_>) -> Option<usize> {
        let name = &*entry.record.package;
        let ceiling = |version: &Version<'_>| match self.phasing.by_policy && self.is_excluded(version) {
            true => 1,
            false => i32::MAX,
        };
        policy.candidate(name, package.architecture, &package.versions, Some(package.installed), ceiling)
    }

    /// The upgrade to the version at `at`. It is a security update where one of the
    /// versions before `end` is.
    fn upgrade(&self, entry: &Entry<'_>, package: &Package<'_>, at: usize, end: usize) -> Option<Upgrade> {
        let installed = package.versions.get(package.installed)?;
        let candidate = package.versions.get(at)?;
        let from_security = candidate.files.iter().find(|file| self.is_security_file(file));
        Some(Upgrade {
            package: entry.record.package.clone().into_owned(),
            architecture: entry.record.architecture.to_owned(),
            installed: installed.version.to_owned(),
            candidate: candidate.version.to_owned(),
            source: candidate.source.to_owned(),
            installed_source_version: installed.source_version.to_owned(),
            candidate_source_version: candidate.source_version.to_owned(),
            security: package.versions.get(at..end)?.iter().any(|version| self.is_security(version)),
            catalog: *from_security.or(candidate.files.first())?,
            held: entry.is_held(),
            phased: candidate.phased.map(|percentage| Phased { percentage, kept_back: self.is_kept_back(package, at) }),
            entry: package.entry,
        })
    }

    fn is_security(&self, version: &Version<'_>) -> bool {
        version.files.iter().any(|file| self.is_security_file(file))
    }

    fn is_security_file(&self, file: &usize) -> bool {
        self.security.get(*file).copied().unwrap_or(false)
    }

    /// apt keeps an excluded update back unless it passes over a security update.
    fn is_kept_back(&self, package: &Package<'_>, at: usize) -> bool {
        let first = if self.phasing.spares_security_candidates { at } else { at + 1 };
        let passed = package.versions.get(first..package.installed).unwrap_or_default();
        let is_security = passed.iter().any(|version| self.is_security(version));
        let excluded = package.versions.get(at).is_some_and(|version| self.is_excluded(version));
        !self.phasing.by_policy && !is_security && excluded
    }

    fn is_excluded(&self, version: &Version<'_>) -> bool {
        let Some(percentage) = version.phased else {
            return false;
        };
        match self.phasing.mode {
            PhasingMode::Everybody => false,
            PhasingMode::Nobody => true,
            PhasingMode::Drawn { machine_id } => draw(version.source, version.source_version, machine_id) > percentage,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apt::preferences;
    use crate::apt::release::Archive;
    use crate::apt::scan::Scanner;
    use crate::dpkg::status;

    const STATUS: &str = "Package: a\nArchitecture: amd64\nVersion: 1\nInstalled-Size: 5\n\
        Status: hold ok installed\n\nPackage: b\nArchitecture: all\nVersion: 0:2\n\
        Status: install ok installed\n\nPackage: c\nArchitecture: amd64\nVersion: 1\n\
        Status: deinstall ok config-files\n";

    fn file(suite: &str, label: &str) -> File {
        let archive = Archive { suite: Some(suite.into()), label: Some(label.into()), ..Archive::default() };
        File { archive, site: Some("h".into()), component: "main".into(), ..File::default() }
    }

    fn check(lists: &[(File, &str)], pins: &str, phasing: Phasing<'_>) -> Updates {
        let installation = Installation { entries: status(STATUS.as_bytes()).unwrap(), native: "amd64".into() };
        let wanted = installation.wanted();
        let found: Vec<_> = lists
            .iter()
            .map(|(_, text)| {
                let mut scanner = Scanner::new(&wanted);
                scanner.feed(text.as_bytes()).unwrap();
                scanner.finish().unwrap().offers
            })
            .collect();
        let indexes: Vec<_> =
            lists.iter().zip(&found).map(|((file, _), offers)| Index { file: file.clone(), offers }).collect();
        let pins = preferences::read(pins.as_bytes(), true).unwrap();
        let settings = Settings { pins: &pins, phasing, ..Settings::default() };
        updates(&installation, &indexes, &settings).unwrap()
    }

    fn show(upgrades: &[Upgrade]) -> Vec<String> {
        let line = |upgrade: &Upgrade| format!("{} {} {}", upgrade.package, upgrade.candidate, upgrade.security);
        upgrades.iter().map(line).collect()
    }

    #[test]
    fn a_security_update_in_between_makes_the_upgrade_one() {
        let updates = check(
            &[
                (file("stable-updates", "D"), "Package: a\nArchitecture: amd64\nVersion: 3\n"),
                (file("stable-security", "D"), "Package: a\nArchitecture: amd64\nVersion: 2\n"),
            ],
            "",
            Phasing::default(),
        );
        assert_eq!(show(&updates.upgradable), ["a 3 true"]);
        assert_eq!(updates.upgradable[0].catalog, 0);
        assert!(updates.upgradable[0].held);
    }

    #[test]
    fn another_build_of_the_same_version_stands_apart() {
        let list = "Package: a\nArchitecture: amd64\nVersion: 1\nInstalled-Size: 6\n\n\
                    Package: b\nArchitecture: all\nVersion: 2\n";
        let updates = check(&[(file("s", "D"), list)], "", Phasing::default());
        assert!(updates.upgradable.is_empty());
        assert_eq!(show(&updates.other_builds), ["a 1 false"]);
    }

    #[test]
    fn a_pin_that_withholds_a_security_update_is_told() {
        let lists = [(file("s", "Debian-Security"), "Package: a\nArchitecture: amd64\nVersion: 2\n")];
        let pins = "Package: a\nPin: version 2*\nPin-Priority: -1\n";
        let updates = check(&lists, pins, Phasing::default());
        assert!(updates.upgradable.is_empty());
        assert_eq!(show(&updates.withheld), ["a 2 true"]);
    }

    #[test]
    fn phased_updates_say_how_far_they_are() {
        let lists = [(file("s", "D"), "Package: a\nArchitecture: amd64\nVersion: 2\nPhased-Update-Percentage: 0\n")];
        let mode = PhasingMode::Drawn { machine_id: "e50211670eae679f02e8d28a79023c39" };
        let kept = check(&lists, "", Phasing { mode, ..Phasing::default() });
        assert_eq!(kept.upgradable[0].phased, Some(Phased { percentage: 0, kept_back: true }));
        let all = check(&lists, "", Phasing::default());
        assert_eq!(all.upgradable[0].phased, Some(Phased { percentage: 0, kept_back: false }));
        let policy = check(&lists, "", Phasing { mode, by_policy: true, ..Phasing::default() });
        assert!(policy.upgradable.is_empty());
    }
}
