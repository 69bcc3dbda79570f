//! What a transaction does that was begun by a directory which another server changes meanwhile.

use std::path::Path;
use std::sync::Arc;

use seaworthy_http::desk::{Desk, KeyStore, KeyStoreError, Surroundings};
use seaworthy_http::signin::Site;
use seaworthy_protocol::Digest;
use seaworthy_service::authority::{Actor, Held, Role};
use seaworthy_service::intake::{self, Intake};
use seaworthy_service::ports::read;
use seaworthy_service::statuses::Handful;
use seaworthy_service::units::{self, Change};
use seaworthy_service::{Error, Id};
use seaworthy_stamp::SigningKey;
use seaworthy_store::tiles::FolderTiles;
use seaworthy_testkit::postgres::Postgres;
use seaworthy_testkit::skip;

use crate::kit::{Fleet, now};
use crate::pair::ORIGIN;
use crate::process::Place;

/// Nobody signs here.
struct NoKeys;

impl KeyStore for NoKeys {
    fn key(&self, id: &Digest) -> Result<Arc<SigningKey>, KeyStoreError> {
        Err(KeyStoreError::Missing(*id))
    }

    fn put(&self, _: SigningKey) -> Result<Arc<SigningKey>, KeyStoreError> {
        Err(KeyStoreError::Failed("nobody signs here".into()))
    }
}

/// Another server's desk on a place.
fn desk(place: &Place) -> Desk {
    let surroundings = Surroundings { now, draw: || [5; 32], build: "0" };
    let tiles = Arc::new(FolderTiles::new(Path::new("/nowhere")));
    Desk::open(Arc::new(place.open()), Arc::new(NoKeys), tiles, surroundings, Site::new(ORIGIN).unwrap()).unwrap()
}

fn move_below(desk: &Desk, admin: &Actor, unit: Id, parent: Id) -> Result<(), Error> {
    desk.write_here(|scene| {
        let (view, change) = (scene.view(admin)?, Change { parent: Some(parent), ..Change::default() });
        units::change(scene.records, &view, admin, unit, &change, scene.now).map(|_| ())
    })
}

/// The unit is moved after the reports' transaction began and before it counts: what was counted by the older tree is
/// taken back, and counted by the new one.
#[test]
fn reports_are_counted_by_the_tree_in_force() {
    let Some(postgres) = Postgres::shared() else {
        return skip("two servers on one PostgreSQL", "it is not installed");
    };
    let place = Place::postgres(postgres);
    let mut fleet = Fleet::enrolled(&place, 4);
    let (root, quay) = (fleet.view.tree.root(), unit(&fleet, "Quay"));
    let held = vec![Held { role: Role::Administrator, unit: root }];
    let admin = Actor::new(fleet.view.organisation.id, Id::from_bytes([0; 16]), "test", true, held);
    let [one, other] = [desk(&place), desk(&place)];
    let pier = one.write_here(|scene| {
        let view = scene.view(&admin)?;
        units::add(scene.records, &view, &admin, root, "Pier", scene.draw)
    });
    let pier = pier.unwrap().id;
    let body = fleet.bodies[0].clone();
    let sent = fleet.devices.iter_mut().map(|device| {
        let envelope = device.envelope(&body);
        intake::receive(&device.sealed(&envelope, &body).bytes, |_| false).unwrap()
    });
    let (sent, mut paths) = (sent.collect::<Vec<_>>(), Vec::new());
    let taken = other.write_here(|scene| {
        let path = scene.view(&admin)?.tree.path(quay);
        if paths.is_empty() {
            move_below(&one, &admin, quay, pier)?;
        }
        paths.push(path);
        let (directory, appraiser) = (scene.directory, scene.appraiser);
        let intake = Intake { directory, appraiser, build: "0", slots: &Handful::new(), at: scene.now };
        intake.take_in(scene.records, &sent, scene.draw)
    });
    assert!(taken.unwrap().iter().all(Result::is_ok));
    assert_eq!(paths, [vec![quay, root], vec![quay, pier, root]]);
    let tally = |unit: Id| {
        let groups = read(&place.open(), |records| records.tally(admin.organisation, unit)).unwrap();
        groups.iter().map(|tallied| (tallied.group.body.is_some(), tallied.devices)).collect::<Vec<_>>()
    };
    assert_eq!([tally(root), tally(pier), tally(quay)], [vec![(true, 4)], vec![(true, 2)], vec![(true, 2)]]);
}

fn unit(fleet: &Fleet, name: &str) -> Id {
    fleet.view.tree.units().find(|unit| unit.name == name).unwrap().id
}
