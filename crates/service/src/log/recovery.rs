//! Before anything is signed: does what the store remembers agree with what was published?
//!
//! A store that was restored from an older copy has forgotten what came after it. The tiles have not: what was published
//! is taken over, if it continues what the store remembers. Tiles that are behind the store cannot be made again, because
//! the entries of a signed batch are kept nowhere else. And where store and tiles are both old copies, only the witnesses
//! know better.

use seaworthy_model::Code;
use seaworthy_tlog::{Checkpoint, Note, Policy, Tree, Verified};

use super::works::{LogWorks, unreadable};
use crate::error::Error;
use crate::ports::{Fault, Outcome, SignedCheckpoint, Witnesses, write};
use crate::statuses::end_newest;

/// What the comparison of store and tiles came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compared {
    /// The store knows all that was published.
    Level,
    /// The store is behind: this was published, and continues what the store knows.
    Behind(SignedCheckpoint),
}

/// How a log stands once it has caught up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaughtUp {
    /// It may sign.
    Standing,
    /// Too few witnesses have answered: some tree may be known that is larger than ours.
    Unvouched(Vec<Outcome>),
}

/// Compares the store with the tiles.
pub fn compare(works: &LogWorks<'_>) -> Result<Compared, Error> {
    // The tiles first: what is published while we look was signed before, so the store cannot seem behind by it.
    let shown = works.shown()?;
    let signed = works.signed(&works.state()?.signed)?;
    let Some(note) = shown else { return works.tip(&signed).map(|_| Compared::Level) };
    let (_, shown) = works.authenticated(&note)?;
    let (old, new) = if shown.size > signed.size { (&signed, &shown) } else { (&shown, &signed) };
    works.tip(new)?;
    must_continue(works, old, new)?;
    let ahead = shown.size > signed.size;
    Ok(if ahead { Compared::Behind(SignedCheckpoint { size: shown.size, note }) } else { Compared::Level })
}

/// Refuses a store that is behind what was published: whoever would sign by it has to catch up first.
pub(super) fn must_be_level(works: &LogWorks<'_>) -> Result<(), Error> {
    match compare(works)? {
        Compared::Level => Ok(()),
        Compared::Behind(shown) => {
            let what = format!("{} entries are published, and the store knows fewer", shown.size);
            Err(Error::refused_for(Code::LogBehind, what))
        }
    }
}

/// Refuses a tree that does not continue an older one.
fn must_continue(works: &LogWorks<'_>, old: &Checkpoint, new: &Checkpoint) -> Result<(), Error> {
    let verified = Verified::open(works.reader(), new.size, &new.root).map_err(unreadable)?;
    let root = Tree::new(&verified, new.size).root(old.size);
    let root = root.map_err(|fault| Error::refused_for(Code::LogTileChanged, fault.to_string()))?;
    if root == old.root {
        return Ok(());
    }
    let what = format!("the tree of size {} does not continue that of size {}: both were signed", new.size, old.size);
    Err(Error::refused_for(Code::LogForked, what))
}

/// Catches up with the tiles, and asks the witnesses whether that is all. Whoever asks again does no harm.
pub fn catch_up(works: &LogWorks<'_>, policy: Option<&Policy>, witnesses: &dyn Witnesses) -> Result<CaughtUp, Error> {
    if let Compared::Behind(checkpoint) = compare(works)? {
        write(works.store, |records| {
            records.adopt(works.organisation(), &checkpoint)?;
            end_newest(records, works.organisation())
        })?;
    }
    let Some(policy) = policy.filter(|policy| policy.asks_for_witnesses()) else { return Ok(CaughtUp::Standing) };
    let (note, checkpoint) = newest(works)?;
    let outcomes = ask(works, &note, checkpoint.size, witnesses)?;
    let vouched = |name: &str| {
        outcomes.iter().any(|outcome| matches!(outcome, Outcome::Cosigned { witness, .. } if witness == name))
    };
    // If those that have not vouched could make a quorum, they may have made one for a larger tree.
    let others_could = policy.is_met_by(|witness| !vouched(&witness.name));
    Ok(if others_could { CaughtUp::Unvouched(outcomes) } else { CaughtUp::Standing })
}

/// The newest checkpoint that was signed. That of the empty tree is signed here: every log continues it.
fn newest(works: &LogWorks<'_>) -> Result<(Note, Checkpoint), Error> {
    let state = works.state()?;
    let signed = works.signed(&state.signed)?;
    if state.signed.note.is_empty() {
        return Ok((works.sign(signed.size, signed.root)?, signed));
    }
    works.authenticated(&state.signed.note)
}

/// Asks the witnesses to cosign a checkpoint of the log. One that has cosigned more than the store knows ends it all.
pub(super) fn ask(
    works: &LogWorks<'_>,
    note: &Note,
    size: u64,
    witnesses: &dyn Witnesses,
) -> Result<Vec<Outcome>, Error> {
    let reader = works.reader();
    let prove = |old| {
        let proof = Tree::new(reader, size).consistency(old, size);
        proof.map_err(|fault| Fault::Damaged(fault.to_string()))
    };
    let outcomes = witnesses.cosign(note, &prove);
    // Another server may have gone on meanwhile.
    let known = works.state()?.signed.size;
    for outcome in &outcomes {
        if let Outcome::Behind { witness, size } = outcome
            && *size > known
        {
            let what = format!("{witness} has cosigned {size} entries of {}; {known} are here", works.log.origin);
            return Err(Error::refused_for(Code::LogBehind, what));
        }
    }
    Ok(outcomes)
}
