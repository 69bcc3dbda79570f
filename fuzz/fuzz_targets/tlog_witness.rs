//! Requests to a witness, and what it answers to a log that never signs.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(request) = seaworthy_tlog::Request::parse(data) else { return };
    assert_eq!(request.to_string().as_bytes(), data);
    let key = seaworthy_tlog::VerifierKey::new("log.example", seaworthy_tlog::Algorithm::Ed25519, &[7; 32]);
    let keys = key.map_or_else(|_| Vec::new(), |key| vec![key]);
    let decision = seaworthy_tlog::decide(&request, &keys, &seaworthy_tlog::Held::NOTHING);
    assert_eq!(decision, seaworthy_tlog::Decision::Forbidden);
});
