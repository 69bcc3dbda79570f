//! Values of the platform and protection claims. Facts only: whether they are enough, a policy says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::claim::named;
use crate::time::Timestamp;

/// The installed release and how long its vendor supports it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Distribution {
    /// `ID` of os-release, such as `debian`.
    pub id: String,
    /// `VERSION_ID` of os-release, such as `12`; empty for rolling releases.
    pub version: String,
    /// `VERSION_CODENAME`, such as `bookworm`.
    pub codename: String,
    /// End of regular support.
    pub support_end: Option<Timestamp>,
    /// End of long-term support that is free to everybody.
    pub lts_end: Option<Timestamp>,
}

/// The running kernel against the newest installed one of the same flavour, by package version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Kernel {
    /// Package version of the running kernel.
    pub running: String,
    /// Package version of the newest installed kernel of its flavour.
    pub newest: String,
    /// Whether the newest one runs.
    pub current: bool,
    /// When the newest one was installed, if that could be read.
    pub installed_at: Option<Timestamp>,
}

/// Whether the system itself asked for a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Restart {
    /// A package asked for a restart.
    pub required: bool,
    /// Since when.
    pub since: Option<Timestamp>,
}

/// Processes that run code from library files which have been replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StaleLibraries {
    /// How many processes do.
    pub processes: u32,
    /// How many processes could not be read.
    pub unreadable: u32,
}

named! {
    /// Whether a volume is encrypted at rest.
    Encryption {
        /// Every path down to the hardware passes a cipher.
        Encrypted = "encrypted",
        /// Some path does not.
        Plain = "plain",
        /// It could not be told.
        Unknown = "unknown",
    }
}

/// One volume that holds the system or the holder's data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Volume {
    /// One of `/`, `/home`, `/var`, `swap`.
    pub mount: String,
    /// Whether it is encrypted.
    pub encryption: Encryption,
}

/// Encryption at rest of the volumes that hold the system, the holder's data and memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DiskEncryption {
    /// The volumes looked at.
    pub volumes: Vec<Volume>,
}

named! {
    /// What filters incoming packets.
    FirewallKind {
        /// nftables rules in the kernel.
        Nftables = "nftables",
        /// Older iptables tables in the kernel.
        IpTables = "iptables",
        /// Uncomplicated firewall.
        Ufw = "ufw",
        /// firewalld.
        Firewalld = "firewalld",
        /// Nothing does.
        None = "none",
    }
}

/// Whether what comes in is denied by default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Firewall {
    /// Incoming packets are denied by default.
    pub active: bool,
    /// What does the filtering.
    pub kind: FirewallKind,
}

/// Verified boot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SecureBoot {
    /// The firmware verifies what it starts, and shim was not told to stop verifying.
    pub enabled: bool,
}

named! {
    /// What is missing for updates to install themselves.
    AutomaticUpdatesGap {
        /// The program is not installed.
        NotInstalled = "not-installed",
        /// `APT::Periodic::Unattended-Upgrade` is off.
        UpgradeOff = "upgrade-off",
        /// `APT::Periodic::Update-Package-Lists` is off.
        ListsOff = "lists-off",
        /// The timer that starts it is disabled or masked.
        TimerOff = "timer-off",
        /// Security updates are not among the allowed origins.
        SecurityNotAllowed = "security-not-allowed",
        /// It has not run lately.
        NotRun = "not-run",
    }
}

/// Whether security updates install themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AutomaticUpdates {
    /// Nothing is missing.
    pub enabled: bool,
    /// What is missing.
    pub gaps: Vec<AutomaticUpdatesGap>,
    /// When it last ran, where that is recorded.
    pub last_run: Option<Timestamp>,
}

named! {
    /// Which security module confines programs.
    MandatoryAccessControlKind {
        /// AppArmor.
        AppArmor = "apparmor",
        /// SELinux.
        Selinux = "selinux",
        /// Another module of the kernel's list.
        Other = "other",
        /// None.
        None = "none",
    }
}

/// Mandatory access control. Loaded is not yet enforcing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MandatoryAccessControl {
    /// It refuses, and does not only watch.
    pub enforcing: bool,
    /// Which one.
    pub kind: MandatoryAccessControlKind,
}

named! {
    /// How the superuser may sign in over SSH.
    RootLogin {
        /// Not at all.
        No = "no",
        /// With a key bound to a command.
        ForcedCommandsOnly = "forced-commands-only",
        /// With a key.
        ProhibitPassword = "prohibit-password",
        /// With a password too.
        Yes = "yes",
    }
}

/// What the SSH server lets in, the widest over all `Match` blocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ssh {
    /// Passwords are accepted (`PasswordAuthentication` or keyboard-interactive).
    pub password: bool,
    /// How the superuser may sign in.
    pub root_login: RootLogin,
}

/// Whether an idle desktop locks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScreenLock {
    /// The lock is on and idle time is watched.
    pub enabled: bool,
    /// Seconds from the last touch to the lock.
    pub delay_seconds: u32,
}

/// An installed scanner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Antivirus {
    /// Which product, of the closed list that Seaworthy knows.
    pub product: String,
    /// When its newest signatures were made, by their own header.
    pub signatures_at: Timestamp,
}
