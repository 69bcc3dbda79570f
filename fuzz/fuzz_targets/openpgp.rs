//! Keyrings and signed files: nothing verifies by an unknown key.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: (Vec<u8>, Vec<u8>)| {
    use seaworthy_inspect::catalog::openpgp::{Keyring, verify_cleartext, verify_detached};
    let (keys, file) = data;
    let now = seaworthy_model::Timestamp::from_seconds(1_800_000_000);
    let mut keyring = Keyring::default();
    assert!(verify_cleartext(&file, &keyring, now).is_err());
    keyring.add(&keys);
    let _ = verify_cleartext(&file, &keyring, now);
    let _ = verify_detached(&keys, &file, &keyring, now);
});
