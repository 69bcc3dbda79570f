//! Issuing: from a passing appraisal, and from nothing else, to the bytes of a stamp.

use std::fmt;

use data_encoding::HEXLOWER_PERMISSIVE;
use seaworthy_model::{Appraisal, Code, Grade, Severity, Subject, Timestamp, Verdict};

use crate::claims::{Claims, StatusReference, TrustVector, is_list_address, is_plain, is_policy_name};
use crate::cose;
use crate::key::{KeyId, PublicKey, SigningKey};
use crate::stamp::{CONTENT_TYPE, Stamp};

/// The name under which stamps say what software issued them.
const DEVELOPER: &str = "seaworthy";

/// Why there is no stamp. All of them have the code `no-stamp`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoStamp {
    /// The verdict at the instant is not a pass.
    NotPassing(Verdict),
    /// The appraisal never ends, so a stamp of it would not either: it lacks even the policy's cadence.
    NoEnd,
    /// The instant lies before 1970.
    BeforeTime,
    /// The policy's name or digest is not in its form.
    Policy,
    /// The build or the address of the status list is not in its form.
    Particulars,
}

impl NoStamp {
    /// The code of the catalogue.
    pub const fn code(&self) -> Code {
        Code::NoStamp
    }
}

impl fmt::Display for NoStamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoStamp::NotPassing(verdict) => write!(f, "no stamp for a verdict of {verdict}"),
            NoStamp::NoEnd => f.write_str("no stamp for an appraisal without an end"),
            NoStamp::BeforeTime => f.write_str("no stamp for an instant before 1970"),
            NoStamp::Policy => f.write_str("no stamp: the policy's name or digest is malformed"),
            NoStamp::Particulars => f.write_str("no stamp: the build or the status list's address is malformed"),
        }
    }
}

impl std::error::Error for NoStamp {}

/// Proof that an appraisal passes at an instant, and until when. Only [`Passing::new`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passing {
    at: Timestamp,
    until: Timestamp,
    policy: String,
    policy_digest: [u8; 32],
    trust: TrustVector,
}

impl Passing {
    /// Takes an appraisal that passes at an instant. It ends at the first instant at which it no longer does.
    pub fn new(appraisal: &Appraisal, at: Timestamp) -> Result<Passing, NoStamp> {
        let verdict = appraisal.timeline.at(at);
        if verdict != Verdict::Pass {
            return Err(NoStamp::NotPassing(verdict));
        }
        if at.seconds() < 0 {
            return Err(NoStamp::BeforeTime);
        }
        let until = appraisal.timeline.next_change(at).ok_or(NoStamp::NoEnd)?;
        let digest = HEXLOWER_PERMISSIVE.decode(appraisal.policy.digest.as_bytes()).map_err(|_| NoStamp::Policy)?;
        let policy_digest = digest.try_into().map_err(|_| NoStamp::Policy)?;
        let policy = appraisal.policy.name.clone();
        if !is_policy_name(&policy) {
            return Err(NoStamp::Policy);
        }
        Ok(Passing { at, until, policy, policy_digest, trust: trust_vector(appraisal, at) })
    }

    /// The first instant at which the pass no longer stands: the stamp's end.
    pub const fn until(&self) -> Timestamp {
        self.until
    }
}

/// What was judged, by rules that count, and passes.
fn trust_vector(appraisal: &Appraisal, at: Timestamp) -> TrustVector {
    let judged = |codes: &[Code]| {
        let mut counted = appraisal
            .findings
            .iter()
            .filter(|finding| finding.severity != Severity::Advisory && codes.contains(&finding.code))
            .peekable();
        counted.peek().is_some() && counted.all(|finding| finding.timeline.at(at) == Verdict::Pass)
    };
    let configuration = [
        Code::FirewallActive,
        Code::AutomaticUpdatesOn,
        Code::MandatoryAccessControlOn,
        Code::SshPassword,
        Code::SshRootLogin,
        Code::ScreenLocks,
    ];
    TrustVector { configuration: judged(&configuration), storage: judged(&[Code::DiskEncrypted]) }
}

/// What a stamp says beside its appraisal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Particulars {
    /// What was inspected.
    pub subject: Subject,
    /// How far the claims can be trusted.
    pub grade: Grade,
    /// The version of the software that issues.
    pub build: String,
    /// Where the stamp's state can be looked up, if it can be revoked.
    pub status: Option<StatusReference>,
}

/// What is drawn anew for each stamp, so that two stamps of one device cannot be linked by their content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fresh {
    /// Random bytes: the stamp's name.
    pub id: [u8; 16],
    /// The public half of a key made for this stamp alone; whoever presents the stamp can prove to hold it.
    pub presenter: PublicKey,
}

/// A stamp that is not signed yet. What its signature will cover can be written down first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsigned(Vec<u8>);

impl Unsigned {
    /// Makes the stamp that a key with this id is to sign.
    pub fn new(passing: &Passing, particulars: &Particulars, fresh: &Fresh, key: KeyId) -> Result<Unsigned, NoStamp> {
        let listed = particulars.status.as_ref().is_none_or(|status| is_list_address(&status.uri));
        if !listed || !is_plain(&particulars.build) {
            return Err(NoStamp::Particulars);
        }
        let claims = Claims {
            issued: passing.at,
            expires: passing.until,
            id: fresh.id,
            presenter: fresh.presenter.thumbprint(),
            subject: particulars.subject,
            grade: particulars.grade,
            policy: passing.policy.clone(),
            policy_digest: passing.policy_digest,
            trust: passing.trust,
            developer: DEVELOPER.to_owned(),
            build: particulars.build.clone(),
            status: particulars.status.clone(),
        };
        Ok(Unsigned(cose::draft(key, CONTENT_TYPE, &claims.encode())))
    }

    /// Takes what [`Unsigned::to_be_signed`] gave.
    pub fn from_bytes(to_be_signed: Vec<u8>) -> Unsigned {
        Unsigned(to_be_signed)
    }

    /// What the signature will cover: the `Sig_structure` of RFC 9052 §4.4.
    pub fn to_be_signed(&self) -> &[u8] {
        &self.0
    }

    /// Signs it; none for bytes that are no such structure, or name another key. Ed25519 signs the same bytes alike.
    pub fn sign(&self, key: &SigningKey) -> Option<Stamp> {
        cose::sign_draft(key, &self.0).map(Stamp::from_signed)
    }
}

/// Issues a stamp.
pub fn issue(passing: &Passing, particulars: &Particulars, fresh: &Fresh, key: &SigningKey) -> Result<Stamp, NoStamp> {
    let unsigned = Unsigned::new(passing, particulars, fresh, key.public().id())?;
    unsigned.sign(key).ok_or(NoStamp::Particulars)
}
