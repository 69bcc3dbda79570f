//! What a witness decides (<https://c2sp.org/tlog-witness>, `add-checkpoint`): it cosigns a checkpoint only if that continues
//! the one that it cosigned last. Its durable state is the caller's, who writes it before the cosignature leaves.

use std::fmt;

use crate::checkpoint::{Checkpoint, CheckpointFault};
use crate::hash::Hash;
use crate::key::VerifierKey;
use crate::line::{decimal, hashes};
use crate::note::{MAX_NOTE, Note, NoteFault, Signature};
use crate::proof::verify_consistency;

/// Longest request in bytes: a note, and the lines of a proof before it.
pub const MAX_REQUEST: usize = MAX_NOTE + 4096;

/// Why a body is no request. All are answered with [`Decision::BadRequest`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestFault {
    /// The lines before the checkpoint are not those of a request.
    #[error("a request has a line `old SIZE`, at most 63 hashes, an empty line and a checkpoint")]
    Form,
    /// What follows is no note.
    #[error(transparent)]
    Note(#[from] NoteFault),
    /// The note is no checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointFault),
}

/// A request to cosign a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The size that the witness is thought to have cosigned last.
    pub old: u64,
    /// The proof that the checkpoint continues it.
    pub proof: Vec<Hash>,
    /// The checkpoint as the log signed it.
    pub note: Note,
    /// The same, read. Nothing in it is believed yet.
    pub checkpoint: Checkpoint,
}

impl Request {
    /// A request of its parts; the note must be a checkpoint.
    pub fn new(old: u64, proof: Vec<Hash>, note: Note) -> Result<Request, CheckpointFault> {
        let checkpoint = note.text().parse()?;
        Ok(Request { old, proof, note, checkpoint })
    }

    /// Reads the body of a request.
    pub fn parse(body: &[u8]) -> Result<Request, RequestFault> {
        let (head, note) = crate::line::split_head(body).ok_or(RequestFault::Form)?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| decimal(line.strip_prefix("old ")?)).ok_or(RequestFault::Form)?;
        let proof = hashes(lines).ok_or(RequestFault::Form)?;
        Ok(Request::new(old, proof, Note::parse(note)?)?)
    }
}

/// The body as it is sent.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.note)
    }
}

/// What a witness holds of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The size that it cosigned last.
    pub size: u64,
    /// The root that it cosigned last.
    pub root: Hash,
}

impl Held {
    /// What is held of a log that was never cosigned.
    pub const NOTHING: Held = Held { size: 0, root: Hash::EMPTY };
}

/// What a witness does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It writes durably what it now holds, if what it held is still what was decided upon, and then cosigns the note.
    Cosign(Held),
    /// The request is none, or its sizes contradict each other.
    BadRequest,
    /// No key that is known for this log signed the checkpoint, or what bears the name of one is not its signature.
    Forbidden,
    /// The log is not known.
    NotFound,
    /// The witness holds another size, which it tells, or another root of the same size.
    Conflict {
        /// The size that it holds.
        size: u64,
    },
    /// The checkpoint does not continue what the witness holds.
    Unprocessable,
}

/// The content type of the body that a conflict is answered with.
pub const SIZE_TYPE: &str = "text/x.tlog.size";

impl Decision {
    /// The status of the answer.
    pub const fn status(&self) -> u16 {
        match self {
            Decision::Cosign(_) => 200,
            Decision::BadRequest => 400,
            Decision::Forbidden => 403,
            Decision::NotFound => 404,
            Decision::Conflict { .. } => 409,
            Decision::Unprocessable => 422,
        }
    }

    /// The body of the answer to a conflict, of type [`SIZE_TYPE`]. Others are answered with cosignatures or nothing.
    pub fn size_body(&self) -> Option<String> {
        if let Decision::Conflict { size } = self { Some(format!("{size}\n")) } else { None }
    }
}

/// Reads the size that a witness told in a conflict.
pub fn parse_size_body(body: &str) -> Option<u64> {
    decimal(body.strip_suffix('\n')?)
}

/// The body of an answer with cosignatures.
pub fn cosigned_body(cosignatures: &[Signature]) -> String {
    cosignatures.iter().map(Signature::to_string).collect()
}

/// Decides about a request: with the keys that are known for its origin (none: the log is not known), and what is held of
/// that log.
pub fn decide(request: &Request, keys: &[VerifierKey], held: &Held) -> Decision {
    let Request { old, proof, note, checkpoint } = request;
    if keys.is_empty() {
        return Decision::NotFound;
    }
    if !is_signed(note, keys) {
        return Decision::Forbidden;
    }
    if *old > checkpoint.size {
        return Decision::BadRequest;
    }
    let forked = *old == checkpoint.size && checkpoint.root != held.root;
    if *old != held.size || forked {
        return Decision::Conflict { size: held.size };
    }
    match verify_consistency(held.size, &held.root, checkpoint.size, &checkpoint.root, proof) {
        Ok(()) => Decision::Cosign(Held { size: checkpoint.size, root: checkpoint.root }),
        Err(_) => Decision::Unprocessable,
    }
}

/// Whether one of the keys signed the note, and none was forged.
fn is_signed(note: &Note, keys: &[VerifierKey]) -> bool {
    let seals: Result<Vec<_>, _> = keys.iter().map(|key| note.signed_by(key)).collect();
    seals.is_ok_and(|seals| seals.iter().any(Option::is_some))
}
