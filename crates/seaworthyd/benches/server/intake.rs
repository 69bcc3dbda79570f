//! Intake with durable acknowledgement: reports a second, latency, and the ratio to bare inserts of the same bytes.

use std::thread;
use std::time::{Duration, Instant};

use seaworthy_model::{Evidence, Timestamp};
use seaworthy_protocol::Digest;
use seaworthy_service::Error;
use seaworthy_service::ports::{Records, Store, write};

use crate::load::{Device, percentile};
use crate::process::{Place, Server};
use crate::wire::Connection;
use crate::{bare, made, setting};

/// Connections that report at once.
const CONNECTIONS: u64 = 128;
/// Devices on each connection.
const DEVICES: u64 = 16;
/// Bodies among them.
const IMAGES: u64 = 50;

/// Bytes of a sealed envelope.
const ENVELOPE: usize = 430;

/// Runs it with a fleet as organisations have it, and prints.
pub fn run(place: &Place) {
    measure(place, "nine of ten images without lapses", made::mixed_body);
}

/// Runs it with a fleet of which every device lacks as many updates as this machine.
pub fn run_stale(place: &Place) {
    measure(place, "every image as stale as this machine", made::body);
}

fn measure(place: &Place, fleet: &str, body: fn(&Evidence, u64) -> Vec<u8>) {
    let seconds = setting("SEAWORTHY_BENCH_SECONDS", 10);
    let now = now();
    let store = place.open();
    let made = made::organisation(place, &store, now, now);
    let evidence = made::evidence(now);
    let bodies: Vec<Vec<u8>> = (0..IMAGES).map(|image| body(&evidence, image)).collect();
    enrol(&store, &made, now);
    drop(store);
    let server = Server::start(place);
    let before = server.processor_seconds();
    let (mut waits, elapsed) = report(&server, &made, &bodies, seconds);
    let used = server.processor_seconds() - before;
    let batch = batch(&server);
    let count = waits.len();
    let rate = count as f64 / elapsed;
    let (p50, p99) = (percentile(&mut waits, 0.5), percentile(&mut waits, 0.99));
    let memory = server.peak_memory();
    drop(server);
    let bytes = bodies.iter().map(Vec::len).sum::<usize>() / bodies.len();
    // The bytes of a report as it comes in: its body and its envelope.
    let bare = bare::rows_per_second(&place.database(), bytes + ENVELOPE, batch.max(1), 5.0);
    println!(
        "intake on {}, {fleet}: {rate:.0} reports/s ({count} in {elapsed:.1} s, {CONNECTIONS} connections, bodies of {bytes} B \
         on average), p50 {p50:.1} ms, p99 {p99:.1} ms, {batch} reports a batch, peak memory {memory} MiB",
        place.name
    );
    println!("  processor time of the server: {:.0} µs a report", used / count as f64 * 1e6);
    println!("  bare inserts of the same bytes, {batch} a commit: {bare:.0}/s; ratio {:.2}", rate / bare);
}

fn enrol(store: &dyn Store, made: &made::Made, now: Timestamp) {
    let organisation = made.view.organisation.id;
    let root = made.view.tree.root();
    let numbers: Vec<u64> = (0..CONNECTIONS * DEVICES).collect();
    for chunk in numbers.chunks(1000) {
        let standings: Vec<_> =
            chunk.iter().map(|&number| made::standing(organisation, root, number, &made::key(number), now)).collect();
        write(store, |records: &mut dyn Records| Ok::<_, Error>(records.put_standings(&standings)?)).unwrap();
    }
    write(store, |records| {
        let paths: Vec<_> = made
            .view
            .tree
            .units()
            .map(|unit| (unit.id, made.view.area(unit.id), made.view.tree.path(unit.id)))
            .collect();
        Ok::<_, Error>(records.retally(organisation, now.seconds() / 3600, &paths)?)
    })
    .unwrap();
}

fn report(server: &Server, made: &made::Made, bodies: &[Vec<u8>], seconds: u64) -> (Vec<f64>, f64) {
    let organisation = made.view.root_key();
    let policy = made.view.documents.last().map_or(Digest::ZERO, |document| document.record.digest);
    let digests: Vec<Digest> = bodies.iter().map(|body| Digest::of(body)).collect();
    let began = Instant::now();
    let until = began + Duration::from_secs(seconds);
    let waits = thread::scope(|scope| {
        let threads: Vec<_> = (0..CONNECTIONS)
            .map(|connection| {
                let digests = &digests;
                scope.spawn(move || {
                    let mut wire = Connection::open(&server.address);
                    let mut devices: Vec<Device> = (0..DEVICES)
                        .map(|device| {
                            let number = connection * DEVICES + device;
                            let key = made::key(number);
                            Device { key, counter: 1, nonce: made::first_nonce(number), organisation, policy }
                        })
                        .collect();
                    let mut waits = Vec::new();
                    let mut round = 0;
                    while Instant::now() < until {
                        let (many, images) = (devices.len(), bodies.len());
                        let device = &mut devices[round % many];
                        let image = (round + connection as usize) % images;
                        let report = device.report(&bodies[image], digests[image], now());
                        waits.push(device.send(&mut wire, &report));
                        round += 1;
                    }
                    waits
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    (waits, began.elapsed().as_secs_f64())
}

/// The mean number of reports in a batch, by the server's own counters.
fn batch(server: &Server) -> usize {
    let mut wire = Connection::open(&server.address);
    let page = wire.text("/metrics");
    let number = |name: &str| {
        let line = page.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.rsplit(' ').next().and_then(|value| value.parse::<f64>().ok()).unwrap_or_default()
    };
    let mean = number("seaworthyd_intake_batch_reports_sum") / number("seaworthyd_intake_batch_reports_count").max(1.0);
    mean.round() as usize
}

/// The instant, by the system's clock.
pub fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_seconds(i64::try_from(since.as_secs()).unwrap())
}
