//! Webhooks, deliveries and remembered answers in SQL.

use std::sync::LazyLock;

use seaworthy_model::Timestamp;
use seaworthy_protocol::Digest;
use seaworthy_service::Id;
use seaworthy_service::ports::{Delivery, DeliveryState, Fault, Outbox, Remembered, Webhook};

use super::SqlRecords;
use super::columns::cbor;
use crate::driver::{self, Insert, Row, Value};

static DELIVERIES: LazyLock<Insert> = LazyLock::new(|| {
    let head = "INSERT INTO deliveries (organisation, id, webhook, event, payload, state, attempts, next_at, outcome, \
                created_at)";
    let tail = "ON CONFLICT (organisation, id) DO UPDATE SET webhook = excluded.webhook, event = excluded.event, \
                payload = excluded.payload, state = excluded.state, attempts = excluded.attempts, \
                next_at = excluded.next_at, outcome = excluded.outcome, created_at = excluded.created_at";
    Insert::new(head, 10, tail)
});

impl Outbox for SqlRecords<'_> {
    fn webhooks(&mut self, organisation: Id) -> Result<Vec<Webhook>, Fault> {
        let sql = "SELECT organisation, id, url, secret, events, created_at, disabled_at FROM webhooks \
                   WHERE organisation = ?1 ORDER BY created_at, id";
        self.all(sql, &[organisation.into()], webhook)
    }

    fn put_webhook(&mut self, webhook: &Webhook) -> Result<(), Fault> {
        self.renew(webhook.organisation)?;
        let sql = "INSERT INTO webhooks (organisation, id, url, secret, events, created_at, disabled_at) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (organisation, id) DO UPDATE SET \
                   url = excluded.url, secret = excluded.secret, events = excluded.events, \
                   created_at = excluded.created_at, disabled_at = excluded.disabled_at";
        let values = [
            webhook.organisation.into(),
            webhook.id.into(),
            webhook.url.as_str().into(),
            webhook.secret.into(),
            cbor(&webhook.events)?,
            webhook.created_at.into(),
            webhook.disabled_at.into(),
        ];
        self.execute(sql, &values)?;
        Ok(())
    }

    fn remove_webhook(&mut self, organisation: Id, webhook: Id) -> Result<(), Fault> {
        self.renew(organisation)?;
        let values = [organisation.into(), webhook.into()];
        self.execute("DELETE FROM deliveries WHERE organisation = ?1 AND webhook = ?2", &values)?;
        self.execute("DELETE FROM webhooks WHERE organisation = ?1 AND id = ?2", &values)?;
        Ok(())
    }

    fn put_deliveries(&mut self, deliveries: &[Delivery]) -> Result<(), Fault> {
        let mut sorted: Vec<&Delivery> = deliveries.iter().collect();
        sorted.sort_by_key(|delivery| (delivery.organisation, delivery.id));
        let values: Vec<Value> = sorted.into_iter().flat_map(of_delivery).collect();
        self.insert(&DELIVERIES, &values)?;
        Ok(())
    }

    fn take_due(&mut self, now: Timestamp, until: Timestamp, limit: u32) -> Result<Vec<Delivery>, Fault> {
        let skip = if self.locks() { " FOR UPDATE SKIP LOCKED" } else { "" };
        let sql = format!(
            "UPDATE deliveries SET next_at = ?2 WHERE (organisation, id) IN (SELECT organisation, id FROM deliveries \
             WHERE state = 'waiting' AND next_at <= ?1 ORDER BY next_at LIMIT ?3{skip}) \
             RETURNING organisation, id, webhook, event, payload, state, attempts, next_at, outcome, created_at"
        );
        let mut taken = self.all(&sql, &[now.into(), until.into(), limit.into()], delivery)?;
        taken.sort_by_key(|delivery| (delivery.created_at, delivery.organisation, delivery.id));
        Ok(taken)
    }

    fn deliveries(&mut self, organisation: Id, state: DeliveryState, limit: u32) -> Result<Vec<Delivery>, Fault> {
        let sql = "SELECT organisation, id, webhook, event, payload, state, attempts, next_at, outcome, created_at \
                   FROM deliveries WHERE organisation = ?1 AND state = ?2 ORDER BY created_at DESC, id DESC LIMIT ?3";
        self.all(sql, &[organisation.into(), state.name().into(), limit.into()], delivery)
    }

    fn count_deliveries(&mut self, organisation: Id, state: DeliveryState) -> Result<u64, Fault> {
        let sql = "SELECT COUNT(*) FROM deliveries WHERE organisation = ?1 AND state = ?2";
        let counted = self.first(sql, &[organisation.into(), state.name().into()], |row| row.number(0))?;
        Ok(counted.unwrap_or_default())
    }

    fn remember(&mut self, answer: &Remembered) -> Result<(), Fault> {
        let sql = "INSERT INTO remembered (key, request, status, body, at) VALUES (?1, ?2, ?3, ?4, ?5) \
                   ON CONFLICT DO NOTHING";
        let values = [
            answer.key.into(),
            answer.request.into(),
            u32::from(answer.status).into(),
            answer.body.as_slice().into(),
            answer.at.into(),
        ];
        self.execute(sql, &values)?;
        Ok(())
    }

    fn remembered(&mut self, key: &Digest) -> Result<Option<Remembered>, Fault> {
        let sql = "SELECT key, request, status, body, at FROM remembered WHERE key = ?1";
        self.first(sql, &[key.into()], remembered)
    }

    fn forget(&mut self, before: Timestamp, dead_before: Timestamp) -> Result<(), Fault> {
        self.execute("DELETE FROM remembered WHERE at < ?1", &[before.into()])?;
        let sql = "DELETE FROM deliveries WHERE (state = 'delivered' AND created_at < ?1) OR \
                   (state = 'dead' AND next_at < ?2)";
        self.execute(sql, &[before.into(), dead_before.into()])?;
        Ok(())
    }
}

fn webhook(row: &Row) -> Result<Webhook, driver::Fault> {
    Ok(Webhook {
        organisation: row.id(0)?,
        id: row.id(1)?,
        url: row.string(2)?,
        secret: row.bytes(3)?,
        events: row.cbor(4)?,
        created_at: row.at(5)?,
        disabled_at: row.optional_at(6)?,
    })
}

fn of_delivery(delivery: &Delivery) -> [Value; 10] {
    [
        delivery.organisation.into(),
        delivery.id.into(),
        delivery.webhook.into(),
        delivery.event.as_str().into(),
        delivery.payload.as_str().into(),
        delivery.state.name().into(),
        delivery.attempts.into(),
        delivery.next_at.into(),
        delivery.outcome.clone().into(),
        delivery.created_at.into(),
    ]
}

fn delivery(row: &Row) -> Result<Delivery, driver::Fault> {
    Ok(Delivery {
        organisation: row.id(0)?,
        id: row.id(1)?,
        webhook: row.id(2)?,
        event: row.string(3)?,
        payload: row.string(4)?,
        state: row.named(5, DeliveryState::from_name)?,
        attempts: row.number(6)?,
        next_at: row.at(7)?,
        outcome: row.optional_string(8)?,
        created_at: row.at(9)?,
    })
}

fn remembered(row: &Row) -> Result<Remembered, driver::Fault> {
    Ok(Remembered {
        key: row.digest(0)?,
        request: row.digest(1)?,
        status: row.number(2)?,
        body: row.blob(3)?.to_vec(),
        at: row.at(4)?,
    })
}
