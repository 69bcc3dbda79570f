//! A desk whose store, tiles and keys cannot be reached, for tests of what surrounds it.

use std::sync::{Arc, RwLock};

use seaworthy_model::Timestamp;
use seaworthy_protocol::Digest;
use seaworthy_service::Id;
use seaworthy_service::log::Quorum;
use seaworthy_service::ports::{Fault, Store, TileStore, Work};
use seaworthy_service::statuses::{Shelf, Slots};
use seaworthy_stamp::SigningKey;
use seaworthy_tlog::Place;

use super::{Desk, KeyStore, KeyStoreError, Surroundings};
use crate::signin::Site;

impl Desk {
    /// A desk without an organisation.
    pub(crate) fn of_nothing() -> Arc<Desk> {
        Arc::new(Desk {
            store: Arc::new(Nowhere),
            directory: RwLock::default(),
            appraiser: Arc::default(),
            keys: Arc::new(Nowhere),
            tiles: Arc::new(Nowhere),
            surroundings: Surroundings { now: || Timestamp::MIN, draw: || [7; 32], build: "0" },
            site: Site::new("http://127.0.0.1:8440").unwrap(),
            quorum: Quorum::default(),
            standing: Arc::default(),
            slots: Slots::default(),
            shelf: Shelf::default(),
        })
    }
}

struct Nowhere;

impl Nowhere {
    fn fault<T>() -> Result<T, Fault> {
        Err(Fault::Unavailable("nowhere".into()))
    }
}

impl Store for Nowhere {
    fn write(&self, _: &mut Work<'_>) -> Result<(), Fault> {
        Nowhere::fault()
    }

    fn read(&self, _: &mut Work<'_>) -> Result<(), Fault> {
        Nowhere::fault()
    }

    fn is_ready(&self) -> bool {
        false
    }
}

impl TileStore for Nowhere {
    fn read(&self, _: Id, _: &Place) -> Result<Option<Vec<u8>>, Fault> {
        Nowhere::fault()
    }

    fn write(&self, _: Id, _: &[(Place, Vec<u8>)]) -> Result<(), Fault> {
        Nowhere::fault()
    }

    fn publish(&self, _: Id, _: &[u8]) -> Result<(), Fault> {
        Nowhere::fault()
    }

    fn remove(&self, _: Id, _: &[Place]) -> Result<(), Fault> {
        Nowhere::fault()
    }

    fn prune(&self, _: Id, _: &[Place]) -> Result<(), Fault> {
        Nowhere::fault()
    }
}

impl KeyStore for Nowhere {
    fn key(&self, id: &Digest) -> Result<Arc<SigningKey>, KeyStoreError> {
        Err(KeyStoreError::Missing(*id))
    }

    fn put(&self, _: SigningKey) -> Result<Arc<SigningKey>, KeyStoreError> {
        Err(KeyStoreError::Failed("nowhere".into()))
    }
}
