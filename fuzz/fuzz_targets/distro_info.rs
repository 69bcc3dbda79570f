//! Tables of support ends.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &str| {
    let _ = seaworthy_packages::distro_info::parse(data);
});
