//! What anybody may read of an organisation's log: its checkpoint, its tiles, and where a batch of records is in it.

use std::sync::Arc;

use seaworthy_model::Code;
use seaworthy_protocol::BatchPlace;
use seaworthy_service::Error;
use seaworthy_service::directory::View;
use seaworthy_tlog::Place;

use super::{Desk, off_the_loop};
use crate::problem::Problem;

impl Desk {
    /// What stands at a place of the log that goes by these digits.
    pub async fn log_part(self: &Arc<Desk>, digits: &str, place: Place) -> Result<Vec<u8>, Problem> {
        let (desk, organisation) = (Arc::clone(self), self.log(digits)?.organisation.id);
        let read = off_the_loop(move || Ok(desk.tiles.read(organisation, &place)?));
        read.await?.ok_or_else(|| absent("nothing stands there"))
    }

    /// Where a batch of records is in the log that goes by these digits, once it has its place.
    pub async fn batch_place(self: &Arc<Desk>, digits: &str, batch: u64) -> Result<BatchPlace, Problem> {
        let organisation = self.log(digits)?.organisation.id;
        let places = self.read(move |scene| Ok(scene.records.places(organisation, &[batch])?));
        let first = places.await?.into_iter().next().flatten();
        first.map(|first| BatchPlace { first }).ok_or_else(|| absent("no such batch has its place yet"))
    }

    /// The organisation whose log goes by these digits.
    fn log(&self, digits: &str) -> Result<Arc<View>, Error> {
        let directory = self.directory();
        let found = directory.of_digits(digits)?;
        found.log.is_some().then(|| Arc::clone(found)).ok_or_else(|| Error::refused(Code::OrganisationUnknown))
    }
}

fn absent(what: &str) -> Problem {
    Problem::new(Code::NotFound).about(what)
}
