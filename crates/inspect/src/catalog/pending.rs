//! The updates and catalog claims: what is pending by the files, which catalogs that was judged by and whether they are
//! proved, and since when each update has been out.

use std::path::{Path, PathBuf};

use seaworthy_model::{
    Catalog, CatalogSource, Claim, ClaimId, DateSource, Dated, Distribution, KeptBack, OtherBuild, PendingUpdate,
    Place, Proof, Reason, SourceRole, Timestamp, Updates,
};
use seaworthy_packages::apt::updates::Upgrade;

use super::memory::{self, Memory, Release};
use super::prove::{Found, Proved, Prover};
use crate::advisories::Advisories;
use crate::ledger::{Ledger, latest};
use crate::lists::ListError;
use crate::root::Root;
use crate::state::StateDirectory;
use crate::updates::{self, Archive, CatalogState, Conditions, ReleaseFiles, Survey, UpdatesError};

/// How much is proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proving {
    /// What no earlier inspection has proved.
    WhereNeeded,
    /// Everything.
    Again,
    /// Nothing; an earlier proof counts.
    RememberedOnly,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// What is inspected.
    pub root: &'a Root,
    /// The inspecting machine, whose keyrings count.
    pub host: &'a Root,
    /// Now.
    pub now: Timestamp,
    /// Where the ledger and the memory are; without it nothing is kept.
    pub state: Option<&'a StateDirectory>,
    /// How much is proved.
    pub proving: Proving,
    /// Advisory records.
    pub advisories: Option<&'a Advisories>,
    /// The installed release.
    pub distribution: Option<&'a Distribution>,
}

/// The two claims.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Pending updates.
    pub updates: Claim<Updates>,
    /// The catalogs.
    pub catalog: Claim<Catalog>,
    /// What could not be kept; changes no claim.
    pub troubles: Vec<String>,
}

/// Answers the question.
pub fn look(question: &Question<'_>) -> Answer {
    match Finding::of(question) {
        Ok(finding) => finding.answer(question),
        Err(error) => {
            let reason = error.reason();
            let troubles = vec![error.to_string()];
            Answer {
                updates: Claim::unknown(reason, &question.places(ClaimId::Updates)),
                catalog: Claim::unknown(reason, &question.places(ClaimId::Catalog)),
                troubles,
            }
        }
    }
}

/// What was found, or remembered.
struct Finding {
    memory: Memory,
    troubles: Vec<String>,
}

impl Finding {
    fn of(question: &Question<'_>) -> Result<Finding, UpdatesError> {
        let conditions = conditions(question.root);
        let remembered = question
            .own_state()
            .and_then(|state| Memory::recall(state, question.root, &format!("{conditions:?}"), question.now));
        let proved = |memory: &Memory| memory.sources.iter().all(|source| matches!(source.proof, Proof::Proved { .. }));
        if let Some(memory) = remembered
            && (question.proving == Proving::RememberedOnly
                || question.proving == Proving::WhereNeeded && proved(&memory))
        {
            return Ok(Finding { memory, troubles: Vec::new() });
        }
        let memory = Finding::afresh(question, &conditions)?;
        let kept = question.own_state().map(|state| memory.keep(state, question.now));
        let troubles = trouble("nothing could be remembered", kept);
        Ok(Finding { memory, troubles })
    }

    /// Reads and proves. Files are read one after the other: only if nothing changed meanwhile do they belong together.
    fn afresh(question: &Question<'_>, conditions: &Conditions) -> Result<Memory, UpdatesError> {
        for _ in 0..ATTEMPTS {
            let prover = Prover { root: question.root, host: question.host, now: question.now };
            let proved = match question.proving {
                Proving::RememberedOnly => prover.survey(conditions)?,
                Proving::WhereNeeded | Proving::Again => prover.prove(conditions)?,
            };
            // A database that was emptied has nothing to update; that is no answer.
            if proved.survey.installed == 0 {
                return Err(UpdatesError::NoDatabase { path: PathBuf::from("/var/lib/dpkg/status") });
            }
            let inputs = proved.survey.inputs.clone();
            let memory = remember(question, proved, &format!("{conditions:?}"));
            if memory::unchanged(question.root, &inputs) {
                return Ok(memory);
            }
        }
        Err(UpdatesError::DpkgInProgress { path: PathBuf::from("/var/lib/dpkg") })
    }

    fn answer(mut self, question: &Question<'_>) -> Answer {
        let mut found = self.memory.updates;
        // A fetch that finds nothing new changes only this.
        for (source, release) in self.memory.sources.iter_mut().zip(&self.memory.releases) {
            source.fetched_at = fetched_at(question.root, &release.files, question.now);
        }
        let catalog = Catalog { sources: self.memory.sources };
        for (update, versions) in found.pending.iter_mut().chain(&mut found.withheld).zip(&self.memory.source_versions)
        {
            if let (Some(advisories), Some(distribution)) = (question.advisories, question.distribution) {
                advisories.annotate(update, versions, distribution);
            }
        }
        let clock_holds = catalog.newest_date().is_none_or(|date| question.now >= date - CLOCK_TOLERANCE_SECONDS);
        if let Some(state) = question.own_state().filter(|_| clock_holds) {
            self.troubles.extend(date_by_ledger(&mut found, &catalog, question, state));
        }
        found.pending.iter_mut().chain(&mut found.withheld).for_each(make_sound);
        let reason = catalog.sources.iter().find_map(|source| match source.proof {
            Proof::Failed { reason } => Some(reason),
            Proof::Proved { .. } => None,
        });
        let reason = reason.or(catalog.sources.is_empty().then_some(Reason::NoSources));
        let read = question.places(ClaimId::Updates);
        let updates = match reason {
            None => Claim::known(found, &read),
            Some(reason) => Claim::Unknown { reason, read, seen: Some(found) },
        };
        let catalog = if catalog.sources.is_empty() {
            Claim::unknown(Reason::NoSources, &question.places(ClaimId::Catalog))
        } else {
            Claim::known(catalog, &question.places(ClaimId::Catalog))
        };
        Answer { updates, catalog, troubles: self.troubles }
    }
}

/// How often reading is tried while packages are being changed.
const ATTEMPTS: usize = 3;

/// A clock may be this far behind a signed date (DESIGN §3).
const CLOCK_TOLERANCE_SECONDS: i64 = 600;

impl Question<'_> {
    /// The state directory, for the device that it belongs to.
    fn own_state(&self) -> Option<&StateDirectory> {
        self.state.filter(|_| self.root.is_live())
    }

    /// Where a claim is read: all of its scope but what this question leaves out.
    fn places(&self, id: ClaimId) -> Vec<Place> {
        let is_read = |place: &&Place| match place {
            Place::Advisories => self.advisories.is_some(),
            Place::KernelRelease => self.root.is_live(),
            Place::Ledger => self.own_state().is_some(),
            Place::AptKeys | Place::Keyrings => self.proving != Proving::RememberedOnly,
            _ => true,
        };
        id.scope().places.iter().filter(is_read).copied().collect()
    }
}

fn date_by_ledger(
    found: &mut Updates,
    catalog: &Catalog,
    question: &Question<'_>,
    state: &StateDirectory,
) -> Vec<String> {
    let mut ledger = Ledger::load(state);
    let all: Vec<&PendingUpdate> = found.pending.iter().chain(&found.withheld).collect();
    let is_news = ledger.record(&all, catalog, question.now, |update| unpacked_at(question.root, update));
    ledger.date(&mut found.pending, question.now);
    ledger.date(&mut found.withheld, question.now);
    let kept = is_news.then(|| ledger.save(state));
    trouble("the first-seen ledger could not be kept", kept)
}

fn trouble(what: &str, kept: Option<std::io::Result<()>>) -> Vec<String> {
    kept.and_then(Result::err).map(|error| format!("{what}: {error}")).into_iter().collect()
}

/// An interval that contradicts itself proves nothing from above.
fn make_sound(update: &mut PendingUpdate) {
    if let (Some(not_before), Some(out_by)) = (update.not_before, update.out_by)
        && not_before.at > out_by.at
    {
        update.not_before = None;
    }
}

fn conditions(root: &Root) -> Conditions {
    if !root.is_live() {
        return Conditions::default();
    }
    let here = root.identity(Path::new("/"));
    let first = root.identity(Path::new("/proc/1/root"));
    let differs = |a: crate::root::Identity, b: crate::root::Identity| (a.device, a.inode) != (b.device, b.inode);
    Conditions {
        in_chroot: matches!((here, first), (Ok(here), Ok(first)) if differs(here, first)),
        running_kernel: root.text("/proc/sys/kernel/osrelease").ok().map(|release| release.trim().to_owned()),
    }
}

/// Dates what the files date, and puts it all into the form that is remembered.
fn remember(question: &Question<'_>, proved: Proved, conditions: &str) -> Memory {
    let root = question.root;
    let Proved { survey, proofs: found, keyrings } = proved;
    let mut memory = Memory::new(conditions, survey.inputs.iter().cloned().chain(keyrings).collect());
    memory.proof_ends = found.iter().flatten().filter_map(|found| found.expires).min();
    memory.releases = survey.archives.iter().zip(&found).map(|(archive, found)| release(archive, found)).collect();
    let offering = survey.archives.iter().enumerate().zip(found);
    memory.sources = offering.map(|((at, archive), found)| source(question, &survey, at, archive, found)).collect();
    let pending = |upgrade: &Upgrade| pending(root, &survey, upgrade, &memory.sources);
    memory.updates = Updates {
        pending: survey.updates.upgradable.iter().map(pending).collect(),
        other_builds: survey.updates.other_builds.iter().map(other_build).collect(),
        withheld: survey.updates.withheld.iter().map(pending).map(pinned).collect(),
    };
    let upgrades = survey.updates.upgradable.iter().chain(&survey.updates.withheld);
    memory.source_versions = upgrades
        .map(|upgrade| (upgrade.installed_source_version.clone(), upgrade.candidate_source_version.clone()))
        .collect();
    memory
}

/// The indexes of an archive; they stand in the order of the archives.
fn indexes_of(survey: &Survey, archive: usize) -> &[updates::Catalog] {
    let start = survey.catalogs.partition_point(|catalog| catalog.archive < archive);
    let end = survey.catalogs.partition_point(|catalog| catalog.archive <= archive);
    survey.catalogs.get(start..end).unwrap_or_default()
}

fn release(archive: &Archive, found: &Result<Found, Reason>) -> Release {
    Release { files: archive.release.clone(), mark: found.as_ref().ok().map(|found| found.mark.clone()) }
}

fn source(
    question: &Question<'_>,
    survey: &Survey,
    at: usize,
    archive: &Archive,
    found: Result<Found, Reason>,
) -> CatalogSource {
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    let identity = &archive.identity;
    CatalogSource {
        origin: text(&identity.origin),
        label: text(&identity.label),
        suite: identity.suite.clone().unwrap_or_else(|| archive.suite.clone()),
        codename: text(&identity.codename),
        role: role(question.distribution, survey, at, archive),
        date: archive.date,
        valid_until: archive.valid_until,
        fetched_at: None,
        proof: match found {
            Ok(found) => Proof::Proved { key: found.key, release: found.release },
            Err(reason) => Proof::Failed { reason },
        },
    }
}

/// What an archive is to the installed release, by how it names itself; never by its address. It is the release, or
/// its security archive, only if it offers this system's own packages of the main component.
fn role(distribution: Option<&Distribution>, survey: &Survey, at: usize, archive: &Archive) -> SourceRole {
    let (Some(distribution), identity) = (distribution, &archive.identity) else { return SourceRole::ThirdParty };
    let is = |field: &Option<String>, value: &str| field.as_deref() == Some(value);
    let codename = distribution.codename.as_str();
    let security = format!("{codename}-security");
    let (vendor, base, secure) = match distribution.id.as_str() {
        "debian" => (
            is(&identity.origin, "Debian"),
            is(&identity.label, "Debian") && is(&identity.codename, codename),
            is(&identity.label, "Debian-Security") && is(&identity.codename, &security),
        ),
        "ubuntu" => (
            is(&identity.origin, "Ubuntu"),
            is(&identity.codename, codename) && is(&identity.suite, codename),
            is(&identity.codename, codename) && is(&identity.suite, &security),
        ),
        _ => return SourceRole::ThirdParty,
    };
    match (vendor, base, secure) {
        (false, ..) => SourceRole::ThirdParty,
        (true, true, _) if offers_main(survey, at) => SourceRole::Base,
        (true, _, true) if offers_main(survey, at) => SourceRole::Security,
        (true, ..) => SourceRole::Other,
    }
}

fn offers_main(survey: &Survey, archive: usize) -> bool {
    indexes_of(survey, archive).iter().any(|catalog| {
        catalog.component == "main"
            && catalog.architecture.as_deref() == Some(survey.architecture.as_str())
            && matches!(catalog.state, CatalogState::Present { .. } | CatalogState::Vacant)
    })
}

/// A fetch that finds nothing new leaves the file as it was and touches only apt's folder of partial files. The time of
/// a change of metadata does not count on a disk: copying a disk changes it for all files. A time that is yet to come is
/// no time of a fetch.
fn fetched_at(root: &Root, files: &ReleaseFiles, now: Timestamp) -> Option<Timestamp> {
    let path = files.path()?;
    let file = root.identity(path).ok()?;
    let partial = root.identity(&path.with_file_name("partial")).ok().map(|folder| folder.modified());
    let changed = root.is_live().then(|| file.changed());
    let latest = now + CLOCK_TOLERANCE_SECONDS;
    [Some(file.modified()), partial, changed].into_iter().flatten().filter(|at| *at <= latest).max()
}

fn pending(root: &Root, survey: &Survey, upgrade: &Upgrade, sources: &[CatalogSource]) -> PendingUpdate {
    let archive = survey.catalogs.get(upgrade.catalog).map_or(0, |catalog| catalog.archive);
    let proved = sources.get(archive).filter(|source| matches!(source.proof, Proof::Proved { .. }));
    let phased = upgrade.phased.is_some_and(|phased| phased.kept_back);
    let mut update = PendingUpdate {
        package: upgrade.package.clone(),
        architecture: upgrade.architecture.clone(),
        foreign: upgrade.architecture != "all" && upgrade.architecture != survey.architecture,
        installed: upgrade.installed.clone(),
        candidate: upgrade.candidate.clone(),
        security: upgrade.security,
        source: upgrade.source.clone(),
        offered_by: u32::try_from(archive).unwrap_or(u32::MAX),
        kept_back: match (upgrade.held, phased) {
            (true, _) => Some(KeptBack::Held),
            (false, true) => Some(KeptBack::Phased),
            (false, false) => None,
        },
        leftover: survey.leftovers.get(upgrade.entry).copied().unwrap_or(false),
        not_before: None,
        out_by: proved.and_then(|source| source.date).map(|at| Dated { at, from: DateSource::ReleaseDate }),
        advisories: Vec::new(),
        rating: None,
    };
    let built = built_at(root, &update).map(|at| Dated { at, from: DateSource::InstalledBuild });
    update.not_before = latest(None, built);
    update
}

fn pinned(update: PendingUpdate) -> PendingUpdate {
    PendingUpdate { kept_back: Some(KeptBack::Pinned), ..update }
}

fn other_build(upgrade: &Upgrade) -> OtherBuild {
    OtherBuild {
        package: upgrade.package.clone(),
        architecture: upgrade.architecture.clone(),
        installed: upgrade.installed.clone(),
        candidate: upgrade.candidate.clone(),
    }
}

/// When the installed build was made: packages carry no file that is younger than their changelog's last entry, so the
/// youngest of these has its date. A file that was changed after unpacking says nothing.
fn built_at(root: &Root, update: &PendingUpdate) -> Option<Timestamp> {
    let folder = Path::new("/usr/share/doc").join(&update.package);
    let unpacked = unpacked_at(root, update)?;
    let files = ["changelog.Debian.gz", "changelog.gz", "copyright"];
    let times = files.iter().filter_map(|name| root.identity(&folder.join(name)).ok()).map(|file| file.modified());
    times.filter(|time| *time <= unpacked).max()
}

/// When the installed version was unpacked: dpkg writes the list of its files then.
fn unpacked_at(root: &Root, update: &PendingUpdate) -> Option<Timestamp> {
    let names = [format!("{}.list", update.package), format!("{}:{}.list", update.package, update.architecture)];
    let paths = names.iter().map(|name| Path::new("/var/lib/dpkg/info").join(name));
    paths.filter_map(|path| root.identity(&path).ok()).map(|file| file.modified()).max()
}

impl ListError {
    /// The reason a claim gives for this error.
    pub fn reason(&self) -> Reason {
        match self {
            ListError::Open(error) => error.reason(),
            ListError::Compression { .. } => Reason::NotSupported,
            ListError::Broken { .. } => Reason::Garbled,
            ListError::TooLong { .. } => Reason::TooLarge,
        }
    }
}

impl UpdatesError {
    /// The reason a claim gives for this error.
    pub fn reason(&self) -> Reason {
        match self {
            UpdatesError::Read(error) => error.reason(),
            UpdatesError::List(error) => error.reason(),
            UpdatesError::NoDatabase { .. } | UpdatesError::Option { .. } | UpdatesError::Pattern(_) => {
                Reason::NotSupported
            }
            UpdatesError::DpkgInProgress { .. } => Reason::PackagesBusy,
            UpdatesError::Database { .. }
            | UpdatesError::NoArchitecture { .. }
            | UpdatesError::Config { .. }
            | UpdatesError::Sources { .. }
            | UpdatesError::SignedBy { .. }
            | UpdatesError::Preferences { .. }
            | UpdatesError::Index { .. }
            | UpdatesError::NoAnswer(_) => Reason::Garbled,
        }
    }
}
