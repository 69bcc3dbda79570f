//! Whether anything may be signed: not before the log has caught up with what was published, and no more once a witness
//! has seen more of it than we have.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use seaworthy_model::Code;

use crate::error::Error;
use crate::id::Id;

/// What was said of a log: why it must not grow.
type Said = Result<(), (Code, String)>;

/// Which organisations' logs stand. Whoever signs for an organisation asks first.
#[derive(Debug, Default)]
pub struct Standing {
    /// Whether organisations that nothing was said of may sign.
    strict: bool,
    logs: RwLock<BTreeMap<Id, Said>>,
}

impl Standing {
    /// Nobody may sign before it is said so.
    pub fn strict() -> Standing {
        Standing { strict: true, ..Standing::default() }
    }

    /// The log has caught up.
    pub fn stands(&self, organisation: Id) {
        self.say(organisation, Ok(()));
    }

    /// The log must not grow: why.
    pub fn stopped(&self, organisation: Id, why: &Error) {
        self.say(organisation, Err((why.code(), why.to_string())));
    }

    fn say(&self, organisation: Id, said: Said) {
        self.logs.write().unwrap_or_else(PoisonError::into_inner).insert(organisation, said);
    }

    /// Refuses an organisation of which the log has not caught up.
    pub fn must_stand(&self, organisation: Id) -> Result<(), Error> {
        match self.logs.read().unwrap_or_else(PoisonError::into_inner).get(&organisation) {
            Some(Ok(())) => Ok(()),
            Some(Err((code, why))) => Err(Error::refused_for(Code::NotReady, format!("{why} [{code}]"))),
            None if self.strict => Err(Error::refused_for(Code::NotReady, "the log has not caught up yet")),
            None => Ok(()),
        }
    }

    /// What keeps any of some organisations from signing.
    pub fn all(&self, organisations: impl IntoIterator<Item = Id>) -> Result<(), Error> {
        organisations.into_iter().try_for_each(|organisation| self.must_stand(organisation))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_signs_before_the_log_stands() {
        let (ours, other) = (Id::from_bytes([1; 16]), Id::from_bytes([2; 16]));
        let standing = Standing::strict();
        assert_eq!(standing.must_stand(ours).unwrap_err().code(), Code::NotReady);
        standing.stands(ours);
        assert_eq!(standing.must_stand(ours), Ok(()));
        assert!(standing.all([ours, other]).is_err() && standing.all([ours]).is_ok());
        standing.stopped(ours, &Error::refused(Code::LogBehind));
        assert!(standing.must_stand(ours).unwrap_err().to_string().ends_with("[log-behind]"));
        assert_eq!(Standing::default().must_stand(ours), Ok(()));
    }
}
