//! A signed Release file: what it is now, who vouches for it, and whether a list is what it says.

use std::path::Path;

use seaworthy_model::{Reason, Timestamp};
use seaworthy_packages::apt::release::{self, Checksum, Release};

use super::openpgp::{self, Keyring, Verified};
use crate::hash::{self, Digest};
use crate::root::Root;
use crate::updates::ReleaseFiles;

/// A Release file is never larger than this.
const RELEASE_CAP: u64 = 16 << 20;

/// A signed file as it lies there.
pub(super) enum Signed {
    Clear(Vec<u8>),
    Detached { file: Vec<u8>, signature: Vec<u8> },
}

impl Signed {
    pub(super) fn read(root: &Root, files: &ReleaseFiles) -> Result<Signed, Reason> {
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

    /// What was signed.
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Signed::Clear(file) | Signed::Detached { file, .. } => file,
        }
    }

    /// Checks the signature.
    pub(super) fn verify(&self, keyring: &Keyring, now: Timestamp) -> Result<Vouched, Reason> {
        let verified = match self {
            Signed::Clear(file) => openpgp::verify_cleartext(file, keyring, now),
            Signed::Detached { file, signature } => openpgp::verify_detached(file, signature, keyring, now),
        }?;
        // Updates were worked out from what apt reads in the file; it must be what was signed.
        if !release::cleartext(self.bytes()).is_some_and(|read| is_same_text(&read, verified.text.as_bytes())) {
            return Err(Reason::Garbled);
        }
        Ok(Vouched { verified, digest: hash::sha256(self.bytes()), mark: self.mark() })
    }

    /// BLAKE3 of what was signed, by which a later inspection knows it again: several times as fast as SHA-256.
    pub(super) fn mark(&self) -> String {
        blake3::hash(self.bytes()).to_string()
    }
}

/// Line by line the same, but for blanks at their ends, which a clear-signed text does not keep.
fn is_same_text(one: &[u8], other: &[u8]) -> bool {
    fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
        text.trim_ascii_end().split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end)
    }
    lines(one).eq(lines(other))
}

/// A Release file that a trusted key has signed.
#[derive(Debug)]
pub(super) struct Vouched {
    pub(super) verified: Verified,
    /// SHA-256 of the signed file.
    pub(super) digest: String,
    /// BLAKE3 of it.
    pub(super) mark: String,
}

impl Vouched {
    /// Whether lists, each by its name in the Release file, are what it says.
    pub(super) fn prove<'a>(
        &self,
        lists: impl IntoIterator<Item = (&'a str, Option<&'a Digest>)>,
    ) -> Result<(), Reason> {
        let release = Release::parse(self.verified.text.as_bytes()).ok_or(Reason::Garbled)?;
        for (name, digest) in lists {
            let wanted = release.checksum(name).ok_or(Reason::Mismatch)?;
            compare(digest.ok_or(Reason::Mismatch)?, &wanted)?;
        }
        Ok(())
    }
}

fn compare(found: &Digest, wanted: &Checksum) -> Result<(), Reason> {
    if found.size == 0 && wanted.size != 0 {
        return Err(Reason::ListsEmpty);
    }
    let same = found.size == wanted.size && found.sha256.eq_ignore_ascii_case(&wanted.sha256);
    if same { Ok(()) } else { Err(Reason::Mismatch) }
}
