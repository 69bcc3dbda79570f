//! Stamps with places in status lists, taken back with their device or alone; and the lists that say so.

use seaworthy_model::Code;
use seaworthy_protocol::{Ask, Digest, EntryKind, LeafKind, LogEntry, RevocationReason};
use seaworthy_service::log::Committed;
use seaworthy_service::ports::{Revocation, STATUS_FULL, StatusListRecord, StatusPlace, read};
use seaworthy_service::statuses::{BLOCK, Shelf, address};
use seaworthy_stamp::Trust;

use crate::exchange::{SERVER, World};
use crate::fleet::{access_to, at};
use crate::leaves::{harbour, key};
use crate::{for_each_store, get, put};

fn device() -> Digest {
    key(2).public().id().into()
}

/// A device that has reported and got a stamp; where the status of that stands.
fn stamped<'a>(store: &'a seaworthy_store::SqlStore) -> (World<'a>, StatusPlace) {
    let mut world = harbour(store);
    let link = world.link();
    let enrolled = world.enrol(&link, &key(2)).unwrap();
    world.report(2, enrolled.nonce).unwrap();
    let status = in_force(&world, 22)[0];
    (world, status)
}

fn in_force(world: &World<'_>, now: i64) -> Vec<StatusPlace> {
    let stamps = get(world.store, |records| records.stamps_in_force(world.organisation(), &device(), at(now)));
    stamps.iter().filter_map(|stamp| stamp.status).collect()
}

fn revocations(world: &World<'_>) -> Vec<Revocation> {
    get(world.store, |records| records.revocations(world.organisation(), 0))
}

/// The one revocation that there is: of this place, for this reason, with a leaf that opens its entry of the log.
#[track_caller]
fn revoked(world: &World<'_>, status: StatusPlace, reason: RevocationReason) {
    let [revocation] = &revocations(world)[..] else { panic!("{:?}", revocations(world)) };
    let root = world.directory.view(world.organisation()).unwrap().root_key();
    assert_eq!((revocation.status, revocation.reason), (status, reason));
    assert_eq!(revocation.address, address(SERVER, &root, 0));
    let (leaf, organisation) = (revocation.leaf.unwrap(), world.organisation());
    let ordered = put(world.store, |records| {
        records.order(organisation, u32::MAX)?;
        records.ordered(organisation, 0, u32::MAX)
    });
    let batch = ordered.iter().find(|batch| batch.batch == leaf.batch).unwrap();
    let entry = LogEntry::of(LeafKind::Revocation, &leaf.salt, &revocation.hashed().unwrap());
    assert_eq!(batch.entries[leaf.offset as usize], entry);
    assert_eq!(in_force(world, 900), []);
}

#[test]
fn a_device_that_is_revoked_takes_its_stamps_with_it() {
    for_each_store(|store| {
        let (world, status) = stamped(store);
        world.acts(900, |reader, records| reader.revoke(records, device())).unwrap();
        revoked(&world, status, RevocationReason::Lost);
    });
}

#[test]
fn so_does_one_that_leaves() {
    for_each_store(|store| {
        let (mut world, status) = stamped(store);
        world.ask(3, Ask::Leave).unwrap();
        revoked(&world, status, RevocationReason::Left);
    });
}

#[test]
fn so_does_one_whose_key_is_used_twice() {
    for_each_store(|store| {
        let (mut world, status) = stamped(store);
        // The same number, another message.
        assert_eq!(world.report(2, Digest::ZERO).unwrap_err().code(), Code::DeviceForked);
        revoked(&world, status, RevocationReason::Cloned);
    });
}

#[test]
fn an_inspector_takes_one_stamp_back_and_says_why() {
    for_each_store(|store| {
        let (world, status) = stamped(store);
        let access = put(store, |records| Ok(access_to(records, world.organisation(), world.root(), device())));
        let stamp = get(store, |records| records.stamps(&access, 1))[0].clone();
        let revoke = |id| world.acts(900, |reader, records| reader.revoke_stamp(records, device(), id));
        assert_eq!(revoke(world.organisation()).unwrap_err().code(), Code::NotFound);
        revoke(stamp.id).unwrap();
        revoked(&world, status, RevocationReason::Inspector);
        assert_eq!(revoke(stamp.id).unwrap_err().code(), Code::NotFound, "as for one of nobody");
        let entries = get(store, |records| records.entries(&access, 0, 100));
        let told = entries.iter().find(|kept| kept.entry.kind == EntryKind::StampRevoked).unwrap();
        assert_eq!(told.entry.why, format!("stamp {}: found in a canal", stamp.id));
        assert_eq!(told.entry.who.name, "Ada");
    });
}

#[test]
fn a_list_says_what_was_revoked_and_is_signed_anew_when_something_is() {
    for_each_store(|store| {
        let (world, _) = stamped(store);
        let (shelf, organisation) = (Shelf::default(), world.organisation());
        let list = |now: i64| read(store, |records| shelf.list(records, organisation, 0, &key(12), at(now))).unwrap();
        let (first, again) = (list(30), list(31));
        assert_eq!(first.bytes, again.bytes, "kept");
        assert_ne!(list(30 + 12 * 3600).bytes, first.bytes, "half a day later");
        world.acts(40, |reader, records| reader.revoke(records, device())).unwrap();
        let after = list(41);
        assert_ne!(after.bytes, first.bytes);
        let mut trust = Trust::default();
        let public = Digest::from_bytes(*key(12).public().as_bytes());
        let record = format!(
            "[[trust]]\nkey = \"{public}\"\nalgorithm = \"Ed25519\"\nrole = \"status-list\"\nname = \"Harbour\"\n"
        );
        trust.add_file("trust.toml", &record).unwrap();
        assert_eq!(trust.add_status_list(&after.bytes).unwrap(), at(41));
        let missing = read(store, |records| shelf.list(records, organisation, 1, &key(12), at(50)));
        assert_eq!(missing.unwrap_err().code(), Code::NotFound);
    });
}

#[test]
fn a_full_list_is_followed_by_the_next() {
    for_each_store(|store| {
        let (mut world, status) = stamped(store);
        let organisation = world.organisation();
        let newest = || get(store, |records| records.newest_status_list(organisation)).unwrap();
        assert_eq!((status.list, newest().handed_out), (0, BLOCK), "one block is reserved");
        put(store, |records| records.reserve(organisation, 0, STATUS_FULL - BLOCK));
        // Another server, which has nothing reserved.
        let nonce = get(store, |records| records.standings(organisation, &[device()]))[0].nonce;
        world.restart();
        world.report(3, nonce).unwrap();
        let StatusListRecord { number, handed_out, .. } = newest();
        assert_eq!((number, handed_out), (1, BLOCK));
        assert_eq!(in_force(&world, 40).last().unwrap().list, 1);
    });
}
