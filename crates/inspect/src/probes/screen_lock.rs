//! Whether an idle desktop locks, for GNOME. Of other desktops it is unknown.

use seaworthy_model::{Claim, Place, Reason, ScreenLock};

use super::gsettings::Settings;
use super::{Look, Reader, Stop};

const SESSION_FOLDERS: [&str; 2] = ["/usr/share/wayland-sessions", "/usr/share/xsessions"];

/// Reads the desktop settings of the user that the look is for.
pub fn probe(look: &Look) -> Claim<ScreenLock> {
    look.answer(examine)
}

fn examine(reader: &Reader<'_>) -> Result<ScreenLock, Stop<ScreenLock>> {
    let sessions = sessions(reader)?;
    if sessions.is_empty() && reader.look.user.desktop.is_none() {
        return Err(Stop::NotApplicable(Reason::NoDesktop));
    }
    reader.live()?;
    if !is_gnome(reader, &sessions) || reader.look.user.uid == 0 {
        // The superuser's own settings say nothing of the holder's desktop.
        return Err(Stop::Unknown(Reason::NotSupported));
    }
    let settings = Settings::read(reader)?;
    let screensaver = ("org.gnome.desktop.screensaver", "/org/gnome/desktop/screensaver/");
    let session = ("org.gnome.desktop.session", "/org/gnome/desktop/session/");
    let lockdown = ("org.gnome.desktop.lockdown", "/org/gnome/desktop/lockdown/");
    let locks: bool = settings.value(screensaver.0, screensaver.1, "lock-enabled")?;
    let after: u32 = settings.value(screensaver.0, screensaver.1, "lock-delay")?;
    let idle: u32 = settings.value(session.0, session.1, "idle-delay")?;
    let forbidden: bool = settings.value(lockdown.0, lockdown.1, "disable-lock-screen")?;
    // An idle time of 0 is never.
    Ok(ScreenLock { enabled: locks && idle > 0 && !forbidden, delay_seconds: idle.saturating_add(after) })
}

/// The names of the sessions that can be started, without `.desktop`.
fn sessions(reader: &Reader<'_>) -> Result<Vec<String>, Reason> {
    // Without a readable /usr/share nobody could tell that there is none.
    reader.list(Place::Sessions, "/usr/share").map_err(|error| error.reason())?;
    let mut sessions = Vec::new();
    for folder in SESSION_FOLDERS {
        let names = reader.optional_list(Place::Sessions, folder).map_err(|error| error.reason())?;
        sessions.extend(names.iter().filter_map(|name| name.strip_suffix(".desktop")).map(str::to_owned));
    }
    Ok(sessions)
}

/// The desktop that runs, else the only kind that is installed.
fn is_gnome(reader: &Reader<'_>, sessions: &[String]) -> bool {
    match &reader.look.user.desktop {
        Some(desktop) => desktop.split(':').any(|name| name == "GNOME"),
        None => sessions.iter().all(|name| name.starts_with("gnome") || name.starts_with("ubuntu")),
    }
}
