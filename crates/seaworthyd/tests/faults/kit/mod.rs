//! A server that can be killed, devices that remember what was acknowledged to them, and the count afterwards.

mod count;
mod device;
mod fleet;
mod log;
mod server;
mod wire;

pub use count::{count, count_heard, database_is_whole, held};
pub use device::{Device, Sent};
pub use fleet::{Fleet, Load, lenient};
pub use log::{Published, log_is_whole};
pub use server::{SEAWORTHYD, Server};
pub use wire::{Answer, Wire, becomes_ready};

use std::time::{SystemTime, UNIX_EPOCH};

use seaworthy_model::Timestamp;

/// The instant, by the system's clock.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_seconds(i64::try_from(since.as_secs()).unwrap())
}

/// Seeded luck (SplitMix64): a run can be repeated.
pub struct Luck(pub u64);

impl Luck {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From `low` up to, not including, `high`.
    pub fn within(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low)
    }
}
