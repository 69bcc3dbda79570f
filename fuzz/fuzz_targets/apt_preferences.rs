//! Pins.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = seaworthy_packages::apt::preferences::read(data, false);
    let _ = seaworthy_packages::apt::preferences::read(data, true);
});
