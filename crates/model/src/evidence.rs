//! Evidence: what one inspection claims. An envelope that differs each time, and the claims.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::claim::{Claim, ClaimId, Reason, named};
use crate::place::Place;
use crate::protections::{
    Antivirus, AutomaticUpdates, DiskEncryption, Distribution, Firewall, Kernel, MandatoryAccessControl, Restart,
    ScreenLock, SecureBoot, Ssh, StaleLibraries,
};
use crate::time::Timestamp;
use crate::updates::{Catalog, Updates};

named! {
    /// What was inspected.
    Subject {
        /// The running device itself.
        Device = "device",
        /// A disk mounted elsewhere.
        MountedDisk = "mounted-disk",
    }
}

/// What differs from one inspection to the next without changing a verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Envelope {
    /// When the inspection was made, by the device's clock.
    pub inspected_at: Timestamp,
    /// What was inspected.
    pub subject: Subject,
}

/// Defines [`Claims`] from the one list of claims, so that no list of them can miss one.
macro_rules! claims {
    ($($(#[$meta:meta])* $field:ident: $value:ty = $id:ident,)+) => {
        /// The closed set of claims. A field outside it cannot be collected, stored or asked for.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        pub struct Claims { $($(#[$meta])* pub $field: Claim<$value>,)+ }

        impl Claims {
            /// Every claim unknown for one reason.
            pub fn unknown(reason: Reason) -> Claims {
                Claims { $($field: Claim::unknown(reason, &[]),)+ }
            }

            /// Makes one claim unknown for a reason.
            pub fn set_unknown(&mut self, id: ClaimId, reason: Reason) {
                match id { $(ClaimId::$id => self.$field = Claim::unknown(reason, &[]),)+ }
            }

            /// Why a claim is not known, if it is not.
            pub fn reason(&self, id: ClaimId) -> Option<Reason> {
                match id { $(ClaimId::$id => self.$field.reason(),)+ }
            }

            /// Whether a claim is unknown.
            pub fn is_unknown(&self, id: ClaimId) -> bool {
                match id { $(ClaimId::$id => matches!(self.$field, Claim::Unknown { .. }),)+ }
            }

            /// Where a claim was read.
            pub fn read(&self, id: ClaimId) -> &[Place] {
                match id { $(ClaimId::$id => self.$field.read(),)+ }
            }
        }
    };
}

claims! {
    /// Pending updates.
    updates: Updates = Updates,
    /// The catalogs they were judged by.
    catalog: Catalog = Catalog,
    /// The release and its support.
    distribution: Distribution = Distribution,
    /// Running against installed kernel.
    kernel: Kernel = Kernel,
    /// Restart asked for.
    restart: Restart = Restart,
    /// Processes on replaced libraries.
    stale_libraries: StaleLibraries = StaleLibraries,
    /// Encryption at rest.
    disk_encryption: DiskEncryption = DiskEncryption,
    /// Default-deny for what comes in.
    firewall: Firewall = Firewall,
    /// Verified boot.
    secure_boot: SecureBoot = SecureBoot,
    /// Updates that install themselves.
    automatic_updates: AutomaticUpdates = AutomaticUpdates,
    /// Confinement of programs.
    mandatory_access_control: MandatoryAccessControl = MandatoryAccessControl,
    /// What SSH lets in.
    ssh: Ssh = Ssh,
    /// Lock of an idle desktop.
    screen_lock: ScreenLock = ScreenLock,
    /// Age of scanner signatures.
    antivirus: Antivirus = Antivirus,
}

/// What one inspection found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// When and of what.
    pub envelope: Envelope,
    /// The claims.
    pub claims: Claims,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical;

    #[test]
    fn evidence_has_one_canonical_form_and_reads_back() {
        let mut claims = Claims::unknown(Reason::NotAsked);
        claims.restart =
            Claim::known(Restart { required: true, since: Some(Timestamp::from_seconds(7)) }, &[Place::RebootRequired]);
        let envelope = Envelope { inspected_at: Timestamp::from_seconds(1_800_000_000), subject: Subject::Device };
        let evidence = Evidence { envelope, claims };
        let bytes = canonical::encode(&evidence).unwrap();
        assert_eq!(canonical::decode::<Evidence>(&bytes).unwrap(), evidence);
    }

    #[test]
    fn every_claim_has_its_field() {
        let claims = Claims::unknown(Reason::NotAsked);
        assert!(ClaimId::ALL.iter().all(|&id| claims.is_unknown(id)));
    }
}
