//! One log and what is done to it, round by round.

use std::sync::Arc;
use std::thread::Thread;
use std::time::{Duration, Instant};

use seaworthy_http::desk::KeyStore;
use seaworthy_model::Code;
use seaworthy_protocol::Digest;
use seaworthy_service::Error;
use seaworthy_service::log::{BATCH, CaughtUp, LogWorks, Published, Publisher, Sequencer, Stepped, Vouching, catch_up};
use seaworthy_service::ports::{LogRecord, Outcome, Witnesses};
use seaworthy_stamp::PublicKey;
use seaworthy_tlog::{Algorithm, Policy};
use tracing::{error, info, warn};

use super::Keeping;
use super::lag::Lag;
use crate::failure::Failure;
use crate::transparency::client::Panel;
use crate::transparency::note_key::NoteKey;

/// After how long a log that does not stand is looked at again, and a step that failed is made again.
const AGAIN: Duration = Duration::from_secs(2);

/// A log, its key, and who vouches for it.
pub struct KeptLog {
    record: LogRecord,
    key: NoteKey,
    policy: Option<Policy>,
    panel: Panel,
}

impl KeptLog {
    /// A log of which the key is here. The policy, if there is one, knows it.
    pub fn new(record: &LogRecord, keys: &dyn KeyStore, policy: Option<&Policy>) -> Result<KeptLog, Failure> {
        let unusable = |why: String| Failure::new(Code::DataUnusable, format!("the log {}: {why}", record.origin));
        let public = PublicKey::from_bytes(record.key).map_err(|fault| unusable(fault.to_string()))?;
        let key = keys.key(&Digest::from(public.id())).map_err(|fault| unusable(fault.to_string()))?;
        let key = NoteKey::new(&record.origin, Algorithm::Ed25519, key).map_err(|fault| unusable(fault.to_string()))?;
        let policy = policy.map(|policy| policy.of_log(seaworthy_tlog::Signer::key(&key)));
        let policy = policy.transpose().map_err(|fault| Failure::new(Code::LogListInvalid, fault.to_string()))?;
        let panel = policy.as_ref().map(Panel::of).unwrap_or_default();
        Ok(KeptLog { record: record.clone(), key, policy, panel })
    }

    fn works<'a>(&'a self, keeping: &'a Keeping) -> LogWorks<'a> {
        LogWorks { store: keeping.desk.store(), tiles: keeping.tiles.as_ref(), log: &self.record, key: &self.key }
    }

    /// Gives the right to work on it back.
    pub fn retire(&self, keeping: &Keeping) {
        if let Err(error) = Sequencer::new(keeping.holder, BATCH).retire(&self.works(keeping), keeping.desk.now()) {
            warn!(%error, "other servers wait a few seconds before they keep the log");
        }
    }

    /// Catches up; whether it stands.
    fn catch_up(&self, keeping: &Keeping) -> bool {
        let organisation = self.record.organisation;
        match catch_up(&self.works(keeping), self.policy.as_ref(), &self.panel as &dyn Witnesses) {
            Ok(CaughtUp::Standing) => {
                info!(log = self.record.origin, "the log has caught up");
                keeping.standing.stands(organisation);
                return true;
            }
            Ok(CaughtUp::Unvouched(outcomes)) => {
                keeping.metrics.answered(&outcomes);
                let why = format!("too few witnesses say that the log is not behind: {}", told(&outcomes));
                self.stop(keeping, &Error::refused_for(Code::LogWitnessesLacking, why));
            }
            Err(error) => self.stop(keeping, &error),
        }
        false
    }

    /// Nothing is signed any more.
    fn stop(&self, keeping: &Keeping, why: &Error) {
        error!(log = self.record.origin, code = %why.code(), %why, "the log does not stand, and nothing is signed");
        keeping.standing.stopped(self.record.organisation, why);
    }

    /// After a step that failed: what contradicts itself stops the log, what passes is tried again.
    fn failed(&self, keeping: &Keeping, error: &Error) {
        keeping.metrics.failed();
        if matches!(error, Error::Refused { .. }) {
            self.stop(keeping, error);
        } else {
            warn!(log = self.record.origin, %error, "the log's step is made again");
        }
    }

    fn stands(&self, keeping: &Keeping) -> bool {
        keeping.standing.must_stand(self.record.organisation).is_ok()
    }
}

/// What witnesses said that did not cosign.
fn told(outcomes: &[Outcome]) -> String {
    let told = outcomes.iter().filter_map(|outcome| match outcome {
        Outcome::Cosigned { .. } => None,
        Outcome::Behind { witness, size } => Some(format!("{witness} has {size} entries")),
        Outcome::Unreachable { witness, why } | Outcome::Refused { witness, why } => Some(format!("{witness}: {why}")),
    });
    told.collect::<Vec<_>>().join("; ")
}

/// Which log is worked on, by what, and not before when.
struct Place<W> {
    log: usize,
    work: W,
    due: Instant,
}

fn places<W>(keeping: &Keeping, work: impl Fn() -> W) -> Vec<Place<W>> {
    (0..keeping.logs.len()).map(|log| Place { log, work: work(), due: Instant::now() }).collect()
}

/// Takes in what waits.
pub struct Entering {
    keeping: Arc<Keeping>,
    places: Vec<Place<Sequencer>>,
}

impl Entering {
    pub fn of(keeping: &Arc<Keeping>) -> Entering {
        let holder = keeping.holder;
        Entering { keeping: Arc::clone(keeping), places: places(keeping, || Sequencer::new(holder, BATCH)) }
    }

    /// Before anything else: lets each log catch up.
    pub fn catch_up(&mut self) {
        for place in &mut self.places {
            let Some(log) = self.keeping.logs.get(place.log) else { continue };
            if !log.catch_up(&self.keeping) {
                place.due = Instant::now() + AGAIN;
            }
        }
    }

    /// Takes a batch into each log; whether more waits. The publisher is woken where there is something for it.
    pub fn round(&mut self, publisher: &Thread) -> bool {
        let mut more = false;
        for place in &mut self.places {
            let Some(log) = self.keeping.logs.get(place.log) else { continue };
            if Instant::now() < place.due {
                continue;
            }
            if !log.stands(&self.keeping) && !log.catch_up(&self.keeping) {
                place.due = Instant::now() + AGAIN;
                continue;
            }
            match step(log, &self.keeping, &mut place.work) {
                Some(0) => {}
                Some(entries) => {
                    publisher.unpark();
                    more |= entries >= u64::from(BATCH);
                }
                None => place.due = Instant::now() + AGAIN,
            }
        }
        more
    }
}

/// A step of the sequencer: how many entries came in, unless it failed.
fn step(log: &KeptLog, keeping: &Keeping, sequencer: &mut Sequencer) -> Option<u64> {
    let began = Instant::now();
    match sequencer.step(&log.works(keeping), keeping.desk.now()) {
        Ok(Stepped::Signed { entries, .. }) => {
            keeping.metrics.took_in(entries, began.elapsed());
            Some(entries)
        }
        Ok(Stepped::Idle | Stepped::Elsewhere | Stepped::Overtaken) => Some(0),
        Err(error) => {
            log.failed(keeping, &error);
            None
        }
    }
}

/// Publishes what is signed.
pub struct Publishing {
    keeping: Arc<Keeping>,
    places: Vec<Place<(Publisher, Lag)>>,
}

impl Publishing {
    pub fn of(keeping: &Arc<Keeping>) -> Publishing {
        let holder = keeping.holder;
        Publishing {
            keeping: Arc::clone(keeping),
            places: places(keeping, || (Publisher::new(holder), Lag::default())),
        }
    }

    /// Publishes what each log has signed. There is never more to do at once.
    pub fn round(&mut self) -> bool {
        let mut lag = Duration::ZERO;
        for place in &mut self.places {
            let Some(log) = self.keeping.logs.get(place.log) else { continue };
            if log.stands(&self.keeping) && Instant::now() >= place.due {
                place.due = Instant::now() + publish(log, &self.keeping, &mut place.work.0);
            }
            if let Ok(state) = log.works(&self.keeping).state() {
                lag = lag.max(place.work.1.seen(&state, Instant::now()));
                self.keeping.metrics.reached(place.log, &state);
            }
        }
        let stand = self.keeping.logs.iter().all(|log| log.stands(&self.keeping));
        self.keeping.metrics.looked(lag, stand);
        false
    }
}

/// A step of the publisher: after how long the next one makes sense.
fn publish(log: &KeptLog, keeping: &Keeping, publisher: &mut Publisher) -> Duration {
    let policy = log.policy.as_ref().filter(|policy| policy.asks_for_witnesses() || !policy.witnesses().is_empty());
    let vouching = policy.map(|policy| Vouching { policy, witnesses: &log.panel });
    match publisher.step(&log.works(keeping), vouching, keeping.desk.now()) {
        Ok(Published::Nothing | Published::Elsewhere) => Duration::ZERO,
        Ok(Published::Tree { outcomes, .. }) => {
            keeping.metrics.answered(&outcomes);
            Duration::ZERO
        }
        Ok(Published::Unvouched(outcomes)) => {
            keeping.metrics.answered(&outcomes);
            warn!(
                log = log.record.origin,
                witnesses = told(&outcomes),
                "too few witnesses cosigned; they are asked again"
            );
            AGAIN
        }
        Err(error) => {
            log.failed(keeping, &error);
            AGAIN
        }
    }
}
