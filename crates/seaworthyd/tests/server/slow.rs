//! Clients that take their time keep nobody else out.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use seaworthy_testkit::skip;

use crate::kit::Server;

const SLOW: usize = 10_000;

/// Half of them say nothing, half of them half a head.
#[test]
fn ten_thousand_half_open_connections() {
    if !may_open(SLOW as u64 + 500) {
        skip("ten thousand half-open connections", "the limit of open files is too low");
        return;
    }
    let server = Server::start(&[]);
    let before = resident(server.id());
    let begun = Instant::now();
    let slow = many_half_open(&server);
    let open = server.get("/metrics").body;
    let open = open.lines().find_map(|line| line.strip_prefix("seaworthyd_http_connections ")).unwrap();
    if open.parse::<usize>().unwrap() < SLOW {
        skip("part of ten thousand half-open connections", &format!("this machine was too slow: {open} at once"));
    }
    for _ in 0..20 {
        let asked = Instant::now();
        assert_eq!(server.get("/healthz").status(), 200);
        assert!(asked.elapsed() < Duration::from_secs(1), "an honest client waited {:?}", asked.elapsed());
    }
    let grown = resident(server.id()).saturating_sub(before);
    eprintln!("{open} of {} slow connections open, after {:?}: {} MiB more", slow.len(), begun.elapsed(), grown / 1024);
    assert!(grown < 200 * 1024, "{grown} KiB for {SLOW} slow connections");
    let mut last = slow.last().unwrap();
    assert_eq!(last.read(&mut [0; 1]).unwrap_or(0), 0, "given up after ten seconds");
}

/// As fast as this machine can: the first ones are given up after ten seconds.
fn many_half_open(server: &Server) -> Vec<TcpStream> {
    const HANDS: usize = 16;
    let some = |hand: usize| (hand..SLOW).step_by(HANDS).map(|number| half_open(server, number % 2 == 0)).collect();
    std::thread::scope(|scope| {
        let hands: Vec<_> = (0..HANDS).map(|hand| scope.spawn(move || -> Vec<TcpStream> { some(hand) })).collect();
        hands.into_iter().flat_map(|hand| hand.join().unwrap()).collect()
    })
}

fn half_open(server: &Server, is_silent: bool) -> TcpStream {
    let mut stream = server.connect();
    if !is_silent {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: loc").unwrap();
    }
    stream
}

fn may_open(files: u64) -> bool {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    raised.is_ok() && maximum.is_none_or(|maximum| maximum >= files)
}

/// Resident memory of a process, in KiB.
fn resident(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn beyond_the_limit_connections_are_closed_at_once() {
    let server = Server::start(&["--connection-limit=3"]);
    let held: Vec<TcpStream> = (0..3).map(|_| server.connect()).collect();
    std::thread::sleep(Duration::from_millis(200));
    let begun = Instant::now();
    assert_eq!(server.connect().read(&mut [0; 1]).unwrap_or(0), 0);
    assert!(begun.elapsed() < Duration::from_secs(1));
    drop(held);
    std::thread::sleep(Duration::from_millis(200));
    assert!(server.get("/metrics").body.contains("seaworthyd_http_connections_refused_total 1\n"));
}
