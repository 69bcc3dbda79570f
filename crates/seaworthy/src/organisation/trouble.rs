//! What comes between a message and its answer. Whether the message was refused for good decides if it is sent again.

use seaworthy_model::Code;

use crate::failure::{Failure, exit};

/// Why there is no answer that counts.
#[derive(Debug)]
pub enum Trouble {
    /// The server understood the message and refuses it: sending it again changes nothing.
    Refused(Failure),
    /// No answer, none that verifies, or one that asks for patience: the same message is sent again later.
    Unanswered(Failure),
    /// Something of this device: a file, a fault.
    Here(Failure),
}

impl Trouble {
    /// What to tell the person.
    pub fn failure(self) -> Failure {
        match self {
            Trouble::Refused(failure) | Trouble::Unanswered(failure) | Trouble::Here(failure) => failure,
        }
    }

    /// Nobody answered: the server is away, busy, or not itself.
    pub fn unreachable(what: impl Into<String>) -> Trouble {
        Trouble::Unanswered(Failure::new(Code::ServerUnreachable, what).ending(exit::UNKNOWN))
    }

    /// An answer that does not verify.
    pub fn untrusted(what: impl Into<String>) -> Trouble {
        Trouble::Unanswered(untrusted(what))
    }

    /// The code, where the server refused with one.
    pub fn refusal(&self) -> Option<Code> {
        match self {
            Trouble::Refused(failure) => Some(failure.code),
            Trouble::Unanswered(_) | Trouble::Here(_) => None,
        }
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Trouble {
        Trouble::Here(failure)
    }
}

/// An answer that does not verify.
pub fn untrusted(what: impl Into<String>) -> Failure {
    Failure::new(Code::AnswerUntrusted, what).ending(exit::UNKNOWN)
}
