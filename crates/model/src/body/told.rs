//! A claim on its way: known, not applicable or unknown, without the places that were read, which change no verdict.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::claim::{Claim, Reason};

/// What is told of one claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "status", rename_all = "kebab-case")]
#[schemars(rename = "Told{T}")]
pub enum Told<T> {
    /// The probe read what it needed.
    Known {
        /// What it read.
        value: T,
    },
    /// The question does not arise on this device.
    NotApplicable {
        /// Why not.
        reason: Reason,
    },
    /// The probe could not tell. Never a pass.
    Unknown {
        /// Why not.
        reason: Reason,
        /// What was seen all the same.
        #[serde(skip_serializing_if = "Option::is_none")]
        seen: Option<T>,
    },
}

impl<T> Told<T> {
    /// What was read, whether or not it is enough to judge by.
    pub fn seen(&self) -> Option<&T> {
        match self {
            Told::Known { value } => Some(value),
            Told::Unknown { seen, .. } => seen.as_ref(),
            Told::NotApplicable { .. } => None,
        }
    }

    /// The reason, unless the claim is known.
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Told::Known { .. } => None,
            Told::NotApplicable { reason } | Told::Unknown { reason, .. } => Some(*reason),
        }
    }

    /// What is told of a claim; a value that cannot be told makes it unknown.
    pub(super) fn of<V>(claim: &Claim<V>, tell: impl FnOnce(&V) -> Result<T, Reason>) -> Told<T> {
        match claim {
            Claim::Known { value, .. } => match tell(value) {
                Ok(value) => Told::Known { value },
                Err(reason) => Told::Unknown { reason, seen: None },
            },
            Claim::NotApplicable { reason, .. } => Told::NotApplicable { reason: *reason },
            Claim::Unknown { reason, seen, .. } => {
                Told::Unknown { reason: *reason, seen: seen.as_ref().and_then(|value| tell(value).ok()) }
            }
        }
    }

    /// This, without what was seen of an unknown claim.
    pub(super) fn judged(self) -> Told<T> {
        match self {
            Told::Unknown { reason, .. } => Told::Unknown { reason, seen: None },
            told => told,
        }
    }

    /// The claim that this tells of.
    pub(super) fn claim<V>(&self, home: impl FnOnce(&T) -> V) -> Claim<V> {
        match self {
            Told::Known { value } => Claim::Known { value: home(value), read: Vec::new() },
            Told::NotApplicable { reason } => Claim::NotApplicable { reason: *reason, read: Vec::new() },
            Told::Unknown { reason, seen } => {
                Claim::Unknown { reason: *reason, read: Vec::new(), seen: seen.as_ref().map(home) }
            }
        }
    }
}
