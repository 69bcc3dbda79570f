//! Events that leave by webhook: the closed list, what each tells, and their way into the outbox.
//!
//! An event is written in the transaction of what it tells of: neither can be without the other. It goes out for webhooks
//! that want its kind and for nobody else; without any, nothing is written and nothing is worked out.
//!
//! An event tells ids, and of a device at most its state or its verdict. That much is still a read of the device's record,
//! by whoever is behind the webhook. So each webhook that is told of a device is an entry in the device's ledger, written
//! in the same transaction, before anything leaves: also if the delivery never arrives.

use schemars::JsonSchema;
use seaworthy_model::{Timestamp, Verdict, named};
use seaworthy_protocol::{Digest, EntryKind, Field, Who};
use serde::Serialize;

use crate::directory::View;
use crate::error::Error;
use crate::id::Id;
use crate::ledger::{self, Note};
use crate::ports::{Delivery, DeliveryState, LedgerEntry, Records, Standing, Webhook};

named! {
    /// What a webhook can be told of.
    EventKind {
        /// A device enrolled and is in.
        DeviceEnrolled = "device-enrolled",
        /// A device enrolled and waits for approval.
        DeviceWaiting = "device-waiting",
        /// A waiting device was let in.
        DeviceApproved = "device-approved",
        /// A device was revoked.
        DeviceRevoked = "device-revoked",
        /// The key of a device was used twice.
        DeviceForked = "device-forked",
        /// Another device took a device's place.
        DeviceReplaced = "device-replaced",
        /// A device left, and its data was erased.
        DeviceLeft = "device-left",
        /// New evidence has another verdict than the evidence before it has at that instant.
        VerdictChanged = "verdict-changed",
        /// A policy was put in force for a unit.
        PolicyAssigned = "policy-assigned",
        /// The organisation has a new key.
        KeyRotated = "key-rotated",
    }
}

/// An event, as it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Event {
    /// The kind.
    pub r#type: EventKind,
    /// When it happened, by the server's clock.
    pub timestamp: Timestamp,
    /// What it tells.
    pub data: EventData,
}

/// What an event tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct EventData {
    /// The organisation's id.
    pub organisation: Id,
    /// What it concerns.
    #[serde(flatten)]
    pub told: Told,
}

/// What an event concerns: ids, never names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Told {
    /// What became of a device.
    Device {
        /// SHA-256 of its key.
        device: Digest,
        /// Its unit.
        unit: Id,
    },
    /// What became of a device by another one.
    Replaced {
        /// SHA-256 of its key.
        device: Digest,
        /// Its unit.
        unit: Id,
        /// The device that took its place.
        by: Digest,
    },
    /// The verdict of a device.
    Verdict {
        /// SHA-256 of its key.
        device: Digest,
        /// Its unit.
        unit: Id,
        /// The verdict at this instant by the evidence before; none for a device that was never inspected.
        before: Option<Verdict>,
        /// The verdict at this instant by the new evidence.
        after: Option<Verdict>,
        /// When that turns by itself; no event tells of it then.
        turns_at: Option<Timestamp>,
    },
    /// What is in force.
    Policy {
        /// The unit, and all below it without an assignment of their own.
        unit: Id,
        /// The document's number.
        sequence: u64,
        /// SHA-256 of the policy.
        policy: Digest,
    },
    /// The key that signs from now on.
    Key {
        /// Its place in the chain.
        place: u32,
        /// SHA-256 of the public key.
        key: Digest,
    },
}

/// A webhook as the directory carries it: enough to know whether an event has a listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// The webhook's id.
    pub webhook: Id,
    /// What it wants to be told of; empty means all.
    pub kinds: Vec<EventKind>,
    /// The host that it sends to, as ledgers name it.
    pub host: String,
}

impl Listener {
    /// The listener of a webhook that is switched on. A kind that this version does not know is never told.
    pub fn of(webhook: &Webhook) -> Option<Listener> {
        let kinds: Vec<EventKind> = webhook.events.iter().filter_map(|name| EventKind::from_name(name)).collect();
        let hears = webhook.disabled_at.is_none() && (webhook.events.is_empty() || !kinds.is_empty());
        hears.then(|| Listener { webhook: webhook.id, kinds, host: host(&webhook.url).to_owned() })
    }

    fn wants(&self, kind: EventKind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }

    /// The listener as ledgers name it.
    fn who(&self) -> Who {
        Who { id: format!("webhook {}", self.webhook), name: self.host.clone(), role: "webhook".into() }
    }
}

fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// The events of one transaction.
pub(crate) struct Events<'a> {
    view: &'a View,
    at: Timestamp,
    deliveries: Vec<Delivery>,
}

impl<'a> Events<'a> {
    /// None so far.
    pub(crate) fn new(view: &'a View, at: Timestamp) -> Events<'a> {
        Events { view, at, deliveries: Vec::new() }
    }

    /// Whether anybody wants to be told of this kind.
    pub(crate) fn is_wanted(&self, kind: EventKind) -> bool {
        self.view.listeners.iter().any(|listener| listener.wants(kind))
    }

    fn listeners(&self, kind: EventKind) -> impl Iterator<Item = &'a Listener> + use<'a> {
        self.view.listeners.iter().filter(move |listener| listener.wants(kind))
    }

    /// Something of a device. Whoever is told is written behind the ledger's head; the caller keeps the entries and the
    /// standing.
    pub(crate) fn of_device(
        &mut self,
        kind: EventKind,
        standing: &mut Standing,
        told: &Told,
    ) -> Result<Vec<LedgerEntry>, Error> {
        let mut entries = Vec::new();
        for listener in self.listeners(kind) {
            let field = if kind == EventKind::VerdictChanged { Field::Verdict } else { Field::Identity };
            let why = format!("told of an event: {kind}");
            let note = Note { kind: EntryKind::Read, who: listener.who(), why, fields: vec![field] };
            let kept = ledger::behind(standing, note, self.at)?;
            self.tell(listener, kind, told, &format!("{} {}", standing.device, kept.entry.sequence))?;
            entries.push(kept);
        }
        Ok(entries)
    }

    /// What became of a device, in short.
    pub(crate) fn became(&mut self, kind: EventKind, standing: &mut Standing) -> Result<Vec<LedgerEntry>, Error> {
        let told = Told::Device { device: standing.device, unit: standing.unit };
        self.of_device(kind, standing, &told)
    }

    /// Something of the organisation. `subject` is text that no other event of this kind has.
    pub(crate) fn of_organisation(&mut self, kind: EventKind, told: &Told, subject: &str) -> Result<(), Error> {
        self.listeners(kind).try_for_each(|listener| self.tell(listener, kind, told, subject))
    }

    fn tell(&mut self, listener: &Listener, kind: EventKind, told: &Told, subject: &str) -> Result<(), Error> {
        let organisation = self.view.organisation.id;
        let data = EventData { organisation, told: told.clone() };
        let event = Event { r#type: kind, timestamp: self.at, data };
        self.deliveries.push(Delivery {
            organisation,
            id: delivery(listener.webhook, kind, subject),
            webhook: listener.webhook,
            event: kind.name().to_owned(),
            payload: serde_json::to_string(&event).map_err(|error| Error::damaged(error.to_string()))?,
            state: DeliveryState::Waiting,
            attempts: 0,
            next_at: self.at,
            outcome: None,
            created_at: self.at,
        });
        Ok(())
    }

    /// Puts them into the outbox.
    pub(crate) fn write(self, records: &mut dyn Records) -> Result<(), Error> {
        if self.deliveries.is_empty() {
            return Ok(());
        }
        Ok(records.put_deliveries(&self.deliveries)?)
    }
}

/// The id of a delivery follows from what it tells: work that is run twice writes it once.
fn delivery(webhook: Id, kind: EventKind, subject: &str) -> Id {
    let digest = Digest::of(format!("delivery {webhook} {kind} {subject}").as_bytes());
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] = *digest.as_bytes();
    Id::from_bytes([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webhook(events: &[&str], disabled_at: Option<Timestamp>) -> Webhook {
        Webhook {
            organisation: Id::from_bytes([1; 16]),
            id: Id::from_bytes([2; 16]),
            url: "https://hooks.example.org:8443/in?key=1".into(),
            secret: [3; 32],
            events: events.iter().map(|&name| name.to_owned()).collect(),
            created_at: Timestamp::MIN,
            disabled_at,
        }
    }

    #[test]
    fn a_webhook_hears_what_it_wants_while_it_is_on() {
        let wants = |events: &[&str], kind| Listener::of(&webhook(events, None)).map(|listener| listener.wants(kind));
        assert_eq!(wants(&[], EventKind::KeyRotated), Some(true));
        assert_eq!(wants(&["key-rotated"], EventKind::KeyRotated), Some(true));
        assert_eq!(wants(&["key-rotated"], EventKind::DeviceLeft), Some(false));
        assert_eq!(wants(&["of-a-later-version"], EventKind::KeyRotated), None);
        assert_eq!(Listener::of(&webhook(&[], Some(Timestamp::MAX))), None);
    }

    /// Never the path or the query, which may hold a secret of the receiver.
    #[test]
    fn ledgers_name_a_webhook_by_its_host() {
        let who = Listener::of(&webhook(&[], None)).unwrap().who();
        assert_eq!(who.name, "hooks.example.org:8443");
        assert_eq!(who.id, "webhook 02020202020202020202020202020202");
    }

    #[test]
    fn an_event_tells_ids_and_no_more() {
        let told = Told::Verdict {
            device: Digest::ZERO,
            unit: Id::from_bytes([4; 16]),
            before: None,
            after: Some(Verdict::Pass),
            turns_at: Some(Timestamp::from_seconds(86_400)),
        };
        let data = EventData { organisation: Id::from_bytes([1; 16]), told };
        let event = Event { r#type: EventKind::VerdictChanged, timestamp: Timestamp::from_seconds(0), data };
        let expected = format!(
            r#"{{"type":"verdict-changed","timestamp":"1970-01-01T00:00:00Z","data":{{"organisation":"{}","device":"{}","unit":"{}","before":null,"after":"pass","turns_at":"1970-01-02T00:00:00Z"}}}}"#,
            "01".repeat(16),
            Digest::ZERO,
            "04".repeat(16),
        );
        assert_eq!(serde_json::to_string(&event).unwrap(), expected);
    }
}
