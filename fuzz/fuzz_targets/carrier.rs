//! PNG, SVG, text and bytes that may carry a stamp.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = seaworthy_stamp::read(data);
});
