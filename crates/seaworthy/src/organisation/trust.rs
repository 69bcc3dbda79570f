//! What is believed of an answer: the organisation's chain of keys, acknowledgements, policy documents. Pure.

use seaworthy_protocol::{
    Acknowledgement, Digest, LogDocument, MessageError, Octets, PolicyDocument, Successor, digest_of, open,
};
use seaworthy_stamp::PublicKey;

/// Most keys that an organisation can have had.
const MOST_KEYS: usize = 256;

/// The keys that speak for an organisation, oldest first. The first was pinned, each names the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    keys: Vec<PublicKey>,
    newest: PublicKey,
}

impl Chain {
    /// Follows the successors from the pinned key.
    pub fn follow(first: &Octets, successors: &[Octets]) -> Result<Chain, String> {
        let pinned = first.array().and_then(|key| PublicKey::from_bytes(key).ok());
        let pinned = pinned.ok_or("the organisation's key is no Ed25519 public key")?;
        if successors.len() >= MOST_KEYS {
            return Err("more keys than an organisation can have had".to_owned());
        }
        let sealed = successors.iter().map(|sealed| sealed.0.as_slice());
        let keys = Successor::follow(pinned, sealed).map_err(|error| format!("the organisation's keys: {error}"))?;
        let newest = keys.last().copied().unwrap_or(pinned);
        Ok(Chain { keys, newest })
    }

    /// The chain that an answer shows: this one, or longer. A shorter one would bring back a key that was replaced.
    pub fn grown(&self, successors: &[Octets]) -> Result<Chain, String> {
        let first = self.keys.first().map(|key| Octets(key.as_bytes().to_vec())).unwrap_or_default();
        let grown = Chain::follow(&first, successors)?;
        if grown.keys.starts_with(&self.keys) { Ok(grown) } else { Err("a key that was replaced is back".to_owned()) }
    }

    /// The key that speaks now.
    pub fn newest(&self) -> &PublicKey {
        &self.newest
    }

    /// Whether one of the keys opens it: for what was signed before the newest key was.
    fn open(&self, sealed: &[u8]) -> Result<PolicyDocument, MessageError> {
        let open_with = |key| open::<PolicyDocument>(sealed, key);
        let mut opened = open_with(&self.newest);
        for key in self.keys.iter().rev().skip(1) {
            if opened != Err(MessageError::Signature) {
                break;
            }
            opened = open_with(key);
        }
        opened
    }
}

/// What an acknowledgement must be about.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The device.
    pub device: Digest,
    /// The sealed message that it answers.
    pub message: &'a [u8],
    /// The counter of that message.
    pub counter: u64,
}

/// Opens an acknowledgement that must be the newest key's, and about this very message.
pub fn acknowledgement(sealed: &Octets, chain: &Chain, about: About<'_>) -> Result<Acknowledgement, String> {
    let opened: Acknowledgement =
        open(&sealed.0, chain.newest()).map_err(|error| format!("the acknowledgement: {error}"))?;
    let is_about_it =
        opened.device == about.device && opened.answers == Digest::of(about.message) && opened.counter == about.counter;
    if is_about_it { Ok(opened) } else { Err("the acknowledgement is about another message".to_owned()) }
}

/// Opens the document of this organisation's log.
pub fn log_document(sealed: &Octets, chain: &Chain) -> Result<LogDocument, String> {
    let document = LogDocument::read(&sealed.0, &chain.keys).map_err(|error| format!("the log's document: {error}"))?;
    if chain.keys.first().map(|key| Digest::from(key.id())) == Some(document.organisation) {
        Ok(document)
    } else {
        Err("the log's document is another organisation's".to_owned())
    }
}

/// Opens a policy document that must be this organisation's. Beside it its digest.
pub fn document(sealed: &Octets, chain: &Chain) -> Result<(PolicyDocument, Digest), String> {
    let document = chain.open(&sealed.0).map_err(|error| format!("the policy document: {error}"))?;
    let first = chain.keys.first().map(|key| Digest::from(key.id()));
    if first != Some(document.organisation) {
        return Err("the policy document is another organisation's".to_owned());
    }
    let digest = digest_of(&document).map_err(|error| error.to_string())?;
    Ok((document, digest))
}
