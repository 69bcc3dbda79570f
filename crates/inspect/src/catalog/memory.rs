//! What an earlier inspection worked out, remembered until anything it read has changed.
//!
//! Every file and folder that was read is remembered by device, inode, size, and its two times to the nanosecond, as
//! they stood before it was read; the change time is one that nobody can set. Of each signed Release file the BLAKE3
//! is compared besides. A file that changed in the very second of the inspection is never remembered: a later change in
//! the same instant could not be told. Mounted disks are never remembered: their filesystem says what its maker wants.

use seaworthy_model::{CatalogSource, Timestamp, Updates};
use serde::{Deserialize, Serialize};

use super::signed::Signed;
use crate::root::{Identity, Root};
use crate::state::StateDirectory;
use crate::updates::{Input, ReleaseFiles};

const FILE: &str = "memory.json";

/// Shape of the file; another shape is forgotten.
const VERSION: u32 = 2;

/// A set of updates and the proof of its catalogs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    version: u32,
    /// Version of the program: another one may decide otherwise.
    build: String,
    /// What is no file: the running kernel and whether this is a chroot.
    conditions: String,
    /// Everything that was read.
    inputs: Vec<Input>,
    /// The set, without what the ledger and advisories say of it.
    pub updates: Updates,
    /// Source versions, installed and offered, of what is pending and then of what is withheld.
    pub source_versions: Vec<(String, String)>,
    /// The sources.
    pub sources: Vec<CatalogSource>,
    /// The Release file of each source.
    pub releases: Vec<Release>,
    /// When the first of the proving keys expires.
    pub proof_ends: Option<Timestamp>,
}

/// A Release file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Release {
    /// Where it is.
    pub files: ReleaseFiles,
    /// Its BLAKE3, if it was proved.
    pub mark: Option<String>,
}

impl Memory {
    /// Puts together what is to be remembered.
    pub fn new(conditions: &str, inputs: Vec<Input>) -> Memory {
        Memory {
            version: VERSION,
            build: env!("CARGO_PKG_VERSION").to_owned(),
            conditions: conditions.to_owned(),
            inputs,
            updates: Updates::default(),
            source_versions: Vec::new(),
            sources: Vec::new(),
            releases: Vec::new(),
            proof_ends: None,
        }
    }

    /// What was remembered, if it still holds.
    pub fn recall(state: &StateDirectory, root: &Root, conditions: &str, now: Timestamp) -> Option<Memory> {
        let memory: Memory = state.read_json(FILE)?;
        let same_program = memory.version == VERSION && memory.build == env!("CARGO_PKG_VERSION");
        let holds = same_program
            && memory.conditions == conditions
            && memory.proof_ends.is_none_or(|end| end > now)
            && unchanged(root, &memory.inputs)
            && memory.releases_hold(root);
        holds.then_some(memory)
    }

    fn releases_hold(&self, root: &Root) -> bool {
        self.releases.iter().all(|release| match &release.mark {
            Some(mark) => Signed::read(root, &release.files).is_ok_and(|signed| signed.mark() == *mark),
            None => true,
        })
    }

    /// Remembers, unless something that was read is too new to be told from a later change.
    pub fn keep(&self, state: &StateDirectory, now: Timestamp) -> std::io::Result<()> {
        let settled = |identity: &Identity| identity.changed() < now && identity.modified() < now;
        if self.inputs.iter().filter_map(|input| input.identity.as_ref()).all(settled) {
            state.write_lightly(FILE, &serde_json::to_vec(self)?)
        } else {
            Ok(())
        }
    }
}

/// Whether everything that was read is still what it was before it was read.
pub(super) fn unchanged(root: &Root, inputs: &[Input]) -> bool {
    inputs.iter().all(|input| root.identity(&input.path).ok() == input.identity)
}
