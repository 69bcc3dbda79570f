//! The count afterwards: what a store holds against what its devices remember. Everything is read in a transaction that
//! is taken back, so that counting changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use seaworthy_protocol::{Ask, Digest, Ledger};
use seaworthy_service::ask::{self, Export};
use seaworthy_service::directory::{Directory, View};
use seaworthy_service::ports::{Fault, Records, Tallied, write};
use seaworthy_service::{Error, Id};
use seaworthy_store::SqlStore;

use super::{Device, Fleet, now};
use crate::made;

/// A counter that no device reaches.
const ASKED: u64 = 1 << 40;

/// Holds a store to what the devices of a fleet remember; how many reports it has.
pub fn count(store: &SqlStore, fleet: &Fleet) -> usize {
    count_heard(store, fleet, &|_| true)
}

/// The same at an earlier moment, at which the devices had heard of these messages only.
pub fn count_heard(store: &SqlStore, fleet: &Fleet, heard: &dyn Fn(&Digest) -> bool) -> usize {
    let reports = within(store, |records| {
        let directory = Directory::load(records)?;
        let mut reports = 0;
        for device in &fleet.devices {
            reports += device_is_whole(records, &directory, &fleet.view, device, heard)?;
        }
        Ok(reports)
    });
    tallies_are_true(store, &fleet.view);
    reports
}

/// Every message that a store holds.
pub fn held(store: &SqlStore, fleet: &Fleet) -> BTreeSet<Digest> {
    within(store, |records| {
        let directory = Directory::load(records)?;
        let mut held = BTreeSet::new();
        for device in &fleet.devices {
            held.extend(stored(&export(records, &directory, device)?).into_values());
        }
        Ok(held)
    })
}

/// Works in a transaction that is taken back.
fn within<T>(store: &SqlStore, mut work: impl FnMut(&mut dyn Records) -> Result<T, Error>) -> T {
    let mut found = None;
    let taken_back = write(store, |records| {
        found = Some(work(records)?);
        Err::<(), _>(Error::Fault(Fault::Other("only looking".into())))
    });
    found.unwrap_or_else(|| panic!("{taken_back:?}"))
}

/// Every acknowledged report is there once, the standing is that of the newest, the ledger holds together.
fn device_is_whole(
    records: &mut dyn Records,
    directory: &Directory,
    view: &View,
    device: &Device,
    heard: &dyn Fn(&Digest) -> bool,
) -> Result<usize, Error> {
    let id = device.id();
    let standing = records.standings(view.organisation.id, &[id])?.remove(0);
    let export = export(records, directory, device)?;
    let stored = stored(&export);
    let acknowledged = || device.kept.iter().filter(|kept| heard(&kept.message));
    for kept in acknowledged() {
        let counter = kept.acknowledgement.counter;
        assert_eq!(stored.get(&counter), Some(&kept.message), "{id}: acknowledged report {counter}");
    }
    let unanswered = device.pending.iter().map(|pending| pending.message);
    let mut known: Vec<Digest> = device.kept.iter().map(|kept| kept.message).chain(unanswered).collect();
    known.sort_unstable();
    for (counter, message) in &stored {
        assert!(known.binary_search(message).is_ok(), "{id}: report {counter} was never sent");
    }
    if let Some((counter, message)) = stored.last_key_value() {
        assert_eq!((standing.counter, standing.message), (*counter, *message), "{id}: its newest report");
        let newest = acknowledged().last().filter(|kept| kept.message == *message);
        assert!(newest.is_none_or(|kept| kept.acknowledgement.nonce == standing.nonce), "{id}: its nonce");
    }
    let heads = acknowledged().map(|kept| kept.acknowledgement.ledger);
    for head in heads.chain([standing.ledger]) {
        Ledger::verified(export.ledger.clone(), head).unwrap_or_else(|wrong| panic!("{id}: {wrong}"));
    }
    Ok(stored.len())
}

fn export(records: &mut dyn Records, directory: &Directory, device: &Device) -> Result<Export, Error> {
    let sealed = device.request(Ask::Export, ASKED);
    let heard = ask::ask(records, directory, &sealed, now(), &mut made::draw_from(1 << 33))?;
    Ok(heard.export.unwrap())
}

/// The reports by their counters; none is there twice, and each has its body.
fn stored(export: &Export) -> BTreeMap<u64, Digest> {
    let message = |report: &ask::ExportedReport| (report.counter, Digest::of(&report.envelope.0));
    let stored: BTreeMap<u64, Digest> = export.reports.iter().map(message).collect();
    assert_eq!(stored.len(), export.reports.len(), "a counter is there twice");
    let mut messages: Vec<Digest> = stored.values().copied().collect();
    messages.sort_unstable();
    messages.dedup();
    assert_eq!(messages.len(), stored.len(), "a report is there twice");
    for report in &export.reports {
        assert!(export.bodies.iter().any(|body| body.digest == report.body), "report {} lost its body", report.counter);
    }
    stored
}

/// Counted anew, the tallies are what they were.
fn tallies_are_true(store: &SqlStore, view: &View) {
    let (organisation, hour) = (view.organisation.id, now().seconds() / 3600);
    let paths: Vec<_> = view.tree.units().map(|unit| (unit.id, view.area(unit.id), view.tree.path(unit.id))).collect();
    let (kept, counted) = within(store, |records| {
        let kept = tallies(records, organisation, &paths)?;
        records.retally(organisation, hour, &paths)?;
        Ok((kept, tallies(records, organisation, &paths)?))
    });
    assert_eq!(kept, counted, "tallies as kept up, and counted anew");
}

type Paths = [(Id, Id, Vec<Id>)];

fn tallies(records: &mut dyn Records, organisation: Id, paths: &Paths) -> Result<Vec<Vec<Tallied>>, Error> {
    let mut all = Vec::new();
    for (unit, _, _) in paths {
        let mut tally = records.tally(organisation, *unit)?;
        tally.retain(|tallied| tallied.devices > 0);
        tally.sort_by_key(|tallied| tallied.group);
        all.push(tally);
    }
    Ok(all)
}

/// Holds an embedded database to being whole.
pub fn database_is_whole(store: &SqlStore) {
    let check = store.database().read(|connection| connection.query("PRAGMA integrity_check", &[])).unwrap();
    let said: Vec<String> = check.iter().map(|row| row.text(0).unwrap().to_owned()).collect();
    assert_eq!(said, ["ok"]);
}
