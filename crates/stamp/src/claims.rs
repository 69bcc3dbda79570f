//! The claims of a stamp: an EAR (draft-ietf-rats-ear-04) in a CWT (RFC 8392), with our own claims under EAR's
//! `verifier-claims`. `docs/spec/stamp.md` has the CDDL.
//!
//! Written and read in one order only. Whatever this version does not know is refused, never passed over: a claim that a
//! reader skips is a restriction that it does not keep.

use seaworthy_model::{Code, Grade, Subject, Timestamp, is_private};

use crate::cbor::{Fault, Reader, Writer, check_form};
use crate::cose::quoted;
use crate::refusal::Refusal;

/// The version of our own claims and of this layout.
pub(crate) const VERSION: u64 = 1;
const PROFILE: &str = "tag:ietf.org,2026:rats/ear#04";
/// The one submodule.
const DEVICE: &str = "device";
/// Longest text that a claim may carry.
const MAX_TEXT: usize = 64;
const MAX_ADDRESS: usize = 256;

/// EAR's tier "affirming", the only one ever issued; and all that there are.
const AFFIRMING: u64 = 2;
const TIERS: [u64; 4] = [0, AFFIRMING, 32, 96];

// CWT (RFC 8392), CWT confirmation (RFC 8747, RFC 9679), Token Status List.
pub(crate) const EXPIRES: u64 = 4;
pub(crate) const ISSUED: u64 = 6;
const ID: u64 = 7;
const CONFIRMATION: u64 = 8;
const THUMBPRINT: u64 = 5;
const STATUS_LIST: u64 = 65_535;
// EAT (RFC 9711) and EAR.
const EAT_PROFILE: u64 = 265;
const SUBMODULES: u64 = 266;
const STATUS: u64 = 1000;
const TRUST_VECTOR: u64 = 1001;
const POLICIES: u64 = 1003;
const VERIFIER: u64 = 1004;
const VERIFIER_CLAIMS: u64 = 1006;
const DEVELOPER: u64 = 0;
const BUILD: u64 = 1;
/// AR4SI's names in the trust vector.
const CONFIGURATION: u64 = 2;
const STORAGE_OPAQUE: u64 = 6;
// Ours, under VERIFIER_CLAIMS.
const OUR_VERSION: u64 = 0;
const OUR_GRADE: u64 = 1;
const OUR_SUBJECT: u64 = 2;
const OUR_POLICY_DIGEST: u64 = 3;

/// What a stamp says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claims {
    pub(crate) issued: Timestamp,
    pub(crate) expires: Timestamp,
    pub(crate) id: [u8; 16],
    pub(crate) presenter: [u8; 32],
    pub(crate) subject: Subject,
    pub(crate) grade: Grade,
    pub(crate) policy: String,
    pub(crate) policy_digest: [u8; 32],
    pub(crate) trust: TrustVector,
    pub(crate) developer: String,
    pub(crate) build: String,
    pub(crate) status: Option<StatusReference>,
}

/// What of AR4SI's trust vector a passed policy lets one say. Nothing is said of what was not judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TrustVector {
    /// The configuration was judged and is approved.
    pub(crate) configuration: bool,
    /// Storage was judged and is encrypted.
    pub(crate) storage: bool,
}

/// Where a stamp's state can be looked up (Token Status List).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusReference {
    /// The stamp's place in the list.
    pub index: u64,
    /// The list's address, `https://…`.
    pub uri: String,
}

impl Claims {
    /// The deterministic bytes.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut w = Writer::with_capacity(320);
        w.map(8 + u64::from(self.status.is_some()));
        w.unsigned(EXPIRES).integer(self.expires.seconds());
        w.unsigned(ISSUED).integer(self.issued.seconds());
        w.unsigned(ID).byte_string(&self.id);
        w.unsigned(CONFIRMATION).map(1).unsigned(THUMBPRINT).byte_string(&self.presenter);
        w.unsigned(EAT_PROFILE).text(PROFILE);
        w.unsigned(SUBMODULES).map(1).text(DEVICE);
        self.encode_device(&mut w);
        w.unsigned(STATUS).unsigned(AFFIRMING);
        w.unsigned(VERIFIER).map(2).unsigned(DEVELOPER).text(&self.developer).unsigned(BUILD).text(&self.build);
        if let Some(status) = &self.status {
            w.unsigned(STATUS_LIST).map(1).text("status_list");
            w.map(2).text("idx").unsigned(status.index).text("uri").text(&status.uri);
        }
        w.into_bytes()
    }

    fn encode_device(&self, w: &mut Writer) {
        let vector: Vec<u64> = [(CONFIGURATION, self.trust.configuration), (STORAGE_OPAQUE, self.trust.storage)]
            .into_iter()
            .filter_map(|(claim, judged)| judged.then_some(claim))
            .collect();
        w.map(3 + u64::from(!vector.is_empty()));
        w.unsigned(STATUS).unsigned(AFFIRMING);
        if !vector.is_empty() {
            w.unsigned(TRUST_VECTOR).map(vector.len() as u64);
            vector.iter().for_each(|&claim| _ = w.unsigned(claim).unsigned(AFFIRMING));
        }
        w.unsigned(POLICIES).array(1).text(&self.policy);
        w.unsigned(VERIFIER_CLAIMS).map(4);
        w.unsigned(OUR_VERSION).unsigned(VERSION);
        w.unsigned(OUR_GRADE).unsigned(number_of(Grade::ALL, self.grade));
        w.unsigned(OUR_SUBJECT).unsigned(number_of(Subject::ALL, self.subject));
        w.unsigned(OUR_POLICY_DIGEST).byte_string(&self.policy_digest);
    }

    /// Reads claims that a trusted key signed.
    pub(crate) fn decode(payload: &[u8]) -> Result<Claims, Refusal> {
        check_form(payload)?;
        // A newer version may carry claims unknown here: it is refused by its name, not for the first of them.
        if let Some(version) = version(payload).filter(|&version| version != VERSION) {
            return Err(Refusal::found(Code::StampVersion, format!("version {version}")));
        }
        let mut draft = Draft::default();
        let mut reader = Reader::new(payload);
        for _ in 0..at("claims", reader.map())? {
            draft.claim(&mut reader)?;
        }
        draft.complete()
    }
}

/// The version that claims of any version carry at one place: 266 → "device" → 1006 → 0.
fn version(payload: &[u8]) -> Option<u64> {
    let mut reader = Reader::new(payload);
    enter(&mut reader, |key| key.unsigned() == Ok(SUBMODULES))?;
    enter(&mut reader, |key| key.text() == Ok(DEVICE))?;
    enter(&mut reader, |key| key.unsigned() == Ok(VERIFIER_CLAIMS))?;
    enter(&mut reader, |key| key.unsigned() == Ok(OUR_VERSION))?;
    reader.unsigned().ok()
}

/// Moves to the value of the first key that is wanted in the map that stands here.
fn enter(reader: &mut Reader<'_>, wanted: impl Fn(&mut Reader<'_>) -> bool) -> Option<()> {
    for _ in 0..reader.map().ok()? {
        let mut key = reader.clone();
        reader.skip().ok()?;
        if wanted(&mut key) {
            return Some(());
        }
        reader.skip().ok()?;
    }
    None
}

/// Claims while they are read.
#[derive(Default)]
struct Draft {
    issued: Option<Timestamp>,
    expires: Option<Timestamp>,
    id: Option<[u8; 16]>,
    presenter: Option<[u8; 32]>,
    profile: bool,
    affirming: bool,
    device_affirming: bool,
    subject: Option<Subject>,
    grade: Option<Grade>,
    policy: Option<String>,
    policy_digest: Option<[u8; 32]>,
    trust: TrustVector,
    developer: Option<String>,
    build: Option<String>,
    version: bool,
    status: Option<StatusReference>,
}

impl Draft {
    fn claim(&mut self, r: &mut Reader<'_>) -> Result<(), Refusal> {
        match key("claim", r)? {
            EXPIRES => self.expires = Some(instant("claim 4 (exp)", r)?),
            ISSUED => self.issued = Some(instant("claim 6 (iat)", r)?),
            ID => self.id = Some(bytes("claim 7 (cti)", r)?),
            CONFIRMATION => self.presenter = Some(confirmation(r)?),
            EAT_PROFILE => self.profile = profile(r)?,
            SUBMODULES => self.submodules(r)?,
            STATUS => self.affirming = affirming("claim 1000", r)?,
            VERIFIER => self.verifier(r)?,
            STATUS_LIST => self.status = Some(status_reference(r)?),
            other => return Err(unknown("claim", other)),
        }
        Ok(())
    }

    fn submodules(&mut self, r: &mut Reader<'_>) -> Result<(), Refusal> {
        for _ in 0..at("claim 266 (submods)", r.map())? {
            match at("claim 266 (submods)", r.text())? {
                DEVICE => self.device(r)?,
                other => return Err(Refusal::found(Code::StampClaim, format!("submodule {}", quoted(other)))),
            }
        }
        Ok(())
    }

    fn device(&mut self, r: &mut Reader<'_>) -> Result<(), Refusal> {
        for _ in 0..at("the device's claims", r.map())? {
            match key("the device's claim", r)? {
                STATUS => self.device_affirming = affirming("the device's claim 1000", r)?,
                TRUST_VECTOR => self.trust_vector(r)?,
                POLICIES => self.policy = Some(policy(r)?),
                VERIFIER_CLAIMS => self.ours(r)?,
                other => return Err(unknown("the device's claim", other)),
            }
        }
        Ok(())
    }

    fn trust_vector(&mut self, r: &mut Reader<'_>) -> Result<(), Refusal> {
        let place = "claim 1001 (trust vector)";
        for _ in 0..at(place, r.map())? {
            match key(place, r)? {
                CONFIGURATION => self.trust.configuration = affirming(place, r)?,
                STORAGE_OPAQUE => self.trust.storage = affirming(place, r)?,
                other => return Err(unknown("trust vector claim", other)),
            }
        }
        if self.trust == TrustVector::default() { Err(wrong(place)) } else { Ok(()) }
    }

    fn ours(&mut self, r: &mut Reader<'_>) -> Result<(), Refusal> {
        let place = "claim 1006 (verifier claims)";
        for _ in 0..at(place, r.map())? {
            match key(place, r)? {
                OUR_VERSION => self.version = at("the version", r.unsigned())? == VERSION,
                OUR_GRADE => self.grade = Some(named("the grade", Grade::ALL, r)?),
                OUR_SUBJECT => self.subject = Some(named("the subject", Subject::ALL, r)?),
                OUR_POLICY_DIGEST => self.policy_digest = Some(bytes("the policy digest", r)?),
                other => return Err(unknown("verifier claim", other)),
            }
        }
        Ok(())
    }

    fn verifier(&mut self, r: &mut Reader<'_>) -> Result<(), Refusal> {
        let place = "claim 1004 (verifier)";
        for _ in 0..at(place, r.map())? {
            match key(place, r)? {
                DEVELOPER => self.developer = Some(plain_text(place, r)?),
                BUILD => self.build = Some(plain_text(place, r)?),
                other => return Err(unknown("verifier's claim", other)),
            }
        }
        Ok(())
    }

    fn complete(self) -> Result<Claims, Refusal> {
        let demand = |present: bool, name: &str| if present { Ok(()) } else { Err(missing(name)) };
        demand(self.version, "the version")?;
        demand(self.profile, "265 (profile)")?;
        demand(self.affirming, "1000 (status)")?;
        demand(self.device_affirming, "the device's 1000 (status)")?;
        let claims = Claims {
            issued: self.issued.ok_or_else(|| missing("6 (iat)"))?,
            expires: self.expires.ok_or_else(|| missing("4 (exp)"))?,
            id: self.id.ok_or_else(|| missing("7 (cti)"))?,
            presenter: self.presenter.ok_or_else(|| missing("8 (cnf)"))?,
            subject: self.subject.ok_or_else(|| missing("the subject"))?,
            grade: self.grade.ok_or_else(|| missing("the grade"))?,
            policy: self.policy.ok_or_else(|| missing("1003 (policy)"))?,
            policy_digest: self.policy_digest.ok_or_else(|| missing("the policy digest"))?,
            trust: self.trust,
            developer: self.developer.ok_or_else(|| missing("1004 (developer)"))?,
            build: self.build.ok_or_else(|| missing("1004 (build)"))?,
            status: self.status,
        };
        if claims.issued < claims.expires { Ok(claims) } else { Err(wrong("claim 4 (exp) is not after 6 (iat)")) }
    }
}

fn missing(name: &str) -> Refusal {
    Refusal::found(Code::StampClaimMissing, name)
}

fn wrong(place: &str) -> Refusal {
    Refusal::found(Code::StampClaimValue, place)
}

fn unknown(kind: &str, key: u64) -> Refusal {
    Refusal::found(Code::StampClaim, format!("{kind} {key}"))
}

/// Says where something else stands than belongs there.
fn at<T>(place: &str, read: Result<T, Fault>) -> Result<T, Refusal> {
    read.map_err(|fault| if fault == Fault::Shape { wrong(place) } else { fault.into() })
}

/// The next key of a map. All of ours are unsigned; any other is an unknown one.
fn key(kind: &str, r: &mut Reader<'_>) -> Result<u64, Refusal> {
    match r.unsigned() {
        Err(Fault::Shape) => Err(Refusal::found(Code::StampClaim, format!("{kind} under a key that is no number"))),
        read => Ok(read?),
    }
}

fn instant(place: &str, r: &mut Reader<'_>) -> Result<Timestamp, Refusal> {
    let instant = at(place, r.instant())?;
    Some(instant).filter(|instant| instant.seconds() >= 0).ok_or_else(|| wrong(place))
}

fn bytes<const N: usize>(place: &str, r: &mut Reader<'_>) -> Result<[u8; N], Refusal> {
    at(place, r.byte_string())?.try_into().map_err(|_| wrong(place))
}

fn plain_text(place: &str, r: &mut Reader<'_>) -> Result<String, Refusal> {
    let text = at(place, r.text())?;
    if is_plain(text) { Ok(text.to_owned()) } else { Err(wrong(place)) }
}

/// Printable ASCII, so that no stamp can steer the terminal on which it is shown.
pub(crate) fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_TEXT && text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
}

/// Lower-case letters, digits and hyphens.
pub(crate) fn is_policy_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_TEXT
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// `https://…`; plain `http` for a server that is tried out on this machine alone.
pub(crate) fn is_list_address(text: &str) -> bool {
    (9..=MAX_ADDRESS).contains(&text.len()) && is_private(text) && text.bytes().all(|b| b.is_ascii_graphic())
}

fn confirmation(r: &mut Reader<'_>) -> Result<[u8; 32], Refusal> {
    let place = "claim 8 (cnf)";
    if at(place, r.map())? != 1 {
        return Err(wrong(place));
    }
    match key(place, r)? {
        THUMBPRINT => bytes(place, r),
        other => Err(unknown("confirmation", other)),
    }
}

fn profile(r: &mut Reader<'_>) -> Result<bool, Refusal> {
    match at("claim 265 (profile)", r.text())? {
        PROFILE => Ok(true),
        other => Err(Refusal::found(Code::StampProfile, quoted(other))),
    }
}

fn affirming(place: &str, r: &mut Reader<'_>) -> Result<bool, Refusal> {
    match at(place, r.integer())?.try_into() {
        Ok(AFFIRMING) => Ok(true),
        Ok(tier) if TIERS.contains(&tier) => {
            Err(Refusal::found(Code::StampNotAffirming, format!("{place}, tier {tier}")))
        }
        tier => Err(Refusal::found(
            Code::StampTier,
            format!("{place}, {}", tier.map_or("below 0".into(), |tier| tier.to_string())),
        )),
    }
}

fn policy(r: &mut Reader<'_>) -> Result<String, Refusal> {
    let place = "claim 1003 (policy)";
    if at(place, r.array())? != 1 {
        return Err(wrong(place));
    }
    let name = at(place, r.text())?;
    if is_policy_name(name) { Ok(name.to_owned()) } else { Err(wrong(place)) }
}

fn status_reference(r: &mut Reader<'_>) -> Result<StatusReference, Refusal> {
    let place = "claim 65535 (status)";
    let expect = |found: bool| if found { Ok(()) } else { Err(wrong(place)) };
    expect(at(place, r.map())? == 1)?;
    expect(at(place, r.text())? == "status_list")?;
    expect(at(place, r.map())? == 2)?;
    expect(at(place, r.text())? == "idx")?;
    let index = at(place, r.unsigned())?;
    expect(at(place, r.text())? == "uri")?;
    let uri = at(place, r.text())?;
    expect(is_list_address(uri))?;
    Ok(StatusReference { index, uri: uri.to_owned() })
}

/// A word's number on the wire: its place in the closed list, which is therefore never re-ordered.
fn number_of<T: PartialEq>(all: &[T], word: T) -> u64 {
    all.iter().position(|listed| *listed == word).unwrap_or_default() as u64
}

fn named<T: Copy>(place: &str, all: &[T], r: &mut Reader<'_>) -> Result<T, Refusal> {
    let number = at(place, r.unsigned())?;
    usize::try_from(number).ok().and_then(|number| all.get(number)).copied().ok_or_else(|| wrong(place))
}
