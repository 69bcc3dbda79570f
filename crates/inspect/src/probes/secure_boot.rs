//! Verified boot: EFI variables as efivarfs shows them, four bytes of attributes and the value (UEFI §8.2).

use seaworthy_model::{Claim, Place, Reason, SecureBoot};

use super::{Look, Reader, Stop};

const SECURE_BOOT: &str = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
const SETUP_MODE: &str = "/sys/firmware/efi/efivars/SetupMode-8be4df61-93ca-11d2-aa0d-00e098032b8c";
const MOK_STATE: &str = "/sys/firmware/efi/efivars/MokSBStateRT-605dab50-e046-4300-abb6-3dd810dd8b23";

/// Reads the firmware's switch, its setup mode, and whether shim was told to stop verifying.
pub fn probe(look: &Look) -> Claim<SecureBoot> {
    look.answer(examine)
}

fn examine(reader: &Reader<'_>) -> Result<SecureBoot, Stop<SecureBoot>> {
    reader.live()?;
    if reader.is_container()? {
        return Err(Stop::NotApplicable(Reason::Container));
    }
    let firmware = reader.list(Place::Efi, "/sys/firmware")?;
    let has = |name: &str| firmware.iter().any(|found| found == name);
    if !has("efi") {
        // Runtimes hide the folder behind an empty one; every machine has one of these here.
        if !["acpi", "devicetree", "memmap", "dmi"].into_iter().any(has) {
            return Err(Stop::Unknown(Reason::Missing));
        }
        return Err(Stop::NotApplicable(Reason::NoUefi));
    }
    if reader.list(Place::SecureBootVariable, "/sys/firmware/efi/efivars")?.is_empty() {
        return Err(Stop::Unknown(Reason::Missing));
    }
    // Firmware without the variable cannot verify; without the other two nothing is in the way.
    let verifies = variable(reader, Place::SecureBootVariable, SECURE_BOOT)?.unwrap_or(false);
    let setup = variable(reader, Place::SetupModeVariable, SETUP_MODE)?.unwrap_or(false);
    let told_not_to = variable(reader, Place::MokVariable, MOK_STATE)?.unwrap_or(false);
    Ok(SecureBoot { enabled: verifies && !setup && !told_not_to })
}

fn variable(reader: &Reader<'_>, place: Place, path: &str) -> Result<Option<bool>, Reason> {
    let bytes = match reader.bytes(place, path, 5) {
        Ok(bytes) => bytes,
        Err(error) if error.is_missing() => return Ok(None),
        Err(error) => return Err(error.reason()),
    };
    match bytes.as_slice() {
        [_, _, _, _, 0] => Ok(Some(false)),
        [_, _, _, _, 1] => Ok(Some(true)),
        _ => Err(Reason::Garbled),
    }
}
