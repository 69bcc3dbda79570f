//! Why a sign-in did not happen. Whoever tried learns little of it; the log learns the kind, and never who it was.

use seaworthy_model::Code;

use crate::Problem;

/// Why a sign-in did not happen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing was proved.
    #[error("the sign-in was refused: {0}")]
    Unproven(Why),
    /// So many sign in at once that this one has to wait.
    #[error("too many sign in at once")]
    Busy,
    /// The provider does not answer, or not as a provider must.
    #[error("the provider {provider} does not answer as it must: {what}")]
    Unreachable {
        /// Its name in the configuration.
        provider: String,
        /// What happened, for the log.
        what: String,
    },
    /// What somebody chose cannot be used.
    #[error("{0}")]
    Unfit(&'static str),
    /// A fault of ours.
    #[error("a fault in the sign-in: {0}")]
    Fault(&'static str),
}

/// What did not fit. For the log and for tests: whoever tried is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// The ceremony's token is not ours, was made for something else, or was changed.
    Token,
    /// The ceremony took too long.
    Expired,
    /// It was used before.
    Spent,
    /// The answer is not in the form that it must have.
    Form,
    /// No credential is known by this name.
    Unknown,
    /// The authenticator's answer does not fit challenge, origin, key or user.
    Answer,
    /// The authenticator's counter went back: it may have been copied.
    Counter,
    /// The browser does not come back from where it was sent.
    State,
    /// The provider said no, or the person did there.
    Provider,
    /// The provider's token does not fit issuer, audience, time, nonce or key.
    IdToken,
    /// The password is wrong.
    Password,
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Why::Token => "token",
            Why::Expired => "expired",
            Why::Spent => "spent",
            Why::Form => "form",
            Why::Unknown => "unknown",
            Why::Answer => "answer",
            Why::Counter => "counter",
            Why::State => "state",
            Why::Provider => "provider",
            Why::IdToken => "id-token",
            Why::Password => "password",
        })
    }
}

impl Refusal {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Refusal::Unproven(_) => Code::SignInRefused,
            Refusal::Busy => Code::TooManyRequests,
            Refusal::Unreachable { .. } => Code::ProviderUnreachable,
            Refusal::Unfit(_) => Code::InvalidValue,
            Refusal::Fault(_) => Code::Bug,
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        let problem = Problem::new(refusal.code());
        match refusal {
            Refusal::Busy => problem.retry_after(1),
            Refusal::Unfit(what) => problem.about(what),
            Refusal::Unproven(_) | Refusal::Unreachable { .. } | Refusal::Fault(_) => problem,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_tried_is_not_told_what_did_not_fit() {
        let told = |why| Problem::from(Refusal::Unproven(why));
        assert_eq!(told(Why::Unknown), told(Why::Password));
        assert_eq!(Problem::from(Refusal::Busy).retry_after, Some(1));
        assert_eq!(Problem::from(Refusal::Unfit("short")).detail.as_deref(), Some("short"));
    }
}
