//! Platform and protections on their way. What no rule judges is left out: counts of processes, the last run, how old
//! a request is that nobody makes any more.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::MAX_VOLUMES;
use super::word::{Identifier, PackageVersion};
use crate::claim::{Reason, named};
use crate::protections::{
    Antivirus, AutomaticUpdates, AutomaticUpdatesGap, DiskEncryption, Distribution, Encryption, Firewall, Kernel,
    MandatoryAccessControl, Restart, ScreenLock, SecureBoot, Ssh, StaleLibraries, Volume,
};
use crate::time::Timestamp;

/// A value in the form in which it leaves the device.
pub(super) trait Wire<V>: Sized {
    /// What may leave; or why nothing may.
    fn of(value: &V) -> Result<Self, Reason>;
    /// The value it tells of.
    fn home(&self) -> V;
}

macro_rules! leaves_as_it_is {
    ($($value:ty),+) => {$(
        impl Wire<$value> for $value {
            fn of(value: &$value) -> Result<$value, Reason> {
                Ok(value.clone())
            }

            fn home(&self) -> $value {
                self.clone()
            }
        }
    )+};
}

leaves_as_it_is!(Firewall, SecureBoot, MandatoryAccessControl, Ssh, ScreenLock);

/// The installed release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SentDistribution {
    /// `ID` of os-release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Identifier>,
    /// `VERSION_ID`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Identifier>,
    /// `VERSION_CODENAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codename: Option<Identifier>,
    /// End of regular support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support_end: Option<Timestamp>,
    /// End of long-term support that is free to everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lts_end: Option<Timestamp>,
}

impl Wire<Distribution> for SentDistribution {
    fn of(release: &Distribution) -> Result<SentDistribution, Reason> {
        Ok(SentDistribution {
            id: Identifier::new(&release.id),
            version: Identifier::new(&release.version),
            codename: Identifier::new(&release.codename),
            support_end: release.support_end,
            lts_end: release.lts_end,
        })
    }

    fn home(&self) -> Distribution {
        let text = |word: &Option<Identifier>| word.clone().map(String::from).unwrap_or_default();
        Distribution {
            id: text(&self.id),
            version: text(&self.version),
            codename: text(&self.codename),
            support_end: self.support_end,
            lts_end: self.lts_end,
        }
    }
}

/// The running kernel against the newest installed one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SentKernel {
    /// Package version of the running kernel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running: Option<PackageVersion>,
    /// Package version of the newest installed kernel of its flavour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<PackageVersion>,
    /// Whether the newest one runs.
    pub current: bool,
    /// When the newest one was installed, while it does not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installed_at: Option<Timestamp>,
}

impl Wire<Kernel> for SentKernel {
    fn of(kernel: &Kernel) -> Result<SentKernel, Reason> {
        Ok(SentKernel {
            running: PackageVersion::new(&kernel.running),
            newest: PackageVersion::new(&kernel.newest),
            current: kernel.current,
            installed_at: kernel.installed_at.filter(|_| !kernel.current),
        })
    }

    fn home(&self) -> Kernel {
        let text = |word: &Option<PackageVersion>| word.clone().map(String::from).unwrap_or_default();
        Kernel {
            running: text(&self.running),
            newest: text(&self.newest),
            current: self.current,
            installed_at: self.installed_at,
        }
    }
}

/// Whether the system itself asked for a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SentRestart {
    /// A package asked for a restart.
    pub required: bool,
    /// Since when, while one is required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

impl Wire<Restart> for SentRestart {
    fn of(restart: &Restart) -> Result<SentRestart, Reason> {
        Ok(SentRestart { required: restart.required, since: restart.since.filter(|_| restart.required) })
    }

    fn home(&self) -> Restart {
        Restart { required: self.required, since: self.since }
    }
}

/// Whether processes run replaced libraries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SentLibraries {
    /// A process does.
    pub stale: bool,
    /// A process could not be read.
    pub unreadable: bool,
}

impl Wire<StaleLibraries> for SentLibraries {
    fn of(libraries: &StaleLibraries) -> Result<SentLibraries, Reason> {
        Ok(SentLibraries { stale: libraries.processes > 0, unreadable: libraries.unreadable > 0 })
    }

    fn home(&self) -> StaleLibraries {
        StaleLibraries { processes: self.stale.into(), unreadable: self.unreadable.into() }
    }
}

named! {
    /// The closed list of volumes.
    MountPoint {
        /// The system.
        Root = "/",
        /// The holder's data.
        Home = "/home",
        /// The system's data.
        Var = "/var",
        /// Memory.
        Swap = "swap",
    }
}

/// Encryption at rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SentDiskEncryption {
    /// The volumes looked at, in ascending order.
    pub volumes: Vec<SentVolume>,
}

/// One volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct SentVolume {
    /// Which.
    pub mount: MountPoint,
    /// Whether it is encrypted.
    pub encryption: Encryption,
}

impl Wire<DiskEncryption> for SentDiskEncryption {
    /// A volume outside the closed list cannot be told of, and must not be passed over in silence.
    fn of(disks: &DiskEncryption) -> Result<SentDiskEncryption, Reason> {
        if disks.volumes.len() > MAX_VOLUMES {
            return Err(Reason::TooLarge);
        }
        let volume = |volume: &Volume| {
            let mount = MountPoint::from_name(&volume.mount).ok_or(Reason::NotSupported)?;
            Ok(SentVolume { mount, encryption: volume.encryption })
        };
        let mut volumes = disks.volumes.iter().map(volume).collect::<Result<Vec<_>, Reason>>()?;
        volumes.sort();
        Ok(SentDiskEncryption { volumes })
    }

    fn home(&self) -> DiskEncryption {
        let volume =
            |volume: &SentVolume| Volume { mount: volume.mount.name().to_owned(), encryption: volume.encryption };
        DiskEncryption { volumes: self.volumes.iter().map(volume).collect() }
    }
}

/// Whether security updates install themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SentAutomaticUpdates {
    /// Nothing is missing.
    pub enabled: bool,
    /// What is missing, in ascending order, each once.
    pub gaps: Vec<AutomaticUpdatesGap>,
}

impl Wire<AutomaticUpdates> for SentAutomaticUpdates {
    fn of(updates: &AutomaticUpdates) -> Result<SentAutomaticUpdates, Reason> {
        let mut gaps = updates.gaps.clone();
        gaps.sort();
        gaps.dedup();
        Ok(SentAutomaticUpdates { enabled: updates.enabled, gaps })
    }

    fn home(&self) -> AutomaticUpdates {
        AutomaticUpdates { enabled: self.enabled, gaps: self.gaps.clone(), last_run: None }
    }
}

named! {
    /// The closed list of scanners.
    Scanner {
        /// ClamAV.
        ClamAv = "clamav",
    }
}

/// An installed scanner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SentAntivirus {
    /// Which product.
    pub product: Scanner,
    /// When its newest signatures were made, by their own header.
    pub signatures_at: Timestamp,
}

impl Wire<Antivirus> for SentAntivirus {
    /// No other product can be named.
    fn of(scanner: &Antivirus) -> Result<SentAntivirus, Reason> {
        let product = Scanner::from_name(&scanner.product).ok_or(Reason::NotSupported)?;
        Ok(SentAntivirus { product, signatures_at: scanner.signatures_at })
    }

    fn home(&self) -> Antivirus {
        Antivirus { product: self.product.name().to_owned(), signatures_at: self.signatures_at }
    }
}
