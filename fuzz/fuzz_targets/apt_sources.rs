//! Sources in both forms.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = seaworthy_packages::apt::sources::one_line(data, "amd64");
    let _ = seaworthy_packages::apt::sources::deb822(data, "amd64");
});
