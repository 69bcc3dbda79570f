//! The device key: made on first use, kept in the state directory for its owner alone, its public half beside it.

use std::fmt::Display;
use std::fs;
use std::io::{self, Write};

use seaworthy_inspect::StateDirectory;
use seaworthy_model::Code;
use seaworthy_stamp::{PublicKey, SigningKey};

use crate::failure::Failure;

/// The private key's file.
const PRIVATE: &str = "device.key";

/// A key that is enrolled in the device key's place and not answered yet.
const NEXT: &str = "device.key.next";

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

/// The key that takes the device key's place once an enrolment with it is answered; made if there is none yet.
pub fn next_key(state: &StateDirectory) -> Result<SigningKey, Failure> {
    let at = |error: &dyn Display| Failure::new(Code::StateUnwritable, format!("{NEXT}: {error}"));
    if let Some(text) = state.read(NEXT).map_err(|error| at(&error))? {
        return SigningKey::parse(&String::from_utf8_lossy(&text)).map_err(|fault| at(&fault).hinting(BROKEN));
    }
    let key = fresh_key()?;
    state.write(NEXT, key.to_pem().as_bytes()).map_err(|error| at(&error))?;
    Ok(key)
}

/// Puts the next key in the device key's place, if that is whose enrolment was answered. The old one is kept under
/// another name: whoever holds its stamps may need it.
pub fn succeed(state: &StateDirectory, enrolled: &PublicKey) -> Result<(), Failure> {
    let path = |name: &str| state.path().join(name);
    let at = |error: io::Error| Failure::new(Code::StateUnwritable, format!("{}: {error}", path(PRIVATE).display()));
    let next = state.read(NEXT).map_err(at)?.map(|text| String::from_utf8_lossy(&text).into_owned());
    if next.and_then(|text| SigningKey::parse(&text).ok()).is_none_or(|key| key.public() != *enrolled) {
        return Ok(());
    }
    if path(PRIVATE).exists() {
        retire(state).map_err(at)?;
    }
    fs::rename(path(NEXT), path(PRIVATE)).map_err(at)?;
    device_key(state).map(drop)
}

/// Keeps the device key under the first free name. A crash leaves it under both.
fn retire(state: &StateDirectory) -> io::Result<()> {
    let mut number = 1u32;
    loop {
        let name = state.path().join(format!("{PRIVATE}.retired-{number}"));
        match fs::hard_link(state.path().join(PRIVATE), name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < u32::MAX => number += 1,
            linked => return linked,
        }
    }
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
