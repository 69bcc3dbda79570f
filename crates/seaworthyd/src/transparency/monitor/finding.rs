//! What a log is caught at: each kind has its code, and says which entries are concerned and where they stand.

use std::ops::Range;

use seaworthy_model::Code;
use seaworthy_tlog::{BundlePath, FULL, Place, TilePath};

/// What a log is caught at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// Its checkpoint is none that its key signed.
    #[error("checkpoint: {0}")]
    Checkpoint(String),
    /// Its checkpoint lacks witnesses.
    #[error("checkpoint: {0}")]
    Witnesses(String),
    /// It went back.
    #[error("the log had {held} entries, and now says that it has {size}")]
    Rewound {
        /// The size that was seen.
        held: u64,
        /// The size that it says.
        size: u64,
    },
    /// It does not continue what was seen.
    #[error(
        "the checkpoint of size {size} does not continue the one of size {held} that was seen: entries below {held} \
             were replaced, dropped or put in"
    )]
    Forked {
        /// The size that was seen.
        held: u64,
        /// The size that it says.
        size: u64,
    },
    /// An entry was changed.
    #[error("entry {index} in {path} was changed: it does not hash to what the tile above it holds")]
    Entry {
        /// Its index.
        index: u64,
        /// Where it stands.
        path: BundlePath,
    },
    /// A bundle is longer than it may be.
    #[error("{path} has more in it than entries {}", shown(&entries_of(path)))]
    Bundle {
        /// Where it stands.
        path: BundlePath,
    },
    /// Entries were changed together with the tiles over them, up to one that was not.
    #[error(
        "entries {} were changed, and tiles with them: {path} still holds their hash as the checkpoint has it",
        shown(entries)
    )]
    Replaced {
        /// The tile that was not changed.
        path: TilePath,
        /// The entries.
        entries: Range<u64>,
    },
    /// A tile was changed.
    #[error("{path} was changed: it does not hold what entries {} make", shown(entries))]
    Tile {
        /// The tile.
        path: TilePath,
        /// The entries.
        entries: Range<u64>,
    },
    /// A part of the log is gone.
    #[error("{place} is gone, and with it what it holds of entries {}", shown(entries))]
    Missing {
        /// The part.
        place: Place,
        /// The entries.
        entries: Range<u64>,
    },
    /// The entries are another tree than the checkpoint's.
    #[error("the {size} entries and their tiles make another root than that of the checkpoint")]
    Root {
        /// The size of the checkpoint.
        size: u64,
    },
}

impl Finding {
    /// The code of its kind.
    pub fn code(&self) -> Code {
        match self {
            Finding::Checkpoint(_) => Code::LogCheckpointInvalid,
            Finding::Witnesses(_) => Code::LogWitnessesLacking,
            Finding::Rewound { .. } => Code::LogRewound,
            Finding::Forked { .. } => Code::LogForked,
            Finding::Entry { .. } | Finding::Bundle { .. } | Finding::Replaced { .. } => Code::LogEntryChanged,
            Finding::Tile { .. } => Code::LogTileChanged,
            Finding::Missing { .. } => Code::LogPartMissing,
            Finding::Root { .. } => Code::LogRootDiffers,
        }
    }
}

/// The entries of a bundle.
pub fn entries_of(path: &BundlePath) -> Range<u64> {
    let first = path.index().saturating_mul(FULL.into());
    first..first.saturating_add(path.width().into())
}

/// The entries below a tile.
pub fn entries_below(path: &TilePath) -> Range<u64> {
    let each = 1_u64.checked_shl(8 * u32::from(path.level())).unwrap_or(u64::MAX);
    let first = path.index().saturating_mul(FULL.into());
    first.saturating_mul(each)..first.saturating_add(path.width().into()).saturating_mul(each)
}

fn shown(entries: &Range<u64>) -> String {
    match entries.end.saturating_sub(1) {
        last if last == entries.start => last.to_string(),
        last => format!("{} to {last}", entries.start),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tile_says_which_entries_it_covers() {
        let below = |level, index, width| entries_below(&TilePath::new(level, index, width).unwrap());
        assert_eq!(below(0, 3, 16), 768..784);
        assert_eq!(below(1, 2, 2), 131_072..131_584);
        assert_eq!(below(63, u64::MAX, 256), u64::MAX..u64::MAX);
        assert_eq!(shown(&(5..6)), "5");
        assert_eq!(shown(&(0..256)), "0 to 255");
    }
}
