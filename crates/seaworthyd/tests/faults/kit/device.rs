//! A device that remembers: what it sent, and what was acknowledged. What was not answered it sends again, unchanged.

use std::io;

use data_encoding::BASE64URL_NOPAD;
use seaworthy_model::Timestamp;
use seaworthy_protocol::{
    Acknowledgement, Ask, DeviceRequest, Digest, EvidenceEnvelope, Reception, Report, VERSION, open, seal,
};
use seaworthy_stamp::{PublicKey, SigningKey};

use super::{Answer, Wire, now};

/// A report that was acknowledged.
#[derive(Clone, Debug)]
pub struct Kept {
    /// SHA-256 of the sealed envelope.
    pub message: Digest,
    /// What was answered, sealed.
    pub sealed: Vec<u8>,
    /// The same, opened.
    pub acknowledgement: Acknowledgement,
}

/// A report that is under way.
#[derive(Clone, Debug)]
pub struct Pending {
    pub message: Digest,
    pub bytes: Vec<u8>,
}

/// What became of a report.
#[derive(Debug)]
pub enum Sent {
    /// It is durable, says the server.
    Acknowledged(Answer),
    /// Something else was said.
    Refused(Answer),
    /// Nothing was heard.
    Lost,
}

/// A device that reports.
pub struct Device {
    pub key: SigningKey,
    pub counter: u64,
    /// The nonce of the newest acknowledgement.
    pub nonce: Option<Digest>,
    pub organisation: Digest,
    /// The organisation's key, which seals acknowledgements.
    pub authority: PublicKey,
    pub policy: Digest,
    /// The device's clock, in seconds beside the true one.
    pub skew: i64,
    pub pending: Option<Pending>,
    /// The last report, as it was sent.
    pub last: Option<Pending>,
    pub kept: Vec<Kept>,
}

impl Device {
    /// SHA-256 of its key.
    pub fn id(&self) -> Digest {
        self.key.public().id().into()
    }

    /// The next message of this device about a body.
    pub fn envelope(&mut self, body: &[u8]) -> EvidenceEnvelope {
        self.counter += 1;
        EvidenceEnvelope {
            version: VERSION,
            organisation: self.organisation,
            key: self.key.public().as_bytes().to_vec().into(),
            counter: self.counter,
            inspected_at: Timestamp::from_seconds(now().seconds() + self.skew),
            nonce: self.nonce,
            policy: self.policy,
            body: Digest::of(body),
            presenter: self.key.public().as_bytes().to_vec().into(),
        }
    }

    /// An envelope, sealed, with its body.
    pub fn sealed(&self, envelope: &EvidenceEnvelope, body: &[u8]) -> Pending {
        let sealed = seal(envelope, &self.key).unwrap();
        Pending { message: Digest::of(&sealed), bytes: Report::new(sealed, body.to_vec()).encode().unwrap() }
    }

    /// Sends what was not answered yet, else a new report.
    pub fn report(&mut self, wire: &mut Wire, body: &[u8]) -> Sent {
        let pending = self.pending.take().unwrap_or_else(|| {
            let envelope = self.envelope(body);
            self.sealed(&envelope, body)
        });
        match self.send(wire, &pending) {
            Ok(answer) if answer.status == 200 => {
                self.acknowledged(&pending, &answer);
                self.last = Some(pending);
                Sent::Acknowledged(answer)
            }
            Ok(answer) => {
                self.pending = Some(pending);
                Sent::Refused(answer)
            }
            Err(_) => {
                self.pending = Some(pending);
                Sent::Lost
            }
        }
    }

    /// Sends a new report, which must be acknowledged; how it was received, and whether a stamp came of it.
    #[track_caller]
    pub fn reports(&mut self, wire: &mut Wire, body: &[u8]) -> (Reception, bool) {
        match self.report(wire, body) {
            Sent::Acknowledged(answer) => {
                let kept = self.kept.last().unwrap();
                (kept.acknowledgement.reception, !answer.json()["stamp"].is_null())
            }
            other => panic!("{other:?}"),
        }
    }

    /// Sends bytes and believes nothing.
    pub fn send(&self, wire: &mut Wire, pending: &Pending) -> io::Result<Answer> {
        wire.post("/api/v1/reports", Report::TYPE, &pending.bytes)
    }

    /// Sends the last report again: the acknowledgement is the same, byte for byte.
    pub fn repeats(&self, wire: &mut Wire) {
        let (Some(last), Some(kept)) = (&self.last, self.kept.last()) else { return };
        let answer = self.send(wire, last).unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(sealed_acknowledgement(&answer), kept.sealed, "the same report has the same answer");
    }

    fn acknowledged(&mut self, pending: &Pending, answer: &Answer) {
        let sealed = sealed_acknowledgement(answer);
        let acknowledgement: Acknowledgement = open(&sealed, &self.authority).unwrap();
        assert_eq!(
            (acknowledgement.device, acknowledgement.answers, acknowledgement.counter),
            (self.id(), pending.message, self.counter),
            "it acknowledges another message"
        );
        self.nonce = Some(acknowledgement.nonce);
        self.kept.push(Kept { message: pending.message, sealed, acknowledgement });
    }

    /// The sealed bytes of a request.
    pub fn request(&self, ask: Ask, counter: u64) -> Vec<u8> {
        let request = DeviceRequest {
            version: VERSION,
            organisation: self.organisation,
            key: self.key.public().as_bytes().to_vec().into(),
            counter,
            device_time: now(),
            ask,
        };
        seal(&request, &self.key).unwrap()
    }
}

fn sealed_acknowledgement(answer: &Answer) -> Vec<u8> {
    let answer = answer.json();
    BASE64URL_NOPAD.decode(answer["acknowledgement"].as_str().unwrap().as_bytes()).unwrap()
}
