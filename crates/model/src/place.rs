//! The closed list of places an inspection reads. A place is a pattern, never a path that names a person or a file of
//! theirs, so that it can stand in evidence.

use crate::claim::named;

named! {
    /// Where a probe looks. Each is a fixed path or pattern under the inspected root.
    Place {
        /// Package database.
        DpkgStatus = "/var/lib/dpkg/status",
        /// Package database of minimal images.
        DpkgStatusParts = "/var/lib/dpkg/status.d/*",
        /// Journal of a package run that is not merged yet.
        DpkgUpdates = "/var/lib/dpkg/updates/*",
        /// Files of a package: when it was unpacked.
        DpkgInfo = "/var/lib/dpkg/info/*.list",
        /// When an installed build was made.
        Changelogs = "/usr/share/doc/*/changelog*",
        /// Architectures of the package database.
        DpkgArch = "/var/lib/dpkg/arch",
        /// Which packages were installed for the sake of others.
        ExtendedStates = "/var/lib/apt/extended_states",
        /// Package lists and their signed dates.
        AptLists = "/var/lib/apt/lists/*",
        /// Package sources.
        AptSources = "/etc/apt/sources.list*",
        /// Pins.
        AptPreferences = "/etc/apt/preferences*",
        /// Settings of apt.
        AptConf = "/etc/apt/apt.conf*",
        /// Keys that apt trusts.
        AptKeys = "/etc/apt/trusted.gpg*",
        /// Keys of named sources.
        Keyrings = "/usr/share/keyrings/*",
        /// Seed of phased updates.
        MachineId = "/etc/machine-id",
        /// Name of the release.
        OsRelease = "/etc/os-release",
        /// Table of support ends.
        DistroInfo = "/usr/share/distro-info/*.csv",
        /// The table of support ends that Seaworthy carries.
        DistroInfoBuiltIn = "built-in distro-info",
        /// The running kernel.
        KernelRelease = "/proc/sys/kernel/osrelease",
        /// Build of the running kernel.
        KernelVersion = "/proc/sys/kernel/version",
        /// Installed kernels.
        Boot = "/boot/vmlinuz-*",
        /// Modules of installed kernels.
        Modules = "/usr/lib/modules/*",
        /// Kernel modules in use.
        KernelModules = "/sys/module/*",
        /// A restart that package scripts asked for.
        RebootRequired = "/run/reboot-required",
        /// What would ask for a restart.
        RestartHooks = "/etc/kernel/postinst.d/*",
        /// Whether a container runtime made this system, and whether it sees only processes of its own.
        ContainerMark = "/{run/systemd/container,.dockerenv,run/.containerenv,proc/self/ns/pid}",
        /// Files that processes have mapped.
        ProcessMaps = "/proc/*/maps",
        /// Whether a program of that name runs.
        ProcessNames = "/proc/*/comm",
        /// Whether a process is one of the kernel's own.
        ProcessStat = "/proc/*/stat",
        /// Whether a process sees the same files.
        MountNamespaces = "/proc/*/ns/mnt",
        /// Mounted filesystems.
        MountInfo = "/proc/self/mountinfo",
        /// Swap in use.
        Swaps = "/proc/swaps",
        /// Block devices and what lies beneath them.
        BlockDevices = "/sys/dev/block/*",
        /// Device-mapper identity.
        DeviceMapper = "/sys/block/*/dm/uuid",
        /// Devices of a btrfs filesystem.
        Btrfs = "/sys/fs/btrfs/*/devices/*",
        /// Whether folders are encrypted one by one.
        FolderEncryption = "/.fscrypt",
        /// ZFS dataset properties.
        Zfs = "/proc/spl/kstat/zfs/*",
        /// The kernel's packet filter, asked over netlink.
        Nftables = "netlink nf_tables",
        /// Loaded iptables tables.
        IpTables = "/proc/net/ip_tables_names",
        /// Loaded ip6tables tables.
        Ip6Tables = "/proc/net/ip6_tables_names",
        /// Addresses of IPv6.
        Ipv6Addresses = "/proc/net/if_inet6",
        /// Uncomplicated firewall's switch.
        UfwConf = "/etc/ufw/ufw.conf",
        /// Uncomplicated firewall's defaults.
        UfwDefaults = "/etc/default/ufw",
        /// Uncomplicated firewall's rules.
        UfwRules = "/etc/ufw/user.rules",
        /// firewalld's settings.
        Firewalld = "/etc/firewalld/*",
        /// Packet filter of the next start.
        NftablesConf = "/etc/nftables.conf",
        /// Firmware's verified boot.
        SecureBootVariable = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
        /// Firmware waits for keys.
        SetupModeVariable = "/sys/firmware/efi/efivars/SetupMode-8be4df61-93ca-11d2-aa0d-00e098032b8c",
        /// shim was told not to verify.
        MokVariable = "/sys/firmware/efi/efivars/MokSBStateRT-605dab50-e046-4300-abb6-3dd810dd8b23",
        /// UEFI or not.
        Efi = "/sys/firmware/efi",
        /// Enabled timers and services.
        SystemdUnits = "/etc/systemd/system/*",
        /// Units that packages ship.
        SystemdVendorUnits = "/usr/lib/systemd/system/*",
        /// Running systemd.
        SystemdRun = "/run/systemd/system",
        /// apt's daily work where systemd does not run.
        CronDaily = "/etc/cron.daily/apt-compat",
        /// The program that installs updates by itself.
        UnattendedProgram = "/usr/bin/unattended-upgrade",
        /// Log of unattended upgrades.
        UnattendedLog = "/var/log/unattended-upgrades/*",
        /// When periodic work last ran.
        PeriodicStamps = "/var/lib/apt/periodic/*",
        /// Active security modules.
        Lsm = "/sys/kernel/security/lsm",
        /// AppArmor switched on.
        AppArmorEnabled = "/sys/module/apparmor/parameters/enabled",
        /// Loaded AppArmor profiles.
        AppArmorProfiles = "/sys/kernel/security/apparmor/profiles",
        /// SELinux mode of the running kernel.
        SelinuxEnforce = "/sys/fs/selinux/enforce",
        /// SELinux mode of the next start.
        SelinuxConfig = "/etc/selinux/config",
        /// SSH server settings.
        SshdConfig = "/etc/ssh/sshd_config*",
        /// SSH server program.
        SshdProgram = "/usr/sbin/sshd",
        /// Options that the SSH server is started with.
        SshdOptions = "/etc/default/ssh",
        /// Ports that are listened on.
        ListeningSockets = "/proc/net/tcp*",
        /// Desktop sessions that can be started.
        Sessions = "/usr/share/{wayland-sessions,xsessions}/*",
        /// Desktop settings of the inspecting user.
        DconfUser = "~/.config/dconf/user",
        /// Desktop defaults and locks of the organisation.
        DconfSystem = "/etc/dconf/db/*",
        /// The order of desktop settings.
        DconfProfile = "/etc/dconf/profile/user",
        /// Desktop defaults of packages.
        Schemas = "/usr/share/glib-2.0/schemas/gschemas.compiled",
        /// ClamAV signatures.
        ClamAv = "/var/lib/clamav/*",
        /// ClamAV programs.
        ClamAvProgram = "/usr/{bin/clamscan,sbin/clamd}",
        /// Advisory records given on the command line.
        Advisories = "--advisories",
        /// What earlier scans saw.
        Ledger = "first-seen ledger",
    }
}
