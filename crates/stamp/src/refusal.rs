//! Why a stamp is refused: a code of the catalogue, what was found, and what was proved up to there.

use std::fmt;

use seaworthy_model::Code;

use crate::cbor::Fault;
use crate::check::Facts;

/// What a check answers, as an exit code of `seaworthy check`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// The stamp is valid.
    Valid,
    /// It cannot be told: nobody trusted vouches for it, a needed status list is not there, or the clock is wrong.
    Untold,
    /// The stamp is refused.
    Refused,
    /// The question itself cannot be read: no such file, a broken trust file.
    Usage,
}

impl Answer {
    /// The exit code: 0, 3, 1 or 2.
    pub const fn exit_code(self) -> u8 {
        match self {
            Answer::Valid => 0,
            Answer::Refused => 1,
            Answer::Usage => 2,
            Answer::Untold => 3,
        }
    }

    /// The answer a code stands for.
    pub fn of(code: Code) -> Answer {
        match REFUSALS.iter().find(|(listed, _)| *listed == code) {
            Some((_, answer)) => *answer,
            None => Answer::Usage,
        }
    }
}

/// Every code with which a stamp, or what carries it, is refused, in the order in which they are looked for.
pub const REFUSALS: &[(Code, Answer)] = {
    use Answer::{Refused, Untold};
    &[
        (Code::StampImage, Refused),
        (Code::StampImageTooLarge, Refused),
        (Code::StampSvg, Refused),
        (Code::StampQrNone, Refused),
        (Code::StampQrMany, Refused),
        (Code::StampQrUnreadable, Refused),
        (Code::StampQrForeign, Refused),
        (Code::StampText, Refused),
        (Code::StampTextLowerCase, Refused),
        (Code::StampTextLetter, Refused),
        (Code::StampTextLength, Refused),
        (Code::StampTextLeftover, Refused),
        (Code::StampTextIndex, Refused),
        (Code::StampTooLarge, Refused),
        (Code::StampTag, Refused),
        (Code::StampMalformed, Refused),
        (Code::StampTrailingBytes, Refused),
        (Code::StampIndefiniteLength, Refused),
        (Code::StampLongInteger, Refused),
        (Code::StampDuplicateKey, Refused),
        (Code::StampKeyOrder, Refused),
        (Code::StampTooDeep, Refused),
        (Code::StampUnprotected, Refused),
        (Code::StampTypMissing, Refused),
        (Code::StampTyp, Refused),
        (Code::StampAlgorithm, Refused),
        (Code::StampHeader, Refused),
        (Code::PresentationVersion, Refused),
        (Code::PresentationMalformed, Refused),
        (Code::PresentationSignature, Refused),
        (Code::StampIssuer, Untold),
        (Code::StampSignature, Refused),
        (Code::StampVersion, Refused),
        (Code::StampProfile, Refused),
        (Code::StampTier, Refused),
        (Code::StampNotAffirming, Refused),
        (Code::StampClaim, Refused),
        (Code::StampClaimMissing, Refused),
        (Code::StampClaimValue, Refused),
        (Code::ClockWrong, Untold),
        (Code::StampRole, Untold),
        (Code::StampRecordEnded, Untold),
        (Code::StampNotYetValid, Refused),
        (Code::StampExpired, Refused),
        (Code::StampValidity, Refused),
        (Code::StampGrade, Refused),
        (Code::StampPolicy, Refused),
        (Code::StampStatusMissing, Untold),
        (Code::StatusListMissing, Untold),
        (Code::StampRevoked, Refused),
        (Code::StatusListExpired, Untold),
        (Code::StampSuspended, Refused),
        (Code::StampStatus, Refused),
        (Code::PresentationMissing, Refused),
        (Code::PresentationKey, Refused),
        (Code::PresentationTime, Refused),
        (Code::PresentationChallenge, Refused),
        (Code::LogProofMissing, Untold),
        (Code::LogProofMalformed, Refused),
        (Code::LogProofOther, Refused),
        (Code::LogCheckpoint, Refused),
        (Code::StampLogIndex, Refused),
    ]
};

/// Why a stamp is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    code: Code,
    found: Option<String>,
    facts: Option<Box<Facts>>,
}

impl Refusal {
    /// For those who ask for more than a check of the stamp alone.
    pub fn new(code: Code, found: impl Into<Option<String>>) -> Refusal {
        Refusal { code, found: found.into(), facts: None }
    }

    pub(crate) const fn of(code: Code) -> Refusal {
        Refusal { code, found: None, facts: None }
    }

    pub(crate) fn found(code: Code, found: impl Into<String>) -> Refusal {
        Refusal { code, found: Some(found.into()), facts: None }
    }

    /// With what a trusted key signed all the same.
    #[must_use]
    pub fn with_facts(mut self, facts: Facts) -> Refusal {
        self.facts = Some(Box::new(facts));
        self
    }

    /// The code; the catalogue has its meaning and its fix.
    pub const fn code(&self) -> Code {
        self.code
    }

    /// What stood there instead. Safe to print, whoever made the stamp.
    pub fn what(&self) -> Option<&str> {
        self.found.as_deref()
    }

    /// What the stamp says, where a trusted key signed it: an expired stamp has facts, an altered one has none.
    pub fn facts(&self) -> Option<&Facts> {
        self.facts.as_deref()
    }

    /// The answer this refusal is.
    pub fn answer(&self) -> Answer {
        Answer::of(self.code)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.entry().title)?;
        self.found.as_ref().map_or(Ok(()), |found| write!(f, ": {found}"))
    }
}

impl std::error::Error for Refusal {}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Refusal {
        Refusal::of(match fault {
            Fault::Malformed | Fault::Shape => Code::StampMalformed,
            Fault::TrailingBytes => Code::StampTrailingBytes,
            Fault::IndefiniteLength => Code::StampIndefiniteLength,
            Fault::LongInteger => Code::StampLongInteger,
            Fault::DuplicateKey => Code::StampDuplicateKey,
            Fault::KeyOrder => Code::StampKeyOrder,
            Fault::TooDeep => Code::StampTooDeep,
        })
    }
}
