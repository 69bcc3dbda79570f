//! Paths as strangers ask for them: each place has one.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(place) = text.parse::<seaworthy_tlog::Place>() {
        assert_eq!(place.to_string(), text);
    }
});
