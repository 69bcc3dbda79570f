//! Which units start by themselves: systemd.unit(5), read from their links. No daemon is asked.

use seaworthy_model::{Place, Reason};

use super::Reader;

/// Folders whose units override those that packages ship, the strongest first.
const OVERRIDES: [&str; 2] = ["/etc/systemd/system", "/run/systemd/system"];

impl Reader<'_> {
    /// Whether this system starts with systemd: it runs, or on a disk is installed.
    pub(super) fn has_systemd(&self) -> Result<bool, Reason> {
        let path = if self.look.root.is_live() { "/run/systemd/system" } else { "/usr/lib/systemd/systemd" };
        let place = if self.look.root.is_live() { Place::SystemdRun } else { Place::SystemdVendorUnits };
        self.exists(place, path).map_err(|error| error.reason())
    }

    /// Whether a unit is wanted by a target and not masked.
    pub(super) fn is_enabled(&self, unit: &str, target: &str) -> Result<bool, Reason> {
        Ok(!self.is_masked(unit)? && self.is_wanted(unit, target)?)
    }

    /// Whether a unit is linked to /dev/null, which keeps everything from starting it.
    pub(super) fn is_masked(&self, unit: &str) -> Result<bool, Reason> {
        for folder in OVERRIDES {
            let place = if folder.starts_with("/etc") { Place::SystemdUnits } else { Place::SystemdRun };
            let target = self.link(place, format!("{folder}/{unit}")).map_err(|error| error.reason())?;
            if let Some(target) = target {
                return Ok(target.as_os_str() == "/dev/null");
            }
        }
        Ok(false)
    }

    fn is_wanted(&self, unit: &str, target: &str) -> Result<bool, Reason> {
        let folders = [
            (Place::SystemdUnits, "/etc/systemd/system"),
            (Place::SystemdRun, "/run/systemd/system"),
            (Place::SystemdVendorUnits, "/usr/lib/systemd/system"),
        ];
        for (place, folder) in folders {
            for kind in ["wants", "requires"] {
                let names = self.optional_list(place, format!("{folder}/{target}.{kind}"));
                if names.map_err(|error| error.reason())?.iter().any(|name| name == unit) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}
