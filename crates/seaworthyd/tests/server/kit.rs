//! A server on a port of its own, and a client that can misbehave.

use std::fmt::{self, Display};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// The program under test.
pub const SEAWORTHYD: &str = env!("CARGO_BIN_EXE_seaworthyd");

/// No answer takes so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A command of the program, with nothing around it.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(SEAWORTHYD);
    command.args(arguments).env_clear().stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub fn run(arguments: &[&str]) -> Said {
    said(&mut command(arguments), arguments)
}

/// Runs a prepared command to its end.
pub fn said(command: &mut Command, arguments: &[&str]) -> Said {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { line: arguments.join(" "), out: text(stdout), err: text(stderr), code: status.code().unwrap() }
}

/// What was said, and how it ended.
pub struct Said {
    line: String,
    pub out: String,
    pub err: String,
    pub code: i32,
}

impl Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Said { line, out, err, code } = self;
        write!(f, "$ seaworthyd {line}\n{out}{err}[exit {code}]")
    }
}

/// A running server. It is ended with the test.
pub struct Server {
    child: Child,
    stdout: BufReader<ChildStdout>,
    pub address: SocketAddr,
    _data: tempfile::TempDir,
}

impl Server {
    /// On a free port of loopback, its data in a folder of its own, its log thrown away.
    pub fn start(arguments: &[&str]) -> Server {
        Server::start_logging(arguments, Stdio::null())
    }

    pub fn start_logging(arguments: &[&str], log: Stdio) -> Server {
        let data = tempfile::tempdir().unwrap();
        let mut command = command(&["serve", "--listen=127.0.0.1:0", "--data"]);
        command.arg(data.path()).args(arguments).stderr(log);
        Server::spawn(&mut command, data)
    }

    /// With a prepared command.
    pub fn spawn(command: &mut Command, data: tempfile::TempDir) -> Server {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let address = announced(&mut stdout, "listening on ");
        Server { child, stdout, address, _data: data }
    }

    /// The next address that it announces.
    pub fn announced(&mut self, prefix: &str) -> SocketAddr {
        announced(&mut self.stdout, prefix)
    }

    pub fn connect(&self) -> TcpStream {
        connect(self.address)
    }

    /// The answer to a request on a connection of its own.
    pub fn ask(&self, request: &str) -> Answer {
        ask(self.connect(), request)
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// The exit code of a server that was told to stop, and its log.
    pub fn wait(mut self) -> (Option<i32>, String) {
        let mut log = String::new();
        if let Some(mut stderr) = self.child.stderr.take() {
            stderr.read_to_string(&mut log).unwrap();
        }
        (self.child.wait().unwrap().code(), log)
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn announced(stdout: &mut impl BufRead, prefix: &str) -> SocketAddr {
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    let url = line.trim().strip_prefix(prefix).unwrap_or_else(|| panic!("it said {line:?}"));
    let address = url.split("://").nth(1).unwrap().split('/').next().unwrap();
    address.parse().unwrap()
}

pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Sends a request and reads until the server closes.
pub fn ask(mut stream: impl Read + Write, request: &str) -> Answer {
    stream.write_all(request.as_bytes()).unwrap();
    answer(stream)
}

/// Reads one answer, to the end of the connection.
pub fn answer(mut stream: impl Read) -> Answer {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    Answer { head: head.to_owned(), body: body.to_owned() }
}

/// An answer of the server.
#[derive(Debug)]
pub struct Answer {
    head: String,
    pub body: String,
}

impl Answer {
    pub fn status(&self) -> u16 {
        self.head.split(' ').nth(1).unwrap().parse().unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.into_iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Holds the answer to being a problem document with this status and code.
    #[track_caller]
    pub fn is_problem(&self, status: u16, code: &str) {
        assert_eq!(
            (self.status(), self.header("content-type")),
            (status, Some("application/problem+json")),
            "{self:?}"
        );
        let problem = self.json();
        assert_eq!(problem["status"], status);
        assert_eq!(problem["code"], code);
        assert_eq!(problem["type"], format!("urn:seaworthy:problem:{code}"));
        let id = self.header("x-request-id").unwrap();
        assert_eq!(problem["instance"], format!("urn:seaworthy:request:{id}"));
        for field in ["title", "detail", "hint"] {
            assert!(!problem[field].as_str().unwrap().is_empty(), "{field}");
        }
    }
}
