//! The updates and catalog claims: what is pending by the files, which catalogs that was judged by and whether they are
//! proved, and since when each update has been out.

use std::path::{Path, PathBuf};
use std::thread;

use seaworthy_model::{
    Catalog, CatalogSource, Claim, DateSource, Dated, Distribution, KeptBack, OtherBuild, PendingUpdate, Place, Proof,
    Reason, SourceRole, Timestamp, Updates,
};
use seaworthy_packages::apt::updates::Upgrade;

use super::keyrings::{self, SignedBy};
use super::memory::Memory;
use super::prove::{self, Claimed, Found};
use crate::advisories::Advisories;
use crate::ledger::{Ledger, latest};
use crate::lists::ListError;
use crate::root::Root;
use crate::state::StateDirectory;
use crate::updates::{self, Archive, CatalogState, Conditions, ReleaseFiles, Survey, UpdatesError};

/// Places that these claims are read from.
const PLACES: [Place; 12] = [
    Place::DpkgStatus,
    Place::DpkgUpdates,
    Place::DpkgInfo,
    Place::DpkgArch,
    Place::ExtendedStates,
    Place::AptLists,
    Place::AptSources,
    Place::AptPreferences,
    Place::AptConf,
    Place::MachineId,
    Place::Changelogs,
    Place::Ledger,
];

/// Places that a proof is read from.
const PROOF_PLACES: [Place; 4] = [Place::AptLists, Place::AptSources, Place::AptKeys, Place::Keyrings];

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
            Answer { updates: Claim::unknown(reason, &PLACES), catalog: Claim::unknown(reason, &PROOF_PLACES), troubles }
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
        let remembered = question.own_state().and_then(|state| {
            Memory::recall(state, question.root, &format!("{conditions:?}"), question.now)
        });
        let proved = |memory: &Memory| memory.sources.iter().all(|source| matches!(source.proof, Proof::Proved { .. }));
        if let Some(memory) = remembered
            && (question.proving == Proving::RememberedOnly || question.proving == Proving::WhereNeeded && proved(&memory))
        {
            return Ok(Finding { memory, troubles: Vec::new() });
        }
        let survey = updates::survey(question.root, &conditions)?;
        let memory = remember(question, survey, &format!("{conditions:?}"));
        let kept = question.own_state().map(|state| memory.keep(state, question.now));
        let troubles = trouble("nothing could be remembered", kept);
        Ok(Finding { memory, troubles })
    }

    fn answer(mut self, question: &Question<'_>) -> Answer {
        let mut found = self.memory.updates;
        let catalog = Catalog { sources: self.memory.sources };
        for (update, versions) in found.pending.iter_mut().chain(&mut found.withheld).zip(&self.memory.source_versions) {
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
        let updates = match reason {
            None => Claim::known(found, &PLACES),
            Some(reason) => Claim::Unknown { reason, read: PLACES.to_vec(), seen: Some(found) },
        };
        let catalog = if catalog.sources.is_empty() {
            Claim::unknown(Reason::NoSources, &PROOF_PLACES)
        } else {
            Claim::known(catalog, &PROOF_PLACES)
        };
        Answer { updates, catalog, troubles: self.troubles }
    }
}

/// A clock may be this far behind a signed date (DESIGN §3).
const CLOCK_TOLERANCE_SECONDS: i64 = 600;

impl Question<'_> {
    /// The state directory, for the device that it belongs to.
    fn own_state(&self) -> Option<&StateDirectory> {
        self.state.filter(|_| self.root.is_live())
    }
}

fn date_by_ledger(
    found: &mut Updates,
    catalog: &Catalog,
    question: &Question<'_>,
    state: &StateDirectory,
) -> Vec<String> {
    let before = Ledger::load(state);
    let mut ledger = before.clone();
    let all: Vec<PendingUpdate> = found.pending.iter().chain(&found.withheld).cloned().collect();
    ledger.record(&all, catalog, question.now, |update| unpacked_at(question.root, update));
    ledger.date(&mut found.pending, question.now);
    ledger.date(&mut found.withheld, question.now);
    let kept = (ledger != before).then(|| ledger.save(state));
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

/// Proves what is to be proved, dates what the files date, and puts it into the form that is remembered.
fn remember(question: &Question<'_>, survey: Survey, conditions: &str) -> Memory {
    let root = question.root;
    let signed_by: Vec<SignedBy> =
        survey.archives.iter().map(|archive| SignedBy::parse(archive.options.signed_by.as_deref())).collect();
    let mut memory = Memory::new(conditions, survey.inputs.clone());
    memory.note(root, PathBuf::from(keyrings::PARTS));
    for path in signed_by.iter().flat_map(|signed_by| keyrings::files(root, &Root::live(), signed_by)) {
        memory.note(root, path);
    }
    let found = prove_all(question, &survey, &signed_by);
    memory.proof_ends = found.iter().flatten().filter_map(|found| found.expires).min();
    memory.releases = survey.archives.iter().map(|archive| archive.release.clone()).collect();
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

/// One proof for each archive, side by side.
fn prove_all(question: &Question<'_>, survey: &Survey, signed_by: &[SignedBy]) -> Vec<Result<Found, Reason>> {
    let prove_one = |(at, signed_by): (usize, &SignedBy)| {
        if question.proving == Proving::RememberedOnly {
            return Err(Reason::Unproved);
        }
        let lists = lists_of(survey, at)?;
        let release = survey.archives.get(at).map_or(ReleaseFiles::Missing, |archive| archive.release.clone());
        let claimed = Claimed { release, signed_by: signed_by.clone(), lists };
        prove::prove(question.root, &Root::live(), &claimed, question.now)
    };
    thread::scope(|scope| {
        let started: Vec<_> =
            signed_by.iter().enumerate().map(|archive| scope.spawn(move || prove_one(archive))).collect();
        started.into_iter().map(|proof| proof.join().unwrap_or(Err(Reason::Garbled))).collect()
    })
}

/// The lists of an archive by their names in its Release file; an archive without all of them is not proved.
fn lists_of(survey: &Survey, archive: usize) -> Result<Vec<(String, PathBuf)>, Reason> {
    let mut lists = Vec::new();
    for catalog in survey.catalogs.iter().filter(|catalog| catalog.archive == archive) {
        match &catalog.state {
            CatalogState::Present { path, .. } => lists.push((catalog.meta_key.clone(), path.clone())),
            CatalogState::Empty { .. } => return Err(Reason::ListsEmpty),
            CatalogState::Missing => return Err(Reason::ListsMissing),
            CatalogState::Vacant | CatalogState::NotOffered => {}
        }
    }
    Ok(lists)
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
        fetched_at: fetched_at(question.root, &archive.release),
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
    survey.catalogs.iter().any(|catalog| {
        catalog.archive == archive
            && catalog.component == "main"
            && catalog.architecture.as_deref() == Some(survey.architecture.as_str())
            && matches!(catalog.state, CatalogState::Present { .. } | CatalogState::Vacant)
    })
}

/// A fetch that finds nothing new still touches the file; on a disk only the time of its content counts, for copying
/// a disk touches all files.
fn fetched_at(root: &Root, files: &ReleaseFiles) -> Option<Timestamp> {
    let identity = root.identity(files.path()?).ok()?;
    Some(if root.is_live() { identity.changed().max(identity.modified()) } else { identity.modified() })
}

fn pending(root: &Root, survey: &Survey, upgrade: &Upgrade, sources: &[CatalogSource]) -> PendingUpdate {
    let archive = survey.catalogs.get(upgrade.catalog).map_or(0, |catalog| catalog.archive);
    let proved = sources.get(archive).filter(|source| matches!(source.proof, Proof::Proved { .. }));
    let phased = upgrade.phased.is_some_and(|phased| phased.kept_back);
    let mut update = PendingUpdate {
        package: upgrade.package.clone(),
        architecture: upgrade.architecture.clone(),
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
        leftover: upgrade.leftover,
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
            UpdatesError::NoDatabase { .. } | UpdatesError::Option { .. } | UpdatesError::Pattern(_) => Reason::NotSupported,
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
