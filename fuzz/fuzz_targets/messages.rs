//! Messages of devices and organisations, unsigned and signed, reports and enrolment links: none makes a reader panic,
//! and what is read is written as the same bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use seaworthy_protocol::{
    Acknowledgement, DeviceRequest, Enrolment, EvidenceEnvelope, Link, Message, PolicyDocument, Report, Successor, open,
    open_own, seal,
};
use seaworthy_stamp::{SigningKey, cose};

fn signed<M: Message>(key: &SigningKey, payload: &[u8]) {
    let bytes = cose::sign(key, M::TYPE, payload);
    if let Ok(message) = open::<M>(&bytes, &key.public()) {
        assert_eq!(seal(&message, key), Ok(bytes));
    }
}

fuzz_target!(|data: &[u8]| {
    let Ok(key) = SigningKey::from_seed(&[7; 32]) else { return };
    signed::<Enrolment>(&key, data);
    signed::<EvidenceEnvelope>(&key, data);
    signed::<DeviceRequest>(&key, data);
    signed::<Acknowledgement>(&key, data);
    signed::<PolicyDocument>(&key, data);
    signed::<Successor>(&key, data);
    let _ = open_own::<EvidenceEnvelope>(data);
    if let Ok(report) = Report::decode(data) {
        assert_eq!(report.encode().as_deref(), Ok(data));
    }
    if let Some(link) = std::str::from_utf8(data).ok().and_then(|text| text.parse::<Link>().ok()) {
        assert_eq!(link.to_string().parse::<Link>(), Ok(link));
    }
});
