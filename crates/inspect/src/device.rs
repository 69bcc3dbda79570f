//! One inspection of one device or disk: all probes, and the packages, to evidence.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use seaworthy_model::{ClaimId, Envelope, Evidence, Subject, Timestamp};

use crate::advisories::Advisories;
use crate::catalog::pending::{self, Proving, Question};
use crate::inspection::{Probe, inspect, probes};
use crate::probes::{Look, UserContext, distribution};
use crate::root::Root;
use crate::state::StateDirectory;

/// Reading and proving all lists may take longer than other probes: a slow disk, a slow processor.
const PACKAGES_LIMIT: Duration = Duration::from_secs(120);

/// What is inspected, and with what at hand.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// Where to read.
    pub root: Root,
    /// The inspecting machine, whose keyrings count; on a device its own root.
    pub host: Root,
    /// Now.
    pub now: Timestamp,
    /// Who inspects.
    pub user: UserContext,
    /// Where the first-seen ledger and the memory are.
    pub state: Option<StateDirectory>,
    /// How much is proved.
    pub proving: Proving,
    /// Advisory records.
    pub advisories: Option<Advisories>,
}

impl Inspection {
    /// Makes the wanted claims. Beside the evidence: what could not be kept, in words; it changes no claim.
    pub fn run(self, wanted: &[ClaimId]) -> (Evidence, Vec<String>) {
        let subject = if self.root.is_live() { Subject::Device } else { Subject::MountedDisk };
        let envelope = Envelope { inspected_at: self.now, subject };
        let look = Arc::new(Look::new(self.root.clone(), self.now, self.user.clone()));
        let troubles = Arc::new(Mutex::new(Vec::new()));
        // What takes longest begins first.
        let mut table = vec![self.packages(Arc::clone(&troubles)).within(PACKAGES_LIMIT)];
        table.extend(probes());
        let claims = inspect(&look, &table, &with_catalog(wanted));
        let troubles = std::mem::take(&mut *troubles.lock().unwrap_or_else(PoisonError::into_inner));
        (Evidence { envelope, claims }, troubles)
    }

    fn packages(self, troubles: Arc<Mutex<Vec<String>>>) -> Probe {
        Probe::of_packages(move |look| {
            let distribution = distribution::probe(look);
            let answer = pending::look(&Question {
                root: &look.root,
                host: &self.host,
                now: look.now,
                state: self.state.as_ref(),
                proving: self.proving,
                advisories: self.advisories.as_ref(),
                distribution: distribution.seen(),
            });
            troubles.lock().unwrap_or_else(PoisonError::into_inner).extend(answer.troubles);
            (answer.updates, answer.catalog)
        })
    }
}

/// Updates are told of together with the catalogs they were judged by.
fn with_catalog(wanted: &[ClaimId]) -> Vec<ClaimId> {
    let mut wanted = wanted.to_vec();
    if wanted.contains(&ClaimId::Updates) {
        wanted.push(ClaimId::Catalog);
    }
    wanted
}
