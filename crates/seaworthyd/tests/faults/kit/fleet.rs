//! Devices enrolled in a store, and the load that they make.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use seaworthy_protocol::Digest;
use seaworthy_service::authority::{Actor, Held, Role};
use seaworthy_service::directory::{Directory, View};
use seaworthy_service::ports::{Identity, Standing, write};
use seaworthy_service::{Error, Id, units};
use seaworthy_stamp::PublicKey;
use seaworthy_store::SqlStore;
use serde_json::json;

use super::{Device, Sent, Wire, now};
use crate::made;
use crate::process::Place;

/// Bodies that devices share.
const IMAGES: u64 = 8;
/// How long a device tries until it is answered.
const PATIENCE: Duration = Duration::from_secs(60);

/// An organisation's devices.
pub struct Fleet {
    pub view: Arc<View>,
    /// An administrator's token.
    pub token: String,
    pub bodies: Vec<Vec<u8>>,
    pub devices: Vec<Device>,
}

impl Fleet {
    /// Founds an organisation of two units in a store, and enrols devices, half of them in each.
    pub fn enrolled(place: &Place, devices: u64) -> Fleet {
        let (store, at) = (place.open(), now());
        let founded = made::organisation(place, &store, at, at);
        let view = with_quay(&store, &founded.view);
        let units: Vec<Id> = view.tree.units().map(|unit| unit.id).collect();
        let unit = |number: u64| units[usize::try_from(number).unwrap() % units.len()];
        let organisation = view.organisation.id;
        let standings: Vec<_> = (0..devices)
            .map(|number| made::standing(organisation, unit(number), number, &made::key(number), at))
            .collect();
        let paths: Vec<_> =
            view.tree.units().map(|unit| (unit.id, view.area(unit.id), view.tree.path(unit.id))).collect();
        write(&store, |records| {
            records.put_standings(&standings)?;
            for standing in &standings {
                records.put_identity(&nameless(standing))?;
            }
            Ok::<_, Error>(records.retally(organisation, at.seconds() / 3600, &paths)?)
        })
        .unwrap();
        let devices = (0..devices).map(|number| device(&view, number)).collect();
        Fleet { view, token: founded.token, bodies: bodies().to_vec(), devices }
    }

    /// Puts the fleet under load while `meanwhile` happens.
    pub fn under_load<T>(&mut self, load: &Load, hands: usize, meanwhile: impl FnOnce(&str) -> T) -> T {
        load.stop.store(false, Ordering::Relaxed);
        let (share, bodies, token) = (self.devices.len().div_ceil(hands), &self.bodies, &self.token);
        thread::scope(|scope| {
            for devices in self.devices.chunks_mut(share) {
                scope.spawn(move || load.drive(devices, bodies));
            }
            // Also where `meanwhile` panics: the threads would go on for ever.
            let _stop = Stop(load);
            meanwhile(token)
        })
    }

    /// Lets every device deliver what was not answered, and asks each last report again.
    pub fn settle(&mut self, address: &str) {
        let began = Instant::now();
        let mut wire = Wire::open(address).unwrap();
        for device in &mut self.devices {
            while device.pending.is_some() {
                match device.report(&mut wire, &[]) {
                    Sent::Acknowledged(_) => {}
                    other => {
                        assert!(began.elapsed() < PATIENCE, "still unanswered: {other:?}");
                        thread::sleep(Duration::from_millis(50));
                        if matches!(other, Sent::Lost) {
                            wire = Wire::open(address).unwrap();
                        }
                    }
                }
            }
            device.repeats(&mut wire);
        }
    }

    /// How many reports were acknowledged so far.
    pub fn acknowledged(&self) -> usize {
        self.devices.iter().map(|device| device.kept.len()).sum()
    }
}

/// What the hands of a load share.
#[derive(Default)]
pub struct Load {
    address: RwLock<String>,
    stop: AtomicBool,
    /// Reports that were acknowledged.
    pub acknowledged: AtomicU64,
    /// Answers 503.
    pub refused: AtomicU64,
    /// Connections that broke, or could not be made.
    pub lost: AtomicU64,
}

struct Stop<'a>(&'a Load);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.stop.store(true, Ordering::Relaxed);
    }
}

impl Load {
    /// Where the server listens from now on.
    pub fn aim(&self, address: &str) {
        address.clone_into(&mut self.address.write().unwrap_or_else(PoisonError::into_inner));
    }

    pub fn count(&self) -> u64 {
        self.acknowledged.load(Ordering::Relaxed)
    }

    /// Waits until so many more reports are acknowledged.
    pub fn wait_for(&self, more: u64) {
        let (wanted, began) = (self.count() + more, Instant::now());
        while self.count() < wanted {
            assert!(began.elapsed() < PATIENCE, "nothing is acknowledged any more");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits until so many more are refused.
    pub fn wait_for_refusals(&self, more: u64) {
        let began = Instant::now();
        let wanted = self.refused.load(Ordering::Relaxed) + more;
        while self.refused.load(Ordering::Relaxed) < wanted {
            assert!(began.elapsed() < PATIENCE, "nothing is refused");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// One connection, its devices in turn, until it is told to stop.
    fn drive(&self, devices: &mut [Device], bodies: &[Vec<u8>]) {
        let (mut wire, mut round, many) = (None, 0, devices.len());
        while !self.stop.load(Ordering::Relaxed) {
            let address = self.address.read().unwrap_or_else(PoisonError::into_inner).clone();
            let Some(open) = wire.take().or_else(|| Wire::open(&address).ok()) else {
                self.lost.fetch_add(1, Ordering::Relaxed);
                thread::sleep(Duration::from_millis(20));
                continue;
            };
            wire = self.turn(open, &mut devices[round % many], &bodies[round % bodies.len()]);
            // A device that was not answered is asked again when its turn comes.
            round += 1;
        }
    }

    fn turn(&self, mut wire: Wire, device: &mut Device, body: &[u8]) -> Option<Wire> {
        match device.report(&mut wire, body) {
            Sent::Acknowledged(_) => {
                self.acknowledged.fetch_add(1, Ordering::Relaxed);
                Some(wire)
            }
            Sent::Refused(answer) => {
                assert_eq!(answer.status, 503, "{}", String::from_utf8_lossy(&answer.body));
                self.refused.fetch_add(1, Ordering::Relaxed);
                thread::sleep(Duration::from_millis(50));
                Some(wire)
            }
            Sent::Lost => {
                self.lost.fetch_add(1, Ordering::Relaxed);
                None
            }
        }
    }
}

/// What people know a device by: next to nothing.
fn nameless(standing: &Standing) -> Identity {
    let Standing { organisation, device, nonce_at, .. } = *standing;
    Identity { organisation, device, name: None, holder: None, person: None, enrolled_at: nonce_at, replaces: None }
}

fn device(view: &View, number: u64) -> Device {
    Device {
        key: made::key(number),
        counter: 1,
        nonce: Some(made::first_nonce(number)),
        organisation: view.root_key(),
        authority: PublicKey::from_bytes(view.keys[0].key).unwrap(),
        policy: view.documents.last().map_or(Digest::ZERO, |document| document.record.digest),
        skew: 0,
        pending: None,
        last: None,
        kept: Vec::new(),
    }
}

/// What this machine is, as eight images of it would say; it is inspected once.
fn bodies() -> &'static [Vec<u8>] {
    static BODIES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    BODIES.get_or_init(|| {
        let evidence = made::evidence(now());
        (0..IMAGES).map(|image| made::mixed_body(&evidence, image)).collect()
    })
}

fn with_quay(store: &SqlStore, view: &View) -> Arc<View> {
    let (organisation, root) = (view.organisation.id, view.tree.root());
    let held = Held { role: Role::Administrator, unit: root };
    let actor = Actor::new(organisation, Id::from_bytes([0; 16]), "test", true, vec![held]);
    write(store, |records| {
        units::add(records, view, &actor, root, "Quay", &mut made::draw_from(1 << 32))?;
        Ok::<_, Error>(Arc::clone(Directory::load(records)?.view(organisation)?))
    })
    .unwrap()
}

/// A policy that any machine meets whose release is supported.
const LENIENT: &str = r#"
name = "lenient"
version = 1
title = "What a test machine meets"
source = "a test"
cadence_days = 30
rules = [{ kind = "release", lts = true, severity = "major" }]
"#;

/// Puts a policy in force that this machine meets, so that stamps are issued.
pub fn lenient(wire: &mut Wire, token: &str) {
    let units = wire.get("/api/v1/units", token).unwrap().json();
    let root = units["units"].as_array().unwrap().iter().find(|unit| unit["parent"].is_null()).unwrap();
    let policy = wire.post_json("/api/v1/policies", token, &json!({ "policy": LENIENT }));
    wire.post_json("/api/v1/assignments", token, &json!({ "unit": root["id"], "sequence": policy["sequence"] }));
}
