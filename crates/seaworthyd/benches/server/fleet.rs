//! A fleet: a million devices on two thousand bodies. A new policy in force for all, the counts of a unit, a page of a
//! thousand devices, and the counts and a page as of a year ago.

use std::time::Instant;

use seaworthy_model::{DAY, Timestamp};
use seaworthy_protocol::Digest;
use seaworthy_service::authority::{Actor, Held, Role};
use seaworthy_service::directory::{Directory, View};
use seaworthy_service::ports::{BodyRecord, Current, Identity, Reading, Store, write};
use seaworthy_service::{Error, Id, units};
use serde_json::{Value, json};

use crate::intake::now;
use crate::load::percentile;
use crate::process::{Place, Server};
use crate::wire::Connection;
use crate::{made, setting};

/// Bodies that devices share.
const IMAGES: u64 = 2000;
/// Units below the root.
const UNITS: u64 = 100;
/// Devices written at once while the fleet is made.
const CHUNK: u64 = 2000;

/// Runs it and prints.
pub fn run(place: &Place) {
    let devices = setting("SEAWORTHY_BENCH_DEVICES", 1_000_000);
    let now = now();
    let year_ago = now - 365 * DAY;
    let store = place.open();
    let began = Instant::now();
    let made = made::organisation(place, &store, year_ago - DAY, now);
    let made = made::Made { view: with_units(&store, &made), ..made };
    fill(&store, &made.view, devices, year_ago, now);
    drop(store);
    println!(
        "fleet on {}: {devices} devices on {IMAGES} bodies in {UNITS} units, made in {:.0} s, data folder {} MiB",
        place.name,
        began.elapsed().as_secs_f64(),
        place.size() >> 20
    );
    let server = Server::start(place);
    ask(&server, &made, year_ago);
    println!("  peak memory of the server {} MiB, data folder {} MiB", server.peak_memory(), place.size() >> 20);
}

fn with_units(store: &dyn Store, made: &made::Made) -> std::sync::Arc<View> {
    let mut draw = made::draw_from(1 << 32);
    let organisation = made.view.organisation.id;
    write(store, |records| {
        for number in 0..UNITS {
            let view = std::sync::Arc::clone(Directory::load(records)?.view(organisation)?);
            let root = view.tree.root();
            let held = Held { role: Role::Administrator, unit: root };
            let actor = Actor::new(organisation, Id::from_bytes([0; 16]), "bench", true, vec![held]);
            units::add(records, &view, &actor, root, &format!("unit {number}"), &mut draw)?;
        }
        Ok::<_, Error>(std::sync::Arc::clone(Directory::load(records)?.view(organisation)?))
    })
    .unwrap()
}

/// Every device reported a year ago and an hour ago.
fn fill(store: &dyn Store, view: &View, devices: u64, year_ago: Timestamp, now: Timestamp) {
    let organisation = view.organisation.id;
    let evidence = made::evidence(now);
    let bodies: Vec<BodyRecord> = (0..IMAGES)
        .map(|image| made::mixed_body(&evidence, image))
        .map(|bytes| BodyRecord { organisation, digest: Digest::of(&bytes), bytes })
        .collect();
    for chunk in bodies.chunks(250) {
        write(store, |records| Ok::<_, Error>(records.add_bodies(chunk)?)).unwrap();
    }
    let units: Vec<Id> = view.tree.units().map(|unit| unit.id).filter(|unit| *unit != view.tree.root()).collect();
    for (at, is_last) in [(year_ago, false), (now - 3600, true)] {
        let mut first = 0;
        while first < devices {
            let numbers: Vec<u64> = (first..devices.min(first + CHUNK)).collect();
            reported(store, view, &units, &bodies, &numbers, at, is_last);
            first += CHUNK;
        }
        let paths: Vec<_> =
            view.tree.units().map(|unit| (unit.id, view.area(unit.id), view.tree.path(unit.id))).collect();
        write(store, |records| Ok::<_, Error>(records.retally(organisation, at.seconds() / 3600, &paths)?)).unwrap();
    }
}

fn reported(
    store: &dyn Store,
    view: &View,
    units: &[Id],
    bodies: &[BodyRecord],
    numbers: &[u64],
    at: Timestamp,
    is_last: bool,
) {
    let organisation = view.organisation.id;
    // Keys are not needed here, and a million of them take long: a device is named by a digest as if of its key.
    let name = |number: u64| Digest::of(&number.to_le_bytes());
    let some_key = made::key(0);
    let mut standings = Vec::new();
    let mut readings = Vec::new();
    for &number in numbers {
        let image = usize::try_from(number % IMAGES).unwrap();
        let unit = units[usize::try_from(number % UNITS).unwrap()];
        let device = name(number);
        let body = bodies[image].digest;
        let mut standing = made::standing(organisation, unit, number, &some_key, at);
        standing.device = device;
        standing.counter = if is_last { 3 } else { 2 };
        standing.current = Some(Current { body, inspected_at: at, received_at: at });
        readings.push(Reading {
            organisation,
            device,
            counter: standing.counter,
            message: Digest::of(device.as_bytes()),
            received_at: at,
            device_time: at,
            inspected_at: at,
            live: true,
            body,
            envelope: vec![7; 330],
            leaf: None,
        });
        standings.push(standing);
    }
    write(store, |records| {
        if !is_last {
            for standing in &standings {
                records.put_identity(&Identity {
                    organisation,
                    device: standing.device,
                    name: None,
                    holder: None,
                    person: None,
                    enrolled_at: at,
                    replaces: None,
                })?;
            }
        }
        records.put_standings(&standings)?;
        Ok::<_, Error>(records.add_readings(&readings)?)
    })
    .unwrap();
}

fn ask(server: &Server, made: &made::Made, year_ago: Timestamp) {
    let mut wire = Connection::open(&server.address);
    let root = made.view.tree.root();
    let unit = made.view.tree.units().map(|unit| unit.id).find(|unit| *unit != root).unwrap();
    let policy = json!({ "policy": "cyber-essentials" });
    let (status, added) = wire.json("POST", "/api/v1/policies", &made.token, Some(&policy));
    assert_eq!(status, 201, "{added}");
    let assignment = json!({ "unit": root, "sequence": added["sequence"] });
    let began = Instant::now();
    let (status, answer) = wire.json("POST", "/api/v1/assignments", &made.token, Some(&assignment));
    assert_eq!(status, 201, "{answer}");
    println!("  a new policy in force for all: {:.2} s", began.elapsed().as_secs_f64());
    let as_of = year_ago + DAY;
    timed(&mut wire, &made.token, "counts of the root unit", &format!("/api/v1/units/{root}/counts"));
    timed(&mut wire, &made.token, "counts of a unit", &format!("/api/v1/units/{unit}/counts"));
    let page = format!("/api/v1/devices?unit={unit}&reason=bench&limit=1000");
    timed(&mut wire, &made.token, "a page of 1,000 devices of a unit", &page);
    let below = format!("/api/v1/devices?unit={root}&below=true&reason=bench&limit=1000");
    timed(&mut wire, &made.token, "a page of 1,000 devices of the root and all below", &below);
    let counts = format!("/api/v1/units/{root}/counts?as_of={as_of}");
    timed(&mut wire, &made.token, "counts of the root as of a year ago", &counts);
    timed(&mut wire, &made.token, "that page of a unit as of a year ago", &format!("{page}&as_of={as_of}"));
    timed(&mut wire, &made.token, "that page of the root as of a year ago", &format!("{below}&as_of={as_of}"));
}

/// Asks eleven times, of which the first is cold, and prints both.
fn timed(wire: &mut Connection, token: &str, what: &str, path: &str) {
    let mut waits = Vec::new();
    let mut last = Value::Null;
    for _ in 0..11 {
        let began = Instant::now();
        let (status, answer) = wire.json("GET", path, token, None);
        waits.push(began.elapsed().as_secs_f64());
        assert_eq!(status, 200, "{answer}");
        last = answer;
    }
    let first = waits.first().copied().unwrap_or_default() * 1e3;
    let shown = match last.get("devices") {
        Some(devices) => format!("{} devices", devices.as_array().map_or(0, Vec::len)),
        None => last.to_string(),
    };
    println!("  {what}: median {:.1} ms, first {first:.1} ms ({shown})", percentile(&mut waits, 0.5));
}
