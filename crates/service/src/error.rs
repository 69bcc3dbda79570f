//! Why a use-case did not do what it was asked: a code of the catalogue and what happened, or a fault of the store.

use seaworthy_model::Code;

use crate::ports::Fault;

/// Why a use-case ended without its result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A true answer: no, and why.
    #[error("{what}")]
    Refused {
        /// The stable code.
        code: Code,
        /// What happened, for whoever asked.
        what: String,
    },
    /// The directory by which this was decided is not the one in force any more. Nothing was written: whoever has loaded
    /// the directory anew begins anew.
    #[error("another server changed the organisation meanwhile")]
    Stale,
    /// The store failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Error {
    /// No, with the catalogue's own words.
    pub fn refused(code: Code) -> Error {
        Error::refused_for(code, code.entry().title)
    }

    /// No, and what in particular.
    pub fn refused_for(code: Code, what: impl Into<String>) -> Error {
        Error::Refused { code, what: what.into() }
    }

    /// A fault of ours, or a store that holds what makes no sense.
    pub fn damaged(what: impl Into<String>) -> Error {
        Error::Fault(Fault::Damaged(what.into()))
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Error::Refused { code, .. } => *code,
            Error::Stale => Code::NotReady,
            Error::Fault(Fault::Full(_)) => Code::StoreFull,
            Error::Fault(Fault::Unavailable(_)) => Code::StoreUnavailable,
            Error::Fault(Fault::Conflict(_)) => Code::AlreadyThere,
            Error::Fault(Fault::Damaged(_) | Fault::Other(_)) => Code::Bug,
        }
    }
}
