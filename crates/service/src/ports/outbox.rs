//! What leaves by webhook, and the answers remembered for requests that may come twice.

use schemars::JsonSchema;
use seaworthy_model::{Timestamp, named};
use seaworthy_protocol::Digest;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::id::Id;

/// Where an organisation wants to be told of events.
#[derive(Clone, PartialEq, Eq)]
pub struct Webhook {
    /// The organisation.
    pub organisation: Id,
    /// Its id.
    pub id: Id,
    /// The address.
    pub url: String,
    /// The secret that signs (Standard Webhooks), 32 bytes.
    pub secret: [u8; 32],
    /// The kinds of events; empty means all.
    pub events: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was switched off.
    pub disabled_at: Option<Timestamp>,
}

named! {
    /// How a delivery stands.
    DeliveryState {
        /// It is to be tried.
        Waiting = "waiting",
        /// It was taken.
        Delivered = "delivered",
        /// It was tried for the last time: the dead-letter list.
        Dead = "dead",
    }
}

/// An event on its way to a webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Delivery {
    /// The organisation.
    pub organisation: Id,
    /// Its id, the same at each attempt.
    pub id: Id,
    /// The webhook.
    pub webhook: Id,
    /// The kind of event.
    pub event: String,
    /// What is sent, as JSON text.
    pub payload: String,
    /// How it stands.
    pub state: DeliveryState,
    /// Attempts made.
    pub attempts: u32,
    /// When it is tried next; of one that is not, when it was tried last.
    pub next_at: Timestamp,
    /// What came of the newest attempt.
    pub outcome: Option<String>,
    /// When the event happened.
    pub created_at: Timestamp,
}

/// An answer that is given again to the same request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// Who asked, and the key they gave.
    pub key: Digest,
    /// SHA-256 of the request: another request under the same key is an error.
    pub request: Digest,
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// When it was given.
    pub at: Timestamp,
}

/// Webhooks and remembered answers.
pub trait Outbox {
    /// All webhooks of an organisation.
    fn webhooks(&mut self, organisation: Id) -> Result<Vec<Webhook>, Fault>;
    /// Adds a webhook, or replaces the record of the same id.
    fn put_webhook(&mut self, webhook: &Webhook) -> Result<(), Fault>;
    /// Removes a webhook with its deliveries.
    fn remove_webhook(&mut self, organisation: Id, webhook: Id) -> Result<(), Fault>;
    /// Adds deliveries, or replaces those of the same id.
    fn put_deliveries(&mut self, deliveries: &[Delivery]) -> Result<(), Fault>;
    /// Deliveries of all organisations that are to be tried by now, at most `limit`. What one replica takes, another
    /// does not get before `until`.
    fn take_due(&mut self, now: Timestamp, until: Timestamp, limit: u32) -> Result<Vec<Delivery>, Fault>;
    /// The deliveries of an organisation in one state, newest first, at most `limit`.
    fn deliveries(&mut self, organisation: Id, state: DeliveryState, limit: u32) -> Result<Vec<Delivery>, Fault>;
    /// How many deliveries of an organisation are in one state.
    fn count_deliveries(&mut self, organisation: Id, state: DeliveryState) -> Result<u64, Fault>;
    /// Remembers an answer; one under the same key stays.
    fn remember(&mut self, answer: &Remembered) -> Result<(), Fault>;
    /// The answer under a key.
    fn remembered(&mut self, key: &Digest) -> Result<Option<Remembered>, Fault>;
    /// Forgets answers and delivered events from before an instant, and what was tried for the last time before another.
    fn forget(&mut self, before: Timestamp, dead_before: Timestamp) -> Result<(), Fault>;
}
