//! Status lists whose content a trusted key signed unseen.

#![no_main]

use data_encoding::HEXLOWER;
use libfuzzer_sys::fuzz_target;
use seaworthy_stamp::{STATUS_LIST_TYPE, SigningKey, Statuses, Trust, cose};

fuzz_target!(|data: &[u8]| {
    let Ok(key) = SigningKey::from_seed(&[7; 32]) else { return };
    let mut trust = Trust::default();
    let hex = HEXLOWER.encode(key.public().as_bytes());
    let record = format!("[[trust]]\nkey = \"{hex}\"\nalgorithm = \"Ed25519\"\nrole = \"status-list\"\nname = \"n\"\n");
    assert!(trust.add_file("trust.toml", &record).is_ok());
    let _ = trust.add_status_list(data);
    let _ = trust.add_status_list(&cose::sign(&key, STATUS_LIST_TYPE, data));
    if let Ok(statuses) = Statuses::unpack(2, data) {
        let _ = statuses.at(u64::MAX);
    }
});
