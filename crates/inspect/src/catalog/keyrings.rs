//! Which keys apt trusts for a source (apt-secure(8), sources.list(5) Signed-By).
//!
//! Keys come from the inspecting machine alone. On a mounted disk the files the disk names are looked up by the same
//! path on this machine, and a key that the disk embeds in its sources is never used: it would vouch for itself.

use std::path::{Path, PathBuf};

use seaworthy_model::Reason;

use super::openpgp::Keyring;
use crate::root::Root;

/// What a source says of its keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignedBy {
    /// Keyring files.
    pub files: Vec<PathBuf>,
    /// Fingerprints, hexadecimal.
    pub fingerprints: Vec<String>,
    /// Armoured keys in the source itself.
    pub embedded: Vec<String>,
}

impl SignedBy {
    /// Reads the value of `Signed-By`: paths and fingerprints parted by blanks or commas, or one armoured key.
    pub fn parse(value: Option<&str>) -> SignedBy {
        let mut signed_by = SignedBy::default();
        let value = value.unwrap_or_default();
        if value.contains("-----BEGIN") {
            signed_by.embedded.push(armoured(value));
            return signed_by;
        }
        for word in value.split([' ', '\t', '\n', ',']).filter(|word| !word.is_empty()) {
            if word.starts_with('/') {
                signed_by.files.push(PathBuf::from(word));
            } else {
                signed_by.fingerprints.push(word.to_owned());
            }
        }
        signed_by
    }
}

/// An embedded key: deb822 indents its lines and writes empty ones as a dot.
fn armoured(value: &str) -> String {
    value.lines().map(str::trim).map(|line| if line == "." { "" } else { line }).collect::<Vec<_>>().join("\n")
}

/// A keyring file is never larger than this.
const KEYRING_CAP: u64 = 4 << 20;

/// Folder of the keys that apt trusts for sources that name none.
pub const PARTS: &str = "/etc/apt/trusted.gpg.d";

/// Folders whose keyrings may be named by a mounted disk.
const KEYRING_FOLDERS: [&str; 3] = ["/usr/share/keyrings", "/etc/apt/keyrings", PARTS];

/// Keyrings of distributions, trusted for a mounted disk whose sources name none.
const VENDOR_KEYRINGS: [&str; 4] = [
    "/usr/share/keyrings/debian-archive-keyring.gpg",
    "/usr/share/keyrings/debian-archive-keyring.pgp",
    "/usr/share/keyrings/ubuntu-archive-keyring.gpg",
    "/usr/share/keyrings/ubuntu-archive-keyring.pgp",
];

/// The keys trusted for a source of the inspected root, read from `host`, the inspecting machine.
pub fn trusted(root: &Root, host: &Root, signed_by: &SignedBy) -> Result<Keyring, Reason> {
    let mut keyring = Keyring::default();
    for path in files(root, host, signed_by) {
        // A missing or unreadable keyring trusts nobody; what then lacks its key says so.
        if let Ok(bytes) = host.read(&path, KEYRING_CAP) {
            keyring.add(&bytes);
        }
    }
    if root.is_live() {
        signed_by.embedded.iter().for_each(|armoured| keyring.add(armoured.as_bytes()));
    }
    keyring.limit(&signed_by.fingerprints);
    if keyring.is_empty() { Err(Reason::KeyMissing) } else { Ok(keyring) }
}

/// The keyring files of the inspecting machine that count for a source, and the folders that were listed for them.
pub fn files(root: &Root, host: &Root, signed_by: &SignedBy) -> Vec<PathBuf> {
    if !signed_by.files.is_empty() {
        return signed_by.files.iter().flat_map(|path| candidates(path, root.is_live())).collect();
    }
    if !signed_by.embedded.is_empty() {
        return Vec::new();
    }
    let mut files = vec![PathBuf::from("/etc/apt/trusted.gpg")];
    for name in host.list(Path::new(PARTS)).unwrap_or_default() {
        let path = Path::new(PARTS).join(name);
        if path.extension().is_some_and(|extension| extension == "gpg" || extension == "asc") {
            files.push(path);
        }
    }
    if !root.is_live() {
        files.extend(VENDOR_KEYRINGS.map(PathBuf::from));
    }
    files
}

/// The files a named keyring may be. On a disk only well-known folders count, and the ending may differ, because
/// releases renamed theirs from `.gpg` to `.pgp`.
fn candidates(path: &Path, live: bool) -> Vec<PathBuf> {
    if live {
        return vec![path.to_owned()];
    }
    let plain = !path.components().any(|part| part.as_os_str() == "..");
    if !plain || !path.parent().is_some_and(|folder| KEYRING_FOLDERS.iter().any(|known| folder == Path::new(known))) {
        return Vec::new();
    }
    match path.extension().and_then(|ending| ending.to_str()) {
        Some(ending) if ENDINGS.contains(&ending) => ENDINGS.map(|ending| path.with_extension(ending)).to_vec(),
        _ => vec![path.to_owned()],
    }
}

/// Endings of keyring files.
const ENDINGS: [&str; 3] = ["gpg", "pgp", "asc"];
