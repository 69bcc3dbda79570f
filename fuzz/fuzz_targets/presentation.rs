//! Bytes as a presentation, and signed payloads of any bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use seaworthy_stamp::{Challenge, PRESENTATION_TYPE, SigningKey, Trust, check_presentation, cose};

fuzz_target!(|data: &[u8]| {
    let Ok(key) = SigningKey::from_seed(&[7; 32]) else { return };
    let mut trust = Trust::default();
    let _ = trust.add_file("device.pub", &key.public().to_pem());
    let now = seaworthy_model::Timestamp::from_seconds(1_800_000_000);
    let _ = seaworthy_stamp::dangerous_unverified_stamp(data);
    assert!(check_presentation(data, &trust, now, None, None).is_err());
    let signed = cose::sign(&key, PRESENTATION_TYPE, data);
    assert!(check_presentation(&signed, &trust, now, None, Some(&Challenge::from_bytes([7; 16]))).is_err());
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(challenge) = text.parse::<Challenge>()
    {
        assert_eq!(challenge.to_string(), text.to_ascii_uppercase());
    }
});
