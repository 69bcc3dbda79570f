//! Places for stamps, handed out one by one from blocks that this process has reserved.
//!
//! A block is reserved in a transaction of its own, before the one that takes a batch of reports in: no row is met by all
//! replicas. A batch takes a slot for each report first and gives back those that no stamp used. What a process had left
//! when it ended stays unused, as slots of a batch do of which nobody knows whether it was written.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use seaworthy_model::{Code, Timestamp};
use seaworthy_stamp::StatusReference;

use super::{Permutation, address};
use crate::directory::{Directory, View};
use crate::draw::Draw;
use crate::error::Error;
use crate::id::Id;
use crate::intake::{Received, Taken};
use crate::ports::{Fault, Records, STATUS_FULL, StatusListRecord, StatusPlace, Store, write};

/// How many places are reserved at once.
pub const BLOCK: u32 = 4_096;
/// Counters from here on are never handed out: the last block begins below [`STATUS_FULL`].
pub(super) const BEYOND: u32 = STATUS_FULL.div_ceil(BLOCK) * BLOCK;

/// A place for the status of one stamp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The place.
    pub status: StatusPlace,
    /// The address of its list.
    pub address: Arc<str>,
}

impl Slot {
    /// As a stamp names it.
    pub fn reference(&self) -> StatusReference {
        StatusReference { index: self.status.place.into(), uri: self.address.to_string() }
    }
}

/// Slots that a batch of reports has taken, for each organisation.
pub type Handful = BTreeMap<Id, Vec<Slot>>;

/// What is left of a block.
struct Block {
    list: u32,
    address: Arc<str>,
    permutation: Permutation,
    next: u32,
    end: u32,
    returned: Vec<Slot>,
}

impl Block {
    fn of(list: &StatusListRecord, first: u32) -> Block {
        Block {
            list: list.number,
            address: list.address.as_str().into(),
            permutation: Permutation::of(&list.seed),
            next: first,
            end: first.saturating_add(BLOCK),
            returned: Vec::new(),
        }
    }

    fn slot(&mut self) -> Option<Slot> {
        if let Some(slot) = self.returned.pop() {
            return Some(slot);
        }
        let counter = Some(self.next).filter(|next| *next < self.end)?;
        self.next = counter.saturating_add(1);
        let status = StatusPlace { list: self.list, place: self.permutation.place(counter)? };
        Some(Slot { status, address: Arc::clone(&self.address) })
    }
}

/// The blocks of this process.
#[derive(Default)]
pub struct Slots {
    blocks: Mutex<HashMap<Id, Block>>,
}

impl Slots {
    /// Takes a slot for each report of a batch, on a server of this address. A block is reserved where none is left.
    pub fn take(
        &self,
        store: &dyn Store,
        directory: &Directory,
        server: &str,
        batch: &[Received],
        at: Timestamp,
        draw: &mut Draw<'_>,
    ) -> Result<Handful, Error> {
        let mut handful = Handful::new();
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        let views = batch.iter().filter_map(|received| directory.of_key(&received.organisation()).ok());
        // Without a log, there is no key to sign lists with.
        for view in views.filter(|view| view.log.is_some()) {
            let organisation = view.organisation.id;
            let slot = match blocks.get_mut(&organisation).and_then(Block::slot) {
                Some(slot) => slot,
                None => {
                    let block = write(store, |records| reserve(records, view, server, at, draw))?;
                    let slot = blocks.entry(organisation).insert_entry(block).get_mut().slot();
                    slot.ok_or_else(|| Error::refused(Code::Bug))?
                }
            };
            handful.entry(organisation).or_default().push(slot);
        }
        Ok(handful)
    }

    /// Gives the slots back that no stamp used, once the batch is durable.
    pub fn give_back(&self, handful: Handful, answers: &[Result<Taken, Error>]) {
        let mut used: HashMap<Id, usize> = HashMap::new();
        let stamped = answers.iter().flatten().filter(|taken| taken.stamp.is_some() && !taken.is_repeated);
        stamped.for_each(|taken| *used.entry(taken.organisation).or_default() += 1);
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        for (organisation, slots) in handful {
            let Some(block) = blocks.get_mut(&organisation) else { continue };
            let unused = slots.into_iter().skip(used.get(&organisation).copied().unwrap_or_default());
            block.returned.extend(unused.filter(|slot| slot.status.list == block.list));
        }
    }
}

/// Ends the newest list: no more of its places are handed out. A store that was restored does not know which were.
pub(crate) fn end_newest(records: &mut dyn Records, organisation: Id) -> Result<(), Fault> {
    if let Some(list) = records.newest_status_list(organisation)? {
        records.reserve(organisation, list.number, STATUS_FULL.saturating_sub(list.handed_out))?;
    }
    Ok(())
}

/// Reserves a block of the newest list; of the next one where that is full, or is named by an address of the past.
fn reserve(
    records: &mut dyn Records,
    view: &View,
    server: &str,
    at: Timestamp,
    draw: &mut Draw<'_>,
) -> Result<Block, Error> {
    let organisation = view.organisation.id;
    let address = |number| address(server, &view.root_key(), number);
    let newest = records.newest_status_list(organisation)?;
    // Another server may have filled it since.
    if let Some(list) = newest.as_ref().filter(|list| list.address == address(list.number))
        && let Some(first) = records.reserve(organisation, list.number, BLOCK)?
    {
        return Ok(Block::of(list, first));
    }
    let number = newest.map_or(0, |list| list.number.saturating_add(1));
    let address = address(number);
    let list = StatusListRecord { organisation, number, address, seed: draw(), handed_out: 0, opened_at: at };
    records.open_status_list(&list)?;
    let list = records.newest_status_list(organisation)?.ok_or_else(|| Error::refused(Code::Bug))?;
    let first = records.reserve(organisation, list.number, BLOCK)?;
    let first = first.ok_or_else(|| Error::refused_for(Code::NotReady, "places of a status list"))?;
    Ok(Block::of(&list, first))
}
