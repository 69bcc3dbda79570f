//! Taking records into the log: what waits gets its place, then come the tiles, then the checkpoint is signed.
//!
//! Places are durable before any tile is written, tiles before their checkpoint is signed, and the checkpoint replaces
//! only the one that it was made from. So whatever fails, and wherever the process ends, the next step goes on from what
//! is signed, and writes the same bytes; two that step at once do no harm. What is kept in memory is dropped at any doubt
//! and read again from the tiles, against the root that was signed.

use seaworthy_model::Timestamp;
use seaworthy_protocol::LogEntry;
use seaworthy_tlog::{Checkpoint, Tip, plan};

use super::recovery;
use super::works::LogWorks;
use crate::error::Error;
use crate::id::Id;
use crate::ports::{LogState, OrderedBatch, SignedCheckpoint, read, write};

/// How long a holder has the right to sequence. It is taken anew with each step; whoever died delays others by as much.
pub const LEASE_SECONDS: i64 = 3;
/// Entries that make a batch.
pub const BATCH: u32 = 1000;

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stepped {
    /// Nothing waits.
    Idle,
    /// Another holder has the right to sequence.
    Elsewhere,
    /// Another holder was faster.
    Overtaken,
    /// A larger tree is signed.
    Signed {
        /// How many entries came in.
        entries: u64,
        /// How many there are now.
        size: u64,
    },
}

/// What takes records into one log.
#[derive(Debug)]
pub struct Sequencer {
    holder: Id,
    most: u32,
    tip: Option<Tip>,
}

/// What the store gave to be taken in.
struct Ordered {
    state: LogState,
    batches: Vec<OrderedBatch>,
}

impl Sequencer {
    /// A sequencer that takes at least `most` entries at once, if so many wait.
    pub fn new(holder: Id, most: u32) -> Sequencer {
        Sequencer { holder, most, tip: None }
    }

    /// Takes in what waits, up to a batch.
    pub fn step(&mut self, works: &LogWorks<'_>, now: Timestamp) -> Result<Stepped, Error> {
        let tip = self.tip.take();
        let (stepped, tip) = self.attempt(works, tip, now)?;
        self.tip = tip;
        Ok(stepped)
    }

    /// Gives the right to sequence back, so that another holder need not wait for its end.
    pub fn retire(&mut self, works: &LogWorks<'_>, now: Timestamp) -> Result<(), Error> {
        let (organisation, holder) = (works.organisation(), self.holder);
        write(works.store, |records| records.lease(organisation, holder, now, now)).map(|_| ()).map_err(Error::Fault)
    }

    /// The step, and the tip after it: none where there is any doubt.
    fn attempt(&self, works: &LogWorks<'_>, tip: Option<Tip>, now: Timestamp) -> Result<(Stepped, Option<Tip>), Error> {
        let Some(known) = unfinished(works)? else { return Ok((Stepped::Idle, tip)) };
        let known = works.signed(&known.signed)?;
        if !tip.as_ref().is_some_and(|tip| is_of(tip, &known)) {
            // After a start or a doubt. The store may have gone back, as one does that fails over to a standby that lags:
            // a place that it gave now would be another entry's.
            recovery::must_be_level(works)?;
        }
        let Some(Ordered { state, batches }) = self.order(works, now)? else { return Ok((Stepped::Elsewhere, None)) };
        let signed = works.signed(&state.signed)?;
        let tip = tip.filter(|tip| is_of(tip, &signed)).map_or_else(|| works.tip(&signed), Ok)?;
        let pool = continuation(signed.size, &batches)?;
        if pool.is_empty() {
            return Ok((Stepped::Idle, Some(tip)));
        }
        let plan = plan(&tip, &pool).map_err(|fault| Error::damaged(fault.to_string()))?;
        works.write(plan.writes, || recovery::must_be_level(works))?;
        let (size, root) = (plan.tip.edge().size(), plan.tip.edge().root());
        let note = works.sign(size, root)?.to_string().into_bytes();
        let to = SignedCheckpoint { size, note };
        if !write(works.store, |records| records.advance(works.organisation(), signed.size, &to))? {
            return Ok((Stepped::Overtaken, None));
        }
        Ok((Stepped::Signed { entries: size - signed.size, size }, Some(plan.tip)))
    }

    /// Gives what waits its places, and reads what is not in the signed tree yet; nothing where another holder does it.
    fn order(&self, works: &LogWorks<'_>, now: Timestamp) -> Result<Option<Ordered>, Error> {
        let organisation = works.organisation();
        write(works.store, |records| {
            if !records.lease(organisation, self.holder, now, now + LEASE_SECONDS)? {
                return Ok(None);
            }
            records.order(organisation, self.most)?;
            let state = records.log_state(organisation)?;
            let batches = records.ordered(organisation, state.signed.size, self.most)?;
            Ok(Some(Ordered { state, batches }))
        })
    }
}

/// How far the log has come, if anything waits for its place, or has one and is not in the signed tree. It costs no
/// transaction that writes.
fn unfinished(works: &LogWorks<'_>) -> Result<Option<LogState>, Error> {
    read(works.store, |records| {
        let state = records.log_state(works.organisation())?;
        let has_work = state.ordered > state.signed.size || records.waiting(works.organisation())? > 0;
        Ok(has_work.then_some(state))
    })
}

/// Whether a tip is that of the signed tree.
fn is_of(tip: &Tip, signed: &Checkpoint) -> bool {
    tip.edge().size() == signed.size && tip.edge().root() == signed.root
}

/// The entries that follow a tree: the batches stand side by side, and the first may lie partly in it.
fn continuation(size: u64, batches: &[OrderedBatch]) -> Result<Vec<&[u8]>, Error> {
    let mut pool: Vec<&[u8]> = Vec::new();
    for batch in batches {
        let next = size + u64::try_from(pool.len()).unwrap_or(u64::MAX);
        let skipped = next.checked_sub(batch.first).and_then(|skipped| usize::try_from(skipped).ok());
        let gap = || Error::damaged(format!("no batch has entry {next} of the log, and it is not signed"));
        let skipped = skipped.filter(|&skipped| skipped == 0 || pool.is_empty()).ok_or_else(gap)?;
        pool.extend(batch.entries.iter().skip(skipped).map(LogEntry::as_bytes).map(<[u8; 33]>::as_slice));
    }
    Ok(pool)
}
