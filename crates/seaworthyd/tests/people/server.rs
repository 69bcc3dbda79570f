//! A server on a port of its own, with the link that makes its first administrator.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// A running server. It is ended with the test.
pub struct Server {
    child: Child,
    /// How browsers reach it: by a name, since they know no passkeys for addresses.
    pub origin: String,
    /// The secret of the first administrator's link.
    pub secret: String,
    _data: tempfile::TempDir,
}

impl Server {
    pub fn start(arguments: &[&str]) -> Server {
        let data = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_seaworthyd"));
        command.args(["serve", "--listen=127.0.0.1:0", "--organisation=Harbour", "--data"]).arg(data.path());
        command.args(arguments).env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let link = stdout.lines().map(Result::unwrap).find_map(|line| Some(line.split_once("Harbour: ")?.1.to_owned()));
        let link = link.expect("the server prints a link");
        let (origin, secret) = link.split_once("/welcome#").unwrap();
        Server { child, origin: origin.to_owned(), secret: secret.to_owned(), _data: data }
    }

    pub fn link(&self) -> String {
        format!("{}/welcome#{}", self.origin, self.secret)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
