//! What an organisation's server does: take devices in, take their evidence in, answer, show, count, and write down who
//! looked. Use-cases over [`ports`]; no clock, randomness, network or database of their own.
//!
//! In: rules of who may do what ([`authority`]), the exchange with devices ([`enrolment`], [`intake`], [`ask`]), recorded
//! access ([`access`]), policies and keys, counts. Out: HTTP (`seaworthy-http`), SQL (`seaworthy-store`), the signing
//! keys' files (`seaworthyd`).

pub mod access;
pub mod answer;
pub mod appraiser;
pub mod ask;
pub mod authority;
pub mod counts;
pub mod devices;
pub mod directory;
pub mod draw;
pub mod enrolment;
mod error;
pub mod events;
pub mod founding;
mod id;
pub mod intake;
mod ledger;
pub mod log;
pub mod people;
pub mod policies;
pub mod ports;
pub mod reappraisal;
pub mod statuses;
mod tally;
pub mod tokens;
mod tree;
pub mod units;
pub mod webhooks;

pub use error::Error;
pub use id::{Id, NotAnId};
pub use tree::{MAX_DEPTH, Tree};
