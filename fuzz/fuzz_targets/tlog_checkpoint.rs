//! The texts of checkpoints and of keys: what is read is written again.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(checkpoint) = text.parse::<seaworthy_tlog::Checkpoint>() {
        assert_eq!(checkpoint.to_string(), text);
    }
    if let Ok(key) = text.parse::<seaworthy_tlog::VerifierKey>() {
        assert_eq!(key.to_string(), text);
    }
});
