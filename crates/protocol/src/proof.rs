//! Proofs that a record is in the log (`docs/spec/proof.md`): a proof of tlog-proof, whose extra line opens the entry.
//! Whoever has the record and a policy needs nothing else.

use seaworthy_model::{Code, Timestamp};
use seaworthy_tlog::{Accepted, LogProof, Policy, ProofFault, Refusal, Unproved};

use crate::leaf::{LeafKind, LogEntry, Salt};

/// Version of the extra line.
const VERSION: u8 = 1;
/// Its bytes: version, number of the kind, salt.
const LENGTH: usize = 34;

/// A record that is proved to be in a log. Only [`prove`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// The log's name.
    pub origin: String,
    /// The index of the record's entry.
    pub index: u64,
    /// How many entries the log had at the checkpoint.
    pub size: u64,
    /// The witnesses of the policy that saw the checkpoint.
    pub witnesses: Vec<Witnessed>,
}

/// A witness that saw a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witnessed {
    /// Its name within the policy.
    pub name: String,
    /// When it did: no honest clock stands before it.
    pub at: Timestamp,
}

impl Proven {
    /// When a witness saw it last, if one did.
    pub fn newest(&self) -> Option<Timestamp> {
        self.witnesses.iter().map(|witness| witness.at).max()
    }
}

/// Why a record is not proved to be in a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The extra line does not open an entry of ours.
    #[error("its extra line does not open an entry")]
    Extra,
    /// It is of a record of another kind.
    #[error("it is of a record of the kind {0}")]
    Kind(LeafKind),
    /// The record's entry does not lead to the root.
    #[error(transparent)]
    NotThere(ProofFault),
    /// The policy refuses the checkpoint.
    #[error(transparent)]
    Checkpoint(Refusal),
}

impl ProofError {
    /// The code of the catalogue.
    pub const fn code(&self) -> Code {
        match self {
            ProofError::Extra => Code::LogProofMalformed,
            ProofError::Kind(_) | ProofError::NotThere(_) => Code::LogProofOther,
            ProofError::Checkpoint(_) => Code::LogCheckpoint,
        }
    }
}

/// What the extra line of a record's proof holds.
pub fn extra(kind: LeafKind, salt: &Salt) -> Vec<u8> {
    [&[VERSION, kind.number()], salt.as_bytes().as_slice()].concat()
}

/// Checks that a record is in a log that the policy accepts.
pub fn prove(kind: LeafKind, record: &[u8], proof: &LogProof, policy: &Policy) -> Result<Proven, ProofError> {
    let (stated, salt) = proof.extra.as_deref().and_then(opened).ok_or(ProofError::Extra)?;
    if stated != kind {
        return Err(ProofError::Kind(stated));
    }
    let entry = LogEntry::of(kind, &salt, record);
    let accepted = proof.verify(entry.as_bytes(), policy).map_err(|error| match error {
        Unproved::Policy(refusal) => ProofError::Checkpoint(refusal),
        Unproved::Inclusion(fault) => ProofError::NotThere(fault),
    })?;
    Ok(witnessed(accepted, proof.index))
}

fn opened(extra: &[u8]) -> Option<(LeafKind, Salt)> {
    let extra: &[u8; LENGTH] = extra.try_into().ok()?;
    let ([version, kind], salt) = extra.split_first_chunk()?;
    let salt = Salt::from_bytes(salt.try_into().ok()?);
    if *version == VERSION { Some((LeafKind::of_number(*kind)?, salt)) } else { None }
}

/// What a policy accepted, with the index of the entry that was asked about.
pub(crate) fn witnessed(accepted: Accepted, index: u64) -> Proven {
    let at = |seconds| Timestamp::from_seconds(i64::try_from(seconds).unwrap_or(i64::MAX));
    let witnesses = accepted.cosigned.into_iter().map(|seen| Witnessed { name: seen.witness, at: at(seen.time) });
    let witnesses = witnesses.collect();
    Proven { origin: accepted.checkpoint.origin, index, size: accepted.checkpoint.size, witnesses }
}
