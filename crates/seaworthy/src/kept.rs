//! Stamps that are kept in the state directory, whoever issued them: `stamps/ID.cbor`, beside it `ID.key`, the key that
//! presents it, `ID.leaf`, what opens its entry in the log, and `ID.proof` once it is proved to be there.

use std::fs;
use std::path::PathBuf;

use seaworthy_inspect::StateDirectory;
use seaworthy_model::{Code, Timestamp};
use seaworthy_protocol::Leaf;
use seaworthy_stamp::{CLOCK_TOLERANCE, LogIndex, PublicKey, SigningKey, Stamp, Terms, Trust, check};
use seaworthy_tlog::LogProof;

use crate::failure::Failure;
use crate::surroundings::Surroundings;

/// The public half of the device's key.
const DEVICE_KEY: &str = "device.pub";

/// A stamp that the organisation issued, as it is kept.
#[derive(Debug)]
pub struct Kept {
    /// Its id.
    pub id: String,
    /// The stamp.
    pub stamp: Stamp,
    /// Where its bytes are.
    pub path: PathBuf,
    /// Until when it is valid.
    pub until: Timestamp,
}

/// A stamp and the key that presents it.
#[derive(Debug)]
pub struct Presentable {
    /// The stamp, with its log index where that is known.
    pub stamp: Stamp,
    /// What it says of itself.
    pub terms: Terms,
    /// Its own key.
    pub key: SigningKey,
}

impl Presentable {
    /// Its id.
    pub fn id(&self) -> String {
        hex(&self.terms.id)
    }

    fn is_valid(&self, now: Timestamp) -> bool {
        self.terms.issued <= now + CLOCK_TOLERANCE && now < self.terms.expires
    }
}

/// Keeps a stamp of this issuer beside the key that presents it. One that is another's, or for another presenter, is not.
pub fn keep_issued(
    bytes: &[u8],
    issuer: &PublicKey,
    presenter: &SigningKey,
    around: &Surroundings,
) -> Result<Kept, String> {
    let stamp = Stamp::read(bytes).map_err(|refusal| refusal.to_string())?;
    let mut trust = Trust::default();
    trust.add_file("organisation.pub", &issuer.to_pem()).map_err(|error| error.to_string())?;
    let checked = check(stamp.cbor(), &trust, around.now, None);
    let facts = match &checked {
        Ok(checked) => checked.facts(),
        // Signed all the same: what it says holds, if not at what this device's clock shows.
        Err(refusal) => refusal.facts().ok_or_else(|| refusal.to_string())?,
    };
    if facts.presenter != hex(&presenter.public().thumbprint()) {
        return Err("it is for another presenter".to_owned());
    }
    let folder = stamps(around);
    let written = keep_key(&facts.id, presenter, around).map_err(|failure| failure.what);
    written.and_then(|()| keep(&facts.id, &stamp, around).map_err(|failure| failure.what))?;
    let path = folder.path().join(format!("{}.cbor", facts.id));
    Ok(Kept { id: facts.id.clone(), path, until: facts.expires, stamp })
}

/// Keeps a stamp under its id.
pub fn keep(id: &str, stamp: &Stamp, around: &Surroundings) -> Result<(), Failure> {
    write(&format!("{id}.cbor"), stamp.cbor(), around)
}

/// Keeps the key whose thumbprint a stamp carries: whoever holds it can prove that the stamp is theirs.
pub fn keep_key(id: &str, key: &SigningKey, around: &Surroundings) -> Result<(), Failure> {
    write(&format!("{id}.key"), key.to_pem().as_bytes(), around)
}

/// Keeps what opens a stamp's entry in the log.
pub fn keep_leaf(id: &str, leaf: &Leaf, around: &Surroundings) -> Result<(), Failure> {
    write(&format!("{id}.leaf"), &leaf.to_bytes(), around)
}

/// What opens a stamp's entry in the log, where that is known.
pub fn leaf(id: &str, around: &Surroundings) -> Option<Leaf> {
    Leaf::from_bytes(&stamps(around).read(&format!("{id}.leaf")).ok()??)
}

/// Keeps the proof that a stamp is in the log.
pub fn keep_proof(id: &str, proof: &LogProof, around: &Surroundings) -> Result<(), Failure> {
    write(&format!("{id}.proof"), proof.to_string().as_bytes(), around)
}

/// The proof that a stamp is in the log, where that is kept.
pub fn proof(id: &str, around: &Surroundings) -> Option<LogProof> {
    LogProof::parse(&stamps(around).read(&format!("{id}.proof")).ok()??).ok()
}

fn write(name: &str, bytes: &[u8], around: &Surroundings) -> Result<(), Failure> {
    let folder = stamps(around);
    let unwritable = |error| Failure::new(Code::StateUnwritable, format!("{}: {error}", folder.path().display()));
    folder.write(name, bytes).map_err(unwritable)
}

/// The newest of the stamps that are valid now. One by the organisation goes before the device's own: it is worth more.
pub fn newest(around: &Surroundings) -> Result<Presentable, Failure> {
    let own = own_hint(around);
    let rank = |held: &Presentable| (Some(held.terms.issuer_hint) != own, held.terms.issued);
    let valid = stored(around).into_iter().filter(|held| held.is_valid(around.now));
    valid.max_by_key(rank).ok_or_else(|| Failure::new(Code::StampNone, "no stamp that is valid now is kept here"))
}

/// A stamp from elsewhere, if this device holds its key.
pub fn presentable(stamp: Stamp, around: &Surroundings) -> Result<Presentable, Failure> {
    let terms = stamp.dangerous_unverified_terms();
    let terms = terms.map_err(|refusal| Failure::new(refusal.code(), refusal.to_string()))?;
    let missing = || Failure::new(Code::PresenterKey, format!("no key for stamp {}", hex(&terms.id)));
    let held = with_key(stamp, terms.clone(), around).ok_or_else(missing)?;
    if held.is_valid(around.now) {
        return Ok(held);
    }
    let span = format!("it is valid from {} until {}", held.terms.issued, held.terms.expires);
    Err(Failure::new(Code::StampNone, format!("the stamp is not valid now: {span}")))
}

/// All that can be presented; what cannot be read is none.
fn stored(around: &Surroundings) -> Vec<Presentable> {
    let folder = stamps(around);
    let names = fs::read_dir(folder.path()).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let names = names.filter_map(|name| name.into_string().ok()).filter(|name| name.ends_with(".cbor"));
    let stamp = |name: String| Stamp::read(&folder.read(&name).ok()??).ok();
    let held = |stamp: Stamp| {
        let terms = stamp.dangerous_unverified_terms().ok()?;
        with_key(stamp, terms, around)
    };
    names.filter_map(stamp).filter_map(held).collect()
}

fn with_key(stamp: Stamp, terms: Terms, around: &Surroundings) -> Option<Presentable> {
    let (folder, id) = (stamps(around), hex(&terms.id));
    let text = folder.read(&format!("{id}.key")).ok()??;
    let key = SigningKey::parse(&String::from_utf8_lossy(&text)).ok()?;
    let index = proof(&id, around).map_or(stamp.index(), |proof| LogIndex::new(proof.index));
    (key.public().thumbprint() == terms.presenter).then(|| Presentable { stamp: stamp.at(index), terms, key })
}

fn own_hint(around: &Surroundings) -> Option<[u8; 8]> {
    let text = around.state.read(DEVICE_KEY).ok()??;
    PublicKey::parse(&String::from_utf8_lossy(&text)).ok().map(|key| key.id().hint())
}

fn stamps(around: &Surroundings) -> StateDirectory {
    StateDirectory::new(around.state.path().join("stamps"))
}

/// Bytes as the names of files and the facts of stamps have them.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
