//! Signing answers, once what they answer is durable.

use std::sync::Arc;

use seaworthy_model::Appraisal;
use seaworthy_protocol::{Leaf, Octets, seal};
use seaworthy_stamp::{SigningKey, Unsigned};

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
    /// What opens the stamp's entry in the log.
    pub leaf: Option<Leaf>,
    /// The sealed policy document in force, where the holder agreed to another one.
    pub policy: Option<Octets>,
}

/// Signs the answer to a report with the organisation's key. A stamp is signed by the key that it names: that may be one
/// of the `earlier` ones, where the key was changed since the stamp was drafted. Without that key there is no stamp.
pub fn answer(
    taken: &Taken,
    key: &SigningKey,
    mut earlier: impl Iterator<Item = Arc<SigningKey>>,
) -> Result<Answer, Error> {
    let acknowledgement = seal(&taken.acknowledgement, key).map_err(|error| Error::damaged(error.to_string()))?;
    let mut sign = |stamp: &Unsigned| stamp.sign(key).or_else(|| earlier.find_map(|key| stamp.sign(&key)));
    let stamp = taken.stamp.as_ref().and_then(&mut sign);
    Ok(Answer {
        acknowledgement: acknowledgement.into(),
        appraisal: taken.appraisal.as_ref().and_then(|(shared, inspected_at)| shared.at(*inspected_at)),
        leaf: taken.leaf.filter(|_| stamp.is_some()),
        stamp: stamp.map(|stamp| stamp.cbor().to_vec().into()),
        policy: taken.policy.as_ref().map(|document| document.record.sealed.clone().into()),
    })
}
