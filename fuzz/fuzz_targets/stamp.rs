//! COSE bytes against a key that signed none of them, and signed claims of any bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(key) = seaworthy_stamp::SigningKey::from_seed(&[7; 32]) else { return };
    let mut trust = seaworthy_stamp::Trust::default();
    let _ = trust.add_file("device.pub", &key.public().to_pem());
    let now = seaworthy_model::Timestamp::from_seconds(1_800_000_000);
    assert!(seaworthy_stamp::check(data, &trust, now, None).is_err());
    let signed = seaworthy_stamp::cose::sign(&key, seaworthy_stamp::CONTENT_TYPE, data);
    let _ = seaworthy_stamp::check(&signed, &trust, now, None);
});
