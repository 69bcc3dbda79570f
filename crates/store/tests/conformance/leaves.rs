//! What the use-cases write is committed to: each record keeps the leaf that opens its entry in the pool.

use std::collections::BTreeMap;

use seaworthy_model::Grants;
use seaworthy_protocol::{Ask, Digest, EntryKind, Leaf, LeafKind, LedgerProof, LogEntry, record};
use seaworthy_service::access::Access;
use seaworthy_service::answer::{Answer, answer};
use seaworthy_service::founding::{LogKeys, open_log, revoke, rotate};
use seaworthy_service::intake::Taken;
use seaworthy_service::log::{Committed, origin};
use seaworthy_service::policies::{assign, load_catalog, read as read_policy, sign};
use seaworthy_service::ports::{Records, write};
use seaworthy_stamp::SigningKey;
use seaworthy_store::SqlStore;

use crate::exchange::World;
use crate::fleet::{access_to, at};
use crate::{for_each_store, get, put};

/// What the device of the vectors meets at any time.
const CONFINED: &str = r#"
name = "confined"
version = 1
title = "Confined"
source = "a test"
cadence_days = 30
rules = [{ kind = "mandatory-access-control", severity = "major" }]
"#;

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32]).unwrap()
}

/// An organisation with a log, whose device passes.
pub(crate) fn harbour(store: &SqlStore) -> World<'_> {
    let mut world = World::founded(store);
    let view = world.directory.view(world.organisation()).unwrap().clone();
    let keys = LogKeys { log: key(11).public(), statuses: key(12).public() };
    let origin = origin("https://example.org", &view.root_key());
    write(store, |records| open_log(records, &view, keys, &origin, &key(1), at(0))).unwrap();
    let policy = read_policy(CONFINED).unwrap();
    let signed = write(store, |records| sign(records, &view, policy.clone(), Grants::default(), &key(1), at(0)));
    world.reload();
    let view = world.directory.view(world.organisation()).unwrap().clone();
    write(store, |records| assign(records, &view, world.root(), signed.clone().unwrap().sequence, &key(1), at(0)))
        .unwrap();
    world.reload();
    world
}

/// Everything that waits or has its place, by batch.
fn pool(world: &World<'_>) -> BTreeMap<u64, Vec<LogEntry>> {
    let organisation = world.organisation();
    let ordered = put(world.store, |records| {
        records.order(organisation, u32::MAX)?;
        records.ordered(organisation, 0, u32::MAX)
    });
    ordered.into_iter().map(|batch| (batch.batch, batch.entries)).collect()
}

#[track_caller]
fn opens(pool: &BTreeMap<u64, Vec<LogEntry>>, kind: LeafKind, leaf: Leaf, hashed: &[u8]) {
    let entry = pool[&leaf.batch][leaf.offset as usize];
    assert_eq!(LogEntry::of(kind, &leaf.salt, hashed), entry, "{kind}");
}

/// Holds records to their entries, and counts them.
fn all_open<C: Committed>(pool: &BTreeMap<u64, Vec<LogEntry>>, kind: LeafKind, kept: &[C]) -> usize {
    for one in kept {
        assert_eq!(one.kind(), kind);
        opens(pool, kind, one.leaf().unwrap(), &one.hashed().unwrap());
    }
    kept.len()
}

fn answered(taken: &Taken) -> Answer {
    answer(taken, &key(1), std::iter::empty()).unwrap()
}

#[test]
fn every_record_keeps_what_opens_its_entry() {
    for_each_store(|store| {
        let mut world = harbour(store);
        let view = world.directory.view(world.organisation()).unwrap().clone();
        write(store, |records| load_catalog(records, &view, &view.catalog.reference, at(1))).unwrap();
        write(store, |records| rotate(records, &view, &key(1), &key(5), at(1))).unwrap();
        world.reload();
        let view = world.directory.view(world.organisation()).unwrap().clone();
        write(store, |records| revoke(records, &view, 0, at(5_000), at(1))).unwrap();
        world.reload();
        let link = world.link();
        let enrolled = world.enrol(&link, &key(2)).unwrap();
        let taken = world.report(2, enrolled.nonce).unwrap();
        world.look();
        world.ask(3, Ask::Ledger).unwrap();

        let (pool, organisation) = (pool(&world), world.organisation());
        let access = put(store, |records| Ok(look(records, &world)));
        let stamps = get(store, |records| records.stamps(&access, 10));
        let readings = get(store, |records| records.readings(&access, at(9_000), 10));
        let reads = get(store, |records| records.set_reads(organisation, 0, 10));
        let policies = get(store, |records| records.policies(organisation));
        let assignments = get(store, |records| records.assignments(organisation));
        let catalogs = get(store, |records| records.catalogs(organisation));
        let keys = get(store, |records| records.keys());
        let mut entries = get(store, |records| records.entries(&access, 0, 10));
        entries.pop();
        let listed = entries.iter().filter(|kept| kept.entry.kind == EntryKind::Listed);
        assert!(listed.clone().all(|kept| kept.leaf.is_none() && kept.set_read == Some(reads[0].number)));
        assert_eq!(listed.count(), 1);
        entries.retain(|kept| kept.entry.kind != EntryKind::Listed);

        assert_eq!(taken.leaf, stamps[0].leaf);
        let counted = [
            all_open(&pool, LeafKind::Stamp, &stamps),
            all_open(&pool, LeafKind::Report, &readings),
            all_open(&pool, LeafKind::Entry, &entries),
            all_open(&pool, LeafKind::SetRead, &reads),
            all_open(&pool, LeafKind::Policy, &policies),
            all_open(&pool, LeafKind::Assignment, &assignments),
            all_open(&pool, LeafKind::Catalog, &catalogs),
            all_open(&pool, LeafKind::Key, &keys),
        ];
        assert_eq!(counted, [1, 1, 1, 1, 2, 2, 1, 2]);
        // The entry of the first key from before it was revoked has lost its leaf to the one after.
        assert_eq!(pool.values().map(Vec::len).sum::<usize>(), counted.iter().sum::<usize>() + 1);
        let together = [taken.leaf.unwrap().batch, readings[0].leaf.unwrap().batch];
        assert_eq!(together[0], together[1], "a batch of reports is a batch of the log");
    });
}

fn look(records: &mut dyn Records, world: &World<'_>) -> Access {
    access_to(records, world.organisation(), world.root(), Digest::from(key(2).public().id()))
}

#[test]
fn the_same_report_again_gets_the_same_answer_byte_for_byte() {
    for_each_store(|store| {
        let mut world = harbour(store);
        let link = world.link();
        let enrolled = world.enrol(&link, &key(2)).unwrap();
        let taken = world.report(2, enrolled.nonce).unwrap();
        let (first, again) = (answered(&taken), answered(&world.report(2, enrolled.nonce).unwrap()));
        assert!(first.stamp.is_some() && first.leaf.is_some());
        assert_eq!((&first.acknowledgement, &first.stamp), (&again.acknowledgement, &again.stamp));
        assert_eq!((first.leaf, &first.appraisal), (again.leaf, &again.appraisal));

        let view = world.directory.view(world.organisation()).unwrap().clone();
        write(store, |records| rotate(records, &view, &key(1), &key(5), at(30))).unwrap();
        world.reload();
        let again = world.report(2, enrolled.nonce).unwrap();
        let rotated = answer(&again, &key(5), std::iter::once(key(1).into())).unwrap();
        assert_eq!((rotated.stamp, rotated.leaf), (first.stamp, first.leaf), "by the key that it names");
        let lost = answer(&again, &key(5), std::iter::empty()).unwrap();
        assert_eq!((lost.stamp, lost.leaf), (None, None));
    });
}

#[test]
fn a_holder_gets_what_proves_the_ledger() {
    for_each_store(|store| {
        let mut world = harbour(store);
        let link = world.link();
        world.enrol(&link, &key(2)).unwrap();
        world.look();
        let ledger = world.ask(2, Ask::Ledger).unwrap().ledger.unwrap();
        let pool = pool(&world);
        let device = Digest::from(key(2).public().id());
        assert_eq!(ledger.proofs.len(), ledger.entries.len());
        for (entry, proof) in ledger.entries.iter().zip(&ledger.proofs) {
            let LedgerProof { sequence, leaf, set_read } = proof;
            assert_eq!(*sequence, entry.sequence);
            match set_read {
                Some(look) => {
                    assert!(look.is_told_by(entry));
                    opens(&pool, LeafKind::SetRead, *leaf, &record(look).unwrap());
                }
                None => {
                    let entry = seaworthy_protocol::EntryLeaf { device, entry: entry.clone() };
                    opens(&pool, LeafKind::Entry, *leaf, &record(&entry).unwrap());
                }
            }
        }
    });
}

#[test]
fn erasing_a_device_destroys_what_opens_its_entries() {
    for_each_store(|store| {
        let mut world = harbour(store);
        let link = world.link();
        let enrolled = world.enrol(&link, &key(2)).unwrap();
        world.report(2, enrolled.nonce).unwrap();
        let before = pool(&world);
        world.ask(3, Ask::Leave).unwrap();
        let access = put(store, |records| Ok(look(records, &world)));
        let stamps = get(store, |records| records.stamps(&access, 10));
        assert_eq!(stamps.len(), 1, "that it was issued is kept");
        assert!(stamps.iter().all(|stamp| stamp.leaf.is_none() && stamp.signed.is_empty()));
        assert_eq!(get(store, |records| records.readings(&access, at(9_000), 10)), []);
        assert!(get(store, |records| records.entries(&access, 0, 2)).len() < 2, "only the look of this test");
        let after = pool(&world);
        assert!(before.iter().all(|(batch, entries)| after.get(batch) == Some(entries)), "the tree stays whole");
    });
}
