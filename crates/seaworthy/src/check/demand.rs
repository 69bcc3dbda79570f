//! What `--log-policy` demands: that the stamp is in a log, and that witnesses saw it there.

use std::borrow::Cow;
use std::fs::File;
use std::path::Path;

use seaworthy_model::Code;
use seaworthy_protocol::{LeafKind, Proven, prove};
use seaworthy_stamp::{Carried, Kind, Refusal, cose, dangerous_unverified_stamp};
use seaworthy_tlog::{LogProof, MAX_POLICY, MAX_PROOF_FILE, Policy};

use super::sources::read_up_to;
use crate::failure::Failure;

/// A policy, and the proof that is to satisfy it.
pub struct Demand {
    policy: Policy,
    /// None where there is no proof; as a refusal where it is none.
    proof: Result<LogProof, Refusal>,
}

impl Demand {
    /// Reads the files; none without a policy.
    pub fn read(policy: Option<&Path>, proof: Option<&Path>) -> Result<Option<Demand>, Failure> {
        let Some(policy) = policy else { return Ok(None) };
        let proof = match proof {
            Some(path) => read_proof(path)?,
            None => Err(Refusal::new(Code::LogProofMissing, None)),
        };
        Ok(Some(Demand { policy: read_policy(policy)?, proof }))
    }

    /// The policy alone, for what brings its proofs along.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Proves the stamp that is carried, by itself or in a presentation.
    pub fn prove(&self, carried: &Carried) -> Result<Proven, Refusal> {
        let proof = self.proof.as_ref().map_err(Clone::clone)?;
        let record = cose::Message::read(&stamp(carried)?)?.to_be_signed();
        let proven = prove(LeafKind::Stamp, &record, proof, &self.policy);
        let proven = proven.map_err(|error| Refusal::new(error.code(), error.to_string()))?;
        match carried.index.filter(|index| index.number() != proven.index) {
            Some(other) => {
                let found = format!("{other}, and the proof is of entry {}", proven.index);
                Err(Refusal::new(Code::StampLogIndex, found))
            }
            None => Ok(proven),
        }
    }
}

fn stamp(carried: &Carried) -> Result<Cow<'_, [u8]>, Refusal> {
    match carried.kind {
        Kind::Stamp => Ok(Cow::Borrowed(&carried.bytes)),
        Kind::Presentation => dangerous_unverified_stamp(&carried.bytes).map(Cow::Owned),
    }
}

fn read_policy(path: &Path) -> Result<Policy, Failure> {
    let broken =
        |error: &dyn std::error::Error| Failure::new(Code::LogPolicyBroken, format!("{}: {error}", path.display()));
    let bytes =
        File::open(path).and_then(|mut file| read_up_to(&mut file, MAX_POLICY)).map_err(|error| broken(&error))?;
    Policy::parse(&bytes).map_err(|fault| broken(&fault))
}

/// What cannot be read is a mistake of the command line; what is no proof proves nothing.
fn read_proof(path: &Path) -> Result<Result<LogProof, Refusal>, Failure> {
    let unreadable = |error| Failure::new(Code::InputUnreadable, format!("{}: {error}", path.display()));
    let bytes = File::open(path).and_then(|mut file| read_up_to(&mut file, MAX_PROOF_FILE)).map_err(unreadable)?;
    Ok(LogProof::parse(&bytes).map_err(|fault| Refusal::new(Code::LogProofMalformed, fault.to_string())))
}
