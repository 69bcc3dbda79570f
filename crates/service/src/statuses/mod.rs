//! Status lists: which stamps were taken back. Each stamp has a place in a list of its organisation; the places are
//! handed out in an order that only the list's secret tells ([`Permutation`]), so that places say nothing of when a stamp
//! was issued and of how many there are. `docs/spec/status-list.md` has what checkers see.
//!
//! In: places for stamps ([`Slots`]), revoking, the list as it is signed ([`Shelf`]). Out: its bytes (`seaworthy-stamp`).

mod decoys;
mod permutation;
pub(crate) mod revoking;
mod shelf;
mod slots;

use seaworthy_protocol::Digest;
use seaworthy_stamp::sha256;

use crate::log;

pub use decoys::{DECOY_DAYS, Decoys, MOST_DECOYS};
pub use permutation::Permutation;
pub use shelf::{FRESH_SECONDS, LIST_LIFE_SECONDS, SIGNED_ANEW_SECONDS, Shelf, ShelfList, compose};
pub(crate) use slots::end_newest;
pub use slots::{BLOCK, Handful, Slot, Slots};

/// The address of a list on a server's address without a slash at its end.
pub fn address(server: &str, root_key: &Digest, number: u32) -> String {
    format!("{server}/status/{}/{number}", log::digits(root_key))
}

/// What secrets of a list are worked out for.
#[derive(Clone, Copy)]
enum Purpose {
    Round = 1,
    DecoyCount = 2,
    DecoyTime = 3,
}

/// 32 bytes that only whoever has the seed can tell: SHA-256 of context, seed, purpose and number, all of fixed length.
fn drawn(seed: &[u8; 32], purpose: Purpose, number: u32) -> [u8; 32] {
    sha256(&[b"seaworthy status list v1\0".as_slice(), seed, &[purpose as u8], &number.to_be_bytes()].concat())
}

/// A number below another one, drawn so.
fn drawn_below(seed: &[u8; 32], purpose: Purpose, number: u32, below: u64) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = drawn(seed, purpose, number);
    u64::from_be_bytes([a, b, c, d, e, f, g, h]).checked_rem(below).unwrap_or_default()
}
