//! What apt would upgrade on this device or disk, from files alone.
//!
//! The rules are in `seaworthy_packages::apt`; this module reads the files they ask for,
//! in the places that the device's own configuration names, and says of each live
//! source whether its catalog is there. A source without a catalog is never passed over
//! in silence: it is in [`Survey::catalogs`] with its state.

mod archives;
mod database;
mod inputs;
mod scan;
mod settings;

use std::path::PathBuf;

use rustc_hash::FxHashSet;
use seaworthy_packages::apt::autoremove::{Keepers, leftovers};
use seaworthy_packages::apt::config::InvalidConfig;
use seaworthy_packages::apt::extended_states::AutoInstalled;
use seaworthy_packages::apt::preferences::InvalidPreferences;
use seaworthy_packages::apt::scan::{Found, InvalidIndex};
use seaworthy_packages::apt::sources::InvalidSources;
use seaworthy_packages::apt::updates::{Index, Installation, NoAnswer, Settings, Updates, updates};
use seaworthy_packages::apt::{listname, policy};
use seaworthy_packages::{UnsupportedPattern, dpkg};
use thiserror::Error;

pub use archives::{Archive, Catalog, CatalogState, ReleaseFiles};
pub use inputs::Input;

use crate::lists::ListError;
use crate::relay::both;
use crate::root::{ReadError, Root};
use archives::Survey as _;
use database::Database;
use inputs::Reader;
use scan::Scanned;
use settings::Configuration;

/// What the files do not tell.
#[derive(Debug, Clone, Default)]
pub struct Conditions {
    /// The system runs in a chroot, where apt gives every machine phased updates.
    pub in_chroot: bool,
    /// The running kernel's release (`uname -r`), which is never a leftover.
    pub running_kernel: Option<String>,
}

/// No system has more sources; a crafted list of them must not hold an inspection up.
const MOST_SOURCES: usize = 4096;

/// Everything that was found.
#[derive(Debug, Clone)]
pub struct Survey {
    /// What apt would upgrade. [`seaworthy_packages::apt::updates::Upgrade::catalog`] is
    /// an index into [`Survey::catalogs`].
    pub updates: Updates,
    /// By [`seaworthy_packages::apt::updates::Upgrade::entry`]: whether nothing needs the package any more.
    pub leftovers: Vec<bool>,
    /// The live sources, one for each Release file, in apt's order.
    pub archives: Vec<Archive>,
    /// Their indexes of packages, there or not.
    pub catalogs: Vec<Catalog>,
    /// How many packages are installed.
    pub installed: usize,
    /// This system's own architecture.
    pub architecture: String,
    /// Every file and folder that was asked for, there or not.
    pub inputs: Vec<Input>,
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum UpdatesError {
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Neither `status` nor `status.d`: this is no Debian.
    #[error("{path}: there is no dpkg database")]
    NoDatabase {
        /// Where it should be.
        path: PathBuf,
    },
    /// dpkg has not finished, or was interrupted: its journal holds changes.
    #[error("{path}: dpkg is at work or was interrupted; `dpkg --configure -a` finishes it")]
    DpkgInProgress {
        /// The journal.
        path: PathBuf,
    },
    /// dpkg's database is broken.
    #[error("{path}: the dpkg database is broken")]
    Database {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        source: dpkg::InvalidDatabase,
    },
    /// Nothing says which architecture the system has.
    #[error("{path}: nothing says which architecture this system has")]
    NoArchitecture {
        /// dpkg's database.
        path: PathBuf,
    },
    /// apt's configuration is broken, or uses what this program does not follow.
    #[error("{path}: the configuration of apt is broken")]
    Config {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        source: InvalidConfig,
    },
    /// An option changes apt's answer in a way this program does not follow.
    #[error("the option {option} of apt is not supported")]
    Option {
        /// Which one.
        option: &'static str,
    },
    /// A file of sources is broken.
    #[error("{path}: the sources are broken")]
    Sources {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        source: InvalidSources,
    },
    /// Two entries for one archive name different keys.
    #[error("{path}: two entries for {address} {suite} are signed by different keys")]
    SignedBy {
        /// The file of the second entry.
        path: PathBuf,
        /// The archive.
        address: String,
        /// Its suite.
        suite: String,
    },
    /// A file of preferences is broken.
    #[error("{path}: the preferences are broken")]
    Preferences {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        source: InvalidPreferences,
    },
    /// A list cannot be read.
    #[error(transparent)]
    List(#[from] ListError),
    /// A list is no index of packages.
    #[error("{path}: the list is broken")]
    Index {
        /// Which list.
        path: PathBuf,
        /// What is wrong.
        source: InvalidIndex,
    },
    /// apt would refuse to answer.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    /// An expression of the configuration cannot be read.
    #[error(transparent)]
    Pattern(#[from] UnsupportedPattern),
}

/// Surveys a root.
///
/// # Errors
/// There is no answer that apt would give, or none that can be trusted.
pub fn survey(root: &Root, conditions: &Conditions) -> Result<Survey, UpdatesError> {
    survey_beside(root, conditions, |_, _| Vec::new())
}

/// Surveys a root, and tells of its live sources before their lists are read, so that their signatures can be checked
/// meanwhile. Whether a list that is there has anything in it is not known yet then. The answer says of which archives
/// the lists are to be hashed.
///
/// # Errors
/// There is no answer that apt would give, or none that can be trusted.
pub fn survey_beside(
    root: &Root,
    conditions: &Conditions,
    tell: impl FnOnce(&[Archive], &[Catalog]) -> Vec<bool>,
) -> Result<Survey, UpdatesError> {
    let mut reader = Reader::new(root);
    let configuration = Configuration::read(&mut reader)?;
    let database = Database::read(&mut reader, &configuration.config)?;
    let installation = database.installation(&configuration.config)?;
    let architectures = database.architectures(&configuration.config, &installation.native);
    let plan = configuration.sources(&mut reader, &architectures.native)?;
    if plan.entries.len() > MOST_SOURCES {
        return Err(UpdatesError::Option { option: "more than 4096 sources" });
    }
    let live = listname::archives(&plan.entries, &architectures, &configuration.config);
    let (archives, mut catalogs) = reader.archives(&plan, &live, &configuration.config)?;
    let hashed = tell(&archives, &catalogs);
    let scanned = scan::scan(root, &catalogs, &hashed, &installation.wanted())?;
    archives::judge(&mut catalogs, &scanned);
    let (updates, leftovers) = answer(
        &mut reader,
        conditions,
        &configuration,
        &installation,
        &Catalogs { archives: &archives, catalogs: &catalogs, scanned: &scanned },
    )?;
    Ok(Survey {
        updates,
        leftovers,
        archives,
        catalogs,
        installed: installation.entries.iter().filter(|entry| entry.is_installed()).count(),
        architecture: installation.native.clone(),
        inputs: reader.into_inputs(),
    })
}

struct Catalogs<'a> {
    archives: &'a [Archive],
    catalogs: &'a [Catalog],
    /// By catalog; `None` where there is no list.
    scanned: &'a [Option<Scanned>],
}

impl Catalogs<'_> {
    /// The catalogs that are there, and what pins look at in them.
    fn present(&self) -> impl Iterator<Item = (usize, policy::File, &Found)> {
        let both = self.catalogs.iter().zip(self.scanned).enumerate();
        both.filter_map(|(at, (catalog, scanned))| {
            let archive = self.archives.get(catalog.archive)?;
            let file = policy::File {
                archive: archive.identity.clone(),
                site: Some(archive.site.clone()),
                component: catalog.component.clone(),
                architecture: catalog.architecture.clone(),
                is_installed: false,
            };
            Some((at, file, &scanned.as_ref()?.found))
        })
    }
}

/// What apt would upgrade, and which entries of the installation are leftovers.
fn answer(
    reader: &mut Reader<'_>,
    conditions: &Conditions,
    configuration: &Configuration,
    installation: &Installation<'_>,
    catalogs: &Catalogs<'_>,
) -> Result<(Updates, Vec<bool>), UpdatesError> {
    let dialect = settings::Dialect::of(installation);
    let pins = configuration.preferences(reader, &dialect)?;
    let machine_id = configuration.machine_id(reader)?;
    let auto_installed = configuration.auto_installed(reader, &installation.native)?;
    let settings = Settings {
        default_release: configuration.config.find("APT::Default-Release"),
        pins: &pins,
        phasing: configuration.phasing(conditions, &dialect, machine_id.as_deref()),
    };
    let (updates, leftovers) = both(
        || find_updates(installation, catalogs, &settings),
        || find_leftovers(conditions, configuration, installation, catalogs, &auto_installed),
    );
    Ok((updates?, leftovers?))
}

fn find_updates(
    installation: &Installation<'_>,
    catalogs: &Catalogs<'_>,
    settings: &Settings<'_>,
) -> Result<Updates, UpdatesError> {
    let mut indexes = Vec::new();
    let mut places = Vec::new();
    for (at, file, found) in catalogs.present() {
        indexes.push(Index { file, offers: &found.offers });
        places.push(at);
    }
    let mut updates = updates(installation, &indexes, settings)?;
    let all = [&mut updates.upgradable, &mut updates.other_builds, &mut updates.withheld];
    for upgrade in all.into_iter().flatten() {
        upgrade.catalog = places.get(upgrade.catalog).copied().unwrap_or(upgrade.catalog);
    }
    Ok(updates)
}

fn find_leftovers(
    conditions: &Conditions,
    configuration: &Configuration,
    installation: &Installation<'_>,
    catalogs: &Catalogs<'_>,
    auto_installed: &AutoInstalled,
) -> Result<Vec<bool>, UpdatesError> {
    let offers = catalogs.scanned.iter().flatten().flat_map(|scanned| &scanned.found.offers);
    let indispensable: FxHashSet<&str> =
        offers.filter(|offer| offer.is_indispensable).map(|offer| &*offer.package).collect();
    let keepers = Keepers {
        auto_installed,
        config: &configuration.config,
        running_kernel: conditions.running_kernel.as_deref(),
        indispensable: &indispensable,
    };
    Ok(leftovers(installation, &keepers)?)
}
