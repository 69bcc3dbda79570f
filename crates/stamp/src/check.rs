//! Checking: stamp, trust and clock to an answer. Signature and issuer come first, so that nothing unsigned is ever
//! reported as a fact.

use data_encoding::HEXLOWER;
use seaworthy_model::{Code, Grade, PolicyId, Subject, Timestamp};

use crate::claims::{Claims, StatusReference};
use crate::cose::Message;
use crate::key::KeyId;
use crate::refusal::Refusal;
use crate::stamp::CONTENT_TYPE;
use crate::trust::{Record, Role, Trust};

/// Largest stamp that is looked at, in bytes.
pub const MAX_STAMP: usize = 4096;
/// How far two honest clocks may stand apart, in seconds.
pub const CLOCK_TOLERANCE: i64 = 600;

/// What every answer must say beside a valid stamp.
pub const PRESENTER_NOTE: &str = "A stamp shows that some device passed. That it is the device before you is not shown, unless its presenter proves to hold the stamp's own key (cnf).";

/// Who signed a stamp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// The name in the trust record; a bare key has none.
    pub name: Option<String>,
    /// The key.
    pub key: KeyId,
}

/// What a stamp says that a trusted key signed. Whether it is valid is another question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// In what role the issuer is trusted.
    pub role: Role,
    /// How far the claims can be trusted.
    pub grade: Grade,
    /// What was inspected.
    pub subject: Subject,
    /// The policy it was held to.
    pub policy: PolicyId,
    /// When it was issued.
    pub issued: Timestamp,
    /// The first instant at which it is no longer valid.
    pub expires: Timestamp,
    /// Who signed it.
    pub issuer: Issuer,
    /// The random name of this stamp, hexadecimal.
    pub id: String,
    /// Thumbprint (RFC 9679) of the key made for this stamp, hexadecimal.
    pub presenter: String,
    /// Where its state can be looked up.
    pub status: Option<StatusReference>,
    /// Of the list that was looked into and clears it: when that was made.
    pub cleared: Option<Timestamp>,
}

impl Facts {
    fn of(record: &Record, claims: &Claims) -> Facts {
        Facts {
            role: record.role,
            grade: claims.grade,
            subject: claims.subject,
            policy: PolicyId { name: claims.policy.clone(), digest: HEXLOWER.encode(&claims.policy_digest) },
            issued: claims.issued,
            expires: claims.expires,
            issuer: Issuer { name: record.name.clone(), key: record.key_id() },
            id: HEXLOWER.encode(&claims.id),
            presenter: HEXLOWER.encode(&claims.presenter),
            status: claims.status.clone(),
            cleared: None,
        }
    }
}

/// Proof that a stamp was checked and is valid. Only [`check`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked(Facts);

impl Checked {
    /// What the stamp says.
    pub const fn facts(&self) -> &Facts {
        &self.0
    }
}

/// Checks the COSE bytes of a stamp at an instant. `floor` is the earliest instant it can be by anything the caller has
/// proof of (less its own tolerance): a clock that stands before it is wrong.
pub fn check(bytes: &[u8], trust: &Trust, now: Timestamp, floor: Option<Timestamp>) -> Result<Checked, Refusal> {
    if bytes.len() > MAX_STAMP {
        return Err(Refusal::found(Code::StampTooLarge, format!("{} bytes", bytes.len())));
    }
    let message = Message::read(bytes)?;
    message.demand(CONTENT_TYPE)?;
    let (record, payload) = signer(&message, trust)?;
    let claims = Claims::decode(payload)?;
    let facts = Facts::of(record, &claims);
    match judge(record, &claims, now, floor).and_then(|()| look_up(trust, record, &claims, now)) {
        Ok(cleared) => Ok(Checked(Facts { cleared, ..facts })),
        Err(refusal) => Err(refusal.with_facts(facts)),
    }
}

fn signer<'t, 'm>(message: &Message<'m>, trust: &'t Trust) -> Result<(&'t Record, &'m [u8]), Refusal> {
    let hint = message.key_hint().unwrap_or_default();
    let mut hinted = trust.with_hint(hint).peekable();
    if hinted.peek().is_none() {
        return Err(Refusal::found(Code::StampIssuer, format!("key {}", HEXLOWER.encode(&hint))));
    }
    hinted
        .find_map(|record| message.verify(&record.key).map(|payload| (record, payload)))
        .ok_or(Refusal::of(Code::StampSignature))
}

fn judge(record: &Record, claims: &Claims, now: Timestamp, floor: Option<Timestamp>) -> Result<(), Refusal> {
    clock(record, now, floor)?;
    if !matches!(record.role, Role::Device | Role::Organisation) {
        return Err(Refusal::found(Code::StampRole, record.role.name()));
    }
    if let Some(end) = record.not_after.filter(|&end| now >= end) {
        return Err(Refusal::found(Code::StampRecordEnded, format!("ended {end}")));
    }
    if claims.issued > now + CLOCK_TOLERANCE {
        return Err(Refusal::found(Code::StampNotYetValid, format!("issued {}, now {now}", claims.issued)));
    }
    if now >= claims.expires {
        return Err(Refusal::found(Code::StampExpired, format!("ended {}", claims.expires)));
    }
    within_record(record, claims)
}

fn clock(record: &Record, now: Timestamp, floor: Option<Timestamp>) -> Result<(), Refusal> {
    let least = floor.max(record.not_before.map(|begin| begin - CLOCK_TOLERANCE));
    match least.filter(|&least| now < least) {
        Some(least) => Err(Refusal::found(Code::ClockWrong, format!("it shows {now}, and it is {least} at least"))),
        None => Ok(()),
    }
}

fn within_record(record: &Record, claims: &Claims) -> Result<(), Refusal> {
    if let Some(begin) = record.not_before.filter(|&begin| claims.issued < begin) {
        return Err(Refusal::found(Code::StampValidity, format!("issued {}, trusted from {begin}", claims.issued)));
    }
    if let Some(end) = record.not_after.filter(|&end| claims.expires > end) {
        return Err(Refusal::found(
            Code::StampValidity,
            format!("valid until {}, trusted until {end}", claims.expires),
        ));
    }
    if claims.grade > record.highest_grade {
        let found = format!("{}, trusted up to {}", claims.grade, record.highest_grade);
        return Err(Refusal::found(Code::StampGrade, found));
    }
    if !record.allows_policy(&claims.policy, &claims.policy_digest) {
        return Err(Refusal::found(Code::StampPolicy, claims.policy.clone()));
    }
    Ok(())
}

/// Looks the stamp up, where a list is at hand or demanded. When the list was made that clears it.
fn look_up(trust: &Trust, record: &Record, claims: &Claims, now: Timestamp) -> Result<Option<Timestamp>, Refusal> {
    let required = |refusal| if record.status_list_required { Err(refusal) } else { Ok(None) };
    let Some(status) = &claims.status else { return required(Refusal::of(Code::StampStatusMissing)) };
    match trust.status_list(&status.uri, record) {
        Some(list) => list.clears(status.index, now).map(|()| Some(list.issued)),
        None => required(Refusal::found(Code::StatusListMissing, status.uri.clone())),
    }
}
