//! Bytes as a bundle, and signed payloads of any bytes: none makes a reader panic, and nothing but a whole one is believed.

#![no_main]

use libfuzzer_sys::fuzz_target;
use seaworthy_protocol::{Bundle, Message, open, recompute, seal};
use seaworthy_stamp::{SigningKey, cose};

fuzz_target!(|data: &[u8]| {
    let Ok(key) = SigningKey::from_seed(&[7; 32]) else { return };
    let _ = Bundle::is_like(data);
    let _ = recompute(data, None);
    let signed = cose::sign(&key, Bundle::TYPE, data);
    if let Ok(bundle) = open::<Bundle>(&signed, &key.public()) {
        assert_eq!(seal(&bundle, &key).as_deref(), Ok(signed.as_slice()));
    }
    let _ = recompute(&signed, None);
});
