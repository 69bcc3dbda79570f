//! Passwords, where the operator allows them: argon2id with OWASP's parameters, in PHC strings.
//!
//! An unknown name costs as much as a wrong password. Hashing takes 19 MiB and some 30 ms each, so few hash at once and
//! few wait; the rest is told to try again. All of it blocks: not for an async thread.

use std::time::Duration;

use argon2::password_hash::{PasswordHash, SaltString};
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use seaworthy_service::draw::Draw;
use seaworthy_service::people::Proven;
use seaworthy_service::ports::{Credential, CredentialKind};

use super::turns::Turns;
use super::{Refusal, Verified, Why};

/// Shortest password, in characters.
pub const MIN_PASSWORD: usize = 12;
/// Longest password, in bytes.
pub const MAX_PASSWORD: usize = 256;
/// Longest sign-in name, in bytes.
const MAX_NAME: usize = 256;

/// OWASP Password Storage Cheat Sheet: argon2id with m=19456 (19 MiB), t=2, p=1.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// How many may wait for their turn, and for how long.
const QUEUE: usize = 32;
const PATIENCE: Duration = Duration::from_secs(2);

/// Hashes and verifies passwords.
pub struct Passwords {
    argon2: Argon2<'static>,
    turns: Turns,
    /// The hash of nobody's password, for names that are unknown.
    nobody: String,
}

impl Passwords {
    /// Lets so many hash at once; as many as there are cores is enough. Takes the time of one hash.
    pub fn new(at_once: usize) -> Result<Passwords, Refusal> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(Params::DEFAULT_OUTPUT_LEN));
        let params = params.map_err(|_| Refusal::Fault("argon2 takes other parameters"))?;
        Passwords::with(params, at_once)
    }

    fn with(params: Params, at_once: usize) -> Result<Passwords, Refusal> {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let turns = Turns::new(at_once.max(1), QUEUE, PATIENCE);
        let mut passwords = Passwords { argon2, turns, nobody: String::new() };
        passwords.nobody = passwords.hash("", [0; 32])?;
        Ok(passwords)
    }

    /// Makes a credential of a name and a password that somebody chose.
    pub fn choose(&self, name: &str, password: &str, draw: &mut Draw<'_>) -> Result<Proven, Refusal> {
        let handle = sign_in_name(name).ok_or(Refusal::Unfit("sign-in name: one line of 1 to 256 bytes"))?;
        if password.chars().count() < MIN_PASSWORD || password.len() > MAX_PASSWORD {
            return Err(Refusal::Unfit("password: at least 12 characters, at most 256 bytes"));
        }
        if password.trim().to_lowercase() == handle {
            return Err(Refusal::Unfit("password: not the sign-in name"));
        }
        let _turn = self.turns.take()?;
        let secret = self.hash(password, draw())?.into_bytes();
        Ok(Proven { kind: CredentialKind::Password, handle: handle.into_bytes(), secret, label: "Password".to_owned() })
    }

    /// Verifies a password against the credential of the name, if there is one. A hash of other parameters is made anew.
    pub fn verify(
        &self,
        credential: Option<Credential>,
        password: &str,
        draw: &mut Draw<'_>,
    ) -> Result<Verified, Refusal> {
        if password.len() > MAX_PASSWORD {
            return Err(Refusal::Unproven(Why::Password));
        }
        let _turn = self.turns.take()?;
        let known = credential.filter(|credential| credential.kind == CredentialKind::Password);
        let stored = known.as_ref().map_or(self.nobody.as_bytes(), |credential| &credential.secret);
        let hash = str::from_utf8(stored).ok().and_then(|text| PasswordHash::new(text).ok());
        let hash = hash.ok_or(Refusal::Fault("a hash is damaged"))?;
        let fits = self.argon2.verify_password(password.as_bytes(), &hash).is_ok();
        let is_changed = Params::try_from(&hash).ok().as_ref() != Some(self.argon2.params());
        let mut credential = known.ok_or(Refusal::Unproven(Why::Unknown))?;
        if !fits {
            return Err(Refusal::Unproven(Why::Password));
        }
        if is_changed {
            credential.secret = self.hash(password, draw())?.into_bytes();
        }
        Ok(Verified { credential, is_changed, mark: None })
    }

    fn hash(&self, password: &str, drawn: [u8; 32]) -> Result<String, Refusal> {
        let salt = drawn.first_chunk::<16>().and_then(|salt| SaltString::encode_b64(salt).ok());
        let salt = salt.ok_or(Refusal::Fault("no salt"))?;
        let hash = self.argon2.hash_password(password.as_bytes(), &salt);
        hash.map(|hash| hash.to_string()).map_err(|_| Refusal::Fault("hashing failed"))
    }
}

/// The form in which a sign-in name is stored and looked up: trimmed, in lower case; one line of up to 256 bytes.
pub fn sign_in_name(typed: &str) -> Option<String> {
    if typed.len() > MAX_NAME {
        return None;
    }
    let name = typed.trim().to_lowercase();
    let sound = !name.is_empty() && name.len() <= MAX_NAME && !name.chars().any(char::is_control);
    Some(name).filter(|_| sound)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use seaworthy_model::Timestamp;
    use seaworthy_service::Id;

    use super::*;

    const GOOD: &str = "correct horse battery";

    fn passwords() -> Passwords {
        Passwords::with(Params::new(64, 1, 1, Some(Params::DEFAULT_OUTPUT_LEN)).unwrap(), 2).unwrap()
    }

    fn stored(proven: Proven) -> Credential {
        let Proven { kind, handle, secret, label } = proven;
        let (organisation, person) = (Id::from_bytes([1; 16]), Id::from_bytes([2; 16]));
        Credential { organisation, person, kind, handle, secret, label, created_at: Timestamp::from_seconds(0) }
    }

    #[test]
    fn what_may_be_chosen() {
        let passwords = passwords();
        let check = |name: &str, password: &str, expected: bool| {
            let chosen = passwords.choose(name, password, &mut || [3; 32]);
            assert_eq!(chosen.is_ok(), expected, "{name:?} {password:?}");
            assert!(expected || matches!(chosen, Err(Refusal::Unfit(_))));
        };
        check("ada", GOOD, true);
        check("ada", "12 character", true);
        check("ada", "only eleven", false);
        check("ada", "ééééééééééé", false);
        check("ada", "éééééééééééé", true);
        check("ada", &"x".repeat(256), true);
        check("ada", &"x".repeat(257), false);
        check("", GOOD, false);
        check("  ", GOOD, false);
        check("a\nb", GOOD, false);
        check(&"x".repeat(257), GOOD, false);
        check("Correct horse battery ", GOOD, false);
    }

    #[test]
    fn one_password_fits() {
        let passwords = passwords();
        let ada = stored(passwords.choose(" Ada@Example.org ", GOOD, &mut || [3; 32]).unwrap());
        assert_eq!(ada.handle, b"ada@example.org");
        let other = Credential { kind: CredentialKind::Passkey, ..ada.clone() };
        let check = |credential: Option<&Credential>, password: &str, expected: Result<(), Why>| {
            let verified = passwords.verify(credential.cloned(), password, &mut || [4; 32]);
            let verified =
                verified.map(|verified| assert!(!verified.is_changed && Some(&verified.credential) == credential));
            assert_eq!(verified, expected.map_err(Refusal::Unproven), "{password:?}");
        };
        check(Some(&ada), GOOD, Ok(()));
        check(Some(&ada), "correct horse batterz", Err(Why::Password));
        check(Some(&ada), "", Err(Why::Password));
        check(Some(&ada), &"x".repeat(257), Err(Why::Password));
        check(None, GOOD, Err(Why::Unknown));
        check(None, "", Err(Why::Unknown));
        check(Some(&other), GOOD, Err(Why::Unknown));
    }

    #[test]
    fn a_hash_of_other_parameters_is_made_anew() {
        let old = stored(passwords().choose("ada", GOOD, &mut || [3; 32]).unwrap());
        let now = Passwords::new(1).unwrap();
        let renewed = now.verify(Some(old.clone()), GOOD, &mut || [4; 32]).unwrap();
        assert!(renewed.is_changed);
        let text = String::from_utf8(renewed.credential.secret.clone()).unwrap();
        assert!(text.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{text}");
        assert!(!now.verify(Some(renewed.credential), GOOD, &mut || [5; 32]).unwrap().is_changed);
        let wrong = now.verify(Some(old), "correct horse batterz", &mut || [4; 32]);
        assert!(wrong.is_err_and(|refusal| refusal == Refusal::Unproven(Why::Password)));
    }

    #[test]
    fn a_damaged_hash_lets_nobody_in() {
        let passwords = passwords();
        let ada = stored(passwords.choose("ada", GOOD, &mut || [3; 32]).unwrap());
        for secret in [
            &b""[..],
            b"\xff",
            b"plain",
            b"$argon2id$v=19$m=64,t=1,p=1$AAAA",
            b"$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAA$",
        ] {
            let damaged = Credential { secret: secret.to_vec(), ..ada.clone() };
            for password in ["", GOOD] {
                assert!(passwords.verify(Some(damaged.clone()), password, &mut || [4; 32]).is_err());
            }
        }
    }

    proptest! {
        #[test]
        fn a_name_has_one_form(typed in ".{0,300}") {
            if let Some(name) = sign_in_name(&typed) {
                prop_assert!(name.len() <= MAX_NAME);
                prop_assert_eq!(sign_in_name(&name), Some(name.clone()));
            }
        }
    }
}
