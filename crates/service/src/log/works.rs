//! What works on a log has at hand: the store, the tiles and the log's key.

use seaworthy_model::Code;
use seaworthy_tlog::{Checkpoint, Hash, Note, Place, ReadFault, Signer, Tip, Write};

use super::reader::{LogReader, LogUnread};
use crate::error::Error;
use crate::id::Id;
use crate::ports::{Fault, LogRecord, LogState, SignedCheckpoint, Store, TileStore, read};

/// A log with all that it is made of.
#[derive(Clone, Copy)]
pub struct LogWorks<'a> {
    /// Where its records are.
    pub store: &'a dyn Store,
    /// Where its tiles are.
    pub tiles: &'a dyn TileStore,
    /// Which log it is.
    pub log: &'a LogRecord,
    /// The log's key, under its origin.
    pub key: &'a dyn Signer,
}

impl<'a> LogWorks<'a> {
    /// Whose log it is.
    pub(super) fn organisation(&self) -> Id {
        self.log.organisation
    }

    /// The tiles.
    pub fn reader(&self) -> LogReader<'a> {
        LogReader::new(self.tiles, self.log.organisation)
    }

    /// How far the log has come.
    pub fn state(&self) -> Result<LogState, Error> {
        Ok(read(self.store, |records| records.log_state(self.log.organisation))?)
    }

    /// Signs the checkpoint of a tree, whose tiles MUST be durable.
    pub(super) fn sign(&self, size: u64, root: Hash) -> Result<Note, Error> {
        let note = Checkpoint::new(&self.log.origin, size, root).sign(self.key);
        note.map_err(|fault| Error::damaged(fault.to_string()))
    }

    /// A note that the log's key signed, and the checkpoint that it is.
    pub(super) fn authenticated(&self, bytes: &[u8]) -> Result<(Note, Checkpoint), Error> {
        let forged = |why: String| Error::refused_for(Code::LogCheckpointInvalid, why);
        let note = Note::parse(bytes).map_err(|fault| forged(fault.to_string()))?;
        let signed = note.signed_by(self.key.key()).map_err(|fault| forged(fault.to_string()))?;
        let checkpoint: Checkpoint = note.text().parse().map_err(|fault| forged(format!("{fault}")))?;
        if signed.is_none() || checkpoint.origin != self.log.origin {
            return Err(forged(format!("the key of {} did not sign this checkpoint", self.log.origin)));
        }
        Ok((note, checkpoint))
    }

    /// The newest checkpoint that was signed; that of the empty tree before the first.
    pub(super) fn signed(&self, kept: &SignedCheckpoint) -> Result<Checkpoint, Error> {
        if kept.size == 0 && kept.note.is_empty() {
            return Ok(Checkpoint::new(&self.log.origin, 0, Hash::EMPTY));
        }
        let (_, checkpoint) = self.authenticated(&kept.note)?;
        let differs = || Error::damaged(format!("the checkpoint of size {} says {}", kept.size, checkpoint.size));
        if checkpoint.size == kept.size { Ok(checkpoint) } else { Err(differs()) }
    }

    /// The checkpoint that stands beside the tiles, for all to see.
    pub(super) fn shown(&self) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.tiles.read(self.log.organisation, &Place::Checkpoint)?)
    }

    /// The right edge of a signed tree, as its tiles have it.
    pub(super) fn tip(&self, signed: &Checkpoint) -> Result<Tip, Error> {
        Tip::open(&self.reader(), signed.size, &signed.root).map_err(unreadable)
    }

    /// Makes tiles durable. What stands in the way was never published, as the caller says by `may_replace`: of a store
    /// that was restored, the tiles may hold what it has forgotten.
    pub(super) fn write(
        &self,
        writes: Vec<Write>,
        may_replace: impl FnOnce() -> Result<(), Error>,
    ) -> Result<(), Error> {
        let files: Vec<(Place, Vec<u8>)> = writes.into_iter().map(|write| (write.place, write.bytes)).collect();
        match self.tiles.write(self.log.organisation, &files) {
            Err(Fault::Conflict(_)) => {}
            done => return Ok(done?),
        }
        may_replace()?;
        let mut replaced = Vec::new();
        for (place, bytes) in &files {
            let found = self.tiles.read(self.log.organisation, place)?;
            replaced.extend(found.filter(|found| found != bytes).map(|_| *place));
        }
        self.tiles.remove(self.log.organisation, &replaced)?;
        Ok(self.tiles.write(self.log.organisation, &files)?)
    }
}

/// Tiles that cannot be read, or are not those of the signed tree.
pub(super) fn unreadable(fault: ReadFault<LogUnread>) -> Error {
    let code = match &fault {
        ReadFault::Read(LogUnread::Fault(fault)) => return Error::Fault(fault.clone()),
        ReadFault::Read(LogUnread::Missing(_)) => Code::LogPartMissing,
        ReadFault::Entry(_) => Code::LogEntryChanged,
        ReadFault::Root(_) => Code::LogRootDiffers,
        _ => Code::LogTileChanged,
    };
    Error::refused_for(code, fault.to_string())
}
