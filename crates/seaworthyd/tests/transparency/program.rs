//! The program under test: to its end, or as a witness that can be killed.

use std::fmt;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A command of the program, with nothing around it.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seaworthyd"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    command
}

/// Runs it to its end.
pub fn run(arguments: &[&str]) -> Said {
    let output = command(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

/// What was said, and how it ended.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}[exit {}]", self.out, self.err, self.code)
    }
}

impl Said {
    /// Holds it to having caught the log with this code, and to naming this.
    #[track_caller]
    pub fn caught(&self, code: &str, named: &str) {
        let first = self.err.lines().next().unwrap_or_default();
        let is_caught = self.code == 1 && first.starts_with(&format!("error[{code}]: ")) && first.contains(named);
        assert!(is_caught, "{code}, {named}:\n{self}");
    }
}

/// The program while it runs. It is killed with the test.
pub struct Running {
    pub child: Child,
    pub stdout: BufReader<ChildStdout>,
}

impl Running {
    pub fn start(arguments: &[&str]) -> Running {
        let mut child = command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Running { child, stdout }
    }

    /// The next line that it prints, after what it begins with.
    pub fn line(&mut self, prefix: &str) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim_end().strip_prefix(prefix).unwrap_or_else(|| panic!("it said {line:?}")).to_owned()
    }

    /// Waits for its end; the exit code and what it complained of.
    pub fn end(mut self) -> (Option<i32>, String) {
        let mut complaint = String::new();
        std::io::Read::read_to_string(&mut self.child.stderr.take().unwrap(), &mut complaint).unwrap();
        (self.child.wait().unwrap().code(), complaint)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
