//! A holder at a terminal: a home, a state directory, and what the program says there.

use std::fmt::{self, Display};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use seaworthy_testkit::{Sysroot, skip};
use serde_json::Value;

/// The program under test.
pub const SEAWORTHY: &str = env!("CARGO_BIN_EXE_seaworthy");

/// Somebody with a home and a state directory of their own.
pub struct Holder {
    folder: tempfile::TempDir,
    hidden: Vec<(String, &'static str)>,
}

impl Holder {
    pub fn new() -> Holder {
        Holder { folder: tempfile::tempdir().unwrap(), hidden: Vec::new() }
    }

    /// Shows a path of this run by a name that is the same in every run.
    pub fn hide(mut self, path: &Path, name: &'static str) -> Holder {
        self.hidden.push((path.display().to_string(), name));
        self
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The state directory.
    pub fn state(&self) -> PathBuf {
        self.path().join("state/seaworthy")
    }

    /// The public key, made if need be.
    pub fn public_key(&self) -> PathBuf {
        assert_eq!(self.run(&["key"]).code, 0);
        self.state().join("device.pub")
    }

    /// A command line of theirs, in their own folder, with nothing else around it.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(SEAWORTHY);
        command.args(arguments).env_clear().env("HOME", self.path()).env("XDG_STATE_HOME", self.path().join("state"));
        command.current_dir(self.path()).stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Said {
        self.said(&mut self.command(arguments), arguments)
    }

    pub fn said(&self, command: &mut Command, arguments: &[&str]) -> Said {
        let Output { status, stdout, stderr } = command.output().unwrap();
        let show = |bytes: &[u8]| self.shown(std::str::from_utf8(bytes).unwrap());
        Said {
            line: self.shown(&arguments.join(" ")),
            out: show(&stdout),
            err: show(&stderr),
            code: status.code().expect("it ends by itself"),
        }
    }

    fn shown(&self, text: &str) -> String {
        let text = self.hidden.iter().fold(text.to_owned(), |text, (path, name)| text.replace(path, name));
        text.replace(&self.path().display().to_string(), "~")
    }
}

/// What was said, and how it ended.
#[derive(Debug)]
pub struct Said {
    line: String,
    pub out: String,
    pub err: String,
    pub code: i32,
}

impl Said {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap()
    }
}

/// As on a terminal: the command line, what it says, and its exit code. Counts of days, which grow, are shown as `#`.
impl Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Said { line, out, err, code } = self;
        write!(f, "$ seaworthy {line}\n{}{}[exit {code}]", ageless(out), ageless(err))
    }
}

fn ageless(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let next = |index: usize| words.get(index + 1).is_some_and(|word| *word == "to" || word.starts_with("days"));
    let is_count = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let ageless = words.iter().enumerate().map(|(index, &word)| if is_count(word) && next(index) { "#" } else { word });
    ageless.collect::<Vec<_>>().join(" ")
}

/// A Debian system whose outcome no clock changes: long out of support, with a source and no lists.
pub fn old_debian() -> Sysroot {
    Sysroot::new()
        .file("/etc/os-release", "ID=debian\nVERSION_ID=\"8\"\nVERSION_CODENAME=jessie\n")
        .file("/etc/apt/sources.list", "deb http://deb.example.org/debian jessie main\n")
        .file("/var/lib/dpkg/status", status("bash", "4.3-11+deb8u2"))
        .folder("/var/lib/apt/lists")
}

/// A paragraph of an installed package.
pub fn status(package: &str, version: &str) -> String {
    format!("Package: {package}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n\n")
}

/// What apt itself says of this machine: name, architecture, installed, candidate.
pub fn upgradable_here() -> Option<Vec<[String; 4]>> {
    let output =
        Command::new("apt").args(["list", "--upgradable"]).env("LC_ALL", "C.UTF-8").stderr(Stdio::null()).output();
    let Ok(output) = output else {
        skip("the comparison with apt", "apt is not installed");
        return None;
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut all: Vec<[String; 4]> =
        text.lines().filter_map(seaworthy_testkit::apt::upgradable_line).map(|(a, b, c, d)| [a, b, c, d]).collect();
    all.sort();
    Some(all)
}

/// This machine as it would be after every update: its sources, its signed lists, its packages at the versions that apt
/// offers. None, aloud, where there are no fresh signed lists.
pub fn updated_root() -> Option<Sysroot> {
    let offered = upgradable_here()?;
    if !lists_are_fresh() {
        skip("the updated root", "this machine has no package lists of the last days: run apt-get update");
        return None;
    }
    let root = Sysroot::new();
    for path in ["/etc/os-release", "/var/lib/dpkg/arch", "/var/lib/apt/extended_states", "/etc/apt/sources.list"] {
        if let Ok(content) = fs::read(path) {
            root.write(path, content);
        }
    }
    for folder in ["/etc/apt/sources.list.d", "/var/lib/apt/lists"] {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten().filter(|entry| entry.path().is_file()) {
            root.write(&entry.path().display().to_string(), fs::read(entry.path()).unwrap());
        }
    }
    let status = fs::read_to_string("/var/lib/dpkg/status").unwrap();
    let updated: Vec<String> = status.split("\n\n").map(|paragraph| updated(paragraph, &offered)).collect();
    root.write("/var/lib/dpkg/status", updated.join("\n\n"));
    Some(root)
}

/// A paragraph of dpkg's status at the version that apt offers.
fn updated(paragraph: &str, offered: &[[String; 4]]) -> String {
    let field = |name: &str| paragraph.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let is_this = |offer: &&[String; 4]| {
        let architecture = field("Architecture").map(|own| own == "all" || own == offer[1]);
        field("Package") == Some(&offer[0]) && architecture == Some(true) && field("Version") == Some(&offer[2])
    };
    match offered.iter().find(is_this) {
        Some([.., installed, candidate]) => {
            paragraph.replace(&format!("\nVersion: {installed}"), &format!("\nVersion: {candidate}"))
        }
        None => paragraph.to_owned(),
    }
}

/// The security archive's list was signed within the last days, and has not expired.
fn lists_are_fresh() -> bool {
    let folder = fs::read_dir("/var/lib/apt/lists").into_iter().flatten().flatten();
    let mut security = folder.map(|entry| entry.path()).filter(|path| {
        let name = path.to_string_lossy();
        name.contains("-security_") && name.ends_with("InRelease")
    });
    security.any(|path| {
        let text = fs::read_to_string(path).unwrap_or_default();
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
        let since = |date: String, by: &str| {
            let date = Command::new("date").args(["-d", &format!("{} {by}", date.trim()), "+%s"]).output();
            let seconds: i64 = String::from_utf8_lossy(&date.ok()?.stdout).trim().parse().ok()?;
            Some(seconds)
        };
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let ends = [
            field("Date:").and_then(|date| since(date, "+6 days")),
            field("Valid-Until:").and_then(|date| since(date, "")),
        ];
        ends.into_iter().flatten().all(|end| end > i64::try_from(now).unwrap())
    })
}
