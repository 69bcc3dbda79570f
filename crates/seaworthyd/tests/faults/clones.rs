//! Keys that are used twice, messages that come again, and evidence that was not asked for.

use seaworthy_protocol::{Ask, DeviceRequest, Message, Reception};
use seaworthy_service::Error;
use seaworthy_service::ports::write;
use serde_json::Value;

use crate::kit::{Device, Fleet, Server, Wire, count, lenient};
use crate::made;
use crate::process::Place;

/// An old report is heard no more, and nobody is blamed for it; the newest is answered as it was.
#[test]
fn a_replay_and_a_repetition() {
    let place = Place::sqlite();
    let mut fleet = Fleet::enrolled(&place, 1);
    let server = Server::start(&place);
    let (mut wire, body) = (Wire::open(&server.address).unwrap(), fleet.bodies[0].clone());
    let device = &mut fleet.devices[0];
    device.reports(&mut wire, &body);
    let old = device.last.clone().unwrap();
    device.repeats(&mut wire);
    device.reports(&mut wire, &body);
    for _ in 0..2 {
        let replayed = device.send(&mut wire, &old).unwrap();
        assert_eq!(replayed.problem(), (409, "report-replayed".to_owned()));
    }
    device.repeats(&mut wire);
    assert_eq!(device.reports(&mut wire, &body).0, Reception::Live, "not flagged");
    server.stop();
    assert_eq!(count(&place.open(), &fleet), 3);
}

/// Two machines with one key: both are told, neither is merged into the other, the holder's ledger and the organisation
/// know of it.
#[test]
fn a_cloned_device() {
    let place = Place::sqlite();
    let mut fleet = Fleet::enrolled(&place, 2);
    let server = Server::start(&place);
    let (mut wire, body) = (Wire::open(&server.address).unwrap(), fleet.bodies[0].clone());
    let device = &mut fleet.devices[0];
    let (counter, nonce) = (device.counter, device.nonce);
    device.reports(&mut wire, &body);
    // The clone was taken before that report, and reports something else.
    let after = (device.counter, device.nonce);
    (device.counter, device.nonce) = (counter, nonce);
    let other = fleet.bodies[1].clone();
    let envelope = device.envelope(&other);
    let clones = device.sealed(&envelope, &other);
    (device.counter, device.nonce) = after;
    let forked = (409, "device-forked".to_owned());
    assert_eq!(device.send(&mut wire, &clones).unwrap().problem(), forked, "the clone is told");
    let envelope = device.envelope(&body);
    let next = device.sealed(&envelope, &body);
    assert_eq!(device.send(&mut wire, &next).unwrap().problem(), forked, "so is the first");
    let kinds: Vec<Value> = ledger(&mut wire, device).iter().map(|entry| entry["kind"].clone()).collect();
    assert_eq!(kinds, ["forked"]);
    let id = device.id().to_string();
    assert_eq!(listed(&mut wire, &fleet.token, "forked"), [id]);
    assert_eq!(listed(&mut wire, &fleet.token, "active"), [fleet.devices[1].id().to_string()]);
    server.stop();
    // The holder's request moved the counter on; the device that was not cloned is counted as ever.
    fleet.devices.remove(0);
    assert_eq!(count(&place.open(), &fleet), 0);
}

fn ledger(wire: &mut Wire, device: &Device) -> Vec<Value> {
    let request = device.request(Ask::Ledger, device.counter + 1);
    let answer = wire.post("/api/v1/requests", DeviceRequest::TYPE, &request).unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["ledger"].as_array().unwrap().clone()
}

fn listed(wire: &mut Wire, token: &str, state: &str) -> Vec<String> {
    let units = wire.get("/api/v1/units", token).unwrap().json();
    let root = units["units"].as_array().unwrap().iter().find(|unit| unit["parent"].is_null()).unwrap();
    let path = format!("/api/v1/devices?unit={}&below=true&state={state}&reason=who", root["id"].as_str().unwrap());
    let listed = wire.get(&path, token).unwrap().json();
    let devices = listed["devices"].as_array().unwrap_or_else(|| panic!("{listed}"));
    devices.iter().map(|device| device["device"].as_str().unwrap().to_owned()).collect()
}

/// Evidence that answers no live nonce is history: stored, never stamped. The answer brings the nonce for the next.
#[test]
fn evidence_that_nobody_asked_for_is_history() {
    let place = Place::sqlite();
    let mut fleet = Fleet::enrolled(&place, 3);
    expire(&place, &fleet, 2);
    let server = Server::start(&place);
    let (mut wire, body) = (Wire::open(&server.address).unwrap(), fleet.bodies[0].clone());
    lenient(&mut wire, &fleet.token);
    fleet.devices[0].nonce = None;
    fleet.devices[1].nonce = Some(made::first_nonce(7));
    for (device, why) in fleet.devices.iter_mut().zip(["none", "another's", "one of 37 hours ago"]) {
        assert_eq!(device.reports(&mut wire, &body), (Reception::History, false), "{why}");
        assert_eq!(device.reports(&mut wire, &body), (Reception::Live, true), "after {why}");
    }
    server.stop();
    assert_eq!(count(&place.open(), &fleet), 6);
}

/// Sets back the hour at which a device was given its nonce.
fn expire(place: &Place, fleet: &Fleet, device: usize) {
    let (organisation, device) = (fleet.view.organisation.id, fleet.devices[device].id());
    write(&place.open(), |records| {
        let mut standings = records.standings(organisation, &[device])?;
        standings[0].nonce_at = standings[0].nonce_at - 37 * 3600;
        Ok::<_, Error>(records.put_standings(&standings)?)
    })
    .unwrap();
}
