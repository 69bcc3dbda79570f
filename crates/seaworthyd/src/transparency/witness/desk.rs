//! Where requests to a witness are decided, those of one log one after the other.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, PoisonError};

use seaworthy_model::Timestamp;
use seaworthy_tlog::{Decision, Held, Request, SIZE_TYPE, VerifierKey, cosign, cosigned_body, decide};
use tracing::{error, info, warn};

use super::logs::Logs;
use super::register::Register;
use crate::transparency::note_key::NoteKey;

/// Content type of all answers but a size.
pub const PLAIN: &str = "text/plain; charset=utf-8";

/// A log that the witness knows.
struct Known {
    keys: Vec<VerifierKey>,
    /// What was cosigned last. Whoever decides about the log has it.
    held: Mutex<Held>,
}

/// A witness at work.
pub struct Desk {
    key: NoteKey,
    logs: BTreeMap<String, Known>,
    register: Register,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Its status.
    pub status: u16,
    /// Its content type.
    pub kind: &'static str,
    /// Its body.
    pub body: String,
}

impl Said {
    fn plain(status: u16, body: impl Into<String>) -> Said {
        Said { status, kind: PLAIN, body: body.into() }
    }
}

impl Desk {
    /// Reads what was cosigned of each log.
    pub fn new(key: NoteKey, logs: Logs, register: Register) -> io::Result<Desk> {
        let known = |(origin, keys): (String, Vec<VerifierKey>)| {
            let held = Mutex::new(register.held(&origin)?);
            Ok((origin, Known { keys, held }))
        };
        let logs: io::Result<_> = logs.into_iter().map(known).collect();
        Ok(Desk { key, logs: logs?, register })
    }

    /// The key that cosigns.
    pub fn key(&self) -> &NoteKey {
        &self.key
    }

    /// Answers a request.
    pub fn answer(&self, body: &[u8], now: Timestamp) -> Said {
        let request = match Request::parse(body) {
            Ok(request) => request,
            Err(fault) => return Said::plain(400, format!("{fault}\n")),
        };
        let Some(log) = self.logs.get(&request.checkpoint.origin) else {
            return Said::plain(404, "this witness does not know the log\n");
        };
        // A thread that ended in a fault while it had the lock left what is held as it was.
        let mut held = log.held.lock().unwrap_or_else(PoisonError::into_inner);
        let decision = decide(&request, &log.keys, &held);
        match &decision {
            Decision::Cosign(next) => self.cosign(&request, &mut held, *next, now),
            _ => refused(&request, &held, &decision),
        }
    }

    /// Makes the cosignature, and gives it out once what it says is durable. What was not given out binds nobody: where
    /// writing failed, what is held stays, whatever of it may have reached the disk.
    fn cosign(&self, request: &Request, held: &mut Held, next: Held, now: Timestamp) -> Said {
        let time = u64::try_from(now.seconds()).unwrap_or(0);
        let cosignature = match cosign(request.note.text(), time, &self.key) {
            Ok(cosignature) => cosignature,
            Err(fault) => return failed(&fault),
        };
        let origin = &request.checkpoint.origin;
        if next != *held {
            if let Err(error) = self.register.hold(origin, &next) {
                return failed(&error);
            }
            *held = next;
            info!(origin, size = next.size, "cosigned");
        }
        Said::plain(200, cosigned_body(&[cosignature]))
    }
}

/// Nothing was cosigned. If the log's key signed what contradicts what is held, its note is the proof, and is logged.
fn refused(request: &Request, held: &Held, decision: &Decision) -> Said {
    let Request { old, note, checkpoint, .. } = request;
    let forked = checkpoint.size == held.size && checkpoint.root != held.root;
    if *decision == Decision::Unprocessable || (forked && matches!(decision, Decision::Conflict { .. })) {
        let (origin, root) = (&checkpoint.origin, held.root);
        warn!(origin, old, held = held.size, %root, note = ?note.to_string(), "a checkpoint does not continue the one that is held");
    }
    let status = decision.status();
    match decision {
        Decision::Conflict { .. } => Said { status, kind: SIZE_TYPE, body: decision.size_body().unwrap_or_default() },
        Decision::BadRequest => Said::plain(status, "the old size is beyond that of the checkpoint\n"),
        Decision::Forbidden => Said::plain(status, "no known key of the log signed the checkpoint\n"),
        Decision::NotFound => Said::plain(status, "this witness does not know the log\n"),
        _ => Said::plain(status, "the checkpoint does not continue the one that this witness holds\n"),
    }
}

fn failed(why: &dyn std::fmt::Display) -> Said {
    error!(%why, "nothing was cosigned");
    Said::plain(500, "this witness cannot cosign at the moment\n")
}
