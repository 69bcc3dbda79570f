//! The device key: made on first use, kept in the state directory for its owner alone, its public half beside it.

use std::io::Write;

use seaworthy_inspect::StateDirectory;
use seaworthy_model::Code;
use seaworthy_stamp::SigningKey;

use crate::failure::Failure;

/// The private key's file.
const PRIVATE: &str = "device.key";

/// The public key's file: what a checker is given.
const PUBLIC: &str = "device.pub";

/// The device key, made if there is none.
pub fn device_key(state: &StateDirectory) -> Result<SigningKey, Failure> {
    let path = state.path().join(PRIVATE);
    let at = |error: &dyn std::fmt::Display| Failure::new(Code::StateUnwritable, format!("{}: {error}", path.display()));
    let key = match state.read(PRIVATE).map_err(|error| at(&error))? {
        Some(bytes) => SigningKey::parse(&String::from_utf8_lossy(&bytes)).map_err(|fault| at(&fault))?,
        None => {
            let key = fresh_key()?;
            state.write(PRIVATE, key.to_pem().as_bytes()).map_err(|error| at(&error))?;
            key
        }
    };
    let public = key.public().to_pem();
    if state.read(PUBLIC).ok().flatten().as_deref() != Some(public.as_bytes()) {
        state.write(PUBLIC, public.as_bytes()).map_err(|error| at(&error))?;
    }
    Ok(key)
}

/// A new key from the system's random source.
pub fn fresh_key() -> Result<SigningKey, Failure> {
    SigningKey::from_seed(&random()?).map_err(|fault| Failure::bug(fault.to_string()))
}

/// Bytes from the system's random source.
pub fn random<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0u8; N];
    getrandom::fill(&mut bytes).map_err(|error| Failure::bug(format!("no random bytes: {error}")))?;
    Ok(bytes)
}

/// `seaworthy key`: the public key, to be given to whoever checks this device's stamps.
pub fn run(state: &StateDirectory, out: &mut dyn Write) -> Result<(), Failure> {
    let key = device_key(state)?;
    out.write_all(key.public().to_pem().as_bytes()).map_err(Failure::output)
}
