//! Group commit. Reports wait in one bounded queue; a thread takes all that wait, up to a batch, and takes them in with
//! one transaction. An answer goes out only when its batch is durable, so the cost of being durable is shared.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use seaworthy_model::Code;
use seaworthy_service::Error;
use seaworthy_service::intake::{self, Received, Taken};
use tokio::sync::{mpsc, oneshot};
use tracing::error;

use super::Desk;

/// Most reports of one transaction.
const BATCH: usize = 512;
/// Most reports that wait. Whoever comes then is asked to come again.
const QUEUE: usize = 4096;

/// What becomes of a report.
pub type Taking = Result<Taken, Error>;

struct Waiting {
    received: Received,
    answer: oneshot::Sender<Taking>,
}

/// The entrance for reports.
#[derive(Clone)]
pub struct Intake {
    queue: mpsc::Sender<Waiting>,
}

impl Intake {
    /// Takes a report in: waits until its batch is durable.
    pub async fn take_in(&self, received: Received) -> Taking {
        let (answer, waits) = oneshot::channel();
        let full = || Error::refused_for(Code::NotReady, "more reports wait than can be taken in; come again");
        self.queue.try_send(Waiting { received, answer }).map_err(|_| full())?;
        waits.await.unwrap_or_else(|_| Err(Error::refused(Code::NotReady)))
    }

    /// How many reports wait.
    pub fn waiting(&self) -> usize {
        self.queue.max_capacity().saturating_sub(self.queue.capacity())
    }
}

/// What the batches tell of themselves; the metrics listen.
pub trait Batches: Send + Sync {
    /// A batch of so many reports became durable in so many seconds.
    fn taken_in(&self, reports: usize, seconds: f64);
}

impl Desk {
    /// Starts `writers` threads that take batches in: one for an embedded store, which has one writer, a few for a
    /// database. They end when the last entrance is dropped, after what waits is taken in.
    pub fn start_intake(self: &Arc<Desk>, writers: usize, batches: Arc<dyn Batches>) -> Intake {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let waiting = Arc::new(std::sync::Mutex::new(waiting));
        for number in 0..writers.max(1) {
            let (desk, waiting, batches) = (Arc::clone(self), Arc::clone(&waiting), Arc::clone(&batches));
            let name = format!("intake-{number}");
            let work = move || while desk.next_batch(&waiting, batches.as_ref()) {};
            if let Err(error) = thread::Builder::new().name(name).spawn(work) {
                error!(%error, "a thread for the intake could not be started");
            }
        }
        Intake { queue }
    }

    /// Waits for a report, takes what waits behind it, and takes all of them in. False when nobody can come any more.
    fn next_batch(&self, waiting: &std::sync::Mutex<mpsc::Receiver<Waiting>>, batches: &dyn Batches) -> bool {
        let mut batch = Vec::with_capacity(BATCH);
        {
            let mut waiting = waiting.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let Some(first) = waiting.blocking_recv() else { return false };
            batch.push(first);
            while batch.len() < BATCH {
                let Ok(next) = waiting.try_recv() else { break };
                batch.push(next);
            }
        }
        let (reports, answers): (Vec<Received>, Vec<oneshot::Sender<Taking>>) =
            batch.into_iter().map(|waiting| (waiting.received, waiting.answer)).unzip();
        let began = std::time::Instant::now();
        let taken = catch_unwind(AssertUnwindSafe(|| self.take_in(&reports)));
        batches.taken_in(reports.len(), began.elapsed().as_secs_f64());
        let taken = taken.unwrap_or_else(|_| Err(Error::refused(Code::Bug)));
        answer(answers, taken);
        true
    }

    fn take_in(&self, reports: &[Received]) -> Result<Vec<Taking>, Error> {
        let (directory, url, mut draw) = (self.directory(), self.public_url(), || self.draw());
        let slots = self.slots.take(self.store(), &directory, url, reports, self.now(), &mut draw)?;
        let answers = self.write_here(|scene| {
            let (directory, appraiser) = (scene.directory, scene.appraiser);
            let intake = intake::Intake { directory, appraiser, build: self.build(), slots: &slots, at: scene.now };
            intake.take_in(scene.records, reports, scene.draw)
        })?;
        self.slots.give_back(slots, &answers);
        Ok(answers)
    }
}

/// Gives each report its answer. Who has gone meanwhile sends the same report again and gets the same answer.
fn answer(answers: Vec<oneshot::Sender<Taking>>, taken: Result<Vec<Taking>, Error>) {
    match taken {
        Ok(taken) => answers.into_iter().zip(taken).for_each(|(answer, taken)| _ = answer.send(taken)),
        Err(error) => answers.into_iter().for_each(|answer| _ = answer.send(Err(error.clone()))),
    }
}
