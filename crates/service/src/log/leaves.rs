//! What of each stored record the log commits to: the same when it is written, when a holder proves it, when an auditor
//! recomputes it.

use std::borrow::Cow;

use seaworthy_protocol::{
    AssignmentLeaf, CatalogLeaf, EntryLeaf, KeyLeaf, Leaf, LeafKind, Octets, ReportLeaf, RevocationLeaf, SetReadLeaf,
    record,
};
use serde::Serialize;

use crate::error::Error;
use crate::id::Id;
use crate::ports::{
    Assignment, CatalogRecord, KeyRecord, LedgerEntry, PolicyRecord, Reading, Revocation, SetRead, StampRecord,
};

/// A record that the log commits to.
pub trait Committed {
    /// Its kind.
    fn kind(&self) -> LeafKind;
    /// The bytes that are hashed (`docs/spec/log.md`).
    fn hashed(&self) -> Result<Cow<'_, [u8]>, Error>;
    /// Its leaf, once it is in line.
    fn leaf(&self) -> Option<Leaf>;
    /// Where its leaf is kept.
    fn leaf_mut(&mut self) -> &mut Option<Leaf>;
}

/// Says of a record which leaf commits to it: the kind, and what is hashed.
macro_rules! committed {
    ($record:ty, $kind:ident, $hashed:expr) => {
        impl Committed for $record {
            fn kind(&self) -> LeafKind {
                LeafKind::$kind
            }

            fn hashed(&self) -> Result<Cow<'_, [u8]>, Error> {
                let hashed: fn(&$record) -> Result<Cow<'_, [u8]>, Error> = $hashed;
                hashed(self)
            }

            fn leaf(&self) -> Option<Leaf> {
                self.leaf
            }

            fn leaf_mut(&mut self) -> &mut Option<Leaf> {
                &mut self.leaf
            }
        }
    };
}

committed!(StampRecord, Stamp, |stamp| Ok(Cow::Borrowed(&stamp.signed)));
committed!(PolicyRecord, Policy, |policy| Ok(Cow::Borrowed(&policy.sealed)));
committed!(Reading, Report, |reading| encoded(&report(reading)));
committed!(LedgerEntry, Entry, |kept| encoded(&EntryLeaf { device: kept.device, entry: kept.entry.clone() }));
committed!(SetRead, SetRead, |read| encoded(&set_read(read)));
committed!(Assignment, Assignment, |assignment| encoded(&in_force(assignment)));
committed!(CatalogRecord, Catalog, |catalog| encoded(&CatalogLeaf { digest: catalog.digest, since: catalog.since }));
committed!(KeyRecord, Key, |key| encoded(&spoken_for(key)));
committed!(Revocation, Revocation, |revocation| encoded(&taken_back(revocation)));

fn encoded<R: Serialize>(leaf: &R) -> Result<Cow<'static, [u8]>, Error> {
    record(leaf).map(Cow::Owned).map_err(|error| Error::damaged(error.to_string()))
}

fn octets(id: Id) -> Octets {
    Octets(id.as_bytes().to_vec())
}

fn report(reading: &Reading) -> ReportLeaf {
    ReportLeaf {
        device: reading.device,
        message: reading.message,
        received_at: reading.received_at,
        inspected_at: reading.inspected_at,
        live: reading.live,
    }
}

/// What the log commits to of a look at a set; holders get it with their ledger.
pub(crate) fn set_read(read: &SetRead) -> SetReadLeaf {
    SetReadLeaf {
        at: read.at,
        who: read.who.clone(),
        why: read.why.clone(),
        fields: read.fields.clone(),
        query: read.query.clone(),
        units: read.units.iter().copied().map(octets).collect(),
    }
}

/// What the log commits to of a document put in force.
pub(crate) fn in_force(assignment: &Assignment) -> AssignmentLeaf {
    AssignmentLeaf { unit: octets(assignment.unit), since: assignment.since, sequence: assignment.sequence }
}

fn taken_back(revocation: &Revocation) -> RevocationLeaf {
    RevocationLeaf {
        stamp: octets(revocation.stamp),
        list: revocation.address.clone(),
        place: revocation.status.place.into(),
        at: revocation.at,
        reason: revocation.reason,
    }
}

fn spoken_for(key: &KeyRecord) -> KeyLeaf {
    KeyLeaf {
        place: key.place,
        key: Octets(key.key.to_vec()),
        successor: Octets(key.successor.clone()),
        since: key.since,
        revoked_at: key.revoked_at,
    }
}
