//! Signatures of Standard Webhooks: HMAC-SHA256 over `id.timestamp.payload`.

use std::fmt;

use data_encoding::BASE64;
use ring::hmac;
use seaworthy_model::Timestamp;

/// A webhook's secret, as it is shown once: `whsec_` and base64.
pub fn secret_text(secret: &[u8; 32]) -> String {
    format!("whsec_{}", BASE64.encode(secret))
}

/// What goes into `webhook-signature`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature(String);

impl Signature {
    /// Signs a message: its id, the instant of this attempt, and what is sent, byte for byte.
    pub fn new(secret: &[u8], id: &str, at: Timestamp, payload: &[u8]) -> Signature {
        let mut message = format!("{id}.{}.", at.seconds()).into_bytes();
        message.extend_from_slice(payload);
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), &message);
        Signature(format!("v1,{}", BASE64.encode(tag.as_ref())))
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: [u8; 32] = [0x5a; 32];

    #[test]
    fn secrets_are_shown_with_their_prefix() {
        assert_eq!(secret_text(&SECRET), "whsec_WlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo=");
    }

    #[test]
    fn signatures_are_those_of_the_format() {
        let check = |secret: &[u8], id: &str, at: i64, payload: &str, expected: &str| {
            let signature = Signature::new(secret, id, Timestamp::from_seconds(at), payload.as_bytes());
            assert_eq!(signature.to_string(), expected);
        };
        // The example that implementations of the format share.
        let shared = BASE64.decode(b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        check(&shared, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#, expected);
        check(&SECRET, "0123456789abcdef0123456789abcdef", 1_767_225_600, PAYLOAD, OURS);
    }

    const PAYLOAD: &str = r#"{"type":"key-rotated","timestamp":"2026-01-01T00:00:00Z","data":{}}"#;
    const OURS: &str = "v1,nh69SmXD2a4WzjmeyJ8MMCacUlljOlw2hgQ8KTo2rXI=";
}
