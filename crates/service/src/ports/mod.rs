//! What the use-cases need of a store. One trait for each kind of record, all of them together [`Records`], handed out
//! inside a transaction by [`Store`]. The contracts here are what every store MUST keep; the conformance suite of
//! `seaworthy-store` holds every store to them.
//!
//! - `write` runs the work in one transaction. When it returns `Ok`, everything that was written MUST be durable: it
//!   survives the end of the process and of the machine. When it returns an error, nothing of it was written, or (only
//!   for [`Fault::Unavailable`]) all of it was: writes are made so that doing them again changes nothing.
//! - The work MAY run more than once (a conflict, a lost connection). It MUST begin anew each time.
//! - Two transactions that touch the same device MUST act as if one came after the other.
//! - `read` MUST see one state of the store throughout, and MUST NOT write.
//! - Every record carries its organisation; no method returns a record of another organisation than it was asked for.

mod devices;
mod evidence;
mod ledgers;
mod log;
mod organisations;
mod outbox;
mod people;
mod policies;
mod statuses;
mod tallies;
mod tiles;
mod witnesses;

pub use devices::{Current, DeviceQuery, DeviceState, Devices, Identity, ListedDevice, Standing};
pub use evidence::{BodyRecord, EvidenceRecords, Reading, StampRecord, StatusPlace, StoredAppraisal};
pub use ledgers::{LedgerEntry, Ledgers, SetRead};
pub use log::{Commitment, KeptRecord, LogRecord, LogState, Logs, OrderedBatch, RecordName, SignedCheckpoint};
pub use organisations::{KeyRecord, Organisation, Organisations, Unit};
pub use outbox::{Delivery, DeliveryState, Outbox, Remembered, Webhook};
pub use people::{
    ApiToken, Credential, CredentialKind, EnrolmentToken, Invitation, People, Person, RoleGrant, Session, TokenKind,
};
pub use policies::{Assignment, CatalogRecord, Policies, PolicyRecord};
pub use statuses::{Revocation, STATUS_FULL, STATUS_PLACES, StatusListRecord, StatusLists};
pub use tallies::{Group, Tallied, Tallies};
pub use tiles::TileStore;
pub use witnesses::{Outcome, Prove, Witnesses};

/// Why a store did not do its work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It cannot be reached, or was lost while it worked. Worth another try.
    #[error("the store cannot be reached: {0}")]
    Unavailable(String),
    /// There is no room left.
    #[error("the store is full: {0}")]
    Full(String),
    /// Somebody else changed the same thing, or it exists already.
    #[error("the store holds something else already: {0}")]
    Conflict(String),
    /// What it holds makes no sense.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    /// Anything else.
    #[error("the store failed: {0}")]
    Other(String),
}

/// What a transaction can read and write.
pub trait Records:
    Organisations + People + Policies + Devices + EvidenceRecords + Ledgers + Logs + StatusLists + Tallies + Outbox
{
}

impl<T> Records for T where
    T: Organisations + People + Policies + Devices + EvidenceRecords + Ledgers + Logs + StatusLists + Tallies + Outbox
{
}

/// The work of a transaction.
pub type Work<'a> = dyn FnMut(&mut dyn Records) -> Result<(), Fault> + 'a;

/// A store.
pub trait Store: Send + Sync {
    /// Runs work in a transaction that writes; see the module's contract.
    fn write(&self, work: &mut Work<'_>) -> Result<(), Fault>;

    /// Runs work that only reads.
    fn read(&self, work: &mut Work<'_>) -> Result<(), Fault>;

    /// Whether it can be reached and written to right now.
    fn is_ready(&self) -> bool;
}

/// Runs work that has a result in a transaction that writes. The inner error is the work's own answer: nothing is
/// written then, and the store did not fail.
pub fn write<T, E: From<Fault>>(
    store: &dyn Store,
    mut work: impl FnMut(&mut dyn Records) -> Result<T, E>,
) -> Result<T, E> {
    let mut outcome = None;
    let done = store.write(&mut |records| {
        let result = work(records);
        let undo = result.is_err();
        outcome = Some(result);
        if undo { Err(Fault::Other("taken back".into())) } else { Ok(()) }
    });
    settle(done, outcome)
}

/// Runs work that has a result and only reads.
pub fn read<T, E: From<Fault>>(
    store: &dyn Store,
    mut work: impl FnMut(&mut dyn Records) -> Result<T, E>,
) -> Result<T, E> {
    let mut outcome = None;
    let done = store.read(&mut |records| {
        outcome = Some(work(records));
        Ok(())
    });
    settle(done, outcome)
}

fn settle<T, E: From<Fault>>(done: Result<(), Fault>, outcome: Option<Result<T, E>>) -> Result<T, E> {
    match (done, outcome) {
        (Err(fault), None | Some(Ok(_))) => Err(fault.into()),
        (_, Some(result)) => result,
        (Ok(()), None) => Err(Fault::Other("the work was not run".into()).into()),
    }
}
