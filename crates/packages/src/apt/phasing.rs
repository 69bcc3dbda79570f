//! Which machines get a phased update, exactly as apt draws it.
//!
//! Ubuntu gives an update to a growing percentage of machines. apt draws a number from
//! 0 to 100 with the C++ library's generators, seeded by the text
//! `source-version-machine`, and keeps the update back where the draw is above the
//! percentage. The draw below is that of libstdc++: `seed_seq`, `minstd_rand`,
//! `uniform_int_distribution` with downscaling by rejection.

/// The number from 0 to 100 that this machine draws for a source version.
///
/// `machine_id` is the content of `/etc/machine-id` (32 hexadecimal digits).
#[must_use]
pub fn draw(source: &str, source_version: &str, machine_id: &str) -> u8 {
    let seed = format!("{source}-{source_version}-{machine_id}");
    let mut state = minstd_seed(seed_sequence(seed.as_bytes()));
    loop {
        state = state * 48271 % MODULUS;
        let value = state - 1;
        if value < BUCKET * 101 {
            return u8::try_from(value / BUCKET).unwrap_or(100);
        }
    }
}

/// 2³¹ − 1, the modulus of `minstd_rand`.
const MODULUS: u64 = 0x7fff_ffff;
/// The generator gives 2147483646 values; 101 results share them evenly, the rest is
/// drawn again.
const BUCKET: u64 = (MODULUS - 2) / 101;

/// `minstd_rand` takes the fourth word of its seed sequence; zero becomes one.
fn minstd_seed(words: [u32; 4]) -> u64 {
    let [_, _, _, word] = words;
    match u64::from(word) % MODULUS {
        0 => 1,
        seed => seed,
    }
}

/// `std::seed_seq::generate` for four words (C++ \[rand.util.seedseq\]), where the two
/// offsets are 1 and 2. The four words rotate, so that they are always those at
/// positions k−1, k, k+1 and k+2.
fn seed_sequence(text: &[u8]) -> [u32; 4] {
    let length = text.len();
    let rounds = (length + 1).max(4);
    let mut ring = [0x8b8b_8b8b_u32; 4];
    for k in 0..rounds {
        let [before, here, next, after] = ring;
        let mixed = scramble(here ^ next ^ before).wrapping_mul(1_664_525);
        let position = low_word(k % 4);
        let extra = match k.checked_sub(1).and_then(|index| text.get(index)) {
            // Characters are signed, as on apt's main platforms.
            Some(byte) => position.wrapping_add(i32::from(byte.cast_signed()).cast_unsigned()),
            None if k == 0 => low_word(length),
            None => position,
        };
        let stored = mixed.wrapping_add(extra);
        ring = [stored, next.wrapping_add(mixed), after.wrapping_add(stored), before];
    }
    for k in rounds..rounds + 4 {
        let [before, here, next, after] = ring;
        let sum = here.wrapping_add(next).wrapping_add(before);
        let mixed = scramble(sum).wrapping_mul(1_566_083_941);
        let stored = mixed.wrapping_sub(low_word(k % 4));
        ring = [stored, next ^ mixed, after ^ stored, before];
    }
    // The ring's first word is the one at position (rounds + 3) mod 4.
    ring.rotate_left(1);
    ring.rotate_right(rounds % 4);
    ring
}

fn scramble(word: u32) -> u32 {
    word ^ (word >> 27)
}

fn low_word(number: usize) -> u32 {
    u32::try_from(number & 0xffff_ffff).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_draws_of_libstdcxx() {
        for (source, version, machine, expected) in [
            ("9326+ml64lg2tjf8", "22.81.5-9ubuntu6.30", "e50211670eae679f02e8d28a79023c39", 54),
            ("ebannd4yz0e.mr", "9.42.1-6ubuntu1.4", "7301ef56e64dc3cd6089065c3146e80a", 31),
            ("yeefn+pa-xx", "4.75.61-9ubuntu2.27", "c54977656cf2d133187c8df95247f286", 4),
            ("ber02pdc", "5:16.73-2ubuntu1.11", "4ea410fb9102f29a422eb14ab2f2d0f0", 98),
        ] {
            assert_eq!(draw(source, version, machine), expected, "{source}");
        }
    }
}
