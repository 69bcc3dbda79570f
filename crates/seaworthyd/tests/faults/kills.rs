//! The server is killed at random moments under load.

use std::thread;
use std::time::{Duration, Instant};

use seaworthy_service::ports::LogState;
use seaworthy_testkit::postgres::Postgres;
use seaworthy_testkit::skip;

use crate::kit::{Device, Fleet, Load, Luck, Published, Server, Wire, count, database_is_whole, log_is_whole};
use crate::process::Place;

const DEVICES: u64 = 16;
const CONNECTIONS: usize = 8;

#[test]
fn fifty_kills() {
    killed(&Place::sqlite(), 50);
}

#[test]
fn ten_kills_beside_postgresql() {
    match Postgres::shared() {
        Some(postgres) => killed(&Place::postgres(postgres), 10),
        None => skip("ten kills beside PostgreSQL", "it is not installed"),
    }
}

fn killed(place: &Place, rounds: u64) {
    let (mut fleet, load, mut luck, began) =
        (Fleet::enrolled(place, DEVICES), Load::default(), Luck(50), Instant::now());
    let mut published = Published::default();
    for round in 0..rounds {
        let server = Server::start(place);
        load.aim(&server.address);
        fleet.under_load(&load, CONNECTIONS, |token| {
            load.wait_for(1);
            if round % 4 == 0 {
                list(&server.address, token, round);
            }
            thread::sleep(Duration::from_millis(luck.within(20, 300)));
            server.kill();
        });
        // In every second round the next server is the first to open what was left behind.
        if round % 2 == 0 {
            whole(place, &fleet, &mut published);
        }
    }
    let server = Server::start(place);
    fleet.settle(&server.address);
    // Beside a database, the right of the one before to work on the log holds on for a while.
    thread::sleep(Duration::from_secs(4));
    server.stop();
    let ((reports, log), acknowledged) = (whole(place, &fleet, &mut published), fleet.acknowledged());
    assert_eq!(log.published.size, log.ordered, "who stops in peace leaves nothing behind");
    assert!(log.ordered > acknowledged as u64, "each report and each stamp is in the log");
    assert_eq!(reports, acknowledged, "each acknowledged once, and nothing else");
    let looked_at = |device: &Device| device.kept.iter().any(|kept| kept.acknowledgement.ledger.sequence > 0);
    assert!(fleet.devices.iter().any(looked_at), "some ledger has an entry");
    eprintln!(
        "{rounds} kills on {}: {acknowledged} reports, {} entries of the log, {:.1} s",
        place.name,
        log.ordered,
        began.elapsed().as_secs_f64()
    );
}

/// Somebody looks at all devices, so that each ledger has entries.
fn list(address: &str, token: &str, round: u64) {
    let mut wire = Wire::open(address).unwrap();
    let units = wire.get("/api/v1/units", token).unwrap().json();
    let root = units["units"][0]["id"].as_str().unwrap();
    let listed = wire.get(&format!("/api/v1/devices?unit={root}&below=true&reason=round+{round}"), token).unwrap();
    assert_eq!(listed.status, 200, "{listed:?}");
}

fn whole(place: &Place, fleet: &Fleet, published: &mut Published) -> (usize, LogState) {
    let store = place.open();
    if place.store == "sqlite" {
        database_is_whole(&store);
    }
    (count(&store, fleet), log_is_whole(place, &store, fleet, published))
}

/// The count itself: what is not as it was is noticed.
fn tampered_with(sql: &str) {
    let place = Place::sqlite();
    let mut fleet = Fleet::enrolled(&place, 2);
    let (server, body) = (Server::start(&place), fleet.bodies[0].clone());
    let mut wire = Wire::open(&server.address).unwrap();
    for device in &mut fleet.devices {
        device.reports(&mut wire, &body);
        device.reports(&mut wire, &body);
    }
    list(&server.address, &fleet.token, 0);
    fleet.devices[0].reports(&mut wire, &body);
    server.kill();
    let store = place.open();
    assert_eq!(count(&store, &fleet), 5);
    assert!(store.database().write(|connection| connection.execute(sql, &[])).unwrap() > 0, "nothing to change");
    count(&store, &fleet);
}

#[test]
#[should_panic(expected = "acknowledged report 2")]
fn a_lost_report_is_noticed() {
    tampered_with("DELETE FROM readings WHERE counter = 2");
}

#[test]
#[should_panic(expected = "its newest report")]
fn a_standing_that_went_back_is_noticed() {
    tampered_with("UPDATE standings SET counter = counter - 1");
}

#[test]
#[should_panic(expected = "entry")]
fn a_lost_entry_of_a_ledger_is_noticed() {
    tampered_with("DELETE FROM entries");
}

#[test]
#[should_panic(expected = "tallies as kept up")]
fn a_wrong_tally_is_noticed() {
    tampered_with("UPDATE tally_now SET devices = devices + 1");
}
