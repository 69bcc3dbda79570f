//! Cosignatures of witnesses (<https://c2sp.org/tlog-cosignature>), of the kind with Ed25519: a statement that at some time
//! a checkpoint was the newest that the witness knew, and continued all earlier ones.

use crate::key::{Algorithm, Signer, VerifierKey};
use crate::line::MAX_NUMBER;
use crate::note::{NoteFault, Signature, check_text};

/// Cosigns the text of a checkpoint at a time in seconds since 1970. Time 0 says "no time" in other kinds of cosignature
/// and nothing in this one; it is neither made nor taken.
pub fn cosign(text: &str, time: u64, signer: &dyn Signer) -> Result<Signature, NoteFault> {
    check_text(text)?;
    let key = signer.key();
    if key.algorithm() != Algorithm::CosignatureV1 {
        return Err(NoteFault::Algorithm(key.name().to_owned()));
    }
    if !is_time(time) {
        return Err(NoteFault::Time);
    }
    let signature = signer.sign(message(text, time).as_bytes());
    Ok(Signature::of(key, [&time.to_be_bytes()[..], &signature].concat()))
}

/// The time of a cosignature, if it is one of this key over this text.
pub(crate) fn verify(key: &VerifierKey, text: &str, bytes: &[u8]) -> Option<u64> {
    let (time, signature) = bytes.split_first_chunk()?;
    let time = u64::from_be_bytes(*time);
    (is_time(time) && key.verify(message(text, time).as_bytes(), signature)).then_some(time)
}

/// What is signed.
fn message(text: &str, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

fn is_time(time: u64) -> bool {
    (1..=MAX_NUMBER).contains(&time)
}
