//! PNG, SVG, text and bytes that may carry a stamp. A stamp that was read is written as what is read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use seaworthy_stamp::Stamp;

fuzz_target!(|data: &[u8]| {
    let _ = seaworthy_stamp::read(data);
    if let Ok(stamp) = Stamp::read(data) {
        assert_eq!(Stamp::read(stamp.to_text(None).as_bytes()), Ok(stamp));
    }
});
