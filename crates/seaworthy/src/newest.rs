//! The newest instant at which a trusted key is known to have signed: it is later now, whatever the clock says.
//!
//! A checker's own clock proves nothing, so not the time of a check is kept but when the newest stamp was issued.

use std::cell::Cell;

use seaworthy_inspect::StateDirectory;
use seaworthy_model::Timestamp;
use seaworthy_stamp::CLOCK_TOLERANCE;
use serde::{Deserialize, Serialize};

const FILE: &str = "newest-stamp.json";

/// What the checks before this one have seen.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Newest {
    issued: Cell<Option<Timestamp>>,
    /// This run has seen a newer one.
    #[serde(skip)]
    is_news: Cell<bool>,
}

impl Newest {
    /// Reads it; without a state directory nothing is known.
    pub fn load(state: &StateDirectory) -> Newest {
        state.read_json(FILE).unwrap_or_default()
    }

    /// No honest clock stands before this.
    pub fn floor(&self) -> Option<Timestamp> {
        self.issued.get().map(floor_of)
    }

    /// Takes in when a stamp was issued that a trusted key signed. One from the future tells of a wrong clock, or of a
    /// wrong issuer, and is no proof.
    pub fn see(&self, issued: Timestamp, now: Timestamp) {
        if issued <= now + CLOCK_TOLERANCE && Some(issued) > self.issued.get() {
            self.issued.set(Some(issued));
            self.is_news.set(true);
        }
    }

    /// Keeps it, if it is newer than what was loaded. A checker that can write nothing checks all the same.
    pub fn keep(&self, state: &StateDirectory) {
        if self.is_news.get()
            && let Ok(bytes) = serde_json::to_vec(self)
        {
            let _ = state.write_lightly(FILE, &bytes);
        }
    }
}

/// No honest clock stands before this, once something is known to have been signed at an instant.
pub fn floor_of(signed: Timestamp) -> Timestamp {
    signed - CLOCK_TOLERANCE
}
