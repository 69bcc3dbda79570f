//! The live sources as they are on disk: which Release file proves them, which of their
//! indexes are there.

use std::path::{Path, PathBuf};

use rustc_hash::FxHashSet;
use seaworthy_model::Timestamp;
use seaworthy_packages::apt::config::Config;
use seaworthy_packages::apt::listname::{self, Target};
use seaworthy_packages::apt::release::{self, Checksum, Release, cleartext};
use seaworthy_packages::apt::sources::Options;

use super::UpdatesError;
use super::inputs::Reader;
use super::scan::Scanned;
use super::settings::Plan;
use crate::hash::Digest;

/// No Release file is larger; Debian's have 150 KB.
const LARGEST_RELEASE: u64 = 64 << 20;

/// One live source: an archive and suite.
#[derive(Debug, Clone)]
pub struct Archive {
    /// Where its Release file is, with a slash at its end.
    pub address: String,
    /// The host; empty for local folders.
    pub site: String,
    /// The suite as the sources write it.
    pub suite: String,
    /// The file of its first entry.
    pub source_file: PathBuf,
    /// Line or stanza of that entry, from 1.
    pub source_number: usize,
    /// The options of that entry: trust, keys, validity.
    pub options: Options,
    /// The files that prove it.
    pub release: ReleaseFiles,
    /// How it names itself; empty without a Release file. Not proved here.
    pub identity: release::Archive,
    /// When it was made, as it says.
    pub date: Option<Timestamp>,
    /// Until when it is to be believed, as it says.
    pub valid_until: Option<Timestamp>,
}

/// The Release files of an archive on disk.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum ReleaseFiles {
    /// Signed in one file.
    InRelease(PathBuf),
    /// The signature is apart; a folder or archive that is trusted as it is has none.
    Split {
        /// The Release file.
        release: PathBuf,
        /// Its signature.
        signature: Option<PathBuf>,
    },
    /// None: the source was never updated.
    Missing,
    /// There is one, and it is no Release file.
    Broken(PathBuf),
}

/// One index of packages of a live source.
#[derive(Debug, Clone)]
pub struct Catalog {
    /// Its archive, as an index into [`super::Survey::archives`].
    pub archive: usize,
    /// Its name in the Release file, for example `main/binary-amd64/Packages`.
    pub meta_key: String,
    /// `None` in flat archives.
    pub architecture: Option<String>,
    /// Empty in flat archives.
    pub component: String,
    /// What the Release file says it holds. Not proved here.
    pub checksum: Option<Checksum>,
    /// Whether it is there.
    pub state: CatalogState,
    /// Of its list, where that was hashed.
    pub digest: Option<Digest>,
}

/// Whether an index of packages is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CatalogState {
    /// There, with at least one package.
    Present {
        /// Its list.
        path: PathBuf,
        /// How many packages it has.
        packages: usize,
    },
    /// The list is there and has nothing in it, though the archive says it has.
    Empty {
        /// Its list.
        path: PathBuf,
    },
    /// The archive says that it has no packages here.
    Vacant,
    /// The archive does not have this index: an architecture or component it has given
    /// up, or packages for all architectures that stand in the other indexes.
    NotOffered,
    /// The list should be there and is not.
    Missing,
}

impl CatalogState {
    /// The list on disk.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Present { path, .. } | Self::Empty { path } => Some(path),
            Self::Vacant | Self::NotOffered | Self::Missing => None,
        }
    }
}

/// Reading what is live.
pub(super) trait Survey {
    fn archives(
        &mut self,
        plan: &Plan,
        live: &[listname::Archive],
        config: &Config,
    ) -> Result<(Vec<Archive>, Vec<Catalog>), UpdatesError>;
}

impl Survey for Reader<'_> {
    fn archives(
        &mut self,
        plan: &Plan,
        live: &[listname::Archive],
        config: &Config,
    ) -> Result<(Vec<Archive>, Vec<Catalog>), UpdatesError> {
        let folder = PathBuf::from(config.path("Dir::State::lists").unwrap_or_default());
        let names: FxHashSet<String> = match live.is_empty() {
            true => FxHashSet::default(),
            false => self.folder(&folder)?.into_iter().collect(),
        };
        let lists = Lists { folder, names, endings: listname::endings(config) };
        let (mut archives, mut catalogs) = (Vec::new(), Vec::new());
        for live in live {
            let text = lists.release_text(self, live)?;
            let text = text.as_ref().map(|(files, text)| (files, cleartext(text)));
            let release = match &text {
                Some((_, Some(text))) => Release::parse(text),
                _ => None,
            };
            for target in &live.targets {
                catalogs.push(lists.catalog(self, archives.len(), target, release.as_ref()));
            }
            let files = match (&text, &release) {
                (None, _) => ReleaseFiles::Missing,
                (Some((files, _)), Some(_)) => (*files).clone(),
                (Some((files, _)), None) => ReleaseFiles::Broken(files.path().unwrap_or(Path::new("/")).to_owned()),
            };
            archives.push(archive(plan, live, files, release.as_ref())?);
        }
        Ok((archives, catalogs))
    }
}

impl ReleaseFiles {
    /// The file that names the indexes.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::InRelease(path) | Self::Split { release: path, .. } | Self::Broken(path) => Some(path),
            Self::Missing => None,
        }
    }
}

fn archive(
    plan: &Plan,
    live: &listname::Archive,
    release: ReleaseFiles,
    parsed: Option<&Release<'_>>,
) -> Result<Archive, UpdatesError> {
    let entry = |index: &usize| plan.entries.get(*index).zip(plan.files.get(*index));
    let mut entries = live.entries.iter().filter_map(entry);
    let (options, source_number, source_file) = match entries.next() {
        Some((entry, file)) => (entry.options.clone(), entry.number, file.clone()),
        None => (Options::default(), 0, PathBuf::new()),
    };
    for (other, path) in entries {
        // apt 2 refuses a key beside none as well, apt 3 does not.
        let (first, second) = (&options.signed_by, &other.options.signed_by);
        if first.is_some() && second.is_some() && first != second {
            return Err(UpdatesError::SignedBy {
                path: path.clone(),
                address: other.address.clone(),
                suite: other.suite.clone(),
            });
        }
    }
    Ok(Archive {
        address: live.base.clone(),
        site: live.site.clone(),
        suite: live.suite.clone(),
        source_file,
        source_number,
        options,
        release,
        identity: parsed.map(|release| release.identity.clone()).unwrap_or_default(),
        date: parsed.and_then(|release| release.date).map(|date| Timestamp::from_seconds(date.as_second())),
        valid_until: parsed.and_then(|release| release.valid_until).map(|end| Timestamp::from_seconds(end.as_second())),
    })
}

/// The folder of lists.
struct Lists {
    folder: PathBuf,
    names: FxHashSet<String>,
    endings: Vec<String>,
}

impl Lists {
    fn path(&self, name: &str) -> Option<PathBuf> {
        self.names.contains(name).then(|| self.folder.join(name))
    }

    /// apt looks for `InRelease` first.
    fn release_text(
        &self,
        reader: &mut Reader<'_>,
        live: &listname::Archive,
    ) -> Result<Option<(ReleaseFiles, Vec<u8>)>, UpdatesError> {
        let files = if let Some(path) = self.path(&live.in_release) {
            ReleaseFiles::InRelease(path)
        } else if let Some(release) = self.path(&live.release) {
            let signature = self.path(&live.release_gpg);
            if let Some(signature) = &signature {
                reader.note(signature);
            }
            ReleaseFiles::Split { release, signature }
        } else {
            return Ok(None);
        };
        let Some(path) = files.path().map(Path::to_owned) else { return Ok(None) };
        Ok(reader.file(&path, LARGEST_RELEASE)?.map(|text| (files, text)))
    }

    fn catalog(
        &self,
        reader: &mut Reader<'_>,
        archive: usize,
        target: &Target,
        release: Option<&Release<'_>>,
    ) -> Catalog {
        let list = self.endings.iter().find_map(|ending| self.path(&format!("{}{ending}", target.file)));
        let checksum = release.and_then(|release| release.checksum(&target.meta_key));
        let state = match list {
            Some(path) => {
                reader.note(&path);
                CatalogState::Empty { path }
            }
            None => absence(target, release, checksum.as_ref()),
        };
        Catalog {
            archive,
            meta_key: target.meta_key.clone(),
            architecture: target.architecture.clone(),
            component: target.component.clone(),
            checksum,
            state,
            digest: None,
        }
    }
}

/// Why a list is not there.
fn absence(target: &Target, release: Option<&Release<'_>>, checksum: Option<&Checksum>) -> CatalogState {
    let architecture = target.architecture.as_deref();
    let lacks_all =
        |release: &Release<'_>| target.is_optional && (release.packages_lack_all || !release.has_architecture("all"));
    let lacks = |release: &Release<'_>| architecture.is_some_and(|name| !release.has_architecture(name));
    match (release, checksum) {
        // Without a Release file nobody knows whether there is an index for all.
        (None, _) if target.is_optional => CatalogState::NotOffered,
        (None, _) => CatalogState::Missing,
        (Some(release), _) if lacks_all(release) || lacks(release) => CatalogState::NotOffered,
        (Some(_), None) => CatalogState::NotOffered,
        (Some(_), Some(checksum)) if checksum.size == 0 => CatalogState::Vacant,
        (Some(_), Some(_)) => CatalogState::Missing,
    }
}

/// Says of the lists that were read whether they have anything in them, and what their digests are.
pub(super) fn judge(catalogs: &mut [Catalog], scanned: &[Option<Scanned>]) {
    for (catalog, scanned) in catalogs.iter_mut().zip(scanned) {
        let (Some(path), Some(scanned)) = (catalog.state.path().map(Path::to_owned), scanned) else {
            continue;
        };
        catalog.digest.clone_from(&scanned.digest);
        if scanned.found.stanzas > 0 {
            catalog.state = CatalogState::Present { path, packages: scanned.found.stanzas };
        } else if catalog.checksum.as_ref().is_some_and(|checksum| checksum.size == 0) {
            catalog.state = CatalogState::Vacant;
        }
    }
}
