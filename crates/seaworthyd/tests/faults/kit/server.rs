//! A server that is started on a place, by the program itself or by a program around it, and can be killed.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::process::Place;

/// The program under test.
pub const SEAWORTHYD: &str = env!("CARGO_BIN_EXE_seaworthyd");

/// The words that start a server on a place.
fn seaworthyd(place: &Place) -> Vec<String> {
    let words =
        [SEAWORTHYD, "serve", "--listen=127.0.0.1:0", "--requests-per-second=0", "--log-level=error", "--store"];
    let mut words: Vec<String> = words.iter().map(ToString::to_string).collect();
    words.extend([place.store.clone(), "--data".into(), place.folder.path().to_str().unwrap().into()]);
    words
}

/// A running server. It is ended with the test.
pub struct Server {
    child: Child,
    /// Held open: a server whose listener is gone need not say anything.
    _said: BufReader<ChildStdout>,
    /// `127.0.0.1:PORT`.
    pub address: String,
}

impl Server {
    /// Starts the program on a place.
    pub fn start(place: &Place) -> Server {
        Server::start_around(place, &[])
    }

    /// Starts it by the words of another program, which ends in running it in its own process.
    pub fn start_around(place: &Place, around: &[&str]) -> Server {
        let words: Vec<String> = around.iter().map(ToString::to_string).chain(seaworthyd(place)).collect();
        let mut command = Command::new(&words[0]);
        Server::spawn(command.args(&words[1..]))
    }

    /// Starts a prepared command.
    pub fn spawn(command: &mut Command) -> Server {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").map(ToOwned::to_owned);
        let address = address.unwrap_or_else(|| panic!("the server does not listen: {line:?}"));
        Server { child, _said: said, address }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a power switch would end its process.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Lets it do nothing any more until it is killed.
    pub fn freeze(&self) {
        kill_process(Pid::from_child(&self.child), Signal::STOP).unwrap();
    }

    /// Ends it gently, and waits.
    pub fn stop(mut self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
