//! Signing answers, once what they answer is durable.

use seaworthy_model::{Appraisal, Grade, Subject};
use seaworthy_protocol::{Octets, seal};
use seaworthy_stamp::{Particulars, SigningKey, issue};

use crate::error::Error;
use crate::intake::Taken;

/// What a device gets for a report.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The sealed acknowledgement.
    pub acknowledgement: Octets,
    /// What live evidence amounts to.
    pub appraisal: Option<Appraisal>,
    /// The stamp, where it passes.
    pub stamp: Option<Octets>,
    /// The sealed policy document in force, where the holder agreed to another one.
    pub policy: Option<Octets>,
}

/// Signs the answer to a report with the organisation's key.
pub fn answer(taken: &Taken, key: &SigningKey, build: &str) -> Result<Answer, Error> {
    let acknowledgement = seal(&taken.acknowledgement, key).map_err(|error| Error::damaged(error.to_string()))?;
    let appraisal = taken.appraisal.as_ref().and_then(|(shared, inspected_at)| shared.at(*inspected_at));
    let particulars =
        Particulars { subject: Subject::Device, grade: Grade::SelfAsserted, build: build.to_owned(), status: None };
    let stamp = taken.stamp.as_ref().map(|(passing, fresh)| issue(passing, &particulars, fresh, key)).transpose();
    let stamp = stamp.map_err(|error| Error::damaged(error.to_string()))?;
    Ok(Answer {
        acknowledgement: acknowledgement.into(),
        appraisal,
        stamp: stamp.map(|stamp| stamp.cbor().to_vec().into()),
        policy: taken.policy.as_ref().map(|document| document.record.sealed.clone().into()),
    })
}
