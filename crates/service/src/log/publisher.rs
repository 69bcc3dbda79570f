//! Making the log's newest checkpoint known: witnesses cosign what is signed, then it is written down as published, and
//! last of all it stands beside the tiles. What stands there is never smaller than what stood there before, and never
//! more than what the store knows as published.

use seaworthy_model::{Code, Timestamp};
use seaworthy_tlog::{BundlePath, FULL, Note, Place, Policy, Refusal, TilePath};

use super::recovery;
use super::sequencer::LEASE_SECONDS;
use super::works::LogWorks;
use crate::error::Error;
use crate::id::Id;
use crate::ports::{LogState, Outcome, SignedCheckpoint, Witnesses, write};

/// Most places that one step prunes. What it leaves behind takes room, and does no harm: nobody needs to read it.
const MOST_PRUNED: usize = 1024;

/// Who must have cosigned a checkpoint before it is published.
#[derive(Clone, Copy)]
pub struct Vouching<'a> {
    /// Who is enough; it knows the log.
    pub policy: &'a Policy,
    /// How they are asked.
    pub witnesses: &'a dyn Witnesses,
}

/// What a step came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Published {
    /// All that is signed is published.
    Nothing,
    /// Another holder publishes.
    Elsewhere,
    /// Too few witnesses cosigned.
    Unvouched(Vec<Outcome>),
    /// A larger tree is published.
    Tree {
        /// How many entries it has.
        size: u64,
        /// What the witnesses said.
        outcomes: Vec<Outcome>,
    },
}

/// What publishes one log.
#[derive(Debug)]
pub struct Publisher {
    holder: Id,
    /// The checkpoint that stands beside the tiles, if that is known.
    shown: Option<SignedCheckpoint>,
}

impl Publisher {
    /// A publisher that shares its right with the sequencer of the same holder.
    pub fn new(holder: Id) -> Publisher {
        Publisher { holder, shown: None }
    }

    /// Publishes what is signed, if it is not yet.
    pub fn step(
        &mut self,
        works: &LogWorks<'_>,
        vouching: Option<Vouching<'_>>,
        now: Timestamp,
    ) -> Result<Published, Error> {
        // What stands there first: what is published meanwhile was written into the store before.
        let shown = self.shown.take().map_or_else(|| shown(works), Ok)?;
        let state = works.state()?;
        if shown.size > state.published.size {
            let what = format!("{} entries are published, and the store knows {}", shown.size, state.published.size);
            return Err(Error::refused_for(Code::LogBehind, what));
        }
        let shown = show(works, shown, &state.published)?;
        let (published, shown) = self.advance(works, vouching, &state, shown, now)?;
        self.shown = Some(shown);
        Ok(published)
    }

    fn advance(
        &self,
        works: &LogWorks<'_>,
        vouching: Option<Vouching<'_>>,
        state: &LogState,
        shown: SignedCheckpoint,
        now: Timestamp,
    ) -> Result<(Published, SignedCheckpoint), Error> {
        if state.signed.size <= state.published.size {
            return Ok((Published::Nothing, shown));
        }
        let organisation = works.organisation();
        if !write(works.store, |records| records.lease(organisation, self.holder, now, now + LEASE_SECONDS))? {
            return Ok((Published::Elsewhere, shown));
        }
        let (mut note, checkpoint) = works.authenticated(&state.signed.note)?;
        let outcomes = match vouching {
            Some(Vouching { witnesses, .. }) => recovery::ask(works, &note, checkpoint.size, witnesses)?,
            None => Vec::new(),
        };
        cosigned(&mut note, &outcomes)?;
        if !vouching.map_or(Ok(true), |vouching| is_vouched_for(&note, vouching.policy))? {
            return Ok((Published::Unvouched(outcomes), shown));
        }
        let to = SignedCheckpoint { size: checkpoint.size, note: note.to_string().into_bytes() };
        if !write(works.store, |records| records.publish(organisation, &to))? {
            return Ok((Published::Elsewhere, shown));
        }
        let shown = show(works, shown, &to)?;
        works.tiles.prune(organisation, &replaced(state.published.size, to.size))?;
        Ok((Published::Tree { size: to.size, outcomes }, shown))
    }
}

/// The checkpoint that stands beside the tiles.
fn shown(works: &LogWorks<'_>) -> Result<SignedCheckpoint, Error> {
    let Some(note) = works.shown()? else { return Ok(SignedCheckpoint::default()) };
    let (_, checkpoint) = works.authenticated(&note)?;
    Ok(SignedCheckpoint { size: checkpoint.size, note })
}

/// Puts a checkpoint beside the tiles, unless it stands there.
fn show(works: &LogWorks<'_>, shown: SignedCheckpoint, to: &SignedCheckpoint) -> Result<SignedCheckpoint, Error> {
    if shown == *to || to.note.is_empty() {
        return Ok(shown);
    }
    works.tiles.publish(works.organisation(), &to.note)?;
    Ok(to.clone())
}

fn cosigned(note: &mut Note, outcomes: &[Outcome]) -> Result<(), Error> {
    for outcome in outcomes {
        if let Outcome::Cosigned { cosignature, .. } = outcome {
            note.add(cosignature.clone()).map_err(|fault| Error::damaged(fault.to_string()))?;
        }
    }
    Ok(())
}

fn is_vouched_for(note: &Note, policy: &Policy) -> Result<bool, Error> {
    match policy.check(note) {
        Ok(_) => Ok(true),
        Err(Refusal::Quorum(_)) => Ok(false),
        Err(refusal) => Err(Error::damaged(refusal.to_string())),
    }
}

/// The full tiles and bundles that replaced partial ones when the tree grew from one published size to another: the
/// newest of each level, and no more than one step prunes.
fn replaced(old: u64, new: u64) -> Vec<Place> {
    // From the top: of the lowest level there are most.
    let levels = (0..8_u8).rev().flat_map(|level| {
        let tiles = |size: u64| size >> (8 * u32::from(level)) >> 8;
        let grown = (tiles(old)..tiles(new)).rev();
        grown.flat_map(move |index| {
            let tile = TilePath::new(level, index, FULL).map(Place::Hashes);
            let bundle = BundlePath::new(index, FULL).filter(|_| level == 0).map(Place::Entries);
            tile.into_iter().chain(bundle)
        })
    });
    levels.take(MOST_PRUNED).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_tiles_replace_partial_ones() {
        assert_eq!(replaced(0, 255), []);
        assert_eq!(replaced(256, 511), []);
        let texts = |places: &[Place]| places.iter().map(Place::to_string).collect::<Vec<_>>();
        assert_eq!(texts(&replaced(100, 256)), ["tile/0/000", "tile/entries/000"]);
        assert_eq!(texts(&replaced(65_535, 65_536)), ["tile/1/000", "tile/0/255", "tile/entries/255"]);
    }

    #[test]
    fn a_step_prunes_the_newest_and_not_all() {
        let places = replaced(0, 1 << 24);
        assert_eq!(places.len(), MOST_PRUNED);
        for newest in ["tile/2/000", "tile/1/255", "tile/1/000", "tile/0/x065/535", "tile/entries/x065/535"] {
            assert!(places.contains(&newest.parse().unwrap()), "{newest}");
        }
        assert!(!places.contains(&"tile/0/000".parse().unwrap()));
        assert_eq!(replaced(0, u64::MAX).len(), MOST_PRUNED);
    }
}
