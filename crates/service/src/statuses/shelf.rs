//! Lists as they are served: made and signed when somebody asks, and kept in memory until a stamp is revoked, a decoy turns
//! or half a day is over. Every replica signs for itself; what they sign says the same.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use seaworthy_model::{Code, Timestamp};
use seaworthy_stamp::{SigningKey, StatusList, Statuses};

use super::{Decoys, Permutation};
use crate::error::Error;
use crate::id::Id;
use crate::ports::{Records, Revocation, STATUS_PLACES, StatusListRecord};

/// Bits of each status.
const BITS: u8 = 2;
/// The status of a stamp that was revoked for good.
const REVOKED: u8 = 1;
/// For how long a signed list tells anything.
pub const LIST_LIFE_SECONDS: i64 = 24 * 3600;
/// After how long it is signed anew though nothing was revoked.
pub const SIGNED_ANEW_SECONDS: i64 = 12 * 3600;
/// For how long whoever has one need not ask again.
pub const FRESH_SECONDS: u32 = 300;

/// What a list says: of these revocations, and of the decoys that have turned.
pub fn compose(revocations: &[Revocation], decoys: &Decoys, at: Timestamp) -> Result<Statuses, Error> {
    let places = usize::try_from(STATUS_PLACES).ok().and_then(|places| Statuses::valid(BITS, places));
    let mut statuses = places.ok_or_else(|| Error::refused(Code::Bug))?;
    let revoked = revocations.iter().map(|revocation| revocation.status.place);
    for place in revoked.chain(decoys.turned(at)) {
        statuses.set(place.into(), REVOKED);
    }
    Ok(statuses)
}

/// A list as it was signed.
#[derive(Clone, Debug)]
pub struct ShelfList {
    /// Its bytes.
    pub bytes: Vec<u8>,
    signed_at: Timestamp,
    revocations: u32,
    decoys: usize,
}

/// A list that somebody has asked for.
#[derive(Clone)]
struct Known {
    record: Arc<StatusListRecord>,
    decoys: Arc<Decoys>,
    signed: Option<Arc<ShelfList>>,
}

impl Known {
    fn load(records: &mut dyn Records, organisation: Id, number: u32) -> Result<Known, Error> {
        let lists = records.status_lists(organisation)?;
        let record = lists.into_iter().find(|list| list.number == number);
        let record = record.ok_or_else(|| Error::refused_for(Code::NotFound, "there is no such status list"))?;
        let decoys = Decoys::of(&record, &Permutation::of(&record.seed));
        Ok(Known { record: Arc::new(record), decoys: Arc::new(decoys), signed: None })
    }

    /// The list that was signed last, if it still says what is so.
    fn current(&self, revocations: u32, at: Timestamp) -> Option<&Arc<ShelfList>> {
        let is_young = |list: &ShelfList| list.signed_at <= at && at < list.signed_at + SIGNED_ANEW_SECONDS;
        let is_same = |list: &ShelfList| list.revocations == revocations && list.decoys == self.decoys.turned(at).len();
        self.signed.as_ref().filter(|list| is_young(list) && is_same(list))
    }

    fn sign(&self, records: &mut dyn Records, key: &SigningKey, at: Timestamp) -> Result<ShelfList, Error> {
        let revocations = records.revocations(self.record.organisation, self.record.number)?;
        let list = StatusList {
            address: self.record.address.clone(),
            issued: at,
            expires: at + LIST_LIFE_SECONDS,
            ttl: Some(FRESH_SECONDS),
            statuses: compose(&revocations, &self.decoys, at)?,
        };
        Ok(ShelfList {
            bytes: list.sign(key),
            signed_at: at,
            revocations: u32::try_from(revocations.len()).unwrap_or(u32::MAX),
            decoys: self.decoys.turned(at).len(),
        })
    }
}

/// The lists of this process.
#[derive(Default)]
pub struct Shelf {
    known: Mutex<HashMap<(Id, u32), Known>>,
}

impl Shelf {
    /// The list of a number as it is now, signed by the key that is the organisation's for lists.
    pub fn list(
        &self,
        records: &mut dyn Records,
        organisation: Id,
        number: u32,
        key: &SigningKey,
        at: Timestamp,
    ) -> Result<Arc<ShelfList>, Error> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&(organisation, number)).cloned();
        let mut known = known.map_or_else(|| Known::load(records, organisation, number), Ok)?;
        let revocations = records.count_revocations(organisation, number)?;
        if let Some(list) = known.current(revocations, at) {
            return Ok(Arc::clone(list));
        }
        let signed = Arc::new(known.sign(records, key, at)?);
        known.signed = Some(Arc::clone(&signed));
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert((organisation, number), known);
        Ok(signed)
    }
}

#[cfg(test)]
mod tests {
    use seaworthy_protocol::{Digest, RevocationReason};

    use super::*;
    use crate::ports::StatusPlace;

    #[test]
    fn a_full_list_of_which_one_in_a_hundred_is_revoked_fits_into_20_kb_with_all_decoys() {
        let opened_at = Timestamp::from_seconds(1_800_000_000);
        let organisation = Id::from_bytes([1; 16]);
        let address = "https://example.org/status/0123456789abcdef/0".to_owned();
        let record = StatusListRecord { organisation, number: 0, address, seed: [7; 32], handed_out: 0, opened_at };
        let permutation = Permutation::of(&record.seed);
        let revocation = |place| Revocation {
            organisation,
            status: StatusPlace { list: 0, place },
            address: record.address.clone(),
            stamp: organisation,
            device: Digest::ZERO,
            reason: RevocationReason::Lost,
            at: opened_at,
            leaf: None,
        };
        let places = (0..STATUS_PLACES / 100).filter_map(|counter| permutation.place(counter * 80));
        let revocations: Vec<Revocation> = places.map(revocation).collect();
        let (decoys, at) = (Decoys::of(&record, &permutation), opened_at.plus_days(4_000));
        let statuses = compose(&revocations, &decoys, at).unwrap();
        let revoked = (0..u64::from(STATUS_PLACES)).filter(|place| statuses.at(*place) == Some(REVOKED)).count();
        assert_eq!(revoked, revocations.len() + decoys.turned(at).len());
        let list = StatusList { address: record.address.clone(), issued: at, expires: at, ttl: Some(1), statuses };
        let size = list.sign(&SigningKey::from_seed(&[1; 32]).unwrap()).len();
        assert!(size < 20_000, "{size} bytes");
    }
}
