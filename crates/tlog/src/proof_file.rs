//! Proofs as files (<https://c2sp.org/tlog-proof>): an index, the hashes up to the root, and the checkpoint with its
//! cosignatures. Whoever holds the entry and a policy checks them with no network.

use std::fmt;

use data_encoding::BASE64;

use crate::hash::Hash;
use crate::line::{base64, decimal, hashes, split_head};
use crate::note::{MAX_NOTE, Note, NoteFault};
use crate::policy::{Accepted, Policy, Refusal};
use crate::proof::{ProofFault, verify_inclusion};

/// The first line of a proof.
pub const PROOF_HEADER: &str = "c2sp.org/tlog-proof@v1";
/// Longest proof in bytes.
pub const MAX_PROOF_FILE: usize = MAX_NOTE + (128 << 10);

/// Why a text is no proof.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofFileFault {
    /// It is longer than [`MAX_PROOF_FILE`].
    #[error("the proof has {0} bytes; at most {MAX_PROOF_FILE} are read")]
    TooLarge(usize),
    /// The lines before the checkpoint are not those of a proof.
    #[error("not a proof: it begins with {PROOF_HEADER}, an index and hashes, then an empty line and a checkpoint")]
    Form,
    /// What follows is no note.
    #[error(transparent)]
    Note(#[from] NoteFault),
}

/// Why a proof does not prove that an entry is in a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unproved {
    /// The policy refuses the checkpoint.
    #[error(transparent)]
    Policy(#[from] Refusal),
    /// The hashes do not lead from the entry to the root.
    #[error(transparent)]
    Inclusion(#[from] ProofFault),
}

/// A proof that an entry is in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogProof {
    /// Bytes for the application; nobody signed them.
    pub extra: Option<Vec<u8>>,
    /// Index of the entry.
    pub index: u64,
    /// Hashes from the leaf's sibling up.
    pub hashes: Vec<Hash>,
    /// The checkpoint with its signatures.
    pub note: Note,
}

impl LogProof {
    /// Reads a proof. Nothing in it is believed yet.
    pub fn parse(bytes: &[u8]) -> Result<LogProof, ProofFileFault> {
        if bytes.len() > MAX_PROOF_FILE {
            return Err(ProofFileFault::TooLarge(bytes.len()));
        }
        let (head, note) = split_head(bytes).ok_or(ProofFileFault::Form)?;
        let (extra, index, hashes) = parse_head(head).ok_or(ProofFileFault::Form)?;
        Ok(LogProof { extra, index, hashes, note: Note::parse(note)? })
    }

    /// Checks that an entry is in a log that the policy accepts.
    pub fn verify(&self, entry: &[u8], policy: &Policy) -> Result<Accepted, Unproved> {
        let accepted = policy.check(&self.note)?;
        let checkpoint = &accepted.checkpoint;
        verify_inclusion(&Hash::leaf(entry), self.index, checkpoint.size, &checkpoint.root, &self.hashes)?;
        Ok(accepted)
    }
}

type Head = (Option<Vec<u8>>, u64, Vec<Hash>);

fn parse_head(head: &str) -> Option<Head> {
    let mut lines = head.split('\n').peekable();
    if lines.next() != Some(PROOF_HEADER) {
        return None;
    }
    let extra = lines.next_if(|line| line.starts_with("extra "));
    let extra = match extra {
        Some(line) => Some(base64(line.strip_prefix("extra ")?)?),
        None => None,
    };
    let index = decimal(lines.next()?.strip_prefix("index ")?)?;
    Some((extra, index, hashes(lines)?))
}

/// The proof as it is stored.
impl fmt::Display for LogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{PROOF_HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", BASE64.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.note)
    }
}
