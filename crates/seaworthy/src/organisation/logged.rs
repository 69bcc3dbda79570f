//! Which entries of the holder's ledger the organisation's log commits to. Whoever can sign a ledger can sign another
//! one; what is in the log stays there.

use std::collections::BTreeMap;

use seaworthy_model::{Code, Timestamp};
use seaworthy_protocol::{Digest, Entry, EntryLeaf, LeafKind, Ledger, LedgerProof, Octets, record};
use serde::Serialize;

use super::log::{LogReader, Placed, Seen};
use super::trouble::Trouble;
use crate::failure::{Failure, exit};

/// How long an entry may take to come into the log, in seconds: a server that is busy takes some.
const PATIENCE: i64 = 600;

/// A ledger that holds together, and what proves it against the log.
#[derive(Debug)]
pub struct Told {
    /// The ledger.
    pub ledger: Ledger,
    /// What the server says of where its entries are.
    pub proofs: Vec<LedgerProof>,
    /// The sealed document of the log.
    pub log: Option<Octets>,
}

/// How the entries stand to the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Logged {
    /// The log's name.
    pub origin: String,
    /// How many entries the log had.
    pub size: u64,
    /// How many of the ledger are proved to be there.
    pub proved: usize,
    /// How many were written so lately that the log may not have them yet.
    pub waiting: usize,
    /// How many were written before there was a log.
    pub older: usize,
}

/// Looks every entry up. The first that should be in the log and is not ends it.
pub fn look_up(log: &LogReader<'_>, told: &Told, device: Digest, now: Timestamp) -> Result<Logged, Trouble> {
    let seen = log.checkpoint()?;
    let origin = log.document().origin.clone();
    let mut logged = Logged { origin, size: seen.size(), proved: 0, waiting: 0, older: 0 };
    let proofs: BTreeMap<u64, &LedgerProof> = told.proofs.iter().map(|proof| (proof.sequence, proof)).collect();
    for entry in told.ledger.entries() {
        match proofs.get(&entry.sequence) {
            Some(proof) if is_placed(log, &seen, entry, proof, device)? => logged.proved += 1,
            None if entry.at < log.document().since => logged.older += 1,
            _ if now.seconds().saturating_sub(entry.at.seconds()) < PATIENCE => logged.waiting += 1,
            Some(_) => return Err(unlogged(entry, "the log has not taken it in")),
            None => return Err(unlogged(entry, "the server does not say where it is")),
        }
    }
    Ok(logged)
}

/// Whether it is in the log; not, if it is not there yet.
fn is_placed(
    log: &LogReader<'_>,
    seen: &Seen,
    entry: &Entry,
    proof: &LedgerProof,
    device: Digest,
) -> Result<bool, Trouble> {
    let (kind, record) = committed(entry, proof, device)?;
    match log.place(seen, kind, &record, &proof.leaf)? {
        Placed::Proved(_) => Ok(true),
        Placed::NotYet => Ok(false),
        Placed::Other(error) => Err(unlogged(entry, &error.to_string())),
    }
}

/// What the log commits to: the entry, or the look at a set that it tells of.
fn committed(entry: &Entry, proof: &LedgerProof, device: Digest) -> Result<(LeafKind, Vec<u8>), Trouble> {
    let encoded = |bytes: Result<Vec<u8>, _>| bytes.map_err(|error| Trouble::Here(Failure::bug(format!("{error}"))));
    match &proof.set_read {
        None => Ok((LeafKind::Entry, encoded(record(&EntryLeaf { device, entry: entry.clone() }))?)),
        Some(look) if look.is_told_by(entry) => Ok((LeafKind::SetRead, encoded(record(look))?)),
        Some(_) => Err(unlogged(entry, "the look at a set that is shown for it is another one")),
    }
}

fn unlogged(entry: &Entry, why: &str) -> Trouble {
    let what = format!("entry {} of {}: {why}", entry.sequence, entry.at);
    Trouble::Here(Failure::new(Code::LedgerUnlogged, what).ending(exit::FAIL))
}
