//! Presenting: whoever holds a stamp's own key signs the stamp together with the time, or with a challenge that the
//! checker drew. A copy of the stamp then proves nothing for another device. `docs/spec/presentation.md` has the CDDL.

use std::fmt;
use std::str::FromStr;

use data_encoding::{BASE32_NOPAD, HEXLOWER};
use seaworthy_model::{Code, Timestamp};

use crate::carrier::{self, Carried, Kind, LogIndex, Qr, TooLong};
use crate::cbor::{Fault, Reader, Writer, check_form};
use crate::check::{Checked, MAX_STAMP, check};
use crate::cose::{self, Message};
use crate::key::{PublicKey, SigningKey};
use crate::refusal::Refusal;
use crate::stamp::Stamp;
use crate::trust::Trust;

/// What a presentation's protected header says that it is (RFC 9596).
pub const PRESENTATION_TYPE: &str = "application/seaworthy-presentation+cbor";
/// Largest presentation that is looked at, in bytes.
pub const MAX_PRESENTATION: usize = MAX_STAMP + 512;
/// How far the time that was signed may lie from the checker's, to either side, in seconds.
pub const PRESENTATION_WINDOW: i64 = 60;

const VERSION: u64 = 1;
// The keys of the payload, in their order.
const KEY_VERSION: u64 = 0;
const KEY_STAMP: u64 = 1;
const KEY_PRESENTER: u64 = 2;
const KEY_TIME: u64 = 3;
const KEY_CHALLENGE: u64 = 4;

/// What a checker draws, so that no presentation made earlier answers it: 16 random bytes, used once. 26 letters of
/// base32 as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenge([u8; 16]);

impl Challenge {
    /// Takes random bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Challenge {
        Challenge(bytes)
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE32_NOPAD.encode(&self.0))
    }
}

/// A text that is no challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoChallenge;

impl fmt::Display for NoChallenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the 26 letters and digits of a challenge (A to Z, 2 to 7)")
    }
}

impl std::error::Error for NoChallenge {}

/// People type it, so the case of letters does not matter.
impl FromStr for Challenge {
    type Err = NoChallenge;

    fn from_str(text: &str) -> Result<Challenge, NoChallenge> {
        let bytes = BASE32_NOPAD.decode(text.to_ascii_uppercase().as_bytes()).map_err(|_| NoChallenge)?;
        bytes.try_into().map(Challenge).map_err(|_| NoChallenge)
    }
}

/// What a presenter signs beside the stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// The time, by the presenter's clock.
    Time(Timestamp),
    /// What the checker asked for.
    Challenge(Challenge),
}

/// A stamp that is presented: the bytes of a signed message. Having one says nothing of who signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presentation {
    bytes: Vec<u8>,
    index: Option<LogIndex>,
}

impl Presentation {
    /// Presents a stamp; none with another key than the stamp's own.
    pub fn of(stamp: &Stamp, key: &SigningKey, occasion: Occasion) -> Option<Presentation> {
        let is_own = stamp.dangerous_unverified_terms().is_ok_and(|terms| terms.presenter == key.public().thumbprint());
        let payload = Said { stamp: stamp.cbor(), presenter: key.public(), occasion }.encode();
        is_own.then(|| Presentation { bytes: cose::sign(key, PRESENTATION_TYPE, &payload), index: stamp.index() })
    }

    /// The COSE bytes (`.cbor`).
    pub fn cbor(&self) -> &[u8] {
        &self.bytes
    }

    /// The text (`.txt`): `SEAWORTHY:P#…`.
    pub fn to_text(&self) -> String {
        carrier::text(Kind::Presentation, &self.bytes, None, self.index)
    }

    /// The QR code of the text.
    pub fn to_qr(&self) -> Result<Qr, TooLong> {
        Qr::of(&self.to_text())
    }
}

/// Proof that a stamp is valid and that its presenter holds its own key. Only [`check_presentation`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    checked: Checked,
    occasion: Occasion,
}

impl Presented {
    /// The stamp.
    pub const fn checked(&self) -> &Checked {
        &self.checked
    }

    /// What was signed beside it.
    pub const fn occasion(&self) -> Occasion {
        self.occasion
    }
}

/// How a stamp that was checked was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// By itself: some device passed.
    Bare(Checked),
    /// By the device that holds its key.
    Presented(Presented),
}

impl Shown {
    /// The stamp.
    pub const fn checked(&self) -> &Checked {
        match self {
            Shown::Bare(checked) => checked,
            Shown::Presented(presented) => presented.checked(),
        }
    }

    /// What its presenter signed, where one did.
    pub const fn occasion(&self) -> Option<Occasion> {
        match self {
            Shown::Bare(_) => None,
            Shown::Presented(presented) => Some(presented.occasion()),
        }
    }
}

/// Checks what a carrier holds, whichever of the two it is. A bare stamp answers no challenge.
pub fn check_carried(
    carried: &Carried,
    trust: &Trust,
    now: Timestamp,
    floor: Option<Timestamp>,
    challenge: Option<&Challenge>,
) -> Result<Shown, Refusal> {
    if carried.kind == Kind::Presentation {
        return check_presentation(&carried.bytes, trust, now, floor, challenge).map(Shown::Presented);
    }
    let checked = check(&carried.bytes, trust, now, floor)?;
    match challenge {
        None => Ok(Shown::Bare(checked)),
        Some(_) => Err(Refusal::of(Code::PresentationMissing).with_facts(checked.facts().clone())),
    }
}

/// The stamp within a presentation, whoever signed either: to look at what it is before it is checked.
pub fn dangerous_unverified_stamp(bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
    let message = read(bytes)?;
    Ok(Said::decode(message.dangerous_unverified_payload())?.stamp.to_vec())
}

/// Checks the COSE bytes of a presentation at an instant, and the stamp in it as [`check`] does. A challenge that the
/// checker drew must be answered; without one, the time that was signed must be now.
pub fn check_presentation(
    bytes: &[u8],
    trust: &Trust,
    now: Timestamp,
    floor: Option<Timestamp>,
    challenge: Option<&Challenge>,
) -> Result<Presented, Refusal> {
    let message = read(bytes)?;
    let said = Said::decode(message.dangerous_unverified_payload())?;
    let is_hinted = message.key_hint() == Some(said.presenter.id().hint());
    if !is_hinted || message.verify(&said.presenter).is_none() {
        return Err(Refusal::of(Code::PresentationSignature));
    }
    let checked = check(said.stamp, trust, now, floor)?;
    let judged = said.is_presenter_of(&checked).and_then(|()| said.is_of_this_occasion(now, challenge));
    match judged {
        Ok(()) => Ok(Presented { checked, occasion: said.occasion }),
        Err(refusal) => Err(refusal.with_facts(checked.facts().clone())),
    }
}

fn read(bytes: &[u8]) -> Result<Message<'_>, Refusal> {
    if bytes.len() > MAX_PRESENTATION {
        return Err(Refusal::found(Code::StampTooLarge, format!("{} bytes", bytes.len())));
    }
    let message = Message::read(bytes)?;
    message.demand(PRESENTATION_TYPE)?;
    Ok(message)
}

/// What a presentation says.
struct Said<'a> {
    stamp: &'a [u8],
    presenter: PublicKey,
    occasion: Occasion,
}

impl<'a> Said<'a> {
    fn encode(&self) -> Vec<u8> {
        let mut w = Writer::with_capacity(self.stamp.len() + 80);
        w.map(4).unsigned(KEY_VERSION).unsigned(VERSION);
        w.unsigned(KEY_STAMP).byte_string(self.stamp);
        w.unsigned(KEY_PRESENTER).byte_string(self.presenter.as_bytes());
        match self.occasion {
            Occasion::Time(time) => w.unsigned(KEY_TIME).integer(time.seconds()),
            Occasion::Challenge(Challenge(bytes)) => w.unsigned(KEY_CHALLENGE).byte_string(&bytes),
        };
        w.into_bytes()
    }

    fn decode(payload: &'a [u8]) -> Result<Said<'a>, Refusal> {
        let malformed = |_| Refusal::of(Code::PresentationMalformed);
        let mut reader = Reader::new(payload);
        let entries = check_form(payload).and_then(|()| reader.map()).map_err(malformed)?;
        // A newer version may say other things: it is refused by its name.
        match at(&mut reader, KEY_VERSION).and_then(Reader::unsigned).map_err(malformed)? {
            VERSION => Said::body(&mut reader).ok().filter(|_| entries == 4).ok_or_else(|| malformed(Fault::Shape)),
            other => Err(Refusal::found(Code::PresentationVersion, format!("version {other}"))),
        }
    }

    fn body(r: &mut Reader<'a>) -> Result<Said<'a>, Fault> {
        let stamp = at(r, KEY_STAMP)?.byte_string()?;
        let presenter = fixed(at(r, KEY_PRESENTER)?)?;
        let presenter = PublicKey::from_bytes(presenter).map_err(|_| Fault::Shape)?;
        let occasion = match r.unsigned()? {
            KEY_TIME => Occasion::Time(r.instant()?),
            KEY_CHALLENGE => Occasion::Challenge(Challenge(fixed(r)?)),
            _ => return Err(Fault::Shape),
        };
        Ok(Said { stamp, presenter, occasion })
    }

    fn is_presenter_of(&self, checked: &Checked) -> Result<(), Refusal> {
        let thumbprint = HEXLOWER.encode(&self.presenter.thumbprint());
        if thumbprint == checked.facts().presenter { Ok(()) } else { Err(Refusal::of(Code::PresentationKey)) }
    }

    fn is_of_this_occasion(&self, now: Timestamp, challenge: Option<&Challenge>) -> Result<(), Refusal> {
        let other = |found: &str| Err(Refusal::found(Code::PresentationChallenge, found));
        match (self.occasion, challenge) {
            (Occasion::Challenge(answered), Some(asked)) if answered == *asked => Ok(()),
            (Occasion::Challenge(_), Some(_)) => other("it answers another one"),
            (Occasion::Challenge(_), None) => other("it answers one, and none was asked for"),
            (Occasion::Time(_), Some(_)) => other("it tells the time instead"),
            (Occasion::Time(time), None) => is_now(time, now),
        }
    }
}

/// Both ends of the window are within it.
fn is_now(time: Timestamp, now: Timestamp) -> Result<(), Refusal> {
    if (now + -PRESENTATION_WINDOW..=now + PRESENTATION_WINDOW).contains(&time) {
        return Ok(());
    }
    Err(Refusal::found(Code::PresentationTime, format!("signed at {time}, and it is {now}")))
}

/// The reader behind the key that must stand here.
fn at<'r, 'a>(reader: &'r mut Reader<'a>, key: u64) -> Result<&'r mut Reader<'a>, Fault> {
    if reader.unsigned()? == key { Ok(reader) } else { Err(Fault::Shape) }
}

fn fixed<const N: usize>(reader: &mut Reader<'_>) -> Result<[u8; N], Fault> {
    reader.byte_string()?.try_into().map_err(|_| Fault::Shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_read_as_people_type_it() {
        let challenge = Challenge::from_bytes(*b"sixteen bytes ok");
        let text = challenge.to_string();
        assert_eq!(text.len(), 26);
        assert_eq!((text.parse(), text.to_lowercase().parse()), (Ok(challenge), Ok(challenge)));
        for wrong in ["", "A", &text[..25], &format!("{text}A"), &format!("{}7", &text[..25]), "é"] {
            assert_eq!(wrong.parse::<Challenge>(), Err(NoChallenge), "{wrong}");
        }
    }
}
