//! Clocks that are wrong: those of devices, and the server's own, jumping both ways while it runs. Nobody is locked out.

use std::fs;
use std::path::PathBuf;

use seaworthy_model::DAY;
use seaworthy_protocol::Reception;
use seaworthy_store::driver::Value as Stored;
use seaworthy_testkit::skip;

use crate::kit::{Device, Fleet, Server, Wire, count, lenient, now};
use crate::process::Place;

/// What the device says is written down; what it is appraised for stands between its nonce and the receipt.
#[test]
fn clocks_of_devices() {
    let place = Place::sqlite();
    let skews = [0, DAY, -DAY, 3653 * DAY, -3653 * DAY];
    let mut fleet = Fleet::enrolled(&place, skews.len() as u64);
    let (began, server) = (now(), Server::start(&place));
    let (mut wire, body) = (Wire::open(&server.address).unwrap(), fleet.bodies[0].clone());
    lenient(&mut wire, &fleet.token);
    for (device, skew) in fleet.devices.iter_mut().zip(skews) {
        device.skew = skew;
        for _ in 0..2 {
            assert_eq!(device.reports(&mut wire, &body), (Reception::Live, true), "{skew} s");
        }
    }
    server.stop();
    assert_eq!(count(&place.open(), &fleet), 2 * skews.len());
    for (device, skew) in fleet.devices.iter().zip(skews) {
        for [said, inspected, received] in instants(&place, device) {
            assert!((said - received - skew).abs() < 60, "{skew} s: it said {said}, at {received}");
            assert!(inspected <= received && inspected >= began.seconds() - 60, "{skew} s: held to {inspected}");
        }
    }
}

/// Of each report: the device's own instant, the one it is appraised for, and that of the receipt.
fn instants(place: &Place, device: &Device) -> Vec<[i64; 3]> {
    let sql = "SELECT device_time, inspected_at, received_at FROM readings WHERE device = ?1";
    let rows = place.database().read(|connection| connection.query(sql, &[Stored::from(device.id())])).unwrap();
    rows.iter().map(|row| [0, 1, 2].map(|column| row.integer(column).unwrap())).collect()
}

/// A server whose clock a test can set while it runs.
struct Clockwork {
    server: Server,
    file: tempfile::NamedTempFile,
}

impl Clockwork {
    fn start(place: &Place) -> Option<Clockwork> {
        let library = library()?;
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "+0").unwrap();
        let words = [
            "env".to_owned(),
            format!("LD_PRELOAD={}", library.display()),
            format!("FAKETIME_TIMESTAMP_FILE={}", file.path().display()),
            "FAKETIME_NO_CACHE=1".to_owned(),
            // Only the clock on the wall jumps; timers keep their own.
            "FAKETIME_DONT_FAKE_MONOTONIC=1".to_owned(),
        ];
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Some(Clockwork { server: Server::start_around(place, &words), file })
    }

    /// Sets it so many seconds beside the true one.
    fn set(&self, seconds: i64) {
        fs::write(self.file.path(), format!("{seconds:+}")).unwrap();
    }
}

/// Where Debian's package `faketime` has its library.
fn library() -> Option<PathBuf> {
    let places = fs::read_dir("/usr/lib").ok()?.flatten();
    places.map(|place| place.path().join("faketime/libfaketimeMT.so.1")).find(|path| path.exists())
}

#[test]
fn the_servers_clock_jumps() {
    let place = Place::sqlite();
    let mut fleet = Fleet::enrolled(&place, 1);
    let Some(clock) = Clockwork::start(&place) else {
        skip("the server's clock jumps", "the package faketime is not installed");
        return;
    };
    let (mut wire, body) = (Wire::open(&clock.server.address).unwrap(), fleet.bodies[0].clone());
    lenient(&mut wire, &fleet.token);
    let device = &mut fleet.devices[0];
    let (live, history) = ((Reception::Live, true), (Reception::History, false));
    for (jump, first) in [
        (0, live),
        // A day and more ahead the device's nonce is too old to vouch for anything: no stamp comes of it.
        (2 * DAY, history),
        // And back: what the server gave out in its future is live, and is held to the instant of the receipt.
        (0, live),
        // The organisation had no policy then: nothing is judged, and nothing stamped.
        (-2 * DAY, (Reception::Live, false)),
        (0, history),
        (3653 * DAY, history),
        (0, live),
        (-3653 * DAY, (Reception::Live, false)),
        (0, history),
    ] {
        clock.set(jump);
        assert_eq!(device.reports(&mut wire, &body), first, "{jump} s");
        let reception = device.reports(&mut wire, &body).0;
        assert_eq!(reception, Reception::Live, "{jump} s: the second is as ever");
        let told = device.kept.last().unwrap().acknowledgement.received_at;
        assert!((told.seconds() - now().seconds() - jump).abs() < 60, "{jump} s: it says {told}");
        let who = wire.get("/api/v1/me", &fleet.token).unwrap();
        assert!(who.status == 200 || jump > 30 * DAY, "{jump} s: the token has not ended");
    }
    clock.server.stop();
    assert_eq!(count(&place.open(), &fleet), fleet.acknowledged());
}
