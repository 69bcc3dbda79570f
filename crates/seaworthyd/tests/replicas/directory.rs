//! Units, policies and devices changed at one server while the other has not heard of it.

use std::thread;

use serde_json::{Value, json};

use crate::kit::{Load, Wire, lenient};
use crate::pair::Pair;

#[test]
fn what_one_changed_the_other_goes_by() {
    let Some(mut pair) = Pair::start(8) else { return };
    let (root, quay) = (pair.fleet.view.tree.root(), pair.unit("Quay"));
    lenient(&mut Wire::open(&pair.servers[0].address).unwrap(), &pair.fleet.token);
    for round in 0..4 {
        let (one, other) = (round % 2, 1 - round % 2);
        let made = pair.does(one, "POST", "/api/v1/units", &json!({ "parent": root, "name": format!("Pier {round}") }));
        // The unit that the other one has never heard of.
        let below = json!({ "parent": made["id"] });
        pair.does(other, "PATCH", &format!("/api/v1/units/{quay}"), &below);
        let bodies = pair.fleet.bodies.clone();
        let mut wire = Wire::open(&pair.servers[one].address).unwrap();
        for (device, body) in pair.fleet.devices.iter_mut().zip(&bodies) {
            device.reports(&mut wire, body);
        }
        let counts = |server: usize, unit: &Value| {
            let counts =
                pair.does(server, "GET", &format!("/api/v1/units/{}/counts", unit.as_str().unwrap()), &Value::Null);
            ["pass", "fail", "unknown", "not_inspected"].iter().map(|name| counts[name].as_u64().unwrap()).sum::<u64>()
        };
        assert_eq!([0, 1].map(|server| counts(server, &made["id"])), [4, 4]);
        let refused = pair.ask(one, "DELETE", &format!("/api/v1/units/{quay}"), &Value::Null);
        assert_eq!(refused.problem(), (409, "already-there".to_owned()));
    }
    pair.holds_together();
}

#[test]
fn units_move_at_one_while_devices_report_to_the_other() {
    let Some(mut pair) = Pair::start(16) else { return };
    let (root, quay) = (pair.fleet.view.tree.root(), pair.unit("Quay"));
    lenient(&mut Wire::open(&pair.servers[0].address).unwrap(), &pair.fleet.token);
    let pier = pair.does(0, "POST", "/api/v1/units", &json!({ "parent": root, "name": "Pier" }));
    let load = Load::default();
    load.aim(&pair.servers[1].address);
    let Pair { fleet, servers, .. } = &mut pair;
    let addresses = [0, 1].map(|server| servers[server].address.clone());
    fleet.under_load(&load, 4, |token| {
        let who = format!("authorization: Bearer {token}\r\n");
        let change = |server: usize, method: &str, path: &str, body: &Value| {
            let answer = crate::pair::ask(&addresses[server], method, path, &who, body);
            assert!((200..300).contains(&answer.status), "{answer:?}");
        };
        thread::scope(|scope| {
            scope.spawn(|| {
                for round in 0..20 {
                    let parent = if round % 2 == 0 { &pier["id"] } else { &json!(root) };
                    change(round % 2, "PATCH", &format!("/api/v1/units/{quay}"), &json!({ "parent": parent }));
                }
            });
            for server in [0, 1, 0] {
                load.wait_for(40);
                change(server, "POST", "/api/v1/assignments", &json!({ "unit": quay, "sequence": 1 }));
            }
        });
    });
    pair.fleet.settle(&addresses[1]);
    pair.holds_together();
}
