//! The desk: where requests meet the use-cases. It holds the store, the directory, the appraiser and the keys, runs work
//! on threads that may block, and hands every use-case its instant and its random bytes.

mod batches;
mod bodies;
mod ceremonies;
mod gate;
mod keys;
mod log;
#[cfg(test)]
mod nowhere;
mod statuses;
mod visitor;

use std::sync::{Arc, PoisonError, RwLock};

use seaworthy_model::{Code, Timestamp};
use seaworthy_protocol::{Digest, Octets};
use seaworthy_service::access::Why;
use seaworthy_service::appraiser::Appraiser;
use seaworthy_service::authority::{Action, Actor, Concern};
use seaworthy_service::devices::Reader;
use seaworthy_service::directory::{Directory, View};
use seaworthy_service::draw::Draw;
use seaworthy_service::log::{Quorum, Standing};
use seaworthy_service::policies;
use seaworthy_service::ports::{Assignment, Records, Store, TileStore, read, write};
use seaworthy_service::reappraisal::reappraise;
use seaworthy_service::statuses::{Shelf, Slots};
use seaworthy_service::{Error, Id};
use seaworthy_stamp::SigningKey;
use tracing::error;

use crate::problem::Problem;
use crate::remembered::Turn;
use crate::signin::Site;

pub use batches::{Batches, Intake, Taking};
pub use bodies::KnownBodies;
pub use ceremonies::{
    COMES_BACK, Ceremonies, Guest, LinkSecret, Offer, OfferFault, ShownInvitation, ShownProvider, Ways,
};
pub use gate::{DeskGate, Signed};
pub use keys::{KeyStore, KeyStoreError};
pub use visitor::{FromOwnPage, Visitor};

/// How often work is begun anew because other servers changed the directory meanwhile.
const BEGUN_ANEW: u32 = 8;

/// What the process brings: the clock and the system's random source.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings {
    /// The instant.
    pub now: fn() -> Timestamp,
    /// 32 random bytes; an error is the system's, and nothing goes on without them.
    pub draw: fn() -> [u8; 32],
    /// The version of this program, as stamps name it.
    pub build: &'static str,
}

/// Where requests meet the use-cases.
pub struct Desk {
    store: Arc<dyn Store>,
    directory: RwLock<Arc<Directory>>,
    appraiser: Arc<Appraiser>,
    keys: Arc<dyn KeyStore>,
    /// Where the tiles of the logs are.
    tiles: Arc<dyn TileStore>,
    surroundings: Surroundings,
    /// How people and devices reach the server.
    site: Site,
    /// Who is asked to cosign the logs.
    quorum: Quorum,
    /// For which organisations anything may be signed.
    standing: Arc<Standing>,
    /// Places in status lists that this process has reserved.
    slots: Slots,
    /// Status lists as they were signed.
    shelf: Shelf,
}

/// What a use-case works with, inside one transaction.
pub struct Scene<'a> {
    /// The store's records.
    pub records: &'a mut dyn Records,
    /// Organisations, policies, catalogs.
    pub directory: &'a Directory,
    /// Appraisals.
    pub appraiser: &'a Appraiser,
    /// The instant.
    pub now: Timestamp,
    /// Random bytes.
    pub draw: &'a mut Draw<'a>,
}

impl Scene<'_> {
    /// The organisation of somebody.
    pub fn view(&self, actor: &Actor) -> Result<Arc<View>, Error> {
        self.directory.view(actor.organisation).cloned()
    }
}

impl Desk {
    /// Opens the desk: everything it needs to know is loaded first.
    pub fn open(
        store: Arc<dyn Store>,
        keys: Arc<dyn KeyStore>,
        tiles: Arc<dyn TileStore>,
        surroundings: Surroundings,
        site: Site,
    ) -> Result<Desk, Error> {
        let directory = read(store.as_ref(), |records| Directory::load(records))?;
        Ok(Desk {
            store,
            directory: RwLock::new(Arc::new(directory)),
            appraiser: Arc::new(Appraiser::default()),
            keys,
            tiles,
            surroundings,
            site,
            quorum: Quorum::default(),
            standing: Arc::default(),
            slots: Slots::default(),
            shelf: Shelf::default(),
        })
    }

    /// Says who is asked to cosign the logs; without this, nobody.
    #[must_use]
    pub fn witnessed_by(mut self, quorum: Quorum) -> Desk {
        self.quorum = quorum;
        self
    }

    /// Says who knows for which organisations anything may be signed; without this, for all.
    #[must_use]
    pub fn signing_while(mut self, standing: Arc<Standing>) -> Desk {
        self.standing = standing;
        self
    }

    /// Who is asked to cosign the logs.
    pub fn quorum(&self) -> &Quorum {
        &self.quorum
    }

    /// Organisations, policies and catalogs as they were last loaded.
    pub fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.directory.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Loads them anew: after a change here, when a transaction finds that a replica changed something, and every few
    /// seconds for those who ask for no transaction.
    pub fn reload(&self) -> Result<(), Error> {
        let directory = read(self.store.as_ref(), |records| Directory::load(records))?;
        *self.directory.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(directory);
        Ok(())
    }

    /// The store.
    pub fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    /// Appraisals.
    pub fn appraiser(&self) -> &Arc<Appraiser> {
        &self.appraiser
    }

    /// The instant.
    pub fn now(&self) -> Timestamp {
        (self.surroundings.now)()
    }

    /// 32 random bytes.
    pub fn draw(&self) -> [u8; 32] {
        (self.surroundings.draw)()
    }

    /// The version of this program.
    pub fn build(&self) -> &'static str {
        self.surroundings.build
    }

    /// How people and devices reach the server.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// The same as text: `https://HOST[:PORT]`, without a slash at the end.
    pub fn public_url(&self) -> &str {
        self.site.origin()
    }

    /// Where the keys' private halves are kept.
    pub fn keys(&self) -> &Arc<dyn KeyStore> {
        &self.keys
    }

    /// The key that signs for an organisation now; nothing is signed while its log has not caught up.
    pub fn signing_key(&self, view: &View) -> Result<Arc<SigningKey>, Error> {
        self.standing.must_stand(view.organisation.id)?;
        let record = view.signing_key().ok_or_else(|| Error::damaged("no key of the organisation signs"))?;
        self.keys.key(&record.id).map_err(|error| Error::damaged(error.to_string()))
    }

    /// The keys before it that still count, newest first.
    pub fn earlier_keys<'a>(&'a self, view: &'a View) -> impl Iterator<Item = Arc<SigningKey>> + use<'a> {
        let earlier = view.keys.iter().rev().skip(1).filter(|key| key.revoked_at.is_none());
        earlier.filter_map(|key| self.keys.key(&key.id).ok())
    }

    /// The keys after the first, as devices follow them.
    pub fn successors(view: &View) -> Vec<Octets> {
        view.keys.iter().skip(1).map(|key| key.successor.clone().into()).collect()
    }

    /// Runs a use-case in a transaction that writes, and waits for it here: the caller's thread may block.
    pub fn write_here<T>(&self, mut work: impl FnMut(&mut Scene<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let turn = Turn::current();
        let done = self.up_to_date(|directory, now| {
            write(self.store.as_ref(), |records| {
                turn.iter().try_for_each(|turn| turn.begin(records, now))?;
                let done = self.scene(records, directory, now, &mut work)?;
                directory.must_be_current(records)?;
                Ok(done)
            })
        });
        turn.iter().filter(|_| done.is_ok()).for_each(|turn| turn.done());
        done
    }

    /// Works with the directory, and again with a newer one as long as it turns out to be stale.
    fn up_to_date<T>(&self, mut work: impl FnMut(&Directory, Timestamp) -> Result<T, Error>) -> Result<T, Error> {
        for _ in 0..BEGUN_ANEW {
            match work(&self.directory(), self.now()) {
                Err(Error::Stale) => self.reload()?,
                done => return done,
            }
        }
        Err(Error::Stale)
    }

    /// Sets a scene for work, if the directory is the one in force.
    fn scene<T>(
        &self,
        records: &mut dyn Records,
        directory: &Directory,
        now: Timestamp,
        work: &mut impl FnMut(&mut Scene<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        directory.must_be_current(records)?;
        let mut draw = || self.draw();
        work(&mut Scene { records, directory, appraiser: &self.appraiser, now, draw: &mut draw })
    }

    /// Runs a use-case in a transaction that writes.
    pub async fn write<T: Send + 'static>(
        self: &Arc<Desk>,
        work: impl FnMut(&mut Scene<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Problem> {
        let desk = Arc::clone(self);
        off_the_loop(move || desk.write_here(work)).await
    }

    /// Runs a use-case that changes what the directory holds of an organisation, or that must not meet such a change.
    pub async fn change<T: Send + 'static>(
        self: &Arc<Desk>,
        organisation: Id,
        mut work: impl FnMut(&mut Scene<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Problem> {
        let desk = Arc::clone(self);
        off_the_loop(move || {
            let done = desk.write_here(|scene| {
                scene.records.hold_directory(organisation)?;
                work(scene)
            })?;
            desk.reload()?;
            Ok(done)
        })
        .await
    }

    /// Runs a use-case that only reads, and no device's record.
    pub async fn read<T: Send + 'static>(
        self: &Arc<Desk>,
        mut work: impl FnMut(&mut Scene<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Problem> {
        let desk = Arc::clone(self);
        off_the_loop(move || {
            desk.up_to_date(|directory, now| {
                read(desk.store.as_ref(), |records| desk.scene(records, directory, now, &mut work))
            })
        })
        .await
    }

    /// Works out what every body in use amounts to now. Whoever changes a policy or the catalog waits for it before they
    /// answer: then the change is in force everywhere.
    pub async fn appraise_all(self: &Arc<Desk>, organisation: Id) -> Result<(), Problem> {
        let desk = Arc::clone(self);
        off_the_loop(move || {
            let view = desk.directory().view(organisation)?.clone();
            reappraise(desk.store(), &view, desk.appraiser(), desk.now(), |_, _| {}).map(|_| ())
        })
        .await
    }

    /// Puts a policy document in force for a unit, and waits until it is for all devices.
    pub async fn put_in_force(self: &Arc<Desk>, actor: Actor, unit: Id, sequence: u64) -> Result<Assignment, Problem> {
        let organisation = actor.organisation;
        let key = self.signing_key(self.view(organisation)?.as_ref())?;
        let assigned = self.change(organisation, move |scene| {
            let view = scene.view(&actor)?;
            actor.may(Action::PolicyAssign, Concern::Unit(unit), &view.tree)?;
            policies::assign(scene.records, &view, unit, sequence, &key, scene.now)
        });
        let assigned = assigned.await?;
        self.appraise_all(organisation).await?;
        Ok(assigned)
    }

    /// Puts a device into another unit.
    pub async fn transfer(self: &Arc<Desk>, actor: Actor, why: Why, device: Digest, unit: Id) -> Result<(), Problem> {
        let key = self.signing_key(self.view(actor.organisation)?.as_ref())?;
        let moved = self.change(actor.organisation, move |scene| {
            let view = scene.view(&actor)?;
            let appraiser = scene.appraiser;
            let reader = Reader { view: &view, appraiser, actor: &actor, why: &why, now: scene.now };
            reader.transfer(scene.records, device, unit, &key)
        });
        moved.await
    }

    /// The organisation of an id, for handlers.
    pub fn view(&self, organisation: Id) -> Result<Arc<View>, Problem> {
        self.directory().view(organisation).cloned().map_err(Problem::from)
    }
}

/// Runs what may block away from the threads that serve connections.
pub(crate) async fn off_the_loop<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Problem> {
    let turn = Turn::current();
    match tokio::task::spawn_blocking(move || Turn::within(turn, work)).await {
        Ok(done) => done.map_err(Problem::from),
        Err(_) => Err(Problem::new(Code::Bug)),
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        let code = error.code();
        match &error {
            Error::Refused { what, .. } => {
                let problem = Problem::new(code).about(what.clone());
                if code == Code::NotReady { problem.retry_after(1) } else { problem }
            }
            Error::Stale => Problem::new(code).about(error.to_string()).retry_after(1),
            Error::Fault(fault) => {
                // What a store says of itself is for the operator, not for whoever asked.
                error!(%fault, "the store did not do its work");
                let problem = Problem::new(code);
                if code == Code::Bug { problem } else { problem.retry_after(2) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use seaworthy_service::ports::Fault;

    use super::*;

    #[test]
    fn what_passes_says_when_to_come_again() {
        let wait = |error: Error| Problem::from(error).retry_after;
        assert_eq!(wait(Error::refused(Code::NotReady)), Some(1));
        assert_eq!(wait(Fault::Full(String::new()).into()), Some(2));
        assert_eq!(wait(Fault::Unavailable(String::new()).into()), Some(2));
        assert_eq!(wait(Fault::Other(String::new()).into()), None);
        assert_eq!(wait(Error::refused(Code::DeviceRevoked)), None);
    }
}
