//! Signing in: passkeys with an authenticator in software, OpenID Connect with a provider that forges and with a real
//! one.

#[cfg(test)]
mod authenticator;
#[cfg(test)]
mod forger;
#[cfg(test)]
mod forgeries;
#[cfg(test)]
mod passkeys;
#[cfg(test)]
mod provider;
#[cfg(test)]
use seaworthy_model::Timestamp;

/// When the tests take place, where the clock does not matter.
#[cfg(test)]
const AT: Timestamp = Timestamp::from_seconds(1_700_000_000);

/// Draws from the system.
#[cfg(test)]
fn draw() -> [u8; 32] {
    ring::rand::generate(&ring::rand::SystemRandom::new()).unwrap().expose()
}
