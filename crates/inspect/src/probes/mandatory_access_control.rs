//! Mandatory access control: the kernel's list of security modules, and whether the one found refuses or only watches.

use seaworthy_model::{Claim, MandatoryAccessControl, MandatoryAccessControlKind, Place, Reason};

use super::{Look, Reader, Stop};

/// Reads which module is active and whether it enforces.
pub fn probe(look: &Look) -> Claim<MandatoryAccessControl> {
    look.answer(examine)
}

fn examine(reader: &Reader<'_>) -> Result<MandatoryAccessControl, Stop<MandatoryAccessControl>> {
    reader.live()?;
    if reader.is_container()? {
        return Err(Stop::NotApplicable(Reason::Container));
    }
    let text = reader.text(Place::Lsm, "/sys/kernel/security/lsm")?;
    let modules: Vec<&str> = text.trim().split(',').collect();
    // `capability` is always first or second; a list without it is no list.
    if !modules.contains(&"capability") {
        return Err(Stop::Unknown(Reason::Garbled));
    }
    if modules.contains(&"selinux") {
        return selinux(reader);
    }
    if modules.contains(&"apparmor") {
        return apparmor(reader);
    }
    let other = |name: &&str| matches!(*name, "smack" | "tomoyo");
    if modules.iter().any(other) {
        let kind = MandatoryAccessControlKind::Other;
        return Err(Stop::Seen(Reason::NotSupported, MandatoryAccessControl { enforcing: false, kind }));
    }
    Ok(MandatoryAccessControl { enforcing: false, kind: MandatoryAccessControlKind::None })
}

fn selinux(reader: &Reader<'_>) -> Result<MandatoryAccessControl, Stop<MandatoryAccessControl>> {
    let enforcing = match reader.text(Place::SelinuxEnforce, "/sys/fs/selinux/enforce")?.trim() {
        "1" => true,
        "0" => false,
        _ => return Err(Stop::Unknown(Reason::Garbled)),
    };
    Ok(MandatoryAccessControl { enforcing, kind: MandatoryAccessControlKind::Selinux })
}

/// A profile that complains lets everything through: at least one must enforce. The list is root's alone.
fn apparmor(reader: &Reader<'_>) -> Result<MandatoryAccessControl, Stop<MandatoryAccessControl>> {
    let kind = MandatoryAccessControlKind::AppArmor;
    match reader.text(Place::AppArmorEnabled, "/sys/module/apparmor/parameters/enabled")?.trim() {
        "Y" => {}
        "N" => return Ok(MandatoryAccessControl { enforcing: false, kind: MandatoryAccessControlKind::None }),
        _ => return Err(Stop::Unknown(Reason::Garbled)),
    }
    let profiles = reader
        .text(Place::AppArmorProfiles, "/sys/kernel/security/apparmor/profiles")
        .map_err(|error| Stop::Seen(error.reason(), MandatoryAccessControl { enforcing: false, kind }))?;
    let enforcing = profiles.lines().any(|line| line.ends_with(" (enforce)") || line.ends_with(" (kill)"));
    let listed = |line: &str| line.ends_with(')') && line.contains(" (");
    if profiles.lines().all(listed) {
        Ok(MandatoryAccessControl { enforcing, kind })
    } else {
        Err(Stop::Unknown(Reason::Garbled))
    }
}
