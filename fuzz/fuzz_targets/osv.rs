//! OSV records.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(advisory) = seaworthy_packages::osv::Advisory::parse(data) {
        let update =
            seaworthy_packages::osv::Update { release: "Debian:12", source: "a", installed: "1", candidate: "2" };
        let _ = (advisory.is_fixed_by(&update), advisory.gravity(&update), advisory.cves());
    }
});
