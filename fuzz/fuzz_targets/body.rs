//! Evidence bodies: what is read is written as the same bytes, and can be appraised.

#![no_main]

use libfuzzer_sys::fuzz_target;
use seaworthy_model::{Body, Grants, Timestamp};

fuzz_target!(|data: &[u8]| {
    if let Ok(body) = Body::decode(data) {
        assert_eq!(body.canonical_bytes().as_deref(), Ok(data));
        let at = Timestamp::from_seconds(1_795_348_800);
        assert_eq!(Body::of(&body.evidence(at), Grants { update_names: true }), body);
    }
});
