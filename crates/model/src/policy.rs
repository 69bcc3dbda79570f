//! A policy: a closed set of rule kinds, each saying what, how long and how grave. Its TOML form is read in
//! `seaworthy-appraise`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::canonical::{self, CanonicalError};
use crate::claim::{ClaimId, named};
use crate::finding::Severity;
use crate::updates::Rating;

named! {
    /// How far a claim can be trusted.
    Grade {
        /// The device says so itself.
        SelfAsserted = "self-asserted",
        /// An inspector saw it.
        InspectorObserved = "inspector-observed",
        /// Hardware vouches for it.
        HardwareAttested = "hardware-attested",
    }
}

named! {
    /// Which updates a rule is about.
    Which {
        /// All of them.
        All = "all",
        /// Those from a security archive.
        Security = "security",
    }
}

/// What a rule asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum RuleKind {
    /// The catalogs are proved, and the distribution's are no older than this at the inspection.
    Catalog {
        /// Oldest allowed catalog, in days.
        max_age_days: u32,
    },
    /// Updates are installed in time.
    Updates {
        /// Which updates.
        which: Which,
        /// Only those rated at least this, or not rated at all.
        rated_at_least: Option<Rating>,
        /// Days from publication to the fail.
        allowed_days: u32,
    },
    /// The vendor still supports the release.
    Release {
        /// Free long-term support counts.
        lts: bool,
    },
    /// The newest installed kernel runs.
    Kernel {
        /// Days from its installation to the fail.
        allowed_days: u32,
    },
    /// No restart is asked for.
    Restart {
        /// Days from the request to the fail.
        allowed_days: u32,
    },
    /// No process runs replaced libraries.
    StaleLibraries,
    /// Volumes are encrypted at rest.
    DiskEncryption,
    /// What comes in is denied by default.
    Firewall,
    /// Verified boot is on.
    SecureBoot,
    /// Security updates install themselves.
    AutomaticUpdates,
    /// Programs are confined.
    MandatoryAccessControl,
    /// SSH accepts no passwords.
    SshPassword,
    /// SSH does not let the superuser in with a password.
    SshRootLogin,
    /// An idle desktop locks.
    ScreenLock {
        /// Longest allowed time from the last touch to the lock.
        max_delay_seconds: u32,
    },
    /// The signatures of an installed scanner are fresh.
    Antivirus {
        /// Oldest allowed signatures, in days.
        max_age_days: u32,
    },
}

impl RuleKind {
    /// The one name, as policies write it.
    pub const fn name(&self) -> &'static str {
        match self {
            RuleKind::Catalog { .. } => "catalog",
            RuleKind::Updates { .. } => "updates",
            RuleKind::Release { .. } => "release",
            RuleKind::Kernel { .. } => "kernel",
            RuleKind::Restart { .. } => "restart",
            RuleKind::StaleLibraries => "stale-libraries",
            RuleKind::DiskEncryption => "disk-encryption",
            RuleKind::Firewall => "firewall",
            RuleKind::SecureBoot => "secure-boot",
            RuleKind::AutomaticUpdates => "automatic-updates",
            RuleKind::MandatoryAccessControl => "mandatory-access-control",
            RuleKind::SshPassword => "ssh-password",
            RuleKind::SshRootLogin => "ssh-root-login",
            RuleKind::ScreenLock { .. } => "screen-lock",
            RuleKind::Antivirus { .. } => "antivirus",
        }
    }

    /// The claims a rule of this kind looks at.
    pub fn claims(&self) -> &'static [ClaimId] {
        match self {
            RuleKind::Catalog { .. } => &[ClaimId::Catalog],
            RuleKind::Updates { .. } => &[ClaimId::Updates, ClaimId::Catalog],
            RuleKind::Release { .. } => &[ClaimId::Distribution],
            RuleKind::Kernel { .. } => &[ClaimId::Kernel],
            RuleKind::Restart { .. } => &[ClaimId::Restart],
            RuleKind::StaleLibraries => &[ClaimId::StaleLibraries],
            RuleKind::DiskEncryption => &[ClaimId::DiskEncryption],
            RuleKind::Firewall => &[ClaimId::Firewall],
            RuleKind::SecureBoot => &[ClaimId::SecureBoot],
            RuleKind::AutomaticUpdates => &[ClaimId::AutomaticUpdates],
            RuleKind::MandatoryAccessControl => &[ClaimId::MandatoryAccessControl],
            RuleKind::SshPassword | RuleKind::SshRootLogin => &[ClaimId::Ssh],
            RuleKind::ScreenLock { .. } => &[ClaimId::ScreenLock],
            RuleKind::Antivirus { .. } => &[ClaimId::Antivirus],
        }
    }
}

/// One rule of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rule {
    /// What it asks for.
    #[serde(flatten)]
    pub kind: RuleKind,
    /// How grave a lapse is.
    pub severity: Severity,
}

/// The rules an organisation, or a holder, keeps devices to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Policy {
    /// Short name: lower-case letters, digits and hyphens.
    pub name: String,
    /// Its version, counted up.
    pub version: u32,
    /// One line for people.
    pub title: String,
    /// Where its numbers come from.
    pub source: String,
    /// Longest time between two inspections, in days.
    pub cadence_days: u32,
    /// The rules.
    pub rules: Vec<Rule>,
}

/// A policy's name and the digest of its canonical bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PolicyId {
    /// Its name.
    pub name: String,
    /// SHA-256 of its deterministic CBOR, hexadecimal.
    pub digest: String,
}

impl Policy {
    /// The bytes whose SHA-256 is the policy's digest.
    pub fn canonical_bytes(&self) -> Result<Vec<u8>, CanonicalError> {
        canonical::encode(self)
    }

    /// The claims this policy looks at, without repetition, in the order of [`ClaimId`].
    pub fn claims(&self) -> Vec<ClaimId> {
        ClaimId::ALL
            .iter()
            .copied()
            .filter(|id| self.rules.iter().any(|rule| rule.kind.claims().contains(id)))
            .collect()
    }
}
