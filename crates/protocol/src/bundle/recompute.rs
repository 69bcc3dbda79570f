//! A bundle is taken apart, each part is verified, and what it says is worked out anew.

use seaworthy_appraise::{Offer, Reference, appraise_shared_by};
use seaworthy_model::{Appraisal, Body, Code, PolicyId, Timestamp, Verdict, named};
use seaworthy_stamp::{PublicKey, cose};
use seaworthy_tlog::{Algorithm, Hash, LogProof, Note, Policy, VerifierKey};

use super::{Bundle, LeafProof};
use crate::evidence::EvidenceEnvelope;
use crate::key::Successor;
use crate::leaf::{LeafKind, Salt, record};
use crate::log::LogDocument;
use crate::octets::Digest;
use crate::policy::PolicyDocument;
use crate::proof::{Proven, extra, prove, witnessed};
use crate::sealed::{Message, MessageError, open_by_any, open_own};

named! {
    /// A part of a bundle that must hold.
    Part {
        /// The organisation's keys.
        Keys = "keys",
        /// The device's signed envelope.
        Envelope = "envelope",
        /// The evidence itself.
        Body = "body",
        /// When the report came in, and what for.
        Report = "report",
        /// The policy document.
        Policy = "policy",
        /// By what the policy was in force.
        Assignment = "assignment",
        /// The catalog.
        Catalog = "catalog",
        /// What the organisation says of its log.
        Log = "log",
        /// The log's checkpoint.
        Checkpoint = "checkpoint",
        /// The organisation's signature over the whole.
        Seal = "seal",
    }
}

/// Why a bundle shows nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// It is none.
    #[error("{0}")]
    Malformed(MessageError),
    /// A part of it does not hold.
    #[error("{part}: {why}")]
    Part {
        /// Which.
        part: Part,
        /// Why.
        why: String,
    },
    /// Its parts amount to something else than it says.
    #[error("its parts amount to {found} at {at}, and it says {said}")]
    Verdict {
        /// The instant asked about.
        at: Timestamp,
        /// What it says.
        said: Verdict,
        /// What was worked out.
        found: Verdict,
    },
    /// At other instants they do.
    #[error("its parts amount to other verdicts before or after than it says")]
    Timeline,
}

impl BundleError {
    /// The code of the catalogue.
    pub const fn code(&self) -> Code {
        match self {
            BundleError::Malformed(_) => Code::BundleMalformed,
            BundleError::Part { .. } => Code::BundlePart,
            BundleError::Verdict { .. } | BundleError::Timeline => Code::BundleVerdict,
        }
    }
}

/// A bundle of which every part holds, and whose verdict was worked out anew. Only [`recompute`] makes one.
#[derive(Clone, Debug, PartialEq)]
pub struct Recomputed {
    /// The bundle.
    pub bundle: Bundle,
    /// The organisation's keys from the first up to the one that signed the bundle: each follows from those before it, so
    /// whoever trusts any of them can believe it.
    pub keys: Vec<PublicKey>,
    /// The policy document.
    pub document: PolicyDocument,
    /// What the policy says of the evidence.
    pub appraisal: Appraisal,
    /// The checkpoint: its log, its size, and the witnesses who saw it. The index is that of the report, where it has one.
    pub checkpoint: Proven,
}

/// Takes a bundle apart, verifies all of it, and works the verdict out. The log must be the one that the organisation says
/// is its own; a policy may demand witnesses besides.
pub fn recompute(bytes: &[u8], policy: Option<&Policy>) -> Result<Recomputed, BundleError> {
    if bytes.len() > Bundle::MAX_BYTES {
        return Err(BundleError::Malformed(MessageError::TooLong(bytes.len())));
    }
    let form =
        |refusal: seaworthy_stamp::Refusal| MessageError::Form { expected: Bundle::TYPE, found: refusal.to_string() };
    let message = cose::Message::read(bytes).map_err(|refusal| BundleError::Malformed(form(refusal)))?;
    message.demand(Bundle::TYPE).map_err(|refusal| BundleError::Malformed(form(refusal)))?;
    let bundle: Bundle =
        crate::sealed::content(message.dangerous_unverified_payload()).map_err(BundleError::Malformed)?;
    let taken = Taken::apart(&bundle)?;
    let checkpoint = taken.proven(policy)?;
    let signer = taken.keys.iter().position(|key| message.verify(key).is_some());
    let signer = signer.ok_or_else(|| broken(Part::Seal, "no key of the organisation signed the whole"))?;
    let appraisal = taken.appraised()?;
    let Taken { mut keys, document, .. } = taken;
    keys.truncate(signer + 1);
    Ok(Recomputed { bundle, keys, document, appraisal, checkpoint })
}

fn broken(part: Part, why: impl ToString) -> BundleError {
    BundleError::Part { part, why: why.to_string() }
}

fn must(holds: bool, part: Part, why: &str) -> Result<(), BundleError> {
    if holds { Ok(()) } else { Err(broken(part, why)) }
}

/// A bundle taken apart: what each part says, its signatures verified.
struct Taken<'a> {
    bundle: &'a Bundle,
    keys: Vec<PublicKey>,
    body: Body,
    document: PolicyDocument,
    reference: Reference,
    log: LogDocument,
}

impl<'a> Taken<'a> {
    fn apart(bundle: &'a Bundle) -> Result<Taken<'a>, BundleError> {
        let keys = keys(bundle)?;
        envelope(bundle, &keys)?;
        let body = Body::decode(&bundle.report.body.0).map_err(|error| broken(Part::Body, error))?;
        let document = document(bundle, &keys)?;
        let reference = reference(bundle)?.concerning(&body);
        let log = LogDocument::read(&bundle.log.0, &keys).map_err(|error| broken(Part::Log, error))?;
        must(log.organisation == bundle.organisation, Part::Log, "it is another organisation's")?;
        Ok(Taken { bundle, keys, body, document, reference, log })
    }

    /// Proves each record that has a proof; one without must be older than the log.
    fn proven(&self, policy: Option<&Policy>) -> Result<Proven, BundleError> {
        let checkpoint = self.checkpoint(policy)?;
        let Bundle { report, policy, assignment, catalog, .. } = self.bundle;
        let encoded = |part, encoded: Result<Vec<u8>, _>| {
            encoded.map_err(|error: seaworthy_model::canonical::CanonicalError| broken(part, error))
        };
        let bytes = encoded(Part::Report, record(&report.record(self.bundle.device)))?;
        let index = checkpoint.has(Part::Report, LeafKind::Report, &bytes, &report.proof, report.received_at)?;
        let issued_at = self.document.issued_at;
        checkpoint.has(Part::Policy, LeafKind::Policy, &policy.document.0, &policy.proof, issued_at)?;
        let bytes = encoded(Part::Assignment, record(&assignment.record))?;
        let since = assignment.record.since;
        checkpoint.has(Part::Assignment, LeafKind::Assignment, &bytes, &assignment.proof, since)?;
        if let Some(catalog) = catalog {
            let bytes = encoded(Part::Catalog, record(&catalog.record()))?;
            checkpoint.has(Part::Catalog, LeafKind::Catalog, &bytes, &catalog.proof, catalog.since)?;
        }
        Ok(Proven { index: index.unwrap_or_default(), ..checkpoint.seen })
    }

    fn checkpoint(&self, policy: Option<&Policy>) -> Result<Checkpoint, BundleError> {
        let key = VerifierKey::new(&self.log.origin, Algorithm::Ed25519, &self.log.key.0);
        let key = key.map_err(|fault| broken(Part::Log, fault))?;
        let anybody = Policy::parse(b"quorum none\n").map_err(|fault| broken(Part::Log, fault))?;
        let policy = policy.unwrap_or(&anybody).of_log(&key).map_err(|refusal| broken(Part::Checkpoint, refusal))?;
        let note = Note::parse(self.bundle.checkpoint.as_bytes()).map_err(|fault| broken(Part::Checkpoint, fault))?;
        must(note.to_string() == self.bundle.checkpoint, Part::Checkpoint, "it is not written in its one form")?;
        let accepted = policy.check(&note).map_err(|refusal| broken(Part::Checkpoint, refusal))?;
        Ok(Checkpoint { note, policy, seen: witnessed(accepted, 0), since: self.log.since })
    }

    /// What the parts amount to, which must be what the bundle says.
    fn appraised(&self) -> Result<Appraisal, BundleError> {
        let Bundle { at, report, verdict, timeline, .. } = self.bundle;
        let appraisal = appraised(&self.document, &self.reference, &self.body, report.inspected_at);
        let appraisal = appraisal.ok_or_else(|| broken(Part::Report, "it cannot be appraised"))?;
        let found = appraisal.timeline.at(*at);
        if found != *verdict {
            return Err(BundleError::Verdict { at: *at, said: *verdict, found });
        }
        if appraisal.timeline == *timeline { Ok(appraisal) } else { Err(BundleError::Timeline) }
    }
}

/// What a document says of a body, with what the catalog and the organisation know of it.
fn appraised(
    document: &PolicyDocument,
    reference: &Reference,
    body: &Body,
    inspected_at: Timestamp,
) -> Option<Appraisal> {
    let policy = &document.policy;
    let digest = Digest::of(&policy.canonical_bytes().ok()?).to_string();
    let id = PolicyId { name: policy.name.clone(), digest };
    appraise_shared_by(reference, body, policy, id, inspected_at).at(inspected_at)
}

/// The organisation's keys, oldest first.
fn keys(bundle: &Bundle) -> Result<Vec<PublicKey>, BundleError> {
    let first = bundle.key.array().and_then(|key| PublicKey::from_bytes(key).ok());
    let first = first.ok_or_else(|| broken(Part::Keys, "the first is no Ed25519 public key"))?;
    must(Digest::from(first.id()) == bundle.organisation, Part::Keys, "the first is not the one that is named")?;
    let chain = bundle.successors.iter().map(|sealed| sealed.0.as_slice());
    Successor::follow(first, chain).map_err(|error| broken(Part::Keys, error))
}

/// The device's own word: its signature, for this organisation, over this body.
fn envelope(bundle: &Bundle, keys: &[PublicKey]) -> Result<(), BundleError> {
    let report = &bundle.report;
    let opened = open_own::<EvidenceEnvelope>(&report.envelope.0);
    let (envelope, key) = opened.map_err(|error| broken(Part::Envelope, error))?;
    must(Digest::from(key.id()) == bundle.device, Part::Envelope, "another device signed it")?;
    let is_ours = keys.iter().any(|key| Digest::from(key.id()) == envelope.organisation);
    must(is_ours, Part::Envelope, "it is for another organisation")?;
    must(Digest::of(&report.body.0) == envelope.body, Part::Body, "it is not the one that the device signed")?;
    must(report.live && report.received_at <= bundle.at, Part::Report, "it did not count at the instant asked about")?;
    // The device's instant is held between the nonce and the receipt.
    let held = envelope.inspected_at.min(report.received_at)..=report.received_at;
    must(held.contains(&report.inspected_at), Part::Report, "the device did not inspect then")
}

/// The policy document, which the assignment puts in force.
fn document(bundle: &Bundle, keys: &[PublicKey]) -> Result<PolicyDocument, BundleError> {
    let document = open_by_any::<PolicyDocument>(&bundle.policy.document.0, keys);
    let document = document.map_err(|error| broken(Part::Policy, error))?;
    must(document.organisation == bundle.organisation, Part::Policy, "it is another organisation's")?;
    let assignment = &bundle.assignment.record;
    must(assignment.sequence == document.sequence, Part::Assignment, "it puts another document in force")?;
    must(assignment.since <= bundle.at, Part::Assignment, "it was not in force yet")?;
    Ok(document)
}

/// What the organisation knew beyond the evidence.
fn reference(bundle: &Bundle) -> Result<Reference, BundleError> {
    let mut reference = match &bundle.catalog {
        None => Reference::default(),
        Some(catalog) => {
            must(catalog.since <= bundle.at, Part::Catalog, "it was not in force yet")?;
            Reference::decode(&catalog.content.0).map_err(|error| broken(Part::Catalog, error))?
        }
    };
    for seen in bundle.seen.iter().cloned() {
        let super::SeenOffer { package, architecture, candidate, at } = seen;
        reference.saw(Offer { package, architecture, candidate }, at);
    }
    Ok(reference)
}

/// The checkpoint, which the log signed.
struct Checkpoint {
    note: Note,
    policy: Policy,
    seen: Proven,
    since: Timestamp,
}

impl Checkpoint {
    /// That the log has a record: the index of its entry, or none for one that is older than the log.
    fn has(
        &self,
        part: Part,
        kind: LeafKind,
        record: &[u8],
        proof: &Option<LeafProof>,
        at: Timestamp,
    ) -> Result<Option<u64>, BundleError> {
        let Some(LeafProof { index, salt, hashes }) = proof else {
            return must(at <= self.since, part, "it is younger than the log, and has no proof").map(|()| None);
        };
        let salt = salt.array().map(Salt::from_bytes).ok_or_else(|| broken(part, "the salt has not 32 bytes"))?;
        let proof = LogProof {
            extra: Some(extra(kind, &salt)),
            index: *index,
            hashes: hashes.iter().map(|hash| Hash::from_bytes(*hash.as_bytes())).collect(),
            note: self.note.clone(),
        };
        prove(kind, record, &proof, &self.policy).map_err(|error| broken(part, error))?;
        Ok(Some(*index))
    }
}
