//! Policies: what is read has a canonical form.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &str| {
    if let Ok(policy) = seaworthy_appraise::policy::parse("policy.toml", data) {
        assert!(policy.canonical_bytes().is_ok());
    }
});
