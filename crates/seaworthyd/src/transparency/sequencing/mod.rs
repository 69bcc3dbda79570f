//! The organisations' logs, kept while the server runs: one thread takes in what waits, another has it cosigned and
//! publishes it, so that a slow witness delays no entry. A log that has not caught up, or was found to have two pasts,
//! does not grow, and nothing is signed for its organisation until it stands again.

mod kept;
mod lag;
mod metrics;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use seaworthy_http::Metrics;
use seaworthy_http::desk::Desk;
use seaworthy_service::Id;
use seaworthy_service::log::Standing;
use seaworthy_service::ports::TileStore;
use tracing::error;

use crate::failure::Failure;
use crate::office::Office;

use kept::{Entering, KeptLog, Publishing};
use metrics::LogMetrics;

/// How long what waits may wait, until more comes.
const PAUSE: Duration = Duration::from_millis(200);
/// Most batches that are taken in when the server stops: what is left is taken in when it starts again.
const LAST_BATCHES: usize = 100;

/// What the threads share.
struct Keeping {
    desk: Arc<Desk>,
    tiles: Arc<dyn TileStore>,
    standing: Arc<Standing>,
    metrics: LogMetrics,
    /// Tells this server's rights from those of others.
    holder: Id,
    logs: Vec<KeptLog>,
}

/// The threads that keep the logs.
pub struct Keeper {
    keeping: Arc<Keeping>,
    entering: Worker,
    publishing: Worker,
}

/// A thread that works in rounds until it is told to end.
struct Worker {
    ending: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Keeper {
    /// Catches up with what was published, and starts the threads. A log that does not stand is no failure: others are
    /// served, and it is looked at again and again.
    pub fn start(office: &Office, metrics: &Metrics) -> Result<Keeper, Failure> {
        let desk = Arc::clone(&office.desk);
        let directory = desk.directory();
        let logs = directory.views().filter_map(|view| view.log.as_ref());
        let policy = office.log_policy.as_ref();
        let logs = logs.map(|log| KeptLog::new(log, desk.keys().as_ref(), policy)).collect::<Result<Vec<_>, _>>()?;
        let keeping = Arc::new(Keeping {
            desk,
            tiles: Arc::clone(&office.tiles),
            standing: Arc::clone(&office.standing),
            metrics: LogMetrics::registered(metrics),
            holder: office.holder,
            logs,
        });
        let mut entering = Entering::of(&keeping);
        entering.catch_up();
        let publishing = Worker::start("log-publisher", Publishing::of(&keeping), Publishing::round)?;
        let publisher = publishing.thread.thread().clone();
        let entering = Worker::start("log-sequencer", entering, move |entering| entering.round(&publisher))?;
        Ok(Keeper { keeping, entering, publishing })
    }

    /// Takes in and publishes what still waits, and gives the right to do so to other servers.
    pub fn finish(self) {
        self.entering.end();
        self.publishing.end();
        self.keeping.logs.iter().for_each(|log| log.retire(&self.keeping));
    }
}

impl Worker {
    fn start<W: Send + 'static>(
        name: &str,
        mut work: W,
        round: impl Fn(&mut W) -> bool + Send + 'static,
    ) -> Result<Worker, Failure> {
        let ending = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&ending);
        let rounds = move || {
            while !told.load(Ordering::Acquire) {
                if !careful(&mut work, &round) {
                    thread::park_timeout(PAUSE);
                }
            }
            let _ = (0..LAST_BATCHES).take_while(|_| careful(&mut work, &round)).count();
        };
        let thread = thread::Builder::new().name(name.to_owned()).spawn(rounds);
        let thread = thread.map_err(|error| Failure::bug(format!("threads: {error}")))?;
        Ok(Worker { ending, thread })
    }

    fn end(self) {
        self.ending.store(true, Ordering::Release);
        self.thread.thread().unpark();
        // A fault of ours in it was told already.
        let _ = self.thread.join();
    }
}

/// A round; whether there is more to do at once. A fault of ours in one does not end the log.
fn careful<W>(work: &mut W, round: impl Fn(&mut W) -> bool) -> bool {
    let done = catch_unwind(AssertUnwindSafe(|| round(work)));
    done.unwrap_or_else(|_| {
        error!("a round of the log ended in a fault of ours");
        false
    })
}
