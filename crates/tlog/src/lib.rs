//! A transparency log: the tree, its tiles, proofs, signed notes, checkpoints, witnesses and policies.
//!
//! The formats are those of C2SP (<https://c2sp.org>): tlog-tiles, signed-note, tlog-checkpoint, tlog-cosignature (with
//! Ed25519), tlog-witness, tlog-proof, tlog-policy; the tree is that of RFC 6962. In: formats, checks, the planner of the
//! sequencer, the decisions of a witness and a monitor. Out: files, network, clock, randomness and private keys, which the
//! caller brings. No bytes, paths or numbers make it panic.
//!
//! - [`plan`] says what must be written so that entries are in the log; [`Tip`] is what a sequencer keeps.
//! - [`Tree`] makes proofs of tiles; [`Verified`] checks tiles against a checkpoint before anybody sees them.
//! - [`verify_inclusion`] and [`verify_consistency`] check proofs; [`LogProof`] is a proof as a file.
//! - [`Policy`] says which checkpoints are good; [`decide`] is a witness, [`Follow`] a monitor.

mod bundle;
mod checkpoint;
mod cosignature;
mod edge;
mod follow;
mod hash;
mod key;
mod line;
mod note;
mod path;
mod policy;
mod proof;
mod proof_file;
mod sequence;
mod tile;
mod tree;
mod witness;

pub use bundle::{Bundle, BundleFault, MAX_ENTRY, append_entry};
pub use checkpoint::{Checkpoint, CheckpointFault};
pub use cosignature::cosign;
pub use edge::Edge;
pub use follow::{Follow, FollowFault, Mismatch};
pub use hash::{HASH_LENGTH, Hash};
pub use key::{Algorithm, NoteKeyId, Signer, VerifierKey, VerifierKeyFault};
pub use line::{MAX_NUMBER, MAX_PROOF};
pub use note::{MAX_NOTE, MAX_SIGNATURES, Note, NoteFault, Seal, Signature};
pub use path::{BundlePath, FULL, PathFault, Place, TilePath};
pub use policy::{Accepted, Cosigned, MAX_POLICY, Policy, PolicyFault, PolicyLog, PolicyWitness, Reason, Refusal};
pub use proof::{ProofFault, verify_consistency, verify_inclusion};
pub use proof_file::{LogProof, MAX_PROOF_FILE, PROOF_HEADER, ProofFileFault, Unproved};
pub use sequence::{Plan, Tip, Write, plan};
pub use tile::{Entries, Tile, TileFault, Tiles};
pub use tree::{ReadFault, Tree, Verified};
pub use witness::{
    Decision, Held, MAX_REQUEST, Request, RequestFault, SIZE_TYPE, cosigned_body, decide, parse_size_body,
};
