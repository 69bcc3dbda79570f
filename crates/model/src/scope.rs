//! The scope of an inspection: for each claim what it says and the only places it is read from.
//!
//! Defined here once. Probes are held to it by a test, `seaworthy scope` prints it, and what is not in it cannot be
//! collected: evidence has no field for it.

use crate::claim::ClaimId;
use crate::place::Place;

/// What one claim says, and where it may be read.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// The claim.
    pub claim: ClaimId,
    /// What it says.
    pub says: &'static str,
    /// The only places it is read from.
    pub places: &'static [Place],
}

impl ClaimId {
    /// What this claim says, and where it may be read.
    pub const fn scope(self) -> Scope {
        let (says, places): (&str, &[Place]) = match self {
            ClaimId::Updates => (
                "updates that are offered and not installed: package names, versions, since when; never the list of what is installed",
                &[
                    Place::DpkgStatus,
                    Place::DpkgStatusParts,
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
                    Place::KernelRelease,
                    Place::Advisories,
                    Place::Ledger,
                ],
            ),
            ClaimId::Catalog => (
                "the package sources: how they name and date themselves, and whether that is proved",
                &[Place::AptLists, Place::AptSources, Place::AptConf, Place::AptKeys, Place::Keyrings],
            ),
            ClaimId::Distribution => (
                "which release is installed, and until when it is supported",
                &[Place::OsRelease, Place::DistroInfo, Place::DistroInfoBuiltIn],
            ),
            ClaimId::Kernel => (
                "package versions of the running and the newest installed kernel",
                &[
                    Place::KernelRelease,
                    Place::KernelVersion,
                    Place::Boot,
                    Place::Modules,
                    Place::DpkgStatus,
                    Place::DpkgUpdates,
                    Place::DpkgInfo,
                    Place::ContainerMark,
                ],
            ),
            ClaimId::Restart => (
                "whether, and since when, the system asks for a restart",
                &[Place::RebootRequired, Place::RestartHooks, Place::ContainerMark],
            ),
            ClaimId::StaleLibraries => (
                "how many processes run replaced libraries, and how many could not be read; never which",
                &[Place::ProcessMaps, Place::ProcessStat, Place::MountNamespaces],
            ),
            ClaimId::DiskEncryption => (
                "for /, /home, /var and swap: encrypted or not",
                &[
                    Place::MountInfo,
                    Place::Swaps,
                    Place::BlockDevices,
                    Place::DeviceMapper,
                    Place::Btrfs,
                    Place::FolderEncryption,
                    Place::Zfs,
                    Place::ContainerMark,
                ],
            ),
            ClaimId::Firewall => (
                "whether incoming packets are denied by default, and by what",
                &[
                    Place::Nftables,
                    Place::IpTables,
                    Place::Ip6Tables,
                    Place::Ipv6Addresses,
                    Place::KernelModules,
                    Place::KernelRelease,
                    Place::Modules,
                    Place::UfwConf,
                    Place::UfwDefaults,
                    Place::UfwRules,
                    Place::Firewalld,
                    Place::NftablesConf,
                    Place::ContainerMark,
                ],
            ),
            ClaimId::SecureBoot => (
                "whether verified boot is on",
                &[
                    Place::Efi,
                    Place::SecureBootVariable,
                    Place::SetupModeVariable,
                    Place::MokVariable,
                    Place::ContainerMark,
                ],
            ),
            ClaimId::AutomaticUpdates => (
                "whether security updates install themselves, what is missing for it, and the last run",
                &[
                    Place::AptConf,
                    Place::AptLists,
                    Place::CronDaily,
                    Place::DpkgStatus,
                    Place::OsRelease,
                    Place::PeriodicStamps,
                    Place::UnattendedLog,
                    Place::UnattendedProgram,
                    Place::SystemdRun,
                    Place::SystemdUnits,
                    Place::SystemdVendorUnits,
                ],
            ),
            ClaimId::MandatoryAccessControl => (
                "whether AppArmor, SELinux or another module confines programs",
                &[
                    Place::Lsm,
                    Place::AppArmorEnabled,
                    Place::AppArmorProfiles,
                    Place::SelinuxEnforce,
                    Place::SelinuxConfig,
                    Place::ContainerMark,
                ],
            ),
            ClaimId::Ssh => (
                "whether the SSH server takes passwords, and how the superuser may sign in",
                &[
                    Place::SshdProgram,
                    Place::SshdConfig,
                    Place::SshdOptions,
                    Place::SystemdRun,
                    Place::SystemdUnits,
                    Place::SystemdVendorUnits,
                    Place::ListeningSockets,
                    Place::ProcessNames,
                ],
            ),
            ClaimId::ScreenLock => (
                "whether an idle desktop of the inspecting user locks, and after how long",
                &[Place::Sessions, Place::DconfUser, Place::DconfSystem, Place::DconfProfile, Place::Schemas],
            ),
            ClaimId::Antivirus => (
                "which known scanner is installed, and the date of its signatures",
                &[Place::ClamAv, Place::ClamAvProgram],
            ),
        };
        Scope { claim: self, says, places }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_belongs_to_a_claim() {
        let read: Vec<Place> = ClaimId::ALL.iter().flat_map(|id| id.scope().places.iter().copied()).collect();
        let idle: Vec<&Place> = Place::ALL.iter().filter(|place| !read.contains(place)).collect();
        assert!(idle.is_empty(), "{idle:?} belong to no claim: remove them");
    }
}
