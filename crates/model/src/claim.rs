//! A claim: what one probe could say. Known, not applicable, or unknown with a reason; never a bare absence.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::code::Code;
use crate::place::Place;

/// The outcome of one probe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "status", rename_all = "kebab-case")]
#[schemars(rename = "{T}Claim")]
pub enum Claim<T> {
    /// The probe read what it needed.
    Known {
        /// What it read.
        #[serde(flatten)]
        value: T,
        /// Where it looked.
        read: Vec<Place>,
    },
    /// The question does not arise on this device.
    NotApplicable {
        /// Why not.
        reason: Reason,
        /// Where it looked.
        read: Vec<Place>,
    },
    /// The probe could not tell. Never a pass.
    Unknown {
        /// Why not.
        reason: Reason,
        /// Where it looked.
        read: Vec<Place>,
        /// What was seen all the same; shown to the holder, never judged as a pass.
        #[serde(flatten)]
        seen: Option<T>,
    },
}

impl<T> Claim<T> {
    /// A claim that could be read at these places.
    pub fn known(value: T, read: &[Place]) -> Claim<T> {
        Claim::Known { value, read: read.to_vec() }
    }

    /// A claim whose question does not arise.
    pub fn not_applicable(reason: Reason, read: &[Place]) -> Claim<T> {
        Claim::NotApplicable { reason, read: read.to_vec() }
    }

    /// A claim that could not be read.
    pub fn unknown(reason: Reason, read: &[Place]) -> Claim<T> {
        Claim::Unknown { reason, read: read.to_vec(), seen: None }
    }

    /// What was read, whether or not it is enough to judge by.
    pub fn seen(&self) -> Option<&T> {
        match self {
            Claim::Known { value, .. } => Some(value),
            Claim::Unknown { seen, .. } => seen.as_ref(),
            Claim::NotApplicable { .. } => None,
        }
    }

    /// The reason, unless the claim is known.
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Claim::Known { .. } => None,
            Claim::NotApplicable { reason, .. } | Claim::Unknown { reason, .. } => Some(*reason),
        }
    }

    /// Where the probe looked.
    pub fn read(&self) -> &[Place] {
        match self {
            Claim::Known { read, .. } | Claim::NotApplicable { read, .. } | Claim::Unknown { read, .. } => read,
        }
    }
}

/// Defines an enumeration whose variants have one name each: in text, in CBOR and on the command line.
#[macro_export]
macro_rules! named {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        pub enum $name { $($(#[$vmeta])* #[serde(rename = $text)] $variant,)+ }

        impl $name {
            /// Every variant, in the order of its definition.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The one name, as written everywhere.
            pub const fn name(self) -> &'static str {
                match self { $($name::$variant => $text,)+ }
            }

            /// The variant of this name.
            pub fn from_name(name: &str) -> Option<$name> {
                Self::ALL.iter().copied().find(|variant| variant.name() == name)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }
    };
}
pub(crate) use named;

named! {
    /// The closed list of claims: an inspection makes these and no others.
    ClaimId {
        /// Pending updates.
        Updates = "updates",
        /// The vendors' catalogs and their proof.
        Catalog = "catalog",
        /// The release and how long it is supported.
        Distribution = "distribution",
        /// The running kernel against the installed one.
        Kernel = "kernel",
        /// Whether the system asked for a restart.
        Restart = "restart",
        /// Processes that still run replaced libraries.
        StaleLibraries = "stale-libraries",
        /// Encryption at rest.
        DiskEncryption = "disk-encryption",
        /// A default-deny filter for what comes in.
        Firewall = "firewall",
        /// Verified boot of the firmware.
        SecureBoot = "secure-boot",
        /// Whether updates install themselves.
        AutomaticUpdates = "automatic-updates",
        /// AppArmor, SELinux and their like.
        MandatoryAccessControl = "mandatory-access-control",
        /// What the SSH server lets in.
        Ssh = "ssh",
        /// Whether an idle desktop locks.
        ScreenLock = "screen-lock",
        /// Age of the signatures of an installed scanner.
        Antivirus = "antivirus",
    }
}

named! {
    /// Why a claim is not known. Each is explained by `seaworthy explain`.
    Reason {
        /// Reading it needs more rights.
        NoRight = "no-right",
        /// Reading it failed.
        ReadFailed = "read-failed",
        /// It took longer than a probe may.
        TimedOut = "timed-out",
        /// What was read makes no sense.
        Garbled = "garbled",
        /// A file is larger than a probe reads.
        TooLarge = "too-large",
        /// A file that must be there is not.
        Missing = "missing",
        /// The path is a device, a pipe or leads out of the inspected disk.
        NotAFile = "not-a-file",
        /// Only a running system can say.
        NotRunning = "not-running",
        /// The caller did not ask for this claim.
        NotAsked = "not-asked",
        /// This system or desktop is not one Seaworthy can read yet.
        NotSupported = "not-supported",
        /// The package database is being changed.
        PackagesBusy = "packages-busy",
        /// No package source is configured.
        NoSources = "no-sources",
        /// A live source has no list on the device.
        ListsMissing = "lists-missing",
        /// The lists are empty.
        ListsEmpty = "lists-empty",
        /// The distribution's own archive, or its security archive, is not among the sources.
        VendorMissing = "vendor-missing",
        /// The catalog is older than it may be.
        Stale = "stale",
        /// The catalog carries no signature.
        Unsigned = "unsigned",
        /// The catalog's signature does not verify.
        BadSignature = "bad-signature",
        /// None of the signing keys is trusted here.
        KeyMissing = "key-missing",
        /// The signing key has expired or was revoked.
        KeyExpired = "key-expired",
        /// A list differs from what the signed catalog says.
        Mismatch = "mismatch",
        /// Signature and hashes were not checked in this run.
        Unproved = "unproved",
        /// The device's clock is before a signed date.
        ClockWrong = "clock-wrong",
        /// This release is not in the table of support ends.
        ReleaseUnlisted = "release-unlisted",
        /// This system keeps no record of it.
        NotRecorded = "not-recorded",
        /// A container or virtual machine without a kernel of its own.
        NoKernel = "no-kernel",
        /// Started without UEFI.
        NoUefi = "no-uefi",
        /// A container: the host decides.
        Container = "container",
        /// No SSH server runs here.
        NoSshServer = "no-ssh-server",
        /// No desktop is installed.
        NoDesktop = "no-desktop",
        /// No scanner is installed.
        NoAntivirus = "no-antivirus",
    }
}

impl Reason {
    /// The code under which `seaworthy explain` tells of this reason.
    pub fn code(self) -> Code {
        Code::of_reason(self)
    }
}
