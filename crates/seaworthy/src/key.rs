//! The device key: made on first use, kept in the state directory for its owner alone, its public half beside it.

use std::fmt::Display;
use std::fs;
use std::io::{self, Write};

use seaworthy_inspect::StateDirectory;
use seaworthy_model::Code;
use seaworthy_stamp::SigningKey;

use crate::failure::Failure;

/// The private key's file.
const PRIVATE: &str = "device.key";

/// The public key's file: what a checker is given.
const PUBLIC: &str = "device.pub";

/// A broken key is never replaced unasked: whoever trusts this device trusts that key.
const BROKEN: &str = "restore the key from a backup, or move the file away, and the next run makes a new one";

/// The device key, made if there is none.
pub fn device_key(state: &StateDirectory) -> Result<SigningKey, Failure> {
    let path = state.path().join(PRIVATE);
    let at = |error: &dyn Display| Failure::new(Code::StateUnwritable, format!("{}: {error}", path.display()));
    if state.read(PRIVATE).map_err(|error| at(&error))?.is_none() {
        make(state).map_err(|error| at(&error))?;
    }
    let text = state.read(PRIVATE).map_err(|error| at(&error))?.unwrap_or_default();
    let broken = |fault: &dyn Display| at(fault).hinting(BROKEN);
    let key = SigningKey::parse(&String::from_utf8_lossy(&text)).map_err(|fault| broken(&fault))?;
    let public = key.public().to_pem();
    if state.read(PUBLIC).ok().flatten().as_deref() != Some(public.as_bytes()) {
        state.write(PUBLIC, public.as_bytes()).map_err(|error| at(&error))?;
    }
    Ok(key)
}

/// Makes the key. Of two runs that make one at once the first wins, and both go on with that one.
fn make(state: &StateDirectory) -> io::Result<()> {
    let name = format!(".{PRIVATE}.{}", std::process::id());
    let (draft, path) = (state.path().join(&name), state.path().join(PRIVATE));
    let key = fresh_key().map_err(io::Error::other)?;
    state.write(&name, key.to_pem().as_bytes())?;
    let linked = fs::hard_link(&draft, path);
    // A draft that stays is the key itself, or one that nothing was ever signed with.
    let _ = fs::remove_file(draft);
    linked.or_else(|error| if error.kind() == io::ErrorKind::AlreadyExists { Ok(()) } else { Err(error) })
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
