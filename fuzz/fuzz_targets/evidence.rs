//! Canonical evidence: what decodes encodes to the same bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(evidence) = seaworthy_model::canonical::decode::<seaworthy_model::Evidence>(data) {
        assert_eq!(seaworthy_model::canonical::encode(&evidence).as_deref(), Ok(data));
    }
});
