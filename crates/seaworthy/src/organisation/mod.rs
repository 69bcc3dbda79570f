//! The device's side of the exchange with its organisation: what is remembered of it, what is believed of its answers,
//! and in which order messages go out.
//!
//! In: state files, the outbox, the HTTP client, the log, trust in answers, agreement to a scope. Out: what the messages say
//! (`seaworthy-protocol`), what a person types and reads (one file per command beside this module).

mod agreement;
mod client;
mod heads;
mod log;
mod logged;
mod outbox;
mod session;
mod state;
mod trouble;
mod trust;
mod words;

pub use agreement::{Wider, agree};
pub use client::{Client, Fetched, MAX_ANSWER, MAX_EXPORT};
pub use heads::Heads;
pub use logged::Logged;
pub use outbox::Outbox;
pub use session::{Delivered, Session};
pub use state::{Exchange, Membership, Nonce, Pending, Store, load};
pub use trouble::{Trouble, untrusted};
pub use trust::{About, Chain, acknowledgement, document};
pub use words::{policy_in_words, scope_in_words};
