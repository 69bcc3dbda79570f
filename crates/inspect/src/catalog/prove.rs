//! Proves one archive: the signature of its Release file, and the SHA-256 of every list that is read from it.

use std::path::{Path, PathBuf};

use seaworthy_model::{Reason, Timestamp};
use seaworthy_packages::apt::release::{self, Checksum, Release};

use super::hash::{self, Digest};
use super::keyrings::{self, SignedBy};
use super::openpgp::{self, Verified};
use crate::lists::{self, ListError};
use crate::root::Root;
use crate::updates::ReleaseFiles;

/// A Release file is never larger than this.
const RELEASE_CAP: u64 = 16 << 20;

/// What is to be proved of one archive.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// Its Release file, and where its signature is.
    pub release: ReleaseFiles,
    /// Keys the source names.
    pub signed_by: SignedBy,
    /// The lists read from it, each by its name in the Release file.
    pub lists: Vec<(String, PathBuf)>,
}

/// What a proof found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Fingerprint of the key that signed.
    pub key: String,
    /// SHA-256 of the signed file.
    pub release: String,
    /// When the key expires.
    pub expires: Option<Timestamp>,
}

/// Proves an archive, or says why it is not proved.
pub fn prove(root: &Root, host: &Root, claimed: &Claimed, now: Timestamp) -> Result<Found, Reason> {
    let signed = Signed::read(root, &claimed.release)?;
    let keyring = keyrings::trusted(root, host, &claimed.signed_by)?;
    let verified = signed.verify(&keyring, now)?;
    // Updates were worked out from what apt reads in the file; it must be what was signed.
    if !release::cleartext(signed.bytes()).is_some_and(|read| is_same_text(&read, verified.text.as_bytes())) {
        return Err(Reason::Garbled);
    }
    let release = Release::parse(verified.text.as_bytes()).ok_or(Reason::Garbled)?;
    for (name, path) in &claimed.lists {
        let checksum = release.checksum(name).ok_or(Reason::Mismatch)?;
        let list = lists::open(root, path).map_err(|error| error.reason())?;
        let digest = hash::digest(&list, checksum.size).map_err(|error| match error {
            ListError::TooLong { .. } => Reason::Mismatch,
            other => other.reason(),
        })?;
        compare(&digest, &checksum)?;
    }
    Ok(Found { key: verified.key, release: hash::sha256(signed.bytes()), expires: verified.expires })
}

/// Line by line the same, but for blanks at their ends, which a clear-signed text does not keep.
fn is_same_text(one: &[u8], other: &[u8]) -> bool {
    fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
        text.trim_ascii_end().split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end)
    }
    lines(one).eq(lines(other))
}

/// SHA-256 of the signed file as it lies there now.
pub fn release_digest(root: &Root, files: &ReleaseFiles) -> Result<String, Reason> {
    Signed::read(root, files).map(|signed| hash::sha256(signed.bytes()))
}

fn compare(found: &Digest, wanted: &Checksum) -> Result<(), Reason> {
    if found.size == 0 && wanted.size != 0 {
        return Err(Reason::ListsEmpty);
    }
    let same = found.size == wanted.size && found.sha256.eq_ignore_ascii_case(&wanted.sha256);
    if same { Ok(()) } else { Err(Reason::Mismatch) }
}

/// A signed file as it lies there.
enum Signed {
    Clear(Vec<u8>),
    Detached { file: Vec<u8>, signature: Vec<u8> },
}

impl Signed {
    fn read(root: &Root, files: &ReleaseFiles) -> Result<Signed, Reason> {
        let read = |path: &Path| root.read(path, RELEASE_CAP).map_err(|error| error.reason());
        match files {
            ReleaseFiles::InRelease(path) => Ok(Signed::Clear(read(path)?)),
            ReleaseFiles::Split { signature: None, .. } => Err(Reason::Unsigned),
            ReleaseFiles::Split { release, signature: Some(signature) } => {
                Ok(Signed::Detached { file: read(release)?, signature: read(signature)? })
            }
            ReleaseFiles::Missing => Err(Reason::ListsMissing),
            ReleaseFiles::Broken(_) => Err(Reason::Garbled),
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Signed::Clear(file) | Signed::Detached { file, .. } => file,
        }
    }

    fn verify(&self, keyring: &openpgp::Keyring, now: Timestamp) -> Result<Verified, Reason> {
        match self {
            Signed::Clear(file) => openpgp::verify_cleartext(file, keyring, now),
            Signed::Detached { file, signature } => openpgp::verify_detached(file, signature, keyring, now),
        }
    }
}
