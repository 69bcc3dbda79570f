//! Randomness is an argument: the caller brings bytes from the system's random source.

use crate::id::Id;

/// Draws 32 random bytes.
pub type Draw<'a> = dyn FnMut() -> [u8; 32] + 'a;

/// A new id.
pub fn id(draw: &mut Draw<'_>) -> Id {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] = draw();
    Id::from_bytes([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p])
}
