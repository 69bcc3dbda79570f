//! Values of the updates and catalog claims: what is pending, since when, and by which signed catalog.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::claim::{Reason, named};
use crate::time::Timestamp;

named! {
    /// Where an instant comes from.
    DateSource {
        /// The signed `Date` of the catalog that offers the update.
        ReleaseDate = "release-date",
        /// The first scan that saw an update pending.
        FirstSeen = "first-seen",
        /// The advisory that the update answers.
        Advisory = "advisory",
        /// The date of the installed build: its successor cannot be older.
        InstalledBuild = "installed-build",
        /// The last proved scan that did not see the update.
        LastScan = "last-scan",
        /// The installation of what does not run yet.
        Installation = "installation",
        /// The package that asked for a restart.
        RestartRequest = "restart-request",
        /// The vendor's table of support ends.
        SupportEnd = "support-end",
        /// The inspection that saw a lapse which carries no date of its own.
        Inspection = "inspection",
    }
}

/// An instant and where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Dated {
    /// The instant.
    pub at: Timestamp,
    /// Where it comes from.
    pub from: DateSource,
}

named! {
    /// Why apt would not install an update now.
    KeptBack {
        /// The holder put the package on hold.
        Held = "held",
        /// The vendor has not released it to this device yet.
        Phased = "phased",
        /// A pin or a default release hides it.
        Pinned = "pinned",
    }
}

named! {
    /// How grave an advisory's author calls it (CVSS v3.1 §5).
    Rating {
        /// CVSS 0.1 to 3.9.
        Low = "low",
        /// CVSS 4.0 to 6.9.
        Medium = "medium",
        /// CVSS 7.0 to 8.9.
        High = "high",
        /// CVSS 9.0 and more.
        Critical = "critical",
    }
}

/// An update that is offered and not installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PendingUpdate {
    /// Binary package.
    pub package: String,
    /// Its architecture.
    pub architecture: String,
    /// That is another one than the system's own.
    pub foreign: bool,
    /// Installed version.
    pub installed: String,
    /// Version that apt would choose.
    pub candidate: String,
    /// The candidate, or a version between the two, comes from a security archive.
    pub security: bool,
    /// Source package.
    pub source: String,
    /// Index into the sources of the catalog claim: who offers the candidate.
    pub offered_by: u32,
    /// Set where apt would not install it now.
    pub kept_back: Option<KeptBack>,
    /// Installed for the sake of others that are gone; `apt-get autoremove` would remove it.
    pub leftover: bool,
    /// It was not out before this instant: late by at most now minus this.
    pub not_before: Option<Dated>,
    /// It was out by this instant: late by at least now minus this.
    pub out_by: Option<Dated>,
    /// Advisories that it answers.
    pub advisories: Vec<String>,
    /// The gravest rating of those advisories, where one gives any.
    pub rating: Option<Rating>,
}

impl PendingUpdate {
    /// Whether its name is known here; it stays on the device unless the holder granted otherwise.
    pub fn is_named(&self) -> bool {
        !(self.package.is_empty() && self.architecture.is_empty())
    }

    /// The package as apt names it: with its architecture where the plain name would mean another package.
    pub fn name(&self) -> String {
        if self.foreign { format!("{}:{}", self.package, self.architecture) } else { self.package.clone() }
    }
}

/// The same version in another build: apt lists it, but it is no lapse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OtherBuild {
    /// Binary package.
    pub package: String,
    /// Its architecture.
    pub architecture: String,
    /// Installed spelling of the version.
    pub installed: String,
    /// Offered spelling of the version.
    pub candidate: String,
}

/// Everything that apt would list as upgradable, and what pins hide from it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Updates {
    /// Updates offered and not installed. With `other_builds` this is `apt list --upgradable`.
    pub pending: Vec<PendingUpdate>,
    /// Other builds of installed versions.
    pub other_builds: Vec<OtherBuild>,
    /// Security updates that only a pin or a default release keeps from being offered.
    pub withheld: Vec<PendingUpdate>,
}

named! {
    /// What a source is to the installed release.
    SourceRole {
        /// The distribution's release itself.
        Base = "base",
        /// The distribution's security archive.
        Security = "security",
        /// Another archive of the distribution (updates, backports).
        Other = "other",
        /// Somebody else's archive.
        ThirdParty = "third-party",
    }
}

/// Whether a source's catalog is what its vendor signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum Proof {
    /// Signature and the hash of every list were checked.
    Proved {
        /// Fingerprint of the signing key, hexadecimal.
        key: String,
        /// SHA-256 of the signed file, hexadecimal.
        release: String,
    },
    /// Not proved, and why; [`Reason::Unproved`] where nobody looked.
    Failed {
        /// Why.
        reason: Reason,
    },
}

/// One live source: a suite of one archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CatalogSource {
    /// `Origin` of its Release file.
    pub origin: String,
    /// `Label`.
    pub label: String,
    /// `Suite`.
    pub suite: String,
    /// `Codename`.
    pub codename: String,
    /// What it is to the installed release.
    pub role: SourceRole,
    /// `Date`: when the vendor made it.
    pub date: Option<Timestamp>,
    /// `Valid-Until`.
    pub valid_until: Option<Timestamp>,
    /// When this device last fetched it, by the file's own times.
    pub fetched_at: Option<Timestamp>,
    /// Whether it is what its vendor signed.
    pub proof: Proof,
}

/// The catalogs by which updates were judged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Catalog {
    /// The live sources.
    pub sources: Vec<CatalogSource>,
}

impl Catalog {
    /// The newest `Date` among proved sources: no clock may be before it.
    pub fn newest_date(&self) -> Option<Timestamp> {
        self.sources.iter().filter(|source| matches!(source.proof, Proof::Proved { .. })).filter_map(|s| s.date).max()
    }
}
