//! apt.conf.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut config = seaworthy_packages::apt::config::Config::empty();
    let _ = config.read(data);
});
