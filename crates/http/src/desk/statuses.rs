//! Status lists as anybody may fetch them.

use std::sync::Arc;

use seaworthy_model::Code;
use seaworthy_service::Error;
use seaworthy_service::directory::View;
use seaworthy_service::statuses::ShelfList;
use seaworthy_stamp::{PublicKey, SigningKey};

use super::Desk;
use crate::problem::Problem;

impl Desk {
    /// A list of the organisation that goes by these digits, as it is now.
    pub async fn status_list(self: &Arc<Desk>, digits: &str, number: u32) -> Result<Arc<ShelfList>, Problem> {
        let directory = self.directory();
        let view = directory.of_digits(digits)?;
        let (desk, organisation, key) = (Arc::clone(self), view.organisation.id, self.statuses_key(view)?);
        let list = self.read(move |scene| desk.shelf.list(scene.records, organisation, number, &key, scene.now));
        list.await
    }

    /// The key that signs an organisation's status lists. Until its log has caught up, a server that was restored may have
    /// forgotten what was revoked, and signs none.
    fn statuses_key(&self, view: &View) -> Result<Arc<SigningKey>, Error> {
        self.standing.must_stand(view.organisation.id)?;
        let log = view.log.as_ref().ok_or_else(|| Error::refused_for(Code::NotFound, "there are no status lists"))?;
        let key = PublicKey::from_bytes(log.statuses).map_err(|error| Error::damaged(error.to_string()))?;
        self.keys.key(&key.id().into()).map_err(|error| Error::damaged(error.to_string()))
    }
}
