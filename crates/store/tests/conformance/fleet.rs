//! Made records: small numbers for ids, seconds for instants.

use seaworthy_model::{DAY, Timestamp};
use seaworthy_protocol::{Digest, Field, Head, Leaf, Salt};
use seaworthy_service::access::{Access, Look, SetAccess, Why};
use seaworthy_service::authority::{Action, Actor, Concern, Held, Permit, Role};
use seaworthy_service::ports::{BodyRecord, Current, DeviceState, Identity, Reading, Records, Standing, Unit};
use seaworthy_service::{Id, Tree};

/// The organisation of most tests.
pub const ORGANISATION: Id = Id::from_bytes([0xA0; 16]);
/// Another one.
pub const OTHER: Id = Id::from_bytes([0xB0; 16]);

pub fn id(number: u64) -> Id {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    Id::from_bytes(bytes)
}

pub fn digest(number: u64) -> Digest {
    Digest::of(&number.to_be_bytes())
}

pub fn leaf(number: u64) -> Leaf {
    Leaf { salt: Salt::from_bytes(*digest(number).as_bytes()), batch: u64::MAX - number, offset: 7 }
}

/// Some instant of 2026, so many seconds later.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(20_790 * DAY + seconds)
}

pub fn standing(device: u64, unit: u64) -> Standing {
    Standing {
        organisation: ORGANISATION,
        device: digest(device),
        key: *digest(device + 1_000_000).as_bytes(),
        unit: id(unit),
        state: DeviceState::Active,
        counter: 1,
        message: digest(7),
        answer: vec![1, 2, 3],
        nonce: digest(8),
        nonce_at: at(0),
        ledger: Head::EMPTY,
        listed: 0,
        current: None,
        stamp: None,
    }
}

pub fn current(body: u64, seconds: i64) -> Current {
    Current { body: digest(body), inspected_at: at(seconds), received_at: at(seconds + 5) }
}

pub fn identity(device: u64) -> Identity {
    Identity {
        organisation: ORGANISATION,
        device: digest(device),
        name: Some(format!("device {device}")),
        holder: None,
        person: None,
        enrolled_at: at(0),
        replaces: None,
    }
}

pub fn reading(device: u64, counter: u64, seconds: i64) -> Reading {
    Reading {
        organisation: ORGANISATION,
        device: digest(device),
        counter,
        message: digest((device * 1_000).wrapping_add(counter)),
        received_at: at(seconds),
        device_time: at(seconds - 2),
        inspected_at: at(seconds - 1),
        live: true,
        body: digest(counter),
        envelope: vec![9; 40],
        leaf: Some(leaf(counter)),
    }
}

pub fn body(number: u64) -> BodyRecord {
    BodyRecord { organisation: ORGANISATION, digest: digest(number), bytes: number.to_be_bytes().to_vec() }
}

/// Whoever may do everything in an organisation whose root is unit 1.
pub fn permit(organisation: Id, action: Action) -> Permit {
    permit_below(organisation, id(1), action)
}

/// The same where another unit is the root.
pub fn permit_below(organisation: Id, root: Id, action: Action) -> Permit {
    let unit = Unit { organisation, id: root, parent: None, name: "root".into() };
    let tree = Tree::new(organisation, vec![unit]).unwrap();
    let held = Held { role: Role::Administrator, unit: root };
    let actor = Actor::new(organisation, id(9), "Ada", false, vec![held]);
    let concern = if action == Action::DeviceList { Concern::Unit(root) } else { Concern::Device(root, None) };
    actor.may(action, concern, &tree).unwrap()
}

/// A look at a device of the root unit, by whoever may do everything there.
pub fn access_to(records: &mut dyn Records, organisation: Id, root: Id, device: Digest) -> Access {
    let permit = permit_below(organisation, root, Action::DeviceShow);
    let why = Why::new("a test").unwrap();
    Access::record(records, &permit, device, Field::ALL, &why, at(0)).unwrap()
}

/// A look at one device, written down.
pub fn access(records: &mut dyn Records, organisation: Id, device: u64) -> Access {
    let permit = permit(organisation, Action::DeviceShow);
    let why = Why::new("a test").unwrap();
    Access::record(records, &permit, digest(device), Field::ALL, &why, at(0)).unwrap()
}

/// A look at a set of devices, written down.
pub fn set_access(records: &mut dyn Records, organisation: Id, units: &[Id]) -> SetAccess {
    let permit = permit(organisation, Action::DeviceList);
    let why = Why::new("a test").unwrap();
    let look = Look { units, fields: &[Field::Identity], query: "devices", why: &why };
    SetAccess::record(records, &permit, look, at(0)).unwrap()
}

/// A generator with a seed (xorshift64*).
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % sides
    }
}
