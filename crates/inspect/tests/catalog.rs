//! The updates and catalog claims on made systems with made, signed archives: what is proved and what is not, whose
//! keys count, what is remembered, and since when an update has been out.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test stops at the first surprise, and tells what it saw"
)]

#[path = "catalog/advisories.rs"]
mod advisories;
#[path = "catalog/keys.rs"]
mod keys;
#[path = "catalog/ledger.rs"]
mod ledger;
#[path = "catalog/lists.rs"]
mod lists;
#[path = "catalog/memory.rs"]
mod memory;
#[path = "catalog/roles.rs"]
mod roles;
#[path = "catalog/signatures.rs"]
mod signatures;

use std::path::{Path, PathBuf};

use seaworthy_appraise::appraise;
use seaworthy_inspect::{Advisories, Inspection, Proving, Root, StateDirectory, UserContext};
use seaworthy_model::{Catalog, Claim, ClaimId, Evidence, PendingUpdate, PolicyId, Proof, Reason, Timestamp, Verdict};
use seaworthy_testkit::Sysroot;
use seaworthy_testkit::archive::{Key, Suite, debian_system, offered};

const DAY: i64 = 86_400;
/// 2026-11-22.
const NOW: i64 = 1_795_305_600;
const KEYRING: &str = "/usr/share/keyrings/made.gpg";

fn t(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

/// A Debian 12 with its two archives, of which the security archive offers one update.
struct Made {
    system: Sysroot,
    key: Key,
    base: Suite,
    security: Suite,
}

impl Made {
    fn new() -> Made {
        Made::offering("3.0.2")
    }

    /// Nothing is pending.
    fn clean() -> Made {
        Made::offering("3.0.0")
    }

    fn offering(version: &str) -> Made {
        let made = Made {
            system: debian_system(&[("dpkg", "1.21.22"), ("openssl", "3.0.1")]),
            key: Key::new(1),
            base: Suite::debian(NOW - 134 * DAY, &offered("hello", "1")),
            security: Suite::debian_security(NOW - DAY, &offered("openssl", version)),
        };
        made.write();
        made
    }

    fn write(&self) {
        let option = format!("[signed-by={KEYRING}]");
        self.system.write("/etc/apt/sources.list", [self.base.source(&option), self.security.source(&option)].concat());
        self.system.write(KEYRING, self.key.binary());
        self.base.write(&self.system, &self.key);
        self.security.write(&self.system, &self.key);
    }

    fn root(&self) -> Root {
        Root::staged(self.system.path())
    }

    fn device(&self) -> Run {
        Run::of(self.root(), self.root())
    }

    fn disk(&self, host: &Sysroot) -> Run {
        Run::of(Root::disk(self.system.path()), Root::staged(host.path()))
    }
}

/// An inspection to be.
struct Run(Inspection);

impl Run {
    fn of(root: Root, host: Root) -> Run {
        let user = UserContext { home: PathBuf::from("/home/ada"), uid: 1000, is_root: false, desktop: None };
        let (state, proving, advisories) = (None, Proving::WhereNeeded, None);
        Run(Inspection { root, host, now: t(NOW), user, state, proving, advisories })
    }

    fn at(mut self, seconds: i64) -> Run {
        self.0.now = t(seconds);
        self
    }

    fn state(mut self, path: &Path) -> Run {
        self.0.state = Some(StateDirectory::new(path));
        self
    }

    fn proving(mut self, proving: Proving) -> Run {
        self.0.proving = proving;
        self
    }

    fn advisories(mut self, advisories: Advisories) -> Run {
        self.0.advisories = Some(advisories);
        self
    }

    fn evidence(self) -> Evidence {
        let (evidence, troubles) = self.0.run(&[ClaimId::Updates, ClaimId::Catalog, ClaimId::Distribution]);
        for trouble in troubles {
            println!("trouble: {trouble}");
        }
        evidence
    }
}

fn six_month(evidence: &Evidence) -> Verdict {
    let policy = seaworthy_appraise::policy::named("six-month").unwrap().policy().unwrap();
    let id = PolicyId { name: policy.name.clone(), digest: String::new() };
    appraise(evidence, &policy, id).timeline.at(evidence.envelope.inspected_at)
}

fn catalog(evidence: &Evidence) -> &Catalog {
    let Claim::Known { value, .. } = &evidence.claims.catalog else { panic!("{:?}", evidence.claims.catalog) };
    value
}

fn pending(evidence: &Evidence) -> Vec<&PendingUpdate> {
    evidence.claims.updates.seen().map(|seen| seen.pending.iter().collect()).unwrap_or_default()
}

fn names(evidence: &Evidence) -> Vec<&str> {
    pending(evidence).iter().map(|update| update.package.as_str()).collect()
}

/// The proof of the security archive, and all that must follow from it: what is not proved is seen, and never known.
fn proof(what: &str, evidence: &Evidence) -> Result<String, Reason> {
    let found = catalog(evidence).sources.get(1).unwrap_or_else(|| panic!("{what}: no second source")).proof.clone();
    assert_eq!(names(evidence), ["openssl"], "{what}: the set is shown whatever the proof");
    match found {
        Proof::Proved { key, .. } => {
            assert!(matches!(evidence.claims.updates, Claim::Known { .. }), "{what}");
            Ok(key)
        }
        Proof::Failed { reason } => {
            assert!(matches!(evidence.claims.updates, Claim::Unknown { .. }), "{what}");
            assert_eq!(evidence.claims.updates.reason(), Some(reason), "{what}");
            assert_eq!(six_month(evidence), Verdict::Unknown, "{what}");
            Err(reason)
        }
    }
}

#[test]
fn a_proved_and_clean_device_or_disk_passes_for_half_a_year() {
    let made = Made::clean();
    let evidence = made.device().evidence();
    assert_eq!(names(&evidence), [""; 0]);
    assert_eq!(six_month(&evidence), Verdict::Pass);
    let host = Sysroot::new().file(KEYRING, made.key.binary());
    let evidence = made.disk(&host).evidence();
    assert_eq!(evidence.envelope.subject, seaworthy_model::Subject::MountedDisk);
    assert_eq!(six_month(&evidence), Verdict::Pass);
}
