//! The only place that reads the clock, the environment and the user: everything below takes them as arguments.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use seaworthy_inspect::StateDirectory;
use seaworthy_model::Timestamp;

/// What a run finds around it.
#[derive(Debug)]
pub struct Surroundings {
    /// The clock.
    pub now: Timestamp,
    /// Effective user id.
    pub uid: u32,
    /// Whose desktop is looked at: the user, or whoever called `sudo`.
    pub holder: Holder,
    /// Where state is kept.
    pub state: StateDirectory,
    /// `XDG_CURRENT_DESKTOP`, where the session has one.
    pub desktop: Option<String>,
    /// Whether output may be coloured.
    pub colour: bool,
    /// Whether somebody watches standard error.
    pub watched: bool,
    /// Whether somebody can be asked: both ends are a terminal.
    pub answers: bool,
}

/// Whose desktop is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// User id.
    pub uid: u32,
    /// Home folder; empty where there is none.
    pub home: PathBuf,
}

impl Surroundings {
    /// The clock, for what runs so long that it moves.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads clock and environment")]
    pub fn clock() -> Timestamp {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
        Timestamp::from_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
    }

    /// Reads them.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads clock and environment")]
    pub fn read() -> Surroundings {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let folder = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = folder("HOME");
        let uid = rustix::process::geteuid().as_raw();
        let plain = variable("NO_COLOR").is_some() || variable("TERM").is_some_and(|term| term == "dumb");
        Surroundings {
            now: Surroundings::clock(),
            state: StateDirectory::new(state_folder(folder("XDG_STATE_HOME"), home.clone(), uid)),
            holder: holder(uid, home, variable("SUDO_UID").and_then(|uid| uid.to_str()?.parse().ok())),
            desktop: variable("XDG_CURRENT_DESKTOP").and_then(|value| value.into_string().ok()),
            uid,
            colour: std::io::stdout().is_terminal() && !plain,
            watched: std::io::stderr().is_terminal(),
            answers: std::io::stdin().is_terminal() && std::io::stdout().is_terminal(),
        }
    }
}

/// Root through `sudo` looks at the desktop of whoever called it, whose home is in passwd(5).
fn holder(uid: u32, home: Option<PathBuf>, caller: Option<u32>) -> Holder {
    let caller = caller.filter(|caller| uid == 0 && *caller != 0);
    let passwd = || std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    match caller.and_then(|caller| Some((caller, home_of(caller, &passwd())?))) {
        Some((uid, home)) => Holder { uid, home },
        None => Holder { uid, home: home.unwrap_or_default() },
    }
}

fn home_of(uid: u32, passwd: &str) -> Option<PathBuf> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let id: u32 = fields.nth(2)?.parse().ok()?;
        (id == uid).then(|| fields.nth(2).map(PathBuf::from)).flatten()
    })
}

fn state_folder(xdg: Option<PathBuf>, home: Option<PathBuf>, uid: u32) -> PathBuf {
    let base = match (xdg, home) {
        (Some(folder), _) => folder,
        (None, Some(home)) if uid != 0 => home.join(".local/state"),
        _ => PathBuf::from("/var/lib"),
    };
    base.join("seaworthy")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_is_kept_where_the_user_says_or_else_where_it_belongs() {
        let check = |xdg: Option<&str>, home: Option<&str>, uid, expected: &str| {
            assert_eq!(state_folder(xdg.map(PathBuf::from), home.map(PathBuf::from), uid), PathBuf::from(expected));
        };
        check(Some("/x"), Some("/home/ada"), 1000, "/x/seaworthy");
        check(Some("/x"), None, 0, "/x/seaworthy");
        check(None, Some("/home/ada"), 1000, "/home/ada/.local/state/seaworthy");
        check(None, Some("/home/ada"), 0, "/var/lib/seaworthy");
        check(None, None, 1000, "/var/lib/seaworthy");
    }

    #[test]
    fn the_home_of_a_user_is_in_passwd() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\nada:x:1000:1000:Ada,,,:/home/ada:/bin/sh\nbroken\n";
        assert_eq!(home_of(1000, passwd), Some(PathBuf::from("/home/ada")));
        assert_eq!(home_of(1001, passwd), None);
        let own = Holder { uid: 7, home: PathBuf::from("/home/g") };
        assert_eq!(holder(7, Some(PathBuf::from("/home/g")), Some(1000)), own);
    }
}
