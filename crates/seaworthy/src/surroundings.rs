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
    /// The home folder of the user.
    pub home: Option<PathBuf>,
    /// Effective user id.
    pub uid: u32,
    /// Where state is kept.
    pub state: StateDirectory,
    /// `XDG_CURRENT_DESKTOP`, where the session has one.
    pub desktop: Option<String>,
    /// Whether output may be coloured.
    pub colour: bool,
}

impl Surroundings {
    /// Reads them.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads clock and environment")]
    pub fn read() -> Surroundings {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let home = variable("HOME").map(PathBuf::from);
        let uid = rustix::process::geteuid().as_raw();
        let state = variable("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        Surroundings {
            now: Timestamp::from_seconds(i64::try_from(seconds).unwrap_or(i64::MAX)),
            state: StateDirectory::new(state_folder(state, home.clone(), uid)),
            home,
            desktop: variable("XDG_CURRENT_DESKTOP").and_then(|value| value.into_string().ok()),
            uid,
            colour: std::io::stdout().is_terminal() && variable("NO_COLOR").is_none(),
        }
    }
}

fn state_folder(xdg: Option<PathBuf>, home: Option<PathBuf>, uid: u32) -> PathBuf {
    let base = match (xdg, home) {
        (Some(folder), _) => folder,
        (None, Some(home)) if uid != 0 => home.join(".local/state"),
        _ => PathBuf::from("/var/lib"),
    };
    base.join("seaworthy")
}
