//! Policies (<https://c2sp.org/tlog-policy>): which logs are known, and which witnesses must have cosigned a checkpoint.

use crate::checkpoint::{Checkpoint, CheckpointFault};
use crate::key::VerifierKey;
use crate::note::{Note, NoteFault};

mod parse;

pub use parse::{MAX_POLICY, PolicyFault, Reason};

/// A policy, which accepts or refuses checkpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<PolicyLog>,
    witnesses: Vec<PolicyWitness>,
    /// Each has members that stand before it, so that there are no circles.
    groups: Vec<Group>,
    quorum: Option<Member>,
}

/// A log of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyLog {
    /// Its key; the key's name is the origin of its checkpoints.
    pub key: VerifierKey,
    /// Where it is found.
    pub url: Option<String>,
}

/// A witness of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyWitness {
    /// Its name within the policy.
    pub name: String,
    /// Its key.
    pub key: VerifierKey,
    /// Where it takes checkpoints.
    pub url: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    Witness(usize),
    Group(usize),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    threshold: usize,
    members: Vec<Member>,
}

/// Why a policy refuses a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The text of the note is no checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointFault),
    /// A signature is forged.
    #[error(transparent)]
    Note(#[from] NoteFault),
    /// The policy knows no log of this origin.
    #[error("the policy knows no log {0}")]
    UnknownLog(String),
    /// No key of the log signed the checkpoint.
    #[error("no key that the policy has for {0} signed its checkpoint")]
    Unsigned(String),
    /// Too few witnesses cosigned it.
    #[error("the checkpoint lacks the witnesses that the policy asks for; it has {}", listed(.0))]
    Quorum(Vec<String>),
}

fn listed(witnesses: &[String]) -> String {
    if witnesses.is_empty() { "none".to_owned() } else { witnesses.join(", ") }
}

/// A witness that cosigned a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosigned {
    /// Its name within the policy.
    pub witness: String,
    /// When it did, in seconds since 1970: no honest clock stands before it.
    pub time: u64,
}

/// A checkpoint that a policy accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// All witnesses of the policy that cosigned it.
    pub cosigned: Vec<Cosigned>,
}

impl Policy {
    /// The logs that it knows.
    pub fn logs(&self) -> &[PolicyLog] {
        &self.logs
    }

    /// The witnesses that it knows.
    pub fn witnesses(&self) -> &[PolicyWitness] {
        &self.witnesses
    }

    /// The same policy for one log: it is added to a policy that names none, and must be named by any other.
    pub fn of_log(&self, key: &VerifierKey) -> Result<Policy, Refusal> {
        let mut policy = self.clone();
        if policy.logs.is_empty() {
            policy.logs.push(PolicyLog { key: key.clone(), url: None });
        }
        policy.logs.retain(|log| log.key == *key);
        if policy.logs.is_empty() { Err(Refusal::UnknownLog(key.name().to_owned())) } else { Ok(policy) }
    }

    /// How many witnesses have cosigned what it accepts, at least.
    pub fn least(&self) -> usize {
        let mut groups: Vec<usize> = Vec::with_capacity(self.groups.len());
        for group in &self.groups {
            let mut members: Vec<usize> = group.members.iter().map(|member| least(*member, &groups)).collect();
            members.sort_unstable();
            groups.push(members.iter().take(group.threshold).sum());
        }
        self.quorum.map_or(0, |quorum| least(quorum, &groups))
    }

    /// Whether it asks for witnesses at all.
    pub const fn asks_for_witnesses(&self) -> bool {
        self.quorum.is_some()
    }

    /// Whether some of the witnesses are enough by themselves.
    pub fn is_met_by(&self, is_one: impl Fn(&PolicyWitness) -> bool) -> bool {
        self.has_quorum(|index| self.witnesses.get(index).is_some_and(&is_one))
    }

    /// Accepts a checkpoint that a known log signed and enough witnesses cosigned.
    pub fn check(&self, note: &Note) -> Result<Accepted, Refusal> {
        let checkpoint: Checkpoint = note.text().parse()?;
        self.check_log(note, &checkpoint.origin)?;
        let mut times = Vec::with_capacity(self.witnesses.len());
        for witness in &self.witnesses {
            times.push(note.signed_by(&witness.key)?.and_then(|seal| seal.time));
        }
        let cosigned: Vec<Cosigned> = (self.witnesses.iter().zip(&times))
            .filter_map(|(witness, time)| Some(Cosigned { witness: witness.name.clone(), time: (*time)? }))
            .collect();
        if !self.has_quorum(|index| times.get(index).is_some_and(Option::is_some)) {
            return Err(Refusal::Quorum(cosigned.into_iter().map(|cosigned| cosigned.witness).collect()));
        }
        Ok(Accepted { checkpoint, cosigned })
    }

    fn check_log(&self, note: &Note, origin: &str) -> Result<(), Refusal> {
        let (mut known, mut signed) = (false, false);
        for log in self.logs.iter().filter(|log| log.key.name() == origin) {
            known = true;
            signed |= note.signed_by(&log.key)?.is_some();
        }
        match (known, signed) {
            (_, true) => Ok(()),
            (true, false) => Err(Refusal::Unsigned(origin.to_owned())),
            (false, false) => Err(Refusal::UnknownLog(origin.to_owned())),
        }
    }

    fn has_quorum(&self, has: impl Fn(usize) -> bool) -> bool {
        let mut groups: Vec<bool> = Vec::with_capacity(self.groups.len());
        for group in &self.groups {
            let count = group.members.iter().filter(|member| counts(**member, &has, &groups)).count();
            groups.push(count >= group.threshold);
        }
        self.quorum.is_none_or(|quorum| counts(quorum, &has, &groups))
    }
}

fn least(member: Member, groups: &[usize]) -> usize {
    match member {
        Member::Witness(_) => 1,
        Member::Group(index) => groups.get(index).copied().unwrap_or(0),
    }
}

fn counts(member: Member, has: impl Fn(usize) -> bool, groups: &[bool]) -> bool {
    match member {
        Member::Witness(index) => has(index),
        Member::Group(index) => groups.get(index).is_some_and(|counts| *counts),
    }
}
