//! As little HTTP/1.1 as a device needs. Unlike the benchmark's, it expects the server to vanish at any moment.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// No answer takes so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A kept connection.
pub struct Wire {
    stream: BufReader<TcpStream>,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Wire {
    /// Connects to `127.0.0.1:PORT`.
    pub fn open(address: &str) -> io::Result<Wire> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Wire { stream: BufReader::new(stream) })
    }

    /// Posts bytes.
    pub fn post(&mut self, path: &str, kind: &str, body: &[u8]) -> io::Result<Answer> {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        self.send(&[head.as_bytes(), body].concat())
    }

    /// Asks with a token, or without one.
    pub fn get(&mut self, path: &str, token: &str) -> io::Result<Answer> {
        let who = if token.is_empty() { String::new() } else { format!("authorization: Bearer {token}\r\n") };
        self.send(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{who}\r\n").as_bytes())
    }

    /// Makes something with a token.
    #[track_caller]
    pub fn post_json(&mut self, path: &str, token: &str, body: &Value) -> Value {
        let body = body.to_string();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = self.send(request.as_bytes()).unwrap();
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()
    }

    /// Sends a request as it is, and reads its answer.
    pub fn send(&mut self, request: &[u8]) -> io::Result<Answer> {
        self.stream.get_mut().write_all(request)?;
        self.answer()
    }

    /// Reads an answer.
    pub fn answer(&mut self) -> io::Result<Answer> {
        let (mut head, mut line) = (String::new(), String::new());
        loop {
            line.clear();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if line == "\r\n" {
                break;
            }
            head.push_str(&line);
        }
        let answer = Answer { status: head[9..12].parse().unwrap(), head, body: Vec::new() };
        let mut body = vec![0; answer.header("content-length").map_or(0, |length| length.parse().unwrap())];
        self.stream.read_exact(&mut body)?;
        Ok(Answer { body, ..answer })
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }

    /// The code of a problem document, with its status.
    #[track_caller]
    pub fn problem(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status);
        (self.status, problem["code"].as_str().unwrap().to_owned())
    }
}

/// Waits until the server says of itself what it should; a balancer hears it within a few seconds.
pub fn becomes_ready(address: &str, wanted: u16) {
    let (mut wire, began) = (Wire::open(address).unwrap(), Instant::now());
    while wire.get("/readyz", "").unwrap().status != wanted {
        assert!(began.elapsed() < Duration::from_secs(15), "/readyz does not become {wanted}");
        thread::sleep(Duration::from_millis(100));
    }
}
