//! Who else vouches that a log only grows. The contract that every way of asking witnesses MUST keep:
//!
//! - All witnesses are asked, at once, and each answer is the outcome of one of them. A witness that is slow or away costs
//!   a bounded time, and changes nothing of what the others say.
//! - A cosignature is handed on only once it was verified: by the witness's key, over this very checkpoint.
//! - Asking again is harmless: a witness cosigns the same checkpoint as often as it is asked.

use seaworthy_tlog::{Hash, Note, Signature};

use super::Fault;

/// Makes the proof that the checkpoint in question continues the tree of an older size.
pub type Prove<'a> = dyn Fn(u64) -> Result<Vec<Hash>, Fault> + Sync + 'a;

/// Witnesses of a log.
pub trait Witnesses: Send + Sync {
    /// Asks all of them to cosign a checkpoint that the log signed. Empty where there are none.
    fn cosign(&self, checkpoint: &Note, prove: &Prove<'_>) -> Vec<Outcome>;
}

/// What asking one witness came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It cosigned.
    Cosigned {
        /// Its name.
        witness: String,
        /// Its signature, verified.
        cosignature: Signature,
    },
    /// It has cosigned a larger tree than this one: we are behind, and must not sign anything new before we have caught up.
    Behind {
        /// Its name.
        witness: String,
        /// The size that it cosigned.
        size: u64,
    },
    /// It did not answer, or not as a witness does: worth another try later.
    Unreachable {
        /// Its name.
        witness: String,
        /// Why.
        why: String,
    },
    /// It will not cosign this: it does not know the log, or holds another tree.
    Refused {
        /// Its name.
        witness: String,
        /// Why.
        why: String,
    },
}
