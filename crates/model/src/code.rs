//! The catalogue of codes: every finding, reason and error a user can meet, defined here once. `seaworthy explain` and
//! the reference under `docs/` are derived from it.

use crate::claim::Reason;

/// What the catalogue says of one code.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// One line: what it means.
    pub title: &'static str,
    /// What lies behind it, and what Seaworthy looked at.
    pub detail: &'static str,
    /// What to do about it.
    pub fix: &'static str,
}

macro_rules! codes {
    ($($variant:ident = $name:literal { $title:literal, $detail:literal, $fix:literal })+) => {
        crate::claim::named! {
            /// A stable code.
            Code { $(#[doc = $title] $variant = $name,)+ }
        }

        impl Code {
            /// What the catalogue says of it.
            pub const fn entry(self) -> Entry {
                match self { $(Code::$variant => Entry { title: $title, detail: $detail, fix: $fix },)+ }
            }
        }
    };
}

codes! {
    // Findings: one per rule kind, and per subject where a rule has many.
    UpdatePending = "update-pending" {
        "an update is offered and not installed",
        "The catalog on the device offers a newer version than the installed one. It has been out at least since the date shown as `by` and at most since the date shown as `not before`; the rule fails once the shorter of the two exceeds the allowed days.",
        "Install it with the command at the end."
    }
    UpdateWithheld = "update-withheld" {
        "a security update is hidden by a pin",
        "A live catalog carries a security update that apt would choose, were it not for a pin in /etc/apt/preferences* or for APT::Default-Release. apt itself says nothing about it.",
        "Remove the pin, or let the security archive win: give it a priority of 990 or more."
    }
    UpdatesComplete = "updates-complete" {
        "no other update is missing",
        "Whether the list of pending updates is complete. It is only known when every live source has a list and every list is proved.",
        "Refresh the lists: apt-get update."
    }
    CatalogProved = "catalog-proved" {
        "a package source is what its vendor signed",
        "The signature of its InRelease file, the SHA-256 of each of its lists, its Valid-Until and its age, checked against the keys that apt trusts for this source.",
        "Refresh the lists: apt-get update. If that does not help, mend or remove the source."
    }
    CatalogCoverage = "catalog-coverage" {
        "the distribution's own archives are among the sources",
        "A device whose sources leave out its distribution's release or its security archive shows no updates, and is not up to date for that. Sources are recognised by the signed Origin, Label and Codename, not by their address.",
        "Add the missing archive to /etc/apt/sources.list.d and run apt-get update."
    }
    ReleaseSupported = "release-supported" {
        "the release is supported by its vendor",
        "The end of support of the installed release, from the distribution's own table (distro-info).",
        "Upgrade to a supported release."
    }
    KernelCurrent = "kernel-current" {
        "the newest installed kernel runs",
        "Installed kernels of the running flavour are compared by package version. An installed kernel protects nobody until it runs.",
        "Restart the device."
    }
    RestartRequired = "restart-required" {
        "no restart is asked for",
        "Package scripts leave /run/reboot-required when an update only takes effect after a restart.",
        "Restart the device."
    }
    LibrariesCurrent = "libraries-current" {
        "no process runs replaced libraries",
        "Processes that still map library files which an update has replaced run the old code.",
        "Restart the services concerned, or the device."
    }
    DiskEncrypted = "disk-encrypted" {
        "volumes are encrypted at rest",
        "From each mounted volume down through device-mapper to the hardware: encrypted only if every path passes a cipher.",
        "Reinstall with disk encryption, or move the volume onto LUKS."
    }
    FirewallActive = "firewall-active" {
        "incoming packets are denied by default",
        "The rules in the kernel, not the state of a service.",
        "Turn a firewall on, for instance: ufw default deny incoming && ufw enable."
    }
    SecureBootOn = "secure-boot-on" {
        "verified boot is on",
        "The firmware's SecureBoot variable, its setup mode, and whether shim was told not to verify.",
        "Turn Secure Boot on in the firmware, and verification in shim: mokutil --enable-validation."
    }
    AutomaticUpdatesOn = "automatic-updates-on" {
        "security updates install themselves",
        "The merged settings of apt, the timers that act on them, the allowed origins and the last run.",
        "Install and switch on unattended-upgrades: apt-get install unattended-upgrades && dpkg-reconfigure unattended-upgrades."
    }
    MandatoryAccessControlOn = "mandatory-access-control-on" {
        "programs are confined",
        "AppArmor with profiles in enforce mode, or SELinux enforcing. Loaded is not enforcing.",
        "Switch AppArmor or SELinux to enforcing."
    }
    SshPassword = "ssh-password" {
        "SSH accepts no passwords",
        "The effective settings of the SSH server: first value wins, included files in order, the widest of all Match blocks.",
        "Set `PasswordAuthentication no` and `KbdInteractiveAuthentication no` in the first file that is read, and reload the server."
    }
    SshRootLogin = "ssh-root-login" {
        "SSH does not let the superuser in with a password",
        "The effective PermitRootLogin, the widest of all Match blocks.",
        "Set `PermitRootLogin no` or `prohibit-password` in the first file that is read, and reload the server."
    }
    ScreenLocks = "screen-locks" {
        "an idle desktop locks",
        "Settings of the inspecting user with their defaults and the organisation's locks.",
        "Turn the screen lock on in the desktop's settings."
    }
    AntivirusFresh = "antivirus-fresh" {
        "the scanner's signatures are fresh",
        "The date in the header of the signature files, not the files' own times.",
        "Update the signatures: freshclam."
    }

    // Reasons: why a claim is not known, or does not apply.
    NoRight = "no-right" {
        "reading it needs more rights",
        "The system refused to show this to the user who ran the inspection.",
        "Run the inspection as root: sudo seaworthy inspect."
    }
    ReadFailed = "read-failed" {
        "reading it failed",
        "The system returned an error while the file was read.",
        "Check the disk and the file named, then inspect again."
    }
    TimedOut = "timed-out" {
        "it took longer than a probe may",
        "Each probe has a time limit, so that one hanging file never holds up an inspection.",
        "Inspect again; if it lasts, look for a hanging mount or disk."
    }
    Garbled = "garbled" {
        "what was read makes no sense",
        "The file is not in the format it must have. Nothing is guessed from it.",
        "Look at the file named; restore it from its package or a backup."
    }
    TooLarge = "too-large" {
        "a file is larger than a probe reads",
        "Files are read up to a limit, so that a crafted or broken one cannot exhaust the device.",
        "Look at the file named."
    }
    Missing = "missing" {
        "a file that must be there is not",
        "Without it the question cannot be answered.",
        "Restore the file from its package or a backup."
    }
    NotAFile = "not-a-file" {
        "the path is not a regular file inside the inspected disk",
        "Devices and pipes are never opened, and links that lead out of a mounted disk are not followed.",
        "Look at the path named: somebody may have put it there."
    }
    NotRunning = "not-running" {
        "only a running system can say",
        "A mounted disk shows what is stored, not what runs.",
        "Inspect the device itself, or use a policy that asks only for what a disk can show, such as six-month."
    }
    NotAsked = "not-asked" {
        "it was not asked for",
        "The inspection was limited to other claims.",
        "Inspect without --only."
    }
    NotSupported = "not-supported" {
        "Seaworthy cannot read this system or desktop yet",
        "The settings of this system or desktop are stored in a way Seaworthy does not know. It does not guess.",
        "Ask an inspector, or use a policy that does not ask for it."
    }
    PackagesBusy = "packages-busy" {
        "the package database is being changed",
        "dpkg keeps a journal while it works; until it is merged the set of installed packages is in motion.",
        "Wait for the package manager to end, or mend it: dpkg --configure -a."
    }
    NoSources = "no-sources" {
        "no package source is configured",
        "Without a source the device cannot know of any update.",
        "Restore /etc/apt/sources.list.d and run apt-get update."
    }
    ListsMissing = "lists-missing" {
        "a package source has no list on the device",
        "apt shows nothing for a source whose list is missing, and calls that up to date. It is not known.",
        "Run apt-get update."
    }
    ListsEmpty = "lists-empty" {
        "the package lists are empty",
        "apt calls a device with empty lists up to date. It is not known.",
        "Run apt-get update."
    }
    VendorMissing = "vendor-missing" {
        "the distribution's own archive is not among the sources",
        "Updates from an archive that is not configured cannot be seen.",
        "Add the distribution's release and security archive to /etc/apt/sources.list.d and run apt-get update."
    }
    Stale = "stale" {
        "the catalog is older than it may be",
        "Its Valid-Until has passed, or its signed date, or the last fetch, is longer ago than the policy allows. What came out since cannot be seen.",
        "Run apt-get update."
    }
    Unsigned = "unsigned" {
        "the catalog carries no signature",
        "Nobody vouches for the lists of this source.",
        "Use a signed archive, or remove the source."
    }
    BadSignature = "bad-signature" {
        "the catalog's signature does not verify",
        "The signed file was changed, damaged, or signed with an algorithm that is no longer safe.",
        "Run apt-get update. If it lasts, stop using the source and ask its vendor."
    }
    KeyMissing = "key-missing" {
        "the catalog's signing key is not trusted here",
        "None of the keys that apt trusts for this source made the signature. A mounted disk's own keys are never used.",
        "Install the vendor's keyring package, or name its key in Signed-By."
    }
    KeyExpired = "key-expired" {
        "the catalog's signing key has expired or was revoked",
        "A signature counts only while its key does.",
        "Install the vendor's current keyring package and run apt-get update."
    }
    Mismatch = "mismatch" {
        "a list differs from what the signed catalog says",
        "The SHA-256 of a list on the device is not the one in its InRelease file.",
        "Run apt-get update. If it lasts, look for whoever changes the files under /var/lib/apt/lists."
    }
    Unproved = "unproved" {
        "signature and hashes were not checked in this run",
        "`--only updates` lists the set alone, without proof, unless an earlier inspection proved the same files.",
        "Inspect without --only, or with --prove."
    }
    ClockWrong = "clock-wrong" {
        "the clock is wrong",
        "The clock stands before a date that a vendor, or an issuer, has already signed.",
        "Set the clock: timedatectl set-ntp true."
    }
    ReleaseUnlisted = "release-unlisted" {
        "the release is not in the table of support ends",
        "Neither the device's distro-info nor Seaworthy's own copy knows this release.",
        "Update the package distro-info-data, or Seaworthy."
    }
    NotRecorded = "not-recorded" {
        "this system keeps no record of it",
        "Nothing that is installed here would ever write the mark that was looked for, so that its absence says nothing. What it would tell is covered by other rules.",
        "Nothing."
    }
    NoKernel = "no-kernel" {
        "this system has no kernel of its own",
        "No kernel package is installed: a container, or a virtual machine started with its host's kernel.",
        "Nothing: the host's inspection covers it."
    }
    NoUefi = "no-uefi" {
        "the device was started without UEFI",
        "Verified boot exists only with UEFI.",
        "Nothing, or switch the firmware from legacy to UEFI start."
    }
    Container = "container" {
        "this is a container: its host decides",
        "What was asked is set outside the container.",
        "Inspect the host."
    }
    NoSshServer = "no-ssh-server" {
        "no SSH server is installed or running",
        "Nothing can sign in over SSH.",
        "Nothing."
    }
    NoDesktop = "no-desktop" {
        "no desktop is installed",
        "Without a desktop there is no screen to lock.",
        "Nothing."
    }
    NoAntivirus = "no-antivirus" {
        "no scanner is installed",
        "The rule asks only that an installed scanner is fresh.",
        "Nothing."
    }

    // Errors of use: exit code 2.
    UsageError = "usage" {
        "the command line is not understood",
        "An option or argument is unknown, missing or malformed.",
        "See seaworthy --help."
    }
    RootUnreadable = "root-unreadable" {
        "the folder given with --root cannot be inspected",
        "It is missing, is not a folder, or holds no Linux system.",
        "Give the mount point of the disk's root filesystem."
    }
    AdvisoriesUnreadable = "advisories-unreadable" {
        "the advisory records cannot be read",
        "--advisories takes an OSV JSON file, or a folder of them.",
        "Check the path and the format of the records."
    }
    StateUnwritable = "state-unwritable" {
        "the state directory cannot be used",
        "The device key, the first-seen ledger and remembered proofs are kept there.",
        "Make it writable, or choose another with XDG_STATE_HOME."
    }
    OutputUnwritable = "output-unwritable" {
        "the output file cannot be written",
        "The path given with --out cannot be created, or has an unknown ending.",
        "Use a path that ends in .png, .svg, .txt or .cbor, in a folder you may write to."
    }

    // Policies.
    PolicyUnknown = "policy-unknown" {
        "no shipped policy has this name, and no file is there",
        "--policy takes the name of a shipped policy, or the path of a TOML file.",
        "See seaworthy policy list."
    }
    PolicyUnreadable = "policy-unreadable" {
        "the policy file cannot be read",
        "The file is missing, too large, or not UTF-8.",
        "Check the path."
    }
    PolicySyntax = "policy-syntax" {
        "the policy file is not TOML",
        "The place shown is where reading stopped.",
        "Mend the line shown."
    }
    PolicyWord = "policy-word" {
        "a word of the policy is unknown",
        "Keys, rule kinds and their values are a closed set; a misspelt one is never ignored.",
        "Use the word suggested, or see docs/reference/policy.md."
    }
    PolicyValue = "policy-value" {
        "a value of the policy is missing, out of range or of the wrong type",
        "Each key has one type and range.",
        "See docs/reference/policy.md."
    }

    // Stamps: refusals of `check`, and of `stamp` itself.
    NoStamp = "no-stamp" {
        "no stamp is issued",
        "A stamp is issued for a pass only, never for a fail or an unknown.",
        "Mend what the inspection lists, then stamp again."
    }
    StampImage = "stamp-image" {
        "the image cannot be read",
        "It is not a PNG that follows its own format.",
        "Photograph or save the stamp again, as PNG."
    }
    StampImageTooLarge = "stamp-image-too-large" {
        "the image is larger than a check reads",
        "Images up to 64 million pixels (16 million if interlaced) and 32 MiB are read.",
        "Cut the picture down to the stamp."
    }
    StampSvg = "stamp-svg" {
        "the SVG is not one that Seaworthy wrote",
        "Only a stamp's own SVG is read, unchanged: drawing any other would need a browser.",
        "Save the picture as PNG and check that."
    }
    StampQrNone = "stamp-qr-none" {
        "no QR code is in the image",
        "None was found in the picture, nor in its negative, nor scaled.",
        "Photograph the whole code with its white margin, straight and in good light."
    }
    StampQrMany = "stamp-qr-many" {
        "more than one QR code is in the image",
        "Which of them is meant is not guessed.",
        "Cut the picture down to one stamp."
    }
    StampQrUnreadable = "stamp-qr-unreadable" {
        "the QR code cannot be read",
        "A code was found, and it is damaged, blurred or of another kind.",
        "Photograph it again, straight and in good light."
    }
    StampQrForeign = "stamp-qr-foreign" {
        "the QR code holds no stamp",
        "Its text begins neither with SEAWORTHY:S# nor as a link that ends in /S# and a stamp.",
        "Show the stamp's own code."
    }
    StampText = "stamp-text" {
        "the text is not a stamp",
        "A stamp begins with SEAWORTHY:S#, or with HTTPS://, a host and /S#.",
        "Give the whole text of the stamp, from its first letter."
    }
    StampTextLowerCase = "stamp-text-lower-case" {
        "the stamp's letters were changed to lower case",
        "A stamp has one spelling, in capitals; another one is not read, so that a stamp cannot pass for two.",
        "Give the text as it was issued."
    }
    StampTextLetter = "stamp-text-letter" {
        "a letter stands in the stamp that it cannot have",
        "After the # only A to Z and 2 to 7 stand (RFC 4648 base32, without padding).",
        "Give the text as it was issued, without spaces or line ends in it."
    }
    StampTextLength = "stamp-text-length" {
        "the stamp's text has a length that it cannot have",
        "Letters are missing or too many.",
        "Give the whole text of the stamp."
    }
    StampTextLeftover = "stamp-text-leftover" {
        "the stamp's last letter is not the one that was written",
        "Its unused bits must be zero, so that a stamp has one spelling only.",
        "Give the text as it was issued."
    }
    StampTooLarge = "stamp-too-large" {
        "the stamp is larger than any stamp",
        "A stamp has about 330 bytes; more than 4096 are not looked at.",
        "Check that this is a stamp."
    }
    StampTag = "stamp-tag" {
        "the message is not marked as a signed one",
        "A stamp begins with CBOR tag 18 (COSE_Sign1), and with no other tag before it.",
        "Check that this is a stamp."
    }
    StampMalformed = "stamp-malformed" {
        "the stamp is damaged",
        "It is not CBOR of a stamp's shape, or it is cut short.",
        "Take the stamp from its source again."
    }
    StampTrailingBytes = "stamp-trailing-bytes" {
        "bytes follow the stamp",
        "A stamp has one form, and nothing after it.",
        "Take the stamp from its source again."
    }
    StampIndefiniteLength = "stamp-indefinite-length" {
        "a length in the stamp is left open",
        "Only deterministic CBOR (RFC 8949, section 4.2) is read.",
        "Take the stamp from its source again."
    }
    StampLongInteger = "stamp-long-integer" {
        "a number in the stamp is written longer than it needs",
        "Only deterministic CBOR (RFC 8949, section 4.2) is read.",
        "Take the stamp from its source again."
    }
    StampDuplicateKey = "stamp-duplicate-key" {
        "the stamp says something twice",
        "A key occurs twice in one map. Two readers could take two meanings from it.",
        "Do not rely on it, and tell whoever issued it."
    }
    StampKeyOrder = "stamp-key-order" {
        "the stamp's keys are out of order",
        "Only deterministic CBOR (RFC 8949, section 4.2) is read.",
        "Take the stamp from its source again."
    }
    StampTooDeep = "stamp-too-deep" {
        "the stamp is nested deeper than any stamp",
        "Reading stops at twelve levels; a stamp has six.",
        "Check that this is a stamp."
    }
    StampUnprotected = "stamp-unprotected" {
        "the stamp has an unprotected header",
        "What no signature covers could be changed by anybody; a stamp has none of it.",
        "Take the stamp from its source again."
    }
    StampTypMissing = "stamp-typ-missing" {
        "the message does not say that it is a stamp",
        "The protected header names the type of every message (typ, RFC 9596), so that one can never pass for another.",
        "Check that this is a stamp."
    }
    StampTyp = "stamp-typ" {
        "the message is something else than a stamp",
        "Its protected header names another type.",
        "Give the stamp itself."
    }
    StampAlgorithm = "stamp-algorithm" {
        "the stamp names another signature algorithm",
        "Stamps are signed with Ed25519 (COSE algorithm -19), and the key decides the algorithm, not the message.",
        "Ask the issuer for a stamp of this format."
    }
    StampHeader = "stamp-header" {
        "the stamp's header is not that of a stamp",
        "It carries exactly the algorithm, an eight-byte key id and the type; something else stands there, or one is missing.",
        "Take the stamp from its source again."
    }
    StampIssuer = "stamp-issuer" {
        "no trusted key issued the stamp",
        "None of the keys given with --trust has the key id that the stamp names. Nothing it says is believed or shown.",
        "Give the issuer's public key or trust file with --trust, if you trust them."
    }
    StampSignature = "stamp-signature" {
        "the stamp was altered or forged",
        "Its signature is not that of the trusted key it names.",
        "Do not rely on it. Take the stamp from its source again."
    }
    StampVersion = "stamp-version" {
        "the stamp has a version that is unknown here",
        "It was issued by a newer Seaworthy.",
        "Update Seaworthy on the checking side."
    }
    StampProfile = "stamp-profile" {
        "the stamp follows another profile",
        "Its claims follow the profile of EAR draft 04 and no other.",
        "Ask the issuer for a stamp of this format."
    }
    StampTier = "stamp-tier" {
        "the stamp has a trust tier that does not exist",
        "EAR knows 0, 2 (affirming), 32 (warning) and 96 (contraindicated).",
        "Do not rely on it, and tell whoever issued it."
    }
    StampNotAffirming = "stamp-not-affirming" {
        "the stamp does not say that the device passed",
        "Its tier is another one than affirming. Seaworthy issues no such stamps.",
        "Do not rely on it."
    }
    StampClaim = "stamp-claim" {
        "the stamp has a claim that is unknown here",
        "An unknown claim may be a restriction; it is never passed over.",
        "Update Seaworthy on the checking side, or ask the issuer."
    }
    StampClaimMissing = "stamp-claim-missing" {
        "the stamp lacks a claim",
        "Every stamp carries all claims of its version.",
        "Tell whoever issued it."
    }
    StampClaimValue = "stamp-claim-value" {
        "a claim of the stamp has a value that it cannot have",
        "Each claim has one type and range.",
        "Tell whoever issued it."
    }
    StampRole = "stamp-role" {
        "the key that signed may not issue stamps",
        "Its trust record has another role: only device and organisation keys issue stamps.",
        "Do not rely on it, and tell whoever keeps that key."
    }
    StampRecordEnded = "stamp-record-ended" {
        "the issuer is no longer trusted",
        "The trust record of its key has ended.",
        "Get the issuer's current trust file."
    }
    StampNotYetValid = "stamp-not-yet-valid" {
        "the stamp was issued in the future",
        "It was issued more than ten minutes after the time that this clock shows.",
        "See whether the checking clock is behind."
    }
    StampExpired = "stamp-expired" {
        "the stamp has expired",
        "It ended with the reason it was issued for: the next inspection is due, or a lapse is.",
        "Inspect the device again and issue a new stamp. If it should still stand, see whether the checking clock is ahead."
    }
    StampValidity = "stamp-validity" {
        "the stamp reaches beyond its issuer's trust record",
        "It was issued before the record begins, or is valid past the record's end.",
        "Get the issuer's current trust file, or ask for a new stamp."
    }
    StampGrade = "stamp-grade" {
        "the stamp claims a higher grade than its issuer is trusted for",
        "The trust record names the highest grade that its key may give; a device's own key can only assert.",
        "Ask for a stamp by an issuer that is trusted for this grade."
    }
    StampPolicy = "stamp-policy" {
        "the stamp is for a policy that its issuer is not trusted for",
        "The trust record lists the policies, by name and perhaps by digest.",
        "Ask for a stamp against one of the listed policies."
    }
    StampStatusMissing = "stamp-status-missing" {
        "the stamp cannot be looked up",
        "The trust record demands that stamps can be revoked, and this one names no status list.",
        "Ask the issuer for a stamp that names its status list."
    }
    StatusListMissing = "status-list-missing" {
        "the status list is not at hand",
        "The trust record demands a look into the issuer's status list, and none was given. It is not known whether the stamp was revoked.",
        "Get the list from the address named, and check with --status-list FILE."
    }
    StampRevoked = "stamp-revoked" {
        "the stamp was revoked",
        "The issuer's status list says so.",
        "Do not accept it. Its holder may ask the issuer why, and for a new inspection."
    }
    StatusListExpired = "status-list-expired" {
        "the status list has expired",
        "What has been revoked since it was made is not known.",
        "Get the list anew from its address. If it should still stand, see whether the checking clock is ahead."
    }
    StampSuspended = "stamp-suspended" {
        "the stamp is suspended",
        "The issuer's status list says that it does not count for now.",
        "Ask the issuer, and look again with a newer list."
    }
    StampStatus = "stamp-status" {
        "the status list does not clear the stamp",
        "It has a status at the stamp's place that means nothing here, or no such place at all.",
        "Get the list anew from its address; if it stays so, the issuer has made a mistake."
    }
    StatusListBroken = "status-list-broken" {
        "the file is no status list",
        "A status list is a CWT of the type application/statuslist+cwt (docs/spec/status-list.md).",
        "Get the list anew from its address."
    }
    StatusListIssuer = "status-list-issuer" {
        "no trusted key signed the status list",
        "A list counts if a trust record of the role status-list has its key, and the record has not ended.",
        "Get the issuer's current trust file."
    }
    InputUnreadable = "input-unreadable" {
        "the input cannot be read",
        "The file does not exist, may not be read, or is larger than 32 MiB.",
        "Check the path."
    }
    TrustUnreadable = "trust-unreadable" {
        "the trust file cannot be read",
        "It does not exist, may not be read, is not UTF-8, or is larger than 1 MiB.",
        "Check the path given with --trust."
    }
    TrustSyntax = "trust-syntax" {
        "the trust file is neither a public key nor TOML",
        "The place shown is where reading stopped.",
        "Mend the line shown, or give a public key in PEM."
    }
    TrustWord = "trust-word" {
        "a word of the trust file is unknown",
        "Keys and their values are a closed set; a misspelt one is never ignored.",
        "Use the word suggested, or see docs/spec/trust.md."
    }
    TrustValue = "trust-value" {
        "a value of the trust file is missing, contradictory or of the wrong type",
        "Each key has one type and range.",
        "See docs/spec/trust.md."
    }
    TrustKey = "trust-key" {
        "a public key cannot be used",
        "An Ed25519 public key in PEM (BEGIN PUBLIC KEY), or its 64 hexadecimal digits, is asked for.",
        "Give the issuer's public key: device.pub, or what openssl pkey -pubout writes."
    }

    // Between a device and its organisation.
    ReportMalformed = "report-malformed" {
        "a message of the device is not in its form",
        "Messages are deterministic CBOR in COSE_Sign1 of their own type; another form of the same content is refused, and so is a field outside the schema. docs/spec/evidence.md has the form.",
        "Update seaworthy on the device; if it is of the same version as the server, report it."
    }
    ReportSignature = "report-signature" {
        "the device's signature does not verify",
        "The message was changed on its way, or another key signed it.",
        "Send it again; if that does not help, enrol the device again: seaworthy enrol --again."
    }
    ReportBody = "report-body" {
        "the evidence is not the one that the envelope names",
        "The envelope carries the SHA-256 of the body, and the device signs the envelope.",
        "Send the report again, whole."
    }
    ReportReplayed = "report-replayed" {
        "this message was heard before",
        "Each message carries a counter and is heard once. This one is an old message that somebody sent again; nothing was changed by it.",
        "Inspect and report anew: seaworthy report."
    }
    DeviceUnknown = "device-unknown" {
        "the organisation does not know this device",
        "A device is known by its key. It was never enrolled here, or its data was erased.",
        "Enrol it: seaworthy enrol LINK."
    }
    DeviceWaiting = "device-waiting" {
        "the device waits for approval",
        "Devices that enrol with the organisation's common token, or in place of another, are let in by a person.",
        "Ask your organisation to approve it; the device's key is shown by seaworthy key."
    }
    DeviceRevoked = "device-revoked" {
        "the device was revoked",
        "The organisation takes no evidence from it any more.",
        "Ask your organisation; a device that is to come back enrols again."
    }
    DeviceForked = "device-forked" {
        "the device's key was used twice",
        "Two messages with one counter and different content: the disk was cloned, or an older snapshot was restored. Evidence of neither is taken, because nobody can tell which is which.",
        "Enrol the right device again: seaworthy enrol --again LINK. It gets a new key, and the old one is retired."
    }
    DeviceReplaced = "device-replaced" {
        "another device took this one's place",
        "It was enrolled again under a new key, and this key was retired.",
        "Nothing, if the device has its new key; else enrol it again."
    }
    DeviceLeft = "device-left" {
        "the device has left the organisation",
        "Its data was erased at the holder's wish; its key is not taken back in.",
        "To come back, enrol it again: seaworthy enrol --again LINK."
    }
    OrganisationUnknown = "organisation-unknown" {
        "no organisation of this key is here",
        "A message names the organisation by the SHA-256 of its key, so that it is of no use to another one.",
        "Use the link that your organisation gave you."
    }
    EnrolmentToken = "enrolment-token" {
        "the enrolment token is not valid",
        "It is unknown, was used already, was taken back, or has ended. The four are not told apart.",
        "Ask your organisation for a new link."
    }
    PolicyNotAgreed = "policy-not-agreed" {
        "the holder agreed to another policy than the one in force",
        "A holder agrees to one document, by its digest; it changed in between.",
        "Run the command again, and read what is asked for now."
    }
    ReplacedUnknown = "replaced-unknown" {
        "the device to be replaced is not of this organisation",
        "A device can take the place only of one that the same organisation knows and that has not left.",
        "Enrol it as a new one: without --again."
    }

    // The organisation's server.
    NotSignedIn = "not-signed-in" {
        "nobody is signed in",
        "This needs a session, or an API token in the header `Authorization: Bearer`.",
        "Sign in, or give a token."
    }
    NotAllowed = "not-allowed" {
        "the role does not allow this",
        "Roles hold for a unit and all below it; docs/reference/authority.md shows what each may do.",
        "Ask an administrator of the unit."
    }
    NotFound = "not-found" {
        "there is no such thing here",
        "It does not exist, or belongs to another organisation. The two are not told apart.",
        "Check the address and the id."
    }
    ReasonMissing = "reason-missing" {
        "a look at a record needs a reason",
        "Who reads the record of a device says why; the holder sees it.",
        "Give the parameter `reason`: one line of at most 200 characters."
    }
    InvalidValue = "invalid-value" {
        "a value is outside its limits",
        "Each field has a type and limits; the API description names them.",
        "Mend the field that is named."
    }
    AlreadyThere = "already-there" {
        "it exists already, or is in use",
        "What is asked for cannot stand beside what is there.",
        "Look at what is there, and ask again."
    }
    SignInRefused = "sign-in-refused" {
        "the sign-in was refused",
        "The account, the secret or the device's answer did not fit. Which of them is not told.",
        "Try again, or ask an administrator for a new link."
    }
    LinkInvalid = "link-invalid" {
        "the one-time link is not valid",
        "It is unknown, was used already, or has ended.",
        "Ask an administrator for a new one; the operator makes one for an administrator with seaworthyd admin link."
    }
    StoreUnavailable = "store-unavailable" {
        "the store cannot be reached",
        "Nothing is acknowledged that is not durable, so the server refuses until the store is back.",
        "Try again in a moment; the operator finds the cause in the server's log."
    }
    StoreFull = "store-full" {
        "the store is full",
        "Nothing is acknowledged that is not durable, so the server refuses until there is room.",
        "Make room on the server's disk; it goes on by itself."
    }
    DataUnusable = "data-unusable" {
        "the server's data cannot be used",
        "The data folder, its keys or the database cannot be opened, or are in use by another server.",
        "Look at what is named. One server at a time works on a data folder with the embedded store; replicas share a PostgreSQL."
    }
    NoPolicy = "no-policy" {
        "no policy is in force here",
        "Devices of a unit without a policy are not inspected; they never count as passing.",
        "Put a policy in force for the unit or one above it."
    }

    // The server: what a request is answered with, and what its configuration may lack.
    RequestSyntax = "request-syntax" {
        "the request cannot be read",
        "Its head, parameters or body are not in the form that they must have.",
        "Send what the OpenAPI document describes: seaworthyd openapi."
    }
    RequestInvalid = "request-invalid" {
        "the request is readable and says something that it cannot say",
        "A field or parameter is missing, unknown, or out of its range.",
        "Send what the OpenAPI document describes: seaworthyd openapi."
    }
    RouteUnknown = "route-unknown" {
        "there is nothing at this address",
        "No route has this path, or what it names does not exist.",
        "Look at the address; the OpenAPI document lists those of the API."
    }
    MethodRefused = "method-refused" {
        "this address has no such method",
        "The header Allow names the methods that it has.",
        "Use one of the methods allowed."
    }
    RequestTimedOut = "request-timed-out" {
        "the request took too long",
        "A request, its body included, has 30 seconds.",
        "Send it again, over a faster connection."
    }
    BodyTooLarge = "body-too-large" {
        "the body is too large",
        "The server takes bodies up to the limit of its configuration.",
        "Send less at once."
    }
    MediaTypeRefused = "media-type-refused" {
        "the body has a type that this route does not take",
        "The header Content-Type says what the body is.",
        "Send the type that the OpenAPI document names."
    }
    TooManyRequests = "too-many-requests" {
        "too many requests",
        "Each client may ask so often in a while and no more.",
        "Wait as many seconds as the header Retry-After says."
    }
    NotReady = "not-ready" {
        "the server cannot serve requests just now",
        "It is starting, stopping, or waits for its store.",
        "Ask again in a moment."
    }
    ConfigurationUnreadable = "configuration-unreadable" {
        "the configuration file cannot be read",
        "It does not exist, may not be read, is not UTF-8, or is larger than 1 MiB.",
        "Check the path given with --config."
    }
    ConfigurationSyntax = "configuration-syntax" {
        "the configuration file is not TOML",
        "The place shown is where reading stopped.",
        "Mend the line shown."
    }
    ConfigurationWord = "configuration-word" {
        "the configuration has a setting that does not exist",
        "Settings are a closed set; a misspelt one is never ignored.",
        "Use the word suggested, or see docs/reference/configuration.md."
    }
    ConfigurationValue = "configuration-value" {
        "a setting has a value that it cannot have",
        "Each setting has one type and range.",
        "See docs/reference/configuration.md."
    }
    PlainHttp = "plain-http" {
        "the server would speak plain HTTP beyond this machine",
        "What devices and people send must not be readable on the way. Plain HTTP is for loopback, or behind a proxy that speaks TLS.",
        "Give --tls-cert and --tls-key, listen on 127.0.0.1, or say --behind-tls-proxy where a proxy speaks TLS."
    }
    CertificateUnusable = "certificate-unusable" {
        "the server's certificate or key cannot be used",
        "Two PEM files are asked for: the certificate with its chain, and its private key.",
        "Check the paths given with --tls-cert and --tls-key, and that the two belong together."
    }
    ListenRefused = "listen-refused" {
        "the server cannot listen on its address",
        "The system refused: the address is in use, is not of this machine, or needs more rights.",
        "Choose another address with --listen, or end what uses it."
    }

    // The device: what stands between it and its organisation's server.
    ServerUnreachable = "server-unreachable" {
        "the organisation's server cannot be reached, or cannot answer now",
        "Reports wait in the state directory, 100 at most, and are sent before the next one. Nothing is lost by it but the stamp: evidence that waited is history.",
        "Try again later; what waits goes out with the next report. If it lasts, look at the network, or ask your organisation."
    }
    NotEnrolled = "not-enrolled" {
        "this device is enrolled with no organisation",
        "No enrolment is in the state directory of this user. The system's own enrolment is root's.",
        "Enrol it with the link that your organisation gave you: seaworthy enrol LINK. If root enrolled it, use sudo."
    }
    NotAgreed = "not-agreed" {
        "the holder did not agree",
        "Nothing leaves a device before its holder has agreed to what is sent. On a terminal the word is yes; elsewhere the option is --yes.",
        "Read what is asked for, and answer yes, or do nothing: nothing was sent."
    }
    AnswerUntrusted = "answer-untrusted" {
        "what the server answered does not verify",
        "Answers are signed by the organisation's key, whose first one was pinned at enrolment. This answer is not, is not about what was asked, or cannot be read. Nothing of it was taken over.",
        "Try again in another network; if it stays so, tell your organisation: somebody may stand between the two."
    }
    PolicyRollback = "policy-rollback" {
        "the server offers an older policy than it did before",
        "Policy documents are numbered and signed. A device never goes back to an older one, because the organisation took that one back.",
        "Tell your organisation; to go back to earlier rules it signs them anew."
    }
    LedgerBroken = "ledger-broken" {
        "the ledger of who looked at this device was changed",
        "Each entry names the hash of the one before it, and each acknowledgement carries the signed head. An entry that was signed earlier is gone, is another one now, or the ledger does not hold together.",
        "Keep the file ledger-broken-N.json of the state directory, which holds the evidence, and ask your organisation."
    }
    EnrolmentBroken = "enrolment-broken" {
        "what this device remembers of its enrolment cannot be used",
        "A state file cannot be understood and was set aside, one of them is missing, or the device key is not the one that was enrolled.",
        "Enrol the device again: seaworthy enrol --again LINK."
    }
    EnrolmentLink = "enrolment-link" {
        "this is not an enrolment link, or not one of this organisation",
        "A link reads https://HOST/e#KEY.TOKEN; what follows # names the organisation's key, and the server must show that very key.",
        "Copy the link whole, in quotes, as your organisation gave it to you."
    }
    ExchangeBusy = "exchange-busy" {
        "another run of seaworthy talks to the organisation just now",
        "Messages are numbered, so one run sends them at a time.",
        "Wait until it has ended."
    }

    // Signing in.
    ProviderUnreachable = "provider-unreachable" {
        "the sign-in provider does not answer",
        "The provider that this account belongs to could not be reached, or did not answer as a provider must. The server's log says more. Other ways to sign in are not concerned.",
        "Try again in a minute, or sign in another way."
    }

    // Requests that may come twice.
    IdempotencyMismatch = "idempotency-mismatch" {
        "another request was sent under this idempotency key",
        "An Idempotency-Key names one request. Under this one, the same caller sent a request to another place or with another body within the last day. Nothing was done.",
        "Draw a new key for each new request; send the same key only with the very same request."
    }
    IdempotencyUnanswered = "idempotency-unanswered" {
        "this request was sent before, and its answer is not there",
        "The request of this Idempotency-Key is under way, or it was done and the server stopped before it could keep the answer. It was not done a second time.",
        "Send it again in a few seconds. If it stays so, look at what was to be changed before you send it under a new key."
    }

    // Stamps that are presented, and stamps in a log.
    StampTextIndex = "stamp-text-index" {
        "the log index behind the stamp is not written as one",
        "Behind the stamp's letters may stand a dot and its index in the log: digits, none of them a zero in front, below 2^53.",
        "Copy the text anew, to its end."
    }
    PresentationVersion = "presentation-version" {
        "the presentation has a version that is unknown here",
        "It was made by newer software.",
        "Update Seaworthy."
    }
    PresentationMalformed = "presentation-malformed" {
        "the presentation does not say what one says",
        "A presentation is the stamp, the key that presents it, and a time or a challenge, in one form (docs/spec/presentation.md).",
        "Ask for another: seaworthy present."
    }
    PresentationSignature = "presentation-signature" {
        "the presentation was altered or forged",
        "The key that it names did not sign it.",
        "Ask for another: seaworthy present."
    }
    PresentationMissing = "presentation-missing" {
        "the stamp is not presented",
        "A challenge was to be answered. This is a bare stamp: any copy of it is as good, so it shows that some device passed, and not that its presenter holds it.",
        "Ask for: seaworthy present --challenge, with the challenge that you drew."
    }
    PresentationKey = "presentation-key" {
        "the stamp is presented by another key than its own",
        "A stamp names the one key that can present it. Whoever shows this one holds another, so it may be a copy of another device's stamp.",
        "Ask for the device's own stamp."
    }
    PresentationTime = "presentation-time" {
        "the presentation is not of this minute",
        "The time that was signed may lie up to 60 seconds before or after the checker's. This is an earlier presentation, perhaps a copy of one, or one of the two clocks is wrong.",
        "Ask for a new one, or draw a challenge, which needs no clock: seaworthy check --new-challenge."
    }
    PresentationChallenge = "presentation-challenge" {
        "the presentation does not answer the challenge",
        "A challenge counts for the one check that it was drawn for.",
        "Give the challenge that you drew with --challenge, and ask for: seaworthy present --challenge."
    }
    StampNone = "stamp-none" {
        "there is no stamp to present",
        "A stamp is presented while it is valid, by the device that holds its key. None such is kept here.",
        "Get one: seaworthy report, or seaworthy stamp for one of this device's own."
    }
    PresenterKey = "presenter-key" {
        "the key that presents the stamp is not here",
        "Each stamp has a key of its own, which stays in the state directory of the device that it was issued for.",
        "Present the stamp on its own device, and as the user who got it."
    }
    LogProofMissing = "log-proof-missing" {
        "no proof shows that the stamp is in the log",
        "A log policy was given, so the stamp must be proved to be in the log.",
        "Ask for the proof of this stamp (seaworthy stamp --proof), and give it with --proof."
    }
    LogProofMalformed = "log-proof-malformed" {
        "the proof cannot be read",
        "A proof is a text as c2sp.org/tlog-proof has it, with what opens the entry in its extra line (docs/spec/proof.md).",
        "Get the proof anew: seaworthy stamp --proof."
    }
    LogProofOther = "log-proof-other" {
        "the proof is not of this stamp",
        "The entry that the stamp makes does not lead to the root of the log's tree. The proof is of another stamp, or one of the two was altered.",
        "Get the proof of this very stamp: seaworthy stamp --proof."
    }
    LogCheckpoint = "log-checkpoint" {
        "the log policy does not accept the proof",
        "A checkpoint counts if a log of the policy signed it and as many of its witnesses as it asks for.",
        "Get the proof anew, once the witnesses have signed, or check the file given with --log-policy."
    }
    StampLogIndex = "stamp-log-index" {
        "the stamp names another place in the log than its proof",
        "The index that stands behind the stamp is not signed. It was changed, or the proof is of another entry.",
        "Get stamp and proof anew from the device."
    }
    LedgerUnlogged = "ledger-unlogged" {
        "an entry of the ledger is not in the log",
        "The organisation's log commits to every entry of every ledger since the log began, so that none can be changed or left out later. This one is not there as it is shown.",
        "Ask the organisation, and whoever supervises it. Keep the output of seaworthy ledger --format json."
    }
    LogPolicyBroken = "log-policy-broken" {
        "the log policy cannot be used",
        "A policy is a text as c2sp.org/tlog-policy has it. The line shown is the first that is wrong.",
        "Mend the line shown, or get the policy anew."
    }

    // A log, watched from the outside.
    LogUnreachable = "log-unreachable" {
        "the log could not be read",
        "Its checkpoint, a tile or a bundle of entries was not answered, or not read from the disk. Nothing is known of the log then: this is no proof against it, and no sign that it is well.",
        "Check the address and the network, and look again."
    }
    LogCheckpointInvalid = "log-checkpoint-invalid" {
        "the log's checkpoint is not one that its key signed",
        "A checkpoint is three lines (the log's name, its size, its root) under a signature of the log's key. This one is in another form, of another log, or its signature does not verify: it was changed since it was signed.",
        "Check the key given with --key. If it is the right one, whoever serves the log has changed its checkpoint: ask its operator, and keep the file."
    }
    LogWitnessesLacking = "log-witnesses-lacking" {
        "too few witnesses cosigned the log's checkpoint",
        "The policy of the log says how many of which witnesses must have seen that a checkpoint continues all earlier ones. Without them, others may be shown another log.",
        "Ask the log's operator which witnesses do not answer."
    }
    LogRewound = "log-rewound" {
        "the log went back",
        "A checkpoint of fewer entries was found than one that was seen before. A log only grows: entries that were in it are denied.",
        "Keep both checkpoints: the log's own key signed them. Ask its operator; a server that was restored from an old copy signs nothing before it has caught up."
    }
    LogForked = "log-forked" {
        "the log has two pasts",
        "A checkpoint was found that does not continue one that was seen before. The log's key signed both, so entries were replaced, dropped or put between others in the meantime.",
        "Keep both checkpoints: they are the proof. Tell those who rely on the log."
    }
    LogEntryChanged = "log-entry-changed" {
        "an entry of the log was changed",
        "An entry does not hash to what the tile above it holds, and that tile is the one that the checkpoint commits to.",
        "Compare the bundle that is named with a copy from before; the log's operator restores it."
    }
    LogTileChanged = "log-tile-changed" {
        "a tile of the log was changed",
        "A tile of hashes is not what the entries and tiles below it make, or not as long as its place says. No proof for the entries below it can be made.",
        "The tile can be made again from what lies below it; the log's operator restores it."
    }
    LogPartMissing = "log-part-missing" {
        "a part of the log is gone",
        "The log does not have a tile or a bundle of entries that its own checkpoint commits to.",
        "Ask the log's operator; a copy of the log from before has what is missing."
    }
    LogRootDiffers = "log-root-differs" {
        "the log's entries do not make the root of its checkpoint",
        "Entries and tiles agree with each other, but together they are another tree than the one that the log's key signed.",
        "Keep the checkpoint and a copy of the tiles. Ask the log's operator."
    }
    LogListInvalid = "log-list-invalid" {
        "a list of logs or a log policy cannot be used",
        "A policy has lines of logs, witnesses, groups and a quorum (C2SP tlog-policy). A witness's list has the key of a log on each line, in the form name+id+base64.",
        "Mend the line shown."
    }

    // The log that a server keeps.
    LogBehind = "log-behind" {
        "the server knows less of its log than others do",
        "What was published, or what a witness cosigned, has more entries than the server's store and tiles hold: they are copies from before. Whatever it signed now would give the log a second past, so it signs nothing.",
        "Put the newest tiles and the newest copy of the store in place; a store alone may be older, it catches up with its tiles. What the witness has seen cannot be taken back."
    }

    // Evidence of what was, and audits.
    BundleMalformed = "bundle-malformed" {
        "this is no bundle that can be read",
        "A bundle is a COSE_Sign1 message in deterministic CBOR (docs/spec/bundle.md). Every other form is refused, and so is a version that this program does not know.",
        "Ask for the bundle again: seaworthyd prove."
    }
    BundlePart = "bundle-part" {
        "a part of the bundle does not hold",
        "Each part is verified by itself: keys, signatures, digests, proofs against the log's checkpoint, and the organisation's signature over the whole. The part that fails is named.",
        "Do not believe the bundle. Ask for it again; if it still fails, what its organisation holds is not what its log has."
    }
    BundleVerdict = "bundle-verdict" {
        "the bundle's evidence amounts to another verdict than it says",
        "All its parts hold, but evidence, policy and catalog together give another verdict, or another course of verdicts, than the organisation states.",
        "Compare the versions of seaworthy and seaworthyd; if they are the same, ask the organisation."
    }
    BundleUntrusted = "bundle-untrusted" {
        "nobody you trust vouches for the bundle",
        "None of the organisation's keys, from its first up to the one that signed the bundle, is in a trust record of the role organisation that covers the time at which the bundle was made.",
        "Get the organisation's trust file from somebody whom you believe, and give it with --trust."
    }
    BundleUnproved = "bundle-unproved" {
        "the log does not prove a part of the bundle",
        "A log policy was given, so each record must be in the log. The parts that are named have no proof: they are older than the log, but by the organisation's word alone, which could as well have dated them so later.",
        "Ask about an instant for which all records are in the log. Without --log-policy, check says what the bundle amounts to by the organisation's word."
    }
    ProveErased = "prove-erased" {
        "the device's data was erased",
        "The device left, and its holder had its data erased. With the records went the salts, so nobody can tell any more what their entries in the log committed to. The log itself stays whole.",
        "There is nothing to be done: that is what erasing means. Stamps that the holder kept still prove what they say."
    }
    ProveUninspected = "prove-uninspected" {
        "the device had not been inspected by then",
        "No live report of it had come in by the instant asked about. Such a device was neither in order nor out of order: nobody knew.",
        "Ask about a later instant."
    }
    ProvePolicy = "prove-no-policy" {
        "no policy was in force by then",
        "Neither the unit of the device nor any unit above it had a policy at the instant asked about, so there was no verdict.",
        "Ask about a later instant."
    }
    ProveWaiting = "prove-waiting" {
        "the log has not taken in all of it yet",
        "Records come into the log a moment after they are written, while a server runs; then the checkpoint is cosigned and published. Some record of the bundle is not covered by the published checkpoint.",
        "Try again in a moment, with the server running. If it stays so, see what the server says of its log."
    }
    AuditChanged = "audit-changed" {
        "what is stored is not what the log committed to",
        "A record was changed, or lost its leaf, after the log had taken it in; or the log has another entry at its place. The audit names each.",
        "Find out who can write to the database. A copy from before has the record as it was; the log shows which of the two is right."
    }
    AuditUnknown = "audit-unknown" {
        "the audit could not compare everything",
        "Some records wait to be taken into the log, so there is nothing yet to compare them with. All else agrees.",
        "Run it again in a moment, with the server running."
    }

    Bug = "bug" {
        "a fault in Seaworthy",
        "This must not happen.",
        "Please report it with the output of seaworthy --version."
    }
}

/// Every code, in the order of the catalogue.
pub fn codes() -> &'static [Code] {
    Code::ALL
}

impl Code {
    /// The code of a reason: they share their names.
    pub(crate) fn of_reason(reason: Reason) -> Code {
        Code::from_name(reason.name()).unwrap_or(Code::Bug)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_in_the_catalogue() {
        for &reason in Reason::ALL {
            assert_eq!(Code::of_reason(reason).name(), reason.name());
        }
    }

    #[test]
    fn every_code_says_what_and_how_to_mend() {
        for code in codes() {
            let entry = code.entry();
            assert!(!entry.title.is_empty() && entry.detail.ends_with('.') && !entry.fix.is_empty(), "{code}");
        }
    }
}
