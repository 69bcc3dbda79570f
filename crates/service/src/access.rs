//! Recorded access. A record of a device is read with an [`Access`] or a [`SetAccess`] only, and both exist only once
//! the look is written down: no silent look.

use seaworthy_model::{Code, Timestamp};
use seaworthy_protocol::{Digest, EntryKind, Field, Who};

use crate::authority::Permit;
use crate::error::Error;
use crate::id::Id;
use crate::ledger;
use crate::log::enlist::Lot;
use crate::ports::{Records, SetRead};

/// Longest reason, in characters.
pub const MAX_REASON: usize = 200;

/// Why somebody looks: one line of text. Only [`Why::new`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why(String);

impl Why {
    /// Takes one line of at most [`MAX_REASON`] characters that says something.
    pub fn new(text: &str) -> Result<Why, Error> {
        let text = text.trim();
        let sound = !text.is_empty() && text.chars().count() <= MAX_REASON && !text.chars().any(char::is_control);
        if sound { Ok(Why(text.to_owned())) } else { Err(Error::refused(Code::ReasonMissing)) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Proof that a look at one device's record is written in its ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    organisation: Id,
    device: Digest,
    fields: Vec<Field>,
}

impl Access {
    /// Writes the look down.
    pub fn record(
        records: &mut dyn Records,
        permit: &Permit,
        device: Digest,
        fields: &[Field],
        why: &Why,
        at: Timestamp,
    ) -> Result<Access, Error> {
        let organisation = permit.actor().organisation;
        let note =
            ledger::Note { kind: EntryKind::Read, who: permit.who(), why: why.0.clone(), fields: fields.to_vec() };
        ledger::append(records, organisation, device, note, at)?;
        Ok(Access { organisation, device, fields: fields.to_vec() })
    }

    /// The holder's own look, asked for with the device's signature. It is written down only where data leaves whole.
    pub(crate) fn of_holder(organisation: Id, device: Digest, fields: &[Field]) -> Access {
        Access { organisation, device, fields: fields.to_vec() }
    }

    /// The organisation.
    pub fn organisation(&self) -> Id {
        self.organisation
    }

    /// The device.
    pub fn device(&self) -> &Digest {
        &self.device
    }

    /// Whether this part of the record was named.
    pub fn covers(&self, field: Field) -> bool {
        self.fields.contains(&field)
    }
}

/// Proof that a look at a set of devices is written down: one record, told later in the ledger of each device covered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAccess {
    organisation: Id,
    units: Vec<Id>,
    fields: Vec<Field>,
}

impl SetAccess {
    /// Writes the look down.
    pub fn record(
        records: &mut dyn Records,
        permit: &Permit,
        look: Look<'_>,
        at: Timestamp,
    ) -> Result<SetAccess, Error> {
        let organisation = permit.actor().organisation;
        let (units, fields) = (look.units.to_vec(), look.fields.to_vec());
        let read = SetRead {
            organisation,
            number: 0,
            at,
            who: permit.who(),
            why: look.why.0.clone(),
            fields: fields.clone(),
            query: look.query.to_owned(),
            units: units.clone(),
            leaf: None,
        };
        Lot { set_reads: vec![read], ..Lot::default() }.write(records, organisation, at)?;
        Ok(SetAccess { organisation, units, fields })
    }

    /// A look at the looker's own devices and no others. The caller's query names the person.
    pub(crate) fn of_own(organisation: Id, units: &[Id]) -> SetAccess {
        SetAccess { organisation, units: units.to_vec(), fields: vec![Field::Identity, Field::Verdict] }
    }

    /// The organisation.
    pub fn organisation(&self) -> Id {
        self.organisation
    }

    /// The units that were named.
    pub fn units(&self) -> &[Id] {
        &self.units
    }

    /// Whether this part of the records was named.
    pub fn covers(&self, field: Field) -> bool {
        self.fields.contains(&field)
    }
}

/// A look at a set of devices.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// The units.
    pub units: &'a [Id],
    /// What of each device.
    pub fields: &'a [Field],
    /// The query in words.
    pub query: &'a str,
    /// Why.
    pub why: &'a Why,
}

/// The server itself, as ledgers name it.
pub(crate) fn server() -> Who {
    Who { id: "server".into(), name: "the server".into(), role: "server".into() }
}

/// A device, as ledgers name it.
pub(crate) fn holder(device: &Digest) -> Who {
    Who { id: format!("device {device}"), name: "the holder".into(), role: "holder".into() }
}
