//! HTTP on loopback: a server of a folder's files, and a client of one request.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Serves the files of a folder as they are when they are asked for, until the test's process ends.
pub fn serve(folder: &Path) -> String {
    serve_busy(folder, 0)
}

/// The same, by a server that first says so many times that it is asked too much.
pub fn serve_busy(folder: &Path, times: usize) -> String {
    let busy = Arc::new(AtomicUsize::new(times));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (url, folder) = (format!("http://{}/log", listener.local_addr().unwrap()), folder.to_owned());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (folder, busy) = (folder.clone(), Arc::clone(&busy));
            thread::spawn(move || answer(stream, folder, &busy));
        }
    });
    url
}

/// Answers requests until the client hangs up.
fn answer(mut stream: TcpStream, folder: PathBuf, busy: &AtomicUsize) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
    loop {
        let first = lines.next()?.ok()?;
        while !lines.next()?.ok()?.is_empty() {}
        let path = first.strip_prefix("GET /log/")?.strip_suffix(" HTTP/1.1")?;
        let is_busy = busy.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |times| times.checked_sub(1)).is_ok();
        let (status, body) = match fs::read(folder.join(path)) {
            _ if is_busy => ("429 Too Many Requests", Vec::new()),
            Ok(body) => ("200 OK", body),
            Err(_) => ("404 Not Found", Vec::new()),
        };
        write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len()).ok()?;
        stream.write_all(&body).ok()?;
    }
}

/// The status, content type and body that a body is answered with.
pub fn post(url: &str, body: &str) -> (u16, String, String) {
    try_post(url, body).unwrap()
}

/// The same, of a server that may be gone.
pub fn try_post(url: &str, body: &str) -> Option<(u16, String, String)> {
    let (host, path) = url.strip_prefix("http://")?.split_once('/')?;
    let mut stream = TcpStream::connect(host).ok()?;
    let length = body.len();
    let head =
        format!("POST /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let kind = head.lines().find_map(|line| line.strip_prefix("content-type: ")).unwrap_or_default();
    Some((status, kind.to_owned(), body.to_owned()))
}
