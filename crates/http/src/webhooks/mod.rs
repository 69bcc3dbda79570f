//! Webhooks as <https://www.standardwebhooks.com> says: what waits in the outbox is signed and sent, tried again when it
//! was not taken, and given up in the end: the dead-letter list.
//!
//! The store alone knows what is due, so a restart forgets nothing, and of several replicas one sends. It is at least
//! once, not exactly once: a receiver whose answer was lost is sent the same `webhook-id` again.
//!
//! Whoever adds a webhook names an address that this server then speaks to from inside its network. So addresses are
//! looked at when they are added (`address.rs`) and again, as resolved, at each attempt (`sender.rs`).

mod address;
mod backoff;
mod dispatch;
mod sender;
mod signature;

pub use address::{NotAnAddress, Reach, checked};
pub use dispatch::dispatch;
pub use signature::{Signature, secret_text};

#[cfg(test)]
mod tests;
