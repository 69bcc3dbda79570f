//! What no device sends: bodies of no form, bombs, endless streams, reports for others. Each has its answer, none costs
//! much, and honest devices go on.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use seaworthy_protocol::{Digest, Report};

use crate::kit::{Answer, Fleet, Sent, Server, Wire, count};
use crate::process::Place;

const DEEP: usize = 100_000;
const MEGABYTE: usize = 1 << 20;

/// An organisation with one honest device, and its server.
struct Harbour {
    place: Place,
    fleet: Fleet,
    server: Server,
}

impl Harbour {
    fn open() -> Harbour {
        let place = Place::sqlite();
        let fleet = Fleet::enrolled(&place, 1);
        let server = Server::start(&place);
        Harbour { place, fleet, server }
    }

    fn wire(&self) -> Wire {
        Wire::open(&self.server.address).unwrap()
    }

    /// Posts bytes as a report.
    fn post(&self, body: &[u8]) -> (u16, String) {
        self.wire().post("/api/v1/reports", Report::TYPE, body).unwrap().problem()
    }

    /// Posts with a head of the test's own.
    fn post_under(&self, fields: &str, body: &[u8]) -> Answer {
        let head = format!(
            "POST /api/v1/reports HTTP/1.1\r\nhost: localhost\r\n{fields}content-length: {}\r\n\r\n",
            body.len()
        );
        self.wire().send(&[head.as_bytes(), body].concat()).unwrap()
    }

    /// A sound report of the device.
    fn report(&mut self) -> Vec<u8> {
        let body = self.fleet.bodies[0].clone();
        let envelope = self.fleet.devices[0].envelope(&body);
        self.fleet.devices[0].sealed(&envelope, &body).bytes
    }

    /// An honest report is still taken in, what was stored is whole, and memory is what it was.
    fn goes_on(mut self) {
        let (mut wire, body) = (self.wire(), self.fleet.bodies[0].clone());
        assert!(matches!(self.fleet.devices[0].report(&mut wire, &body), Sent::Acknowledged(_)));
        let peak = peak_memory(&self.server);
        assert!(peak < 200, "{peak} MiB");
        self.server.stop();
        assert_eq!(count(&self.place.open(), &self.fleet), self.fleet.acknowledged());
    }
}

/// Most memory that a server has used, in MiB.
fn peak_memory(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() / 1024
}

fn no(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[test]
fn bodies_of_no_form() {
    let harbour = Harbour::open();
    let malformed = no(400, "report-malformed");
    let deep_maps: Vec<u8> = b"\xa1\x61\x61".repeat(DEEP / 2);
    for (name, body) in [
        ("nothing", Vec::new()),
        ("one byte", vec![0xa3]),
        ("arrays in arrays", vec![0x81; DEEP]),
        ("endless arrays in endless arrays", vec![0x9f; DEEP]),
        ("tags of tags", vec![0xc1; DEEP]),
        ("maps in maps", deep_maps),
        ("an array of 2^64 - 1", [&[0x9b][..], &[0xff; 8]].concat()),
        ("a map of 2^64 - 1", [&[0xbb][..], &[0xff; 8]].concat()),
        ("bytes of 2^64 - 1", [&[0x5b][..], &[0xff; 8]].concat()),
        ("text of 2^32 - 1", [&[0x7a][..], &[0xff; 4]].concat()),
        ("endless bytes", b"\x5f\x41\x00".repeat(1000)),
        ("an endless map", b"\xbf\x61\x61\x00".to_vec()),
        ("JSON", b"{\"version\": 1}".to_vec()),
        ("zeros", vec![0; 200 * 1024]),
    ] {
        assert_eq!(harbour.post(&body), malformed, "{name}");
    }
    harbour.goes_on();
}

/// The envelope is sound and signed; what it names is not.
#[test]
fn deep_bodies_of_a_true_device() {
    let mut harbour = Harbour::open();
    for (name, body) in [
        ("nothing", Vec::new()),
        ("arrays in arrays", vec![0x81; DEEP]),
        ("endless arrays", vec![0x9f; DEEP]),
        ("tags of tags", vec![0xc1; DEEP]),
        ("a map of 2^64 - 1", [&[0xbb][..], &[0xff; 8]].concat()),
    ] {
        let device = &mut harbour.fleet.devices[0];
        let envelope = device.envelope(&body);
        let report = device.sealed(&envelope, &body).bytes;
        assert_eq!(harbour.post(&report), no(400, "report-malformed"), "{name}");
    }
    let body = harbour.fleet.bodies[0].clone();
    let device = &mut harbour.fleet.devices[0];
    let mut envelope = device.envelope(&body);
    envelope.body = Digest::ZERO;
    let other = device.sealed(&envelope, &body).bytes;
    assert_eq!(harbour.post(&other), no(400, "report-body"));
    harbour.goes_on();
}

#[test]
fn ten_megabytes_and_a_stream_without_end() {
    let harbour = Harbour::open();
    let whole = format!("content-length: {}\r\n\r\n", 10 * MEGABYTE);
    let chunk = [format!("{MEGABYTE:x}\r\n").as_bytes(), &vec![0; MEGABYTE], b"\r\n"].concat();
    for (fields, part) in [(whole.as_str(), vec![0; MEGABYTE]), ("transfer-encoding: chunked\r\n\r\n", chunk)] {
        let began = Instant::now();
        let answer = poured(&harbour.server.address, fields, &part);
        assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("\"code\":\"body-too-large\""), "{answer}");
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    }
    harbour.goes_on();
}

/// Pours the same part of a body again and again until the server has had enough; what it said.
fn poured(address: &str, fields: &str, part: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let head =
        format!("POST /api/v1/reports HTTP/1.1\r\nhost: localhost\r\ncontent-type: {}\r\n{fields}", Report::TYPE);
    stream.write_all(head.as_bytes()).unwrap();
    let mut hears = stream.try_clone().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut poured = 0;
            while poured < 10 * MEGABYTE && stream.write_all(part).is_ok() {
                poured += part.len();
            }
        });
        let mut said = Vec::new();
        // The answer counts, not how the connection ends.
        let _ = hears.read_to_end(&mut said);
        String::from_utf8_lossy(&said).into_owned()
    })
}

/// A content coding is not undone: what arrives is what is read.
#[test]
fn a_content_encoding_is_not_honoured() {
    let mut harbour = Harbour::open();
    let report = harbour.report();
    let kind = format!("content-type: {}\r\n", Report::TYPE);
    for coding in ["gzip", "deflate", "br", "zstd", "gzip, gzip"] {
        let fields = format!("{kind}content-encoding: {coding}\r\n");
        let bomb = harbour.post_under(&fields, &bomb(200 * 1024));
        assert_eq!(bomb.problem(), no(400, "report-malformed"), "{coding}");
        let packed = harbour.post_under(&fields, &packed(&report));
        assert_eq!(packed.problem(), no(400, "report-malformed"), "{coding}");
    }
    harbour.goes_on();
}

/// A sound gzip member around bytes, stored as they are (RFC 1952, RFC 1951 §3.2.4).
fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GZIP.to_vec();
    for (number, block) in bytes.chunks(60_000).enumerate() {
        let is_last = u8::from((number + 1) * 60_000 >= bytes.len());
        let length = u16::try_from(block.len()).unwrap();
        packed.push(is_last);
        packed.extend(length.to_le_bytes().into_iter().chain((!length).to_le_bytes()).chain(block.iter().copied()));
    }
    packed
}

/// A gzip member of so many bytes that unfolds to a hundred and fifty times as many zeros (RFC 1951 §3.2.6): one literal
/// zero, then "258 bytes again, from one back" in 13 bits each.
fn bomb(bytes: usize) -> Vec<u8> {
    let mut bits: Vec<u8> = vec![1, 1, 0];
    bits.extend([0, 0, 1, 1, 0, 0, 0, 0]);
    while bits.len() < bytes * 8 {
        bits.extend([1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0]);
    }
    let byte = |bits: &[u8]| bits.iter().enumerate().fold(0, |byte, (place, bit)| byte | bit << place);
    GZIP.iter().copied().chain(bits.chunks(8).map(byte)).collect()
}

const GZIP: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

#[test]
fn reports_that_are_for_others_or_from_nobody() {
    let mut harbour = Harbour::open();
    let report = harbour.report();
    let other_kind = harbour.post_under("content-type: application/cbor\r\n", &report);
    assert_eq!(other_kind.problem(), no(415, "media-type-refused"));
    assert_eq!(harbour.post_under("", &report).problem(), no(415, "media-type-refused"));

    let body = harbour.fleet.bodies[0].clone();
    let device = &mut harbour.fleet.devices[0];
    let mut envelope = device.envelope(&body);
    envelope.organisation = Digest::of(b"another");
    let elsewhere = device.sealed(&envelope, &body).bytes;
    assert_eq!(harbour.post(&elsewhere), no(404, "organisation-unknown"));

    let device = &mut harbour.fleet.devices[0];
    let own = std::mem::replace(&mut device.key, crate::made::key(999));
    let envelope = device.envelope(&body);
    let unknown = device.sealed(&envelope, &body).bytes;
    device.key = own;
    assert_eq!(harbour.post(&unknown), no(404, "device-unknown"));

    let device = &mut harbour.fleet.devices[0];
    let envelope = device.envelope(&body);
    let own = std::mem::replace(&mut device.key, crate::made::key(999));
    let forged = device.sealed(&envelope, &body).bytes;
    device.key = own;
    assert_eq!(harbour.post(&forged), no(403, "report-signature"));
    harbour.goes_on();
}
