//! Trust files and keys.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &str| {
    let mut trust = seaworthy_stamp::Trust::default();
    let _ = trust.add_file("trust.toml", data);
    let _ = seaworthy_stamp::SigningKey::parse(data);
});
