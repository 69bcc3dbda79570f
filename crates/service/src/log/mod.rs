//! The organisation's log: how it is called, where it is read, what its checkers are told to ask for. How records come
//! into it is in [`enlist`].

pub mod agreement;
mod audit;
pub(crate) mod enlist;
pub(crate) mod leaves;
mod policy;
mod prove;
mod publisher;
mod reader;
mod recovery;
mod sequencer;
mod standing;
mod works;

use data_encoding::HEXLOWER;
use seaworthy_protocol::Digest;
use seaworthy_tlog::{Algorithm, VerifierKey};

use crate::error::Error;
use crate::ports::LogRecord;

pub use audit::{Audit, Audited, Changed};
pub use leaves::Committed;
pub use policy::{Quorum, policy};
pub use prove::{Draft, Was};
pub use publisher::{Published, Publisher, Vouching};
pub use reader::{LogReader, LogUnread};
pub use recovery::{CaughtUp, Compared, catch_up, compare};
pub use sequencer::{BATCH, LEASE_SECONDS, Sequencer, Stepped};
pub use standing::Standing;
pub use works::LogWorks;

/// By which digits an organisation goes in addresses: the first 16 hexadecimal ones of its first key's SHA-256.
pub fn digits(root_key: &Digest) -> String {
    HEXLOWER.encode(&root_key.as_bytes().first_chunk::<8>().copied().unwrap_or_default())
}

/// Where an organisation's log is, below the server's address.
pub fn path(root_key: &Digest) -> String {
    format!("log/{}", digits(root_key))
}

/// Where an organisation's log is read, on the server of an address without a slash at its end.
pub fn url(address: &str, root_key: &Digest) -> String {
    format!("{address}/{}", path(root_key))
}

/// How a log is called that is founded on the server of an address: the same without the scheme.
pub fn origin(address: &str, root_key: &Digest) -> String {
    let host = address.split_once("://").map_or(address, |(_, host)| host);
    url(host, root_key)
}

/// The key of a log as notes name it.
pub fn verifier_key(log: &LogRecord) -> Result<VerifierKey, Error> {
    VerifierKey::new(&log.origin, Algorithm::Ed25519, &log.key).map_err(|fault| Error::damaged(fault.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_named_by_its_server_and_its_organisation() {
        let key = Digest::from_bytes([0xAB; 32]);
        assert_eq!(origin("https://example.org:8440", &key), "example.org:8440/log/abababababababab");
        assert_eq!(url("https://example.org", &key), "https://example.org/log/abababababababab");
    }
}
