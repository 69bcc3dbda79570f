//! Devices under load: each has its own key and counter, takes the next nonce out of each answer, and reports again.

use std::time::Instant;

use data_encoding::BASE64URL_NOPAD;
use seaworthy_model::{Timestamp, canonical};
use seaworthy_protocol::{Acknowledgement, Digest, EvidenceEnvelope, Reception, Report, VERSION, seal};
use seaworthy_stamp::{SigningKey, cose};

use crate::wire::Connection;

/// A device that reports.
pub struct Device {
    pub key: SigningKey,
    pub counter: u64,
    pub nonce: Digest,
    pub organisation: Digest,
    pub policy: Digest,
}

impl Device {
    /// The bytes of its next report.
    pub fn report(&mut self, body: &[u8], digest: Digest, now: Timestamp) -> Vec<u8> {
        self.counter += 1;
        let envelope = EvidenceEnvelope {
            version: VERSION,
            organisation: self.organisation,
            key: self.key.public().as_bytes().to_vec().into(),
            counter: self.counter,
            inspected_at: now,
            nonce: Some(self.nonce),
            policy: self.policy,
            body: digest,
            presenter: self.key.public().as_bytes().to_vec().into(),
        };
        Report::new(seal(&envelope, &self.key).unwrap(), body.to_vec()).encode().unwrap()
    }

    /// Sends it; how long the answer took, in seconds.
    pub fn send(&mut self, connection: &mut Connection, report: &[u8]) -> f64 {
        let began = Instant::now();
        let (status, answer) = connection.post("/api/v1/reports", Report::TYPE, report);
        let took = began.elapsed().as_secs_f64();
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
        let sealed = BASE64URL_NOPAD.decode(acknowledgement(&answer)).unwrap();
        let payload = cose::Message::read(&sealed).unwrap().dangerous_unverified_payload().to_vec();
        let acknowledgement: Acknowledgement = canonical::decode(&payload).unwrap();
        assert_eq!(acknowledgement.reception, Reception::Live);
        self.nonce = acknowledgement.nonce;
        took
    }
}

/// The one field that a device under load reads: taking the whole answer apart would cost the server's own time here.
fn acknowledgement(answer: &[u8]) -> &[u8] {
    let name = b"\"acknowledgement\":\"";
    let begin = answer.windows(name.len()).position(|window| window == name).unwrap() + name.len();
    let end = begin + answer[begin..].iter().position(|&byte| byte == b'"').unwrap();
    &answer[begin..end]
}

/// The p-th percentile, in milliseconds.
pub fn percentile(seconds: &mut [f64], p: f64) -> f64 {
    seconds.sort_unstable_by(f64::total_cmp);
    let rank = (seconds.len() as f64 * p) as usize;
    seconds.get(rank.min(seconds.len().saturating_sub(1))).copied().unwrap_or_default() * 1e3
}
