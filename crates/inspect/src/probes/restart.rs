//! Whether the system asked for a restart: the mark that package scripts of Debian and Ubuntu leave.

use seaworthy_model::{Claim, Place, Reason, Restart};

use super::{Look, Reader, Stop};

/// What writes the mark: unattended-upgrades, update-notifier, reboot-notifier. Without any of them its absence says
/// nothing, as on a plain Debian.
const WRITERS: [&str; 4] = [
    "/etc/kernel/postinst.d/unattended-upgrades",
    "/etc/kernel/postinst.d/update-notifier",
    "/usr/share/update-notifier/notify-reboot-required",
    "/etc/kernel/postinst.d/reboot-notifier",
];

/// Looks for the mark, and for something that would leave it.
pub fn probe(look: &Look) -> Claim<Restart> {
    look.answer(examine)
}

fn examine(reader: &Reader<'_>) -> Result<Restart, Stop<Restart>> {
    reader.live()?;
    reader.list(Place::RebootRequired, "/run")?;
    if let Some(mark) = reader.identity(Place::RebootRequired, "/run/reboot-required")? {
        return Ok(Restart { required: true, since: Some(mark.modified()) });
    }
    // Without a readable /etc nobody could tell whether a writer is missing.
    reader.list(Place::RestartHooks, "/etc")?;
    for writer in WRITERS {
        if reader.exists(Place::RestartHooks, writer)? {
            return Ok(Restart { required: false, since: None });
        }
    }
    Err(Stop::NotApplicable(Reason::NotRecorded))
}
