//! What was used: an answer to a challenge proves somebody's presence once.
//!
//! Marks are only kept of answers that were verified, so that nobody without a credential can fill the room. What holds
//! where: with a key of its own, a process opens its own tokens alone, and its own marks are all there can be. Replicas
//! that share a [`super::Sealer`]'s key must also keep the marks in their common store, in the transaction that makes
//! the session. After a restart with a new key no older token opens.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use seaworthy_model::Timestamp;
use seaworthy_protocol::Digest;

use super::{Refusal, Why};

/// Most marks that are kept at once: 200 sign-ins a second for five minutes.
const ROOM: usize = 60_000;

/// By which it is known that something was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// SHA-256 of the ceremony's token.
    pub digest: Digest,
    /// From when on the token is worth nothing, and the mark can go.
    pub until: Timestamp,
}

/// The marks that this process keeps.
#[derive(Debug)]
pub struct Spent {
    room: usize,
    marks: Mutex<HashMap<Digest, Timestamp>>,
}

impl Default for Spent {
    fn default() -> Spent {
        Spent { room: ROOM, marks: Mutex::default() }
    }
}

impl Spent {
    /// Uses something up. Of two that come at once, one is refused.
    pub(crate) fn spend(&self, mark: Mark, at: Timestamp) -> Result<(), Refusal> {
        let mut marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        if marks.contains_key(&mark.digest) {
            return Err(Refusal::Unproven(Why::Spent));
        }
        if marks.len() >= self.room {
            marks.retain(|_, until| *until > at);
        }
        if marks.len() >= self.room {
            return Err(Refusal::Busy);
        }
        marks.insert(mark.digest, mark.until);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once_and_within_the_room() {
        let at = Timestamp::from_seconds(1_700_000_000);
        let mark = |name: &[u8], seconds| Mark { digest: Digest::of(name), until: at + seconds };
        let spent = Spent { room: 2, ..Spent::default() };
        assert_eq!(spent.spend(mark(b"a", 10), at), Ok(()));
        assert_eq!(spent.spend(mark(b"a", 10), at), Err(Refusal::Unproven(Why::Spent)));
        assert_eq!(spent.spend(mark(b"b", 20), at), Ok(()));
        assert_eq!(spent.spend(mark(b"c", 20), at), Err(Refusal::Busy), "live marks are never dropped");
        assert_eq!(spent.spend(mark(b"c", 20), at + 10), Ok(()), "the first has ended");
        assert_eq!(spent.spend(mark(b"b", 20), at + 10), Err(Refusal::Unproven(Why::Spent)));
    }
}
