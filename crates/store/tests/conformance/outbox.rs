//! Webhooks, deliveries and remembered answers.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::thread;

use seaworthy_service::ports::{Delivery, DeliveryState, Remembered, Webhook};

use crate::fleet::{ORGANISATION, OTHER, at, digest, id};
use crate::{for_each_store, get, put};

pub(crate) fn webhook(number: u64) -> Webhook {
    Webhook {
        organisation: ORGANISATION,
        id: id(number),
        url: format!("https://example.org/{number}"),
        secret: [7; 32],
        events: vec!["device.enrolled".into(), "verdict".into()],
        created_at: at(number as i64),
        disabled_at: None,
    }
}

fn delivery(number: u64) -> Delivery {
    Delivery {
        organisation: ORGANISATION,
        id: id(number),
        webhook: id(1),
        event: "verdict".into(),
        payload: "{}".into(),
        state: DeliveryState::Waiting,
        attempts: 0,
        next_at: at(number as i64),
        outcome: None,
        created_at: at(number as i64),
    }
}

#[test]
fn webhooks_are_kept_replaced_and_removed_with_their_deliveries() {
    for_each_store(|store| {
        let changed = Webhook { events: Vec::new(), disabled_at: Some(at(9)), ..webhook(1) };
        put(store, |records| {
            records.put_webhook(&webhook(1))?;
            records.put_webhook(&webhook(2))?;
            records.put_webhook(&Webhook { organisation: OTHER, ..webhook(3) })?;
            records.put_deliveries(&[delivery(1), Delivery { webhook: id(2), ..delivery(2) }])
        });
        put(store, |records| records.put_webhook(&changed));
        let found = get(store, |records| records.webhooks(ORGANISATION));
        assert!(found == [changed.clone(), webhook(2)]);
        put(store, |records| records.remove_webhook(ORGANISATION, id(1)));
        assert!(get(store, |records| records.webhooks(ORGANISATION)) == [webhook(2)]);
        let left = get(store, |records| records.deliveries(ORGANISATION, DeliveryState::Waiting, 9));
        assert_eq!(left.iter().map(|delivery| delivery.id).collect::<Vec<_>>(), [id(2)]);
    });
}

#[test]
fn deliveries_are_told_newest_first_by_their_state() {
    for_each_store(|store| {
        let dead = Delivery { state: DeliveryState::Dead, attempts: 9, outcome: Some("500".into()), ..delivery(2) };
        put(store, |records| records.put_deliveries(&[delivery(1), delivery(2), delivery(3)]));
        put(store, |records| records.put_deliveries(std::slice::from_ref(&dead)));
        let told = |state, limit| get(store, |records| records.deliveries(ORGANISATION, state, limit));
        assert_eq!(told(DeliveryState::Waiting, 9), [delivery(3), delivery(1)]);
        assert_eq!(told(DeliveryState::Waiting, 1), [delivery(3)]);
        assert_eq!(told(DeliveryState::Dead, 9), [dead]);
        assert_eq!(get(store, |records| records.deliveries(OTHER, DeliveryState::Waiting, 9)), []);
    });
}

#[test]
fn what_is_due_is_taken_once() {
    for_each_store(|store| {
        let later = Delivery { next_at: at(500), ..delivery(60) };
        let done = Delivery { state: DeliveryState::Delivered, ..delivery(61) };
        let foreign = Delivery { organisation: OTHER, ..delivery(1) };
        let mut deliveries: Vec<Delivery> = (1..=40).map(delivery).collect();
        deliveries.extend([later, done, foreign]);
        put(store, |records| records.put_deliveries(&deliveries));
        let taken = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..5 {
                        let due = put(store, |records| records.take_due(at(100), at(200), 5));
                        taken.lock().unwrap().extend(due.into_iter().map(|due| (due.organisation, due.id)));
                    }
                });
            }
        });
        let taken = taken.into_inner().unwrap();
        assert_eq!(taken.len(), 41);
        assert_eq!(taken.iter().collect::<BTreeSet<_>>().len(), 41);
        assert_eq!(put(store, |records| records.take_due(at(199), at(300), 99)), []);
        assert_eq!(put(store, |records| records.take_due(at(200), at(300), 99)).len(), 41, "whoever took them died");
    });
}

#[test]
fn answers_are_remembered_until_they_are_forgotten() {
    for_each_store(|store| {
        let answer = |key: u64, seconds: i64| Remembered {
            key: digest(key),
            request: digest(9),
            status: 201,
            body: vec![1, 2],
            at: at(seconds),
        };
        put(store, |records| {
            records.remember(&answer(1, 10))?;
            records.remember(&answer(2, 20))?;
            records.remember(&Remembered { status: 500, ..answer(1, 30) })?;
            let done = Delivery { state: DeliveryState::Delivered, ..delivery(1) };
            let dead = |id: u64, last: i64| Delivery { state: DeliveryState::Dead, next_at: at(last), ..delivery(id) };
            records.put_deliveries(&[done, delivery(2), dead(3, 14), dead(4, 15)])
        });
        let found = |key: u64| get(store, |records| records.remembered(&digest(key)));
        assert_eq!((found(1), found(3)), (Some(answer(1, 10)), None));
        put(store, |records| records.forget(at(20), at(15)));
        assert_eq!((found(1), found(2)), (None, Some(answer(2, 20))));
        let counted = |state| get(store, |records| records.count_deliveries(ORGANISATION, state));
        let left = [DeliveryState::Delivered, DeliveryState::Waiting, DeliveryState::Dead].map(counted);
        assert_eq!(left, [0, 1, 1]);
        let dead = get(store, |records| records.deliveries(ORGANISATION, DeliveryState::Dead, 9));
        assert_eq!(dead[0].next_at, at(15), "an attempt at that instant is not before it");
    });
}
