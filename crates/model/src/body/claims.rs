//! The closed set of claims of a body.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Grants;
use super::lapse::{SentUpdates, Telling};
use super::platform::{
    SentAntivirus, SentAutomaticUpdates, SentDiskEncryption, SentDistribution, SentKernel, SentLibraries, SentRestart,
    Wire,
};
use super::source::{Order, SentCatalog};
use super::told::Told;
use crate::claim::Claim;
use crate::evidence::Claims;
use crate::protections::{Firewall, MandatoryAccessControl, ScreenLock, SecureBoot, Ssh};

macro_rules! body_claims {
    ($($(#[$meta:meta])* $field:ident: $value:ty,)+) => {
        /// The claims, as they may leave the device.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        pub struct BodyClaims {
            /// Pending updates.
            pub updates: Told<SentUpdates>,
            /// The catalogs they were judged by.
            pub catalog: Told<SentCatalog>,
            /// The release and its support.
            pub distribution: Told<SentDistribution>,
            $($(#[$meta])* pub $field: Told<$value>,)+
        }

        impl BodyClaims {
            pub(super) fn of(claims: &Claims, grants: Grants) -> BodyClaims {
                let (catalog, order) = catalog(&claims.catalog);
                let telling = Telling { grants, order: &order, catalog: catalog.seen() };
                BodyClaims {
                    updates: Told::of(&claims.updates, |updates| SentUpdates::of(updates, &telling)),
                    distribution: Told::of(&claims.distribution, Wire::of),
                    $($field: Told::of(&claims.$field, Wire::of).judged(),)+
                    catalog,
                }
            }

            pub(super) fn home(&self) -> Claims {
                Claims {
                    updates: self.updates.claim(SentUpdates::home),
                    catalog: self.catalog.claim(SentCatalog::home),
                    distribution: self.distribution.claim(Wire::home),
                    $($field: self.$field.claim(Wire::home),)+
                }
            }
        }
    };
}

// What was seen of these while they are unknown is judged by no rule, and stays home.
body_claims! {
    /// Running against installed kernel.
    kernel: SentKernel,
    /// Restart asked for.
    restart: SentRestart,
    /// Processes on replaced libraries.
    stale_libraries: SentLibraries,
    /// Encryption at rest.
    disk_encryption: SentDiskEncryption,
    /// Default-deny for what comes in.
    firewall: Firewall,
    /// Verified boot.
    secure_boot: SecureBoot,
    /// Updates that install themselves.
    automatic_updates: SentAutomaticUpdates,
    /// Confinement of programs.
    mandatory_access_control: MandatoryAccessControl,
    /// What SSH lets in.
    ssh: Ssh,
    /// Lock of an idle desktop.
    screen_lock: ScreenLock,
    /// Age of scanner signatures.
    antivirus: SentAntivirus,
}

/// The catalog's claim, and where its sources went.
fn catalog(claim: &Claim<crate::updates::Catalog>) -> (Told<SentCatalog>, Order) {
    let mut order = Order::none();
    let told = Told::of(claim, |value| {
        let (sent, moved) = SentCatalog::of(value)?;
        order = moved;
        Ok(sent)
    });
    (told, order)
}
