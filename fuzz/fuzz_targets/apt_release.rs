//! Release files and their clear-signed form.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Some(text) = seaworthy_packages::apt::release::cleartext(data)
        && let Some(release) = seaworthy_packages::apt::release::Release::parse(&text)
    {
        let _ = release.checksum("main/binary-amd64/Packages");
    }
});
