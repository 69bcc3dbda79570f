//! Notes of any bytes: what is read is written again byte for byte, and no key signed it.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(note) = seaworthy_tlog::Note::parse(data) else { return };
    assert_eq!(note.to_string().as_bytes(), data);
    let key = seaworthy_tlog::VerifierKey::new("log.example", seaworthy_tlog::Algorithm::Ed25519, &[7; 32]);
    assert!(!key.is_ok_and(|key| note.signed_by(&key).is_ok_and(|seal| seal.is_some())));
});
