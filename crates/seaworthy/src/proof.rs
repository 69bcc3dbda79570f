//! `seaworthy stamp --proof`: the proof that the organisation's stamp is in its log, for checkers who demand one.

use std::io::Write;
use std::path::Path;

use seaworthy_model::Code;

use crate::failure::{Failure, exit};
use crate::form::write_whole;
use crate::kept::{Presentable, leaf, newest, proof};
use crate::organisation::{Session, Trouble};
use crate::surroundings::Surroundings;

/// Writes the proof of the newest stamp; gets it first, where it is not kept yet.
pub fn run(path: &Path, around: &Surroundings, out: &mut dyn Write) -> Result<u8, Failure> {
    let held = newest(around)?;
    let text = match proof(&held.id(), around) {
        Some(proof) => proof.to_string(),
        None => fetched(&held, around)?,
    };
    write_whole(path, text.as_bytes()).map_err(|error| Failure::unwritable(path, &error))?;
    writeln!(out, "proof of stamp {}: {}", held.id(), path.display()).map_err(Failure::output)?;
    Ok(exit::PASS)
}

fn fetched(held: &Presentable, around: &Surroundings) -> Result<String, Failure> {
    let missing = |what: &str| Failure::new(Code::LogProofMissing, format!("stamp {}: {what}", held.id()));
    let leaf = leaf(&held.id(), around).ok_or_else(|| missing("it came without a place in a log").hinting(""))?;
    let session = Session::open(around)?;
    let proof = session.prove_stamp(&held.stamp, &held.id(), &leaf).map_err(Trouble::failure)?;
    let proof = proof.ok_or_else(|| {
        missing("the log has not taken it in yet").ending(exit::UNKNOWN).hinting("try again in a minute")
    })?;
    Ok(proof.to_string())
}
