//! PostgreSQL restarts, stays away, and fails over to its synchronous standby while devices report.

use std::sync::atomic::Ordering;

use seaworthy_testkit::postgres::Postgres;
use seaworthy_testkit::skip;

use crate::kit::{Fleet, Load, Server, becomes_ready, count};
use crate::process::Place;

const DEVICES: u64 = 16;
const CONNECTIONS: usize = 8;
/// Reports before and after each fault.
const SOME: u64 = 40;

fn started() -> Option<Postgres> {
    let postgres = Postgres::start();
    if postgres.is_none() {
        skip("PostgreSQL's faults under load", "it is not installed");
    }
    postgres
}

/// A restart is ridden out within the answer's time; a longer absence is refused with 503, and ends by itself.
#[test]
fn a_restart_and_an_absence() {
    let Some(postgres) = started() else { return };
    let place = Place::postgres(&postgres);
    let (mut fleet, load) = (Fleet::enrolled(&place, DEVICES), Load::default());
    let server = Server::start(&place);
    load.aim(&server.address);
    fleet.under_load(&load, CONNECTIONS, |_| {
        load.wait_for(SOME);
        postgres.restart();
        load.wait_for(SOME);
        assert_eq!(load.refused.load(Ordering::Relaxed), 0, "a restart is waited for");
        postgres.kill();
        becomes_ready(&server.address, 503);
        load.wait_for_refusals(CONNECTIONS as u64);
        postgres.resume();
        becomes_ready(&server.address, 200);
        load.wait_for(SOME);
    });
    all_there(&mut fleet, &place, server, &load);
}

/// The first server dies for good; its standby had every acknowledged report before the device heard of it.
#[test]
fn a_failover_to_a_synchronous_standby() {
    let Some(first) = started() else { return };
    let standby = first.standby();
    let mut place = Place::postgres(&first);
    let (one, both) =
        (format!("127.0.0.1:{}", first.port()), format!("127.0.0.1:{},127.0.0.1:{}", first.port(), standby.port()));
    place.store = place.store.replace(&one, &both);
    let (mut fleet, load) = (Fleet::enrolled(&place, DEVICES), Load::default());
    let server = Server::start(&place);
    load.aim(&server.address);
    fleet.under_load(&load, CONNECTIONS, |_| {
        load.wait_for(SOME);
        first.kill();
        standby.promote();
        load.wait_for(SOME);
    });
    becomes_ready(&server.address, 200);
    all_there(&mut fleet, &place, server, &load);
}

fn all_there(fleet: &mut Fleet, place: &Place, server: Server, load: &Load) {
    fleet.settle(&server.address);
    server.stop();
    assert_eq!(count(&place.open(), fleet), fleet.acknowledged());
    let [refused, lost] = [&load.refused, &load.lost].map(|count| count.load(Ordering::Relaxed));
    eprintln!("{} reports acknowledged, {refused} refused with 503, {lost} connections lost", fleet.acknowledged());
}
