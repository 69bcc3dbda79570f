//! An inspection: every wanted probe at once, each within its time, and no fault of one reaching another.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use seaworthy_model::{Catalog, Claim, ClaimId, Claims, Reason, Updates};

use crate::probes::{self, Look};

/// How long a probe may take.
pub const LIMIT: Duration = Duration::from_secs(10);

/// What a probe found, to be laid into the claims.
pub type Answer = Box<dyn FnOnce(&mut Claims) + Send>;

/// One entry of the table: the claims it makes, how long it may take, and how.
#[derive(Clone)]
pub struct Probe {
    claims: &'static [ClaimId],
    limit: Duration,
    run: Arc<dyn Fn(&Look) -> Answer + Send + Sync>,
}

impl std::fmt::Debug for Probe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Probe").field("claims", &self.claims).field("limit", &self.limit).finish_non_exhaustive()
    }
}

/// Derives the table from one list, so that each claim has one probe. A claim of the model that is missing here does
/// not compile, and one that stands twice is an unreachable pattern.
macro_rules! probes {
    ($($id:ident = $module:ident,)+) => {
        /// The claims that have a probe here; packages are inspected by another.
        pub const PROBED: &[ClaimId] = &[$(ClaimId::$id,)+];

        /// The table of probes.
        pub fn probes() -> Vec<Probe> {
            vec![$(Probe::new(&[ClaimId::$id], |look| {
                let claim = probes::$module::probe(look);
                Box::new(move |claims: &mut Claims| claims.$module = claim)
            }),)+]
        }

        /// Whether a claim is made by a probe of this table. A claim that is missing in it does not compile.
        pub const fn is_probed(id: ClaimId) -> bool {
            match id {
                $(ClaimId::$id => true,)+
                ClaimId::Updates | ClaimId::Catalog => false,
            }
        }
    };
}

probes! {
    Distribution = distribution,
    Kernel = kernel,
    Restart = restart,
    StaleLibraries = stale_libraries,
    DiskEncryption = disk_encryption,
    Firewall = firewall,
    SecureBoot = secure_boot,
    AutomaticUpdates = automatic_updates,
    MandatoryAccessControl = mandatory_access_control,
    Ssh = ssh,
    ScreenLock = screen_lock,
    Antivirus = antivirus,
}

impl Probe {
    /// A probe of these claims.
    pub fn new(claims: &'static [ClaimId], run: impl Fn(&Look) -> Answer + Send + Sync + 'static) -> Probe {
        Probe { claims, limit: LIMIT, run: Arc::new(run) }
    }

    /// The probe of packages: it makes two claims from one reading.
    pub fn of_packages(run: impl Fn(&Look) -> (Claim<Updates>, Claim<Catalog>) + Send + Sync + 'static) -> Probe {
        Probe::new(&[ClaimId::Updates, ClaimId::Catalog], move |look| {
            let (updates, catalog) = run(look);
            Box::new(move |claims: &mut Claims| (claims.updates, claims.catalog) = (updates, catalog))
        })
    }

    /// The same probe with another limit.
    #[must_use]
    pub fn within(mut self, limit: Duration) -> Probe {
        self.limit = limit;
        self
    }

    /// The claims it makes.
    pub fn claims(&self) -> &'static [ClaimId] {
        self.claims
    }

    /// Runs it here and now. A panic is a fault of what was read: the claims are garbled.
    fn run(&self, look: &Look) -> Answer {
        let claims = self.claims;
        catch_unwind(AssertUnwindSafe(|| (self.run)(look))).unwrap_or_else(|_| all_unknown(claims, Reason::Garbled))
    }
}

/// Makes the wanted claims and no others: those not asked for stay unknown and say so.
///
/// Probes run at once, each on a thread. One that takes longer than its limit is left behind with its thread, and its
/// claims are unknown; reading a dead network drive cannot be interrupted.
pub fn inspect(look: &Arc<Look>, probes: &[Probe], wanted: &[ClaimId]) -> Claims {
    let asked: Vec<&Probe> = probes.iter().filter(|probe| probe.claims.iter().any(|id| wanted.contains(id))).collect();
    let mut found = Claims::unknown(Reason::Missing);
    let (sender, receiver) = channel();
    let started = Instant::now();
    let mut waiting = Vec::new();
    for (index, probe) in asked.into_iter().enumerate() {
        match start(index, probe, look, &sender) {
            Ok(()) => waiting.push((index, probe)),
            Err(_) => all_unknown(probe.claims, Reason::ReadFailed)(&mut found),
        }
    }
    drop(sender);
    collect(&receiver, waiting, started, &mut found);
    for &id in ClaimId::ALL.iter().filter(|id| !wanted.contains(id)) {
        found.set_unknown(id, Reason::NotAsked);
    }
    found
}

fn start(index: usize, probe: &Probe, look: &Arc<Look>, answers: &Sender<(usize, Answer)>) -> std::io::Result<()> {
    let (probe, look, answers) = (probe.clone(), Arc::clone(look), answers.clone());
    let name = probe.claims.first().map_or("probe", |id| id.name());
    // Nobody listens any more for an answer that comes too late.
    let work = move || drop(answers.send((index, probe.run(&look))));
    thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
}

/// Takes answers until all are in or their time is up.
fn collect(
    answers: &Receiver<(usize, Answer)>,
    mut waiting: Vec<(usize, &Probe)>,
    started: Instant,
    found: &mut Claims,
) {
    loop {
        let elapsed = started.elapsed();
        waiting.retain(|(_, probe)| {
            let in_time = elapsed < probe.limit;
            if !in_time {
                all_unknown(probe.claims, Reason::TimedOut)(found);
            }
            in_time
        });
        let Some(next) = waiting.iter().map(|(_, probe)| probe.limit).min() else { return };
        match answers.recv_timeout(next.saturating_sub(elapsed)) {
            Ok((index, answer)) => {
                // An answer after its limit is no longer waited for, and not taken.
                if let Some(at) = waiting.iter().position(|(waited, _)| *waited == index) {
                    waiting.swap_remove(at);
                    answer(found);
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                for (_, probe) in waiting.drain(..) {
                    all_unknown(probe.claims, Reason::Garbled)(found);
                }
            }
        }
    }
}

fn all_unknown(ids: &'static [ClaimId], reason: Reason) -> Answer {
    Box::new(move |claims| ids.iter().for_each(|&id| claims.set_unknown(id, reason)))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use seaworthy_model::Timestamp;

    use super::*;
    use crate::probes::UserContext;
    use crate::root::Root;

    fn look() -> Arc<Look> {
        let folder = tempfile::tempdir().unwrap();
        let user = UserContext { home: PathBuf::from("/root"), uid: 0, is_root: true, desktop: None };
        Arc::new(Look::new(Root::staged(folder.path()), Timestamp::from_seconds(0), user))
    }

    #[test]
    fn every_claim_has_exactly_one_probe() {
        let with_packages: Vec<ClaimId> = PROBED.iter().copied().chain([ClaimId::Updates, ClaimId::Catalog]).collect();
        for &id in ClaimId::ALL {
            assert_eq!(with_packages.iter().filter(|&&probed| probed == id).count(), 1, "{id}");
            assert_eq!(is_probed(id), PROBED.contains(&id));
        }
    }

    #[test]
    fn a_hung_probe_is_left_behind_and_a_panicking_one_is_garbled() {
        let answer = || -> Answer { Box::new(|claims| claims.set_unknown(ClaimId::Ssh, Reason::NoRight)) };
        let hung = Probe::new(&[ClaimId::Kernel], |_| {
            thread::sleep(Duration::from_secs(60));
            Box::new(|_| {})
        });
        let panicking = Probe::new(&[ClaimId::Restart], |_| panic!("made for a test"));
        let table = [hung.within(Duration::from_millis(30)), panicking, Probe::new(&[ClaimId::Ssh], move |_| answer())];
        let before = Instant::now();
        let claims = inspect(&look(), &table, ClaimId::ALL);
        assert!(before.elapsed() < Duration::from_secs(5));
        assert_eq!(claims.reason(ClaimId::Kernel), Some(Reason::TimedOut));
        assert_eq!(claims.reason(ClaimId::Restart), Some(Reason::Garbled));
        assert_eq!(claims.reason(ClaimId::Ssh), Some(Reason::NoRight));
        assert_eq!(claims.reason(ClaimId::Firewall), Some(Reason::Missing));
        assert!(ClaimId::ALL.iter().all(|&id| claims.is_unknown(id)));
    }

    #[test]
    fn what_was_not_asked_says_so() {
        let packages = Probe::of_packages(|_| (Claim::unknown(Reason::Stale, &[]), Claim::unknown(Reason::Stale, &[])));
        let claims = inspect(&look(), &[packages], &[ClaimId::Updates]);
        assert_eq!(claims.reason(ClaimId::Updates), Some(Reason::Stale));
        assert_eq!(claims.reason(ClaimId::Catalog), Some(Reason::NotAsked));
    }
}
