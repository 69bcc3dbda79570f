//! Status lists: which stamps were revoked. A Token Status List (draft-ietf-oauth-status-list-21) as CWT, in the one form
//! that all our messages have, signed by a key of its own. `docs/spec/status-list.md` has the CDDL.
//!
//! A stamp names its list and its place in it. Whoever checks brings the list; nothing is fetched here.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::bufread::ZlibDecoder;
use flate2::write::ZlibEncoder;
use seaworthy_model::{Code, Timestamp};

use crate::cbor::{Fault, Reader, Writer, check_form};
use crate::check::CLOCK_TOLERANCE;
use crate::claims::{EXPIRES, ISSUED, is_list_address};
use crate::cose::{self, Message};
use crate::key::SigningKey;
use crate::refusal::Refusal;

/// The `typ` of a list.
pub const STATUS_LIST_TYPE: &str = "application/statuslist+cwt";
/// Largest list that is looked at, in bytes; a million stamps of which half are revoked take 200 kB.
pub const MAX_STATUS_LIST: usize = 1 << 20;
/// Largest list when unpacked, in bytes.
const MAX_UNPACKED: usize = 4 << 20;

const ADDRESS: u64 = 2;
const LIST: u64 = 65_533;
const TTL: u64 = 65_534;

/// The statuses of a list, packed from the lowest bit of each byte up (§4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statuses {
    bits: u8,
    packed: Vec<u8>,
}

impl Statuses {
    /// So many places, all valid; `bits` for each, which is 1, 2, 4 or 8.
    pub fn valid(bits: u8, places: usize) -> Option<Statuses> {
        let per_byte = 8_usize.checked_div(usize::from(bits)).filter(|_| matches!(bits, 1 | 2 | 4 | 8))?;
        let length = places.div_ceil(per_byte);
        (length <= MAX_UNPACKED).then(|| Statuses { bits, packed: vec![0; length] })
    }

    /// Reads a compressed list. Longer than 4 MiB it is refused before it is unpacked.
    pub fn unpack(bits: u64, compressed: &[u8]) -> Result<Statuses, Refusal> {
        let bits = u8::try_from(bits).ok().filter(|bits| matches!(bits, 1 | 2 | 4 | 8));
        let bits = bits.ok_or_else(|| broken("bits are 1, 2, 4 or 8"))?;
        let mut decoder = ZlibDecoder::new(compressed);
        let mut packed = Vec::new();
        let read = decoder.by_ref().take(MAX_UNPACKED as u64 + 1).read_to_end(&mut packed);
        read.map_err(|error| broken(format!("lst is no zlib stream: {error}")))?;
        if packed.len() > MAX_UNPACKED {
            return Err(broken("lst unpacks to more than 4 MiB"));
        }
        if decoder.into_inner().is_empty() { Ok(Statuses { bits, packed }) } else { Err(broken("bytes follow lst")) }
    }

    /// The status at a place; none beyond the end.
    pub fn at(&self, place: u64) -> Option<u8> {
        let (byte, shift) = self.position(place)?;
        self.packed.get(byte).map(|byte| (byte >> shift) & self.mask())
    }

    /// Sets the status at a place, as far as the list reaches and the bits hold it. Whether they did.
    pub fn set(&mut self, place: u64, status: u8) -> bool {
        let mask = self.mask();
        let Some((byte, shift)) = self.position(place) else { return false };
        match self.packed.get_mut(byte) {
            Some(byte) if status <= mask => *byte = *byte & !(mask << shift) | status << shift,
            _ => return false,
        }
        true
    }

    /// The compressed list, as tightly as zlib packs it.
    fn compressed(&self) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        // A vector takes every write.
        let _ = encoder.write_all(&self.packed);
        encoder.finish().unwrap_or_default()
    }

    fn position(&self, place: u64) -> Option<(usize, u32)> {
        let per_byte = 8 / u64::from(self.bits);
        let shift = u32::try_from(place % per_byte).ok()? * u32::from(self.bits);
        Some((usize::try_from(place / per_byte).ok()?, shift))
    }

    fn mask(&self) -> u8 {
        u8::MAX >> (8 - self.bits)
    }
}

/// A list as it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusList {
    /// Its address, by which stamps name it.
    pub address: String,
    /// When it was made.
    pub issued: Timestamp,
    /// The first instant at which it tells nothing any more.
    pub expires: Timestamp,
    /// For so many seconds, whoever fetched it need not ask again. What a checker goes by is its end.
    pub ttl: Option<u32>,
    /// What it says.
    pub statuses: Statuses,
}

impl StatusList {
    /// Signs the list.
    pub fn sign(&self, key: &SigningKey) -> Vec<u8> {
        let lst = self.statuses.compressed();
        let mut w = Writer::with_capacity(lst.len() + 128);
        w.map(4 + u64::from(self.ttl.is_some())).unsigned(ADDRESS).text(&self.address);
        w.unsigned(EXPIRES).integer(self.expires.seconds());
        w.unsigned(ISSUED).integer(self.issued.seconds());
        w.unsigned(LIST).map(2).text("lst").byte_string(&lst).text("bits").unsigned(self.statuses.bits.into());
        if let Some(ttl) = self.ttl {
            w.unsigned(TTL).unsigned(ttl.into());
        }
        cose::sign(key, STATUS_LIST_TYPE, &w.into_bytes())
    }

    /// Takes a message apart that should be a list; nothing in it is believed yet.
    pub(crate) fn message(bytes: &[u8]) -> Result<Message<'_>, Refusal> {
        if bytes.len() > MAX_STATUS_LIST {
            return Err(broken("it is larger than 1 MiB"));
        }
        let message = Message::read(bytes).map_err(|refusal| broken(refusal.to_string()))?;
        message.demand(STATUS_LIST_TYPE).map_err(|refusal| broken(refusal.to_string()))?;
        Ok(message)
    }

    /// Reads what a trusted key signed.
    pub(crate) fn decode(payload: &[u8]) -> Result<StatusList, Refusal> {
        let read = || -> Result<Draft, Fault> {
            check_form(payload)?;
            Draft::read(&mut Reader::new(payload))
        };
        let Draft { address, issued, expires, list, ttl } =
            read().map_err(|fault| broken(Refusal::from(fault).to_string()))?;
        let (Some(address), Some(issued), Some(expires), Some((bits, lst))) = (address, issued, expires, list) else {
            return Err(broken("it lacks sub, iat, exp or its list"));
        };
        if !is_list_address(address) {
            return Err(broken("its address is not https://… (plain http for this machine alone)"));
        }
        let statuses = Statuses::unpack(bits, lst)?;
        Ok(StatusList { address: address.to_owned(), issued, expires, ttl, statuses })
    }

    /// Whether the list clears a place at an instant. What it revokes stays revoked when it has expired.
    pub(crate) fn clears(&self, place: u64, now: Timestamp) -> Result<(), Refusal> {
        let status = self.statuses.at(place);
        if status == Some(1) {
            return Err(Refusal::found(Code::StampRevoked, format!("by the list of {}", self.issued)));
        }
        if self.issued > now + CLOCK_TOLERANCE {
            let found = format!("it shows {now}, and the status list was made at {}", self.issued);
            return Err(Refusal::found(Code::ClockWrong, found));
        }
        if now >= self.expires {
            return Err(Refusal::found(Code::StatusListExpired, format!("ended {}", self.expires)));
        }
        match status {
            Some(0) => Ok(()),
            Some(2) => Err(Refusal::found(Code::StampSuspended, format!("by the list of {}", self.issued))),
            Some(other) => Err(Refusal::found(Code::StampStatus, format!("status {other}"))),
            None => Err(Refusal::found(Code::StampStatus, format!("the list has no place {place}"))),
        }
    }
}

/// A list while it is read.
#[derive(Default)]
struct Draft<'a> {
    address: Option<&'a str>,
    issued: Option<Timestamp>,
    expires: Option<Timestamp>,
    list: Option<(u64, &'a [u8])>,
    ttl: Option<u32>,
}

impl<'a> Draft<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Draft<'a>, Fault> {
        let mut draft = Draft::default();
        for _ in 0..reader.map()? {
            match reader.unsigned()? {
                ADDRESS => draft.address = Some(reader.text()?),
                EXPIRES => draft.expires = Some(reader.instant()?),
                ISSUED => draft.issued = Some(reader.instant()?),
                LIST => draft.list = Some(list(reader)?),
                TTL => draft.ttl = Some(u32::try_from(reader.unsigned()?).unwrap_or(u32::MAX)),
                _ => return Err(Fault::Shape),
            }
        }
        Ok(draft)
    }
}

fn list<'a>(reader: &mut Reader<'a>) -> Result<(u64, &'a [u8]), Fault> {
    let (mut bits, mut lst) = (None, None);
    for _ in 0..reader.map()? {
        match reader.text()? {
            "bits" => bits = Some(reader.unsigned()?),
            "lst" => lst = Some(reader.byte_string()?),
            _ => return Err(Fault::Shape),
        }
    }
    bits.zip(lst).ok_or(Fault::Shape)
}

fn broken(why: impl Into<String>) -> Refusal {
    Refusal::found(Code::StatusListBroken, why)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_list_that_unpacks_to_too_much_is_refused() {
        let bomb = Statuses { bits: 2, packed: vec![0; MAX_UNPACKED + 1] }.compressed();
        assert!(bomb.len() < 8192);
        assert_eq!(Statuses::unpack(2, &bomb).unwrap_err().code(), Code::StatusListBroken);
        let good = Statuses::valid(2, 9).unwrap().compressed();
        assert!(Statuses::unpack(3, &good).is_err() && Statuses::unpack(2, &[good.clone(), good].concat()).is_err());
        assert!(Statuses::valid(3, 9).is_none() && Statuses::valid(0, 9).is_none());
    }

    proptest! {
        #[test]
        fn what_is_set_is_read(bits in prop::sample::select(vec![1_u8, 2, 4, 8]), set in prop::collection::btree_map(0_u64..1000, any::<u8>(), 0..50)) {
            let mut statuses = Statuses::valid(bits, 1000).unwrap();
            let mask = statuses.mask();
            for (&place, &status) in &set {
                prop_assert!(statuses.set(place, status & mask));
            }
            prop_assert!(!statuses.set(1_000_000, 0));
            let back = Statuses::unpack(bits.into(), &statuses.compressed()).unwrap();
            for place in 0..1000 {
                prop_assert_eq!(back.at(place), Some(set.get(&place).map_or(0, |status| status & mask)));
            }
        }

        #[test]
        fn any_bytes(payload: Vec<u8>, bits: u64) {
            let _ = StatusList::decode(&payload);
            let _ = Statuses::unpack(bits, &payload);
        }
    }
}
