//! dpkg's database and its journal.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: (Vec<u8>, Vec<u8>)| {
    let (status, journal) = data;
    let _ = seaworthy_packages::dpkg::status_d(&status);
    if let Ok(mut database) = seaworthy_packages::dpkg::status(&status) {
        let _ = seaworthy_packages::dpkg::apply_journal(&mut database, &journal);
    }
});
