//! Whom a monitor believes: the log's key that it was given, and the witnesses of a policy.

use seaworthy_tlog::{Checkpoint, Note, Policy, Refusal, VerifierKey};

use super::finding::Finding;

/// A key and perhaps a policy.
#[derive(Debug)]
pub struct Trust {
    /// The key of the log; its name is the log's.
    pub key: VerifierKey,
    /// Which witnesses must have cosigned.
    pub policy: Option<Policy>,
}

impl Trust {
    /// The checkpoint that a note is.
    pub fn check(&self, note: &[u8]) -> Result<Checkpoint, Finding> {
        let (note, checkpoint) = self.signed(note).map_err(Finding::Checkpoint)?;
        match self.policy.as_ref().map(|policy| policy.check(&note)) {
            None | Some(Ok(_)) => Ok(checkpoint),
            Some(Err(lacking @ Refusal::Quorum(_))) => Err(Finding::Witnesses(lacking.to_string())),
            Some(Err(refusal)) => Err(Finding::Checkpoint(refusal.to_string())),
        }
    }

    /// The same, whoever witnessed it.
    pub fn signed(&self, note: &[u8]) -> Result<(Note, Checkpoint), String> {
        let note = Note::parse(note).map_err(|fault| fault.to_string())?;
        let signed = note.signed_by(&self.key).map_err(|fault| fault.to_string())?;
        signed.ok_or_else(|| format!("it is not signed by the key of {}", self.key.name()))?;
        let checkpoint: Checkpoint = note.text().parse().map_err(|fault| format!("{fault}"))?;
        let is_own = checkpoint.origin == self.key.name();
        if is_own { Ok((note, checkpoint)) } else { Err("it bears the name of another log".to_owned()) }
    }
}
