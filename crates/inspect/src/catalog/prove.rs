//! Surveys a root and proves the catalogs by which it was surveyed: of every live source the signature of its Release
//! file and the SHA-256 of each list that is read from it, in the same reading.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::thread;

use seaworthy_model::{Reason, Timestamp};

use super::keyrings::{self, SignedBy};
use super::openpgp::Keyring;
use super::signed::{Signed, Vouched};
use crate::root::Root;
use crate::updates::{self, Archive, Catalog, CatalogState, Conditions, Input, ReleaseFiles, Survey, UpdatesError};

/// What a proof found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Fingerprint of the key that signed.
    pub(super) key: String,
    /// SHA-256 of the signed file.
    pub(super) release: String,
    /// BLAKE3 of it.
    pub(super) mark: String,
    /// When the key expires.
    pub(super) expires: Option<Timestamp>,
}

/// A survey, the proof of each of its archives, and the keyrings that the proofs depend on.
pub(super) struct Proved {
    pub(super) survey: Survey,
    pub(super) proofs: Vec<Result<Found, Reason>>,
    pub(super) keyrings: Vec<Input>,
}

/// Where to read, whose keyrings count, and when.
#[derive(Clone, Copy)]
pub(super) struct Prover<'a> {
    pub(super) root: &'a Root,
    pub(super) host: &'a Root,
    pub(super) now: Timestamp,
}

impl Prover<'_> {
    /// Surveys without proving anything.
    pub(super) fn survey(self, conditions: &Conditions) -> Result<Proved, UpdatesError> {
        let survey = updates::survey(self.root, conditions)?;
        let proofs = survey.archives.iter().map(|_| Err(Reason::Unproved)).collect();
        Ok(Proved { survey, proofs, keyrings: Vec::new() })
    }

    /// Surveys and proves. Signatures are checked on another thread while the lists are read.
    pub(super) fn prove(self, conditions: &Conditions) -> Result<Proved, UpdatesError> {
        thread::scope(|scope| {
            let (mut started, mut keyrings) = (None, Vec::new());
            let survey = updates::survey_beside(self.root, conditions, |archives, catalogs| {
                let claimed: Vec<Claimed> =
                    (0..).zip(archives).map(|(at, archive)| Claimed::new(at, archive, catalogs)).collect();
                let hashed = claimed.iter().map(|claimed| claimed.gap.is_none()).collect();
                keyrings = self.keyring_inputs(&claimed);
                started = Some(scope.spawn(move || self.verify_all(&claimed)));
                hashed
            })?;
            let mut vouched = started.and_then(|started| started.join().ok()).unwrap_or_default();
            vouched.resize_with(survey.archives.len(), || Err(Reason::Garbled));
            let proofs = (0..).zip(vouched).map(|(at, vouched)| proof(&survey, at, vouched)).collect();
            Ok(Proved { survey, proofs, keyrings })
        })
    }

    fn keyring_inputs(self, claimed: &[Claimed]) -> Vec<Input> {
        let of = |claimed: &Claimed| keyrings::files(self.root, self.host, &claimed.signed_by);
        let mut paths: Vec<PathBuf> = claimed.iter().flat_map(of).chain([PathBuf::from(keyrings::PARTS)]).collect();
        paths.sort_unstable();
        paths.dedup();
        paths.into_iter().map(|path| Input { identity: self.root.identity(&path).ok(), path }).collect()
    }

    /// One answer for each archive.
    fn verify_all<'c>(self, claimed: &'c [Claimed]) -> Vec<Result<Vouched, Reason>> {
        let mut known = Vec::new();
        let mut verify = |claimed: &'c Claimed| match claimed {
            Claimed { gap: Some(reason), .. } => Err(*reason),
            Claimed { release, signed_by, .. } => {
                Signed::read(self.root, release)?.verify(self.keyring(signed_by, &mut known)?, self.now)
            }
        };
        // A panic over one archive is garbage in that archive, and reaches no other.
        let fenced = |claimed| catch_unwind(AssertUnwindSafe(|| verify(claimed))).unwrap_or(Err(Reason::Garbled));
        claimed.iter().map(fenced).collect()
    }

    /// Most sources share a keyring, which takes longer to read than a signature to check.
    fn keyring<'c, 'k>(self, signed_by: &'c SignedBy, known: &'k mut Keyrings<'c>) -> Result<&'k Keyring, Reason> {
        let at = known.iter().position(|(known, _)| *known == signed_by).unwrap_or_else(|| {
            known.push((signed_by, keyrings::trusted(self.root, self.host, signed_by)));
            known.len() - 1
        });
        known.get(at).map_or(Err(Reason::KeyMissing), |(_, keyring)| keyring.as_ref().map_err(|reason| *reason))
    }
}

/// The keyrings that were read so far.
type Keyrings<'c> = Vec<(&'c SignedBy, Result<Keyring, Reason>)>;

/// What is to be proved of one archive.
struct Claimed {
    release: ReleaseFiles,
    signed_by: SignedBy,
    /// Why it cannot be proved, whatever its signature.
    gap: Option<Reason>,
}

impl Claimed {
    fn new(at: usize, archive: &Archive, catalogs: &[Catalog]) -> Claimed {
        let is_missing = |catalog: &&Catalog| catalog.archive == at && catalog.state == CatalogState::Missing;
        // Options that hide packages are not followed, so that the set may not be apt's.
        let filtered = archive.options.is_filtered.then_some(Reason::NotSupported);
        let missing = catalogs.iter().find(is_missing).map(|_| Reason::ListsMissing);
        Claimed {
            release: archive.release.clone(),
            signed_by: SignedBy::parse(archive.options.signed_by.as_deref()),
            gap: missing.or(filtered),
        }
    }
}

/// The proof of an archive whose lists were read.
fn proof(survey: &Survey, archive: usize, vouched: Result<Vouched, Reason>) -> Result<Found, Reason> {
    let catalogs = || survey.catalogs.iter().filter(|catalog| catalog.archive == archive);
    // Only the scan tells whether a list has anything in it.
    if catalogs().any(|catalog| matches!(catalog.state, CatalogState::Empty { .. })) {
        return Err(Reason::ListsEmpty);
    }
    let vouched = vouched?;
    let was_read = |catalog: &&Catalog| catalog.state.path().is_some() || catalog.digest.is_some();
    let lists = catalogs().filter(was_read).map(|catalog| (catalog.meta_key.as_str(), catalog.digest.as_ref()));
    vouched.prove(lists)?;
    let Vouched { verified, digest, mark } = vouched;
    Ok(Found { key: verified.key, release: digest, mark, expires: verified.expires })
}
