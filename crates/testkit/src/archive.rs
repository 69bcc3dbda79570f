//! A made, signed archive of packages, and the keys that sign it: OpenPGP (RFC 9580) and the Debian repository format,
//! laid into a [`Sysroot`] as apt would have downloaded it. Keys come from seeds, so each run makes the same ones.

#![expect(clippy::expect_used, reason = "a test without its keys and archives cannot go on")]

use std::fmt::Write as _;
use std::io::Write as _;

use pgp::armor::{self, BlockType};
use pgp::composed::{ArmorOptions, DetachedSignature, KeyType, SignedKeyDetails, SignedPublicKey, SignedPublicSubKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{
    KeyFlags, PacketTrait, PubKeyInner, PublicKey, PublicSubkey, SecretKey, SecretSubkey, Signature, SignatureConfig,
    SignatureType, Subpacket, SubpacketData, UserId,
};
use pgp::ser::Serialize;
use pgp::types::{Duration, KeyDetails, KeyVersion, Password, SignedUser, SigningKey, Timestamp};
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::Sysroot;

const DAY: u32 = 86_400;

/// When every made key was made: 2020-01-01.
pub const KEYS_MADE: u32 = 1_577_836_800;

/// How a key is made.
#[derive(Clone, Debug)]
pub struct KeyPlan {
    /// The same seed gives the same key.
    pub seed: u64,
    /// The algorithm of the primary key.
    pub kind: KeyType,
    /// Days from [`KEYS_MADE`] until it expires.
    pub expires_days: Option<u32>,
    /// It carries its own revocation.
    pub revoked: bool,
    /// A subkey that signs in its place.
    pub subkey: Option<SubkeyPlan>,
}

/// How a signing subkey is made.
#[derive(Clone, Copy, Debug, Default)]
pub struct SubkeyPlan {
    /// Days from [`KEYS_MADE`] until it expires.
    pub expires_days: Option<u32>,
    /// Its primary key revoked it.
    pub revoked: bool,
    /// It is bound for encryption alone.
    pub not_for_signing: bool,
    /// It does not vouch for its primary key in turn.
    pub not_bound_back: bool,
}

impl KeyPlan {
    /// A key that lives.
    pub fn new(seed: u64) -> KeyPlan {
        KeyPlan { seed, kind: KeyType::Ed25519Legacy, expires_days: None, revoked: false, subkey: None }
    }
}

/// A key pair.
#[derive(Debug)]
pub struct Key {
    primary: SecretKey,
    subkey: Option<SecretSubkey>,
    public: SignedPublicKey,
}

impl From<KeyPlan> for Key {
    fn from(plan: KeyPlan) -> Key {
        let mut rng = StdRng::seed_from_u64(plan.seed);
        let made = Timestamp::from_secs(KEYS_MADE);
        let (public, secret) = plan.kind.generate(&mut rng).expect("a key");
        let public = PubKeyInner::new(KeyVersion::V4, plan.kind.to_alg(), made, None, public);
        let public = PublicKey::from_inner(public.expect("parameters")).expect("a public key");
        let primary = SecretKey::new(public, secret).expect("a secret key");
        let mut flags = KeyFlags::default();
        flags.set_certify(true);
        flags.set_sign(true);
        let config = own(SignatureType::CertPositive, &primary, flags, plan.expires_days);
        let id = UserId::from_str(Default::default(), format!("Archive {} <a@example>", plan.seed)).expect("a name");
        let public = primary.public_key();
        let certified = config.sign_certification(&primary, public, &Password::empty(), id.tag(), &id);
        let users = vec![SignedUser::new(id, vec![certified.expect("a self-signature")])];
        let revocation = plan.revoked.then(|| {
            own(SignatureType::KeyRevocation, &primary, KeyFlags::default(), None).sign_key(
                &primary,
                &Password::empty(),
                public,
            )
        });
        let revocations = revocation.into_iter().map(|signature| signature.expect("a revocation")).collect();
        let details = SignedKeyDetails::new(revocations, Vec::new(), users, Vec::new());
        let (subkey, bound) = plan.subkey.map(|subkey| subkey.make(&mut rng, &primary)).unzip();
        let public = SignedPublicKey::new(public.clone(), details, bound.into_iter().collect());
        Key { primary, subkey, public }
    }
}

impl SubkeyPlan {
    fn make(self, rng: &mut StdRng, primary: &SecretKey) -> (SecretSubkey, SignedPublicSubKey) {
        let (public, secret) = KeyType::Ed25519Legacy.generate(&mut *rng).expect("a key");
        let made = Timestamp::from_secs(KEYS_MADE);
        let public = PubKeyInner::new(KeyVersion::V4, KeyType::Ed25519Legacy.to_alg(), made, None, public);
        let public = PublicSubkey::from_inner(public.expect("parameters")).expect("a subkey");
        let subkey = SecretSubkey::new(public, secret).expect("a secret subkey");
        let mut flags = KeyFlags::default();
        flags.set_sign(!self.not_for_signing);
        flags.set_encrypt_comms(self.not_for_signing);
        let mut binding = own(SignatureType::SubkeyBinding, primary, flags, self.expires_days);
        if !self.not_bound_back {
            let back = subkey.sign_primary_key_binding(rng, primary.public_key(), &Password::empty());
            let back = SubpacketData::EmbeddedSignature(Box::new(back.expect("a back signature")));
            binding.hashed_subpackets.push(Subpacket::regular(back).expect("a subpacket"));
        }
        let none = Password::empty();
        let bind = |config: SignatureConfig| {
            config.sign_subkey_binding(primary, primary.public_key(), &none, subkey.public_key())
        };
        let mut signatures = vec![bind(binding).expect("a binding")];
        if self.revoked {
            signatures.push(
                bind(own(SignatureType::SubkeyRevocation, primary, KeyFlags::default(), None)).expect("a revocation"),
            );
        }
        let bound = SignedPublicSubKey::new(subkey.public_key().clone(), signatures);
        (subkey, bound)
    }
}

/// What a key says of itself or of its subkey.
fn own(kind: SignatureType, key: &SecretKey, flags: KeyFlags, expires_days: Option<u32>) -> SignatureConfig {
    let mut config = SignatureConfig::v4(kind, key.algorithm(), HashAlgorithm::Sha256);
    let life = expires_days.map(|days| SubpacketData::KeyExpirationTime(Duration::from_secs(days.saturating_mul(DAY))));
    let data = [
        Some(SubpacketData::SignatureCreationTime(Timestamp::from_secs(KEYS_MADE))),
        Some(SubpacketData::IssuerFingerprint(key.fingerprint())),
        Some(SubpacketData::KeyFlags(flags)),
        life,
    ];
    config.hashed_subpackets =
        data.into_iter().flatten().map(|d| Subpacket::regular(d).expect("a subpacket")).collect();
    let issuer = Subpacket::regular(SubpacketData::IssuerKeyId(key.legacy_key_id()));
    config.unhashed_subpackets = vec![issuer.expect("a subpacket")];
    config
}

/// How a text is signed.
#[derive(Clone, Copy, Debug)]
pub struct SigningPlan {
    /// The hash.
    pub hash: HashAlgorithm,
    /// When, seconds since 1970.
    pub made: u32,
    /// Days until the signature itself expires.
    pub expires_days: Option<u32>,
    /// By the primary key, though there is a subkey.
    pub by_primary: bool,
}

impl Default for SigningPlan {
    fn default() -> SigningPlan {
        SigningPlan { hash: HashAlgorithm::Sha256, made: KEYS_MADE + DAY, expires_days: None, by_primary: false }
    }
}

impl Key {
    /// A living key.
    pub fn new(seed: u64) -> Key {
        KeyPlan::new(seed).into()
    }

    /// Upper-case fingerprint of the primary key.
    pub fn fingerprint(&self) -> String {
        format!("{:X}", self.primary.fingerprint())
    }

    /// Upper-case fingerprint of the subkey; empty where there is none.
    pub fn subkey_fingerprint(&self) -> String {
        self.subkey.as_ref().map(|subkey| format!("{:X}", subkey.fingerprint())).unwrap_or_default()
    }

    /// The public key as a keyring file holds it.
    pub fn binary(&self) -> Vec<u8> {
        self.public.to_bytes().expect("bytes")
    }

    /// The public key as text.
    pub fn armoured(&self) -> String {
        self.public.to_armored_string(ArmorOptions::default()).expect("armour")
    }

    fn sign(&self, kind: SignatureType, data: &[u8], plan: SigningPlan) -> DetachedSignature {
        match &self.subkey {
            Some(subkey) if !plan.by_primary => signed(subkey, kind, data, plan),
            _ => signed(&self.primary, kind, data, plan),
        }
    }
}

fn signed(key: &impl SigningKey, kind: SignatureType, data: &[u8], plan: SigningPlan) -> DetachedSignature {
    let mut config = SignatureConfig::v4(kind, key.algorithm(), plan.hash);
    let life = plan.expires_days.map(|days| SubpacketData::SignatureExpirationTime(Duration::from_secs(days * DAY)));
    let data_of_it = [
        Some(SubpacketData::SignatureCreationTime(Timestamp::from_secs(plan.made))),
        Some(SubpacketData::IssuerFingerprint(key.fingerprint())),
        life,
    ];
    let subpackets = data_of_it.into_iter().flatten().map(|d| Subpacket::regular(d).expect("a subpacket"));
    config.hashed_subpackets = subpackets.collect();
    let issuer = SubpacketData::IssuerKeyId(key.legacy_key_id());
    config.unhashed_subpackets = vec![Subpacket::regular(issuer).expect("a subpacket")];
    let signature: Signature = config.sign(key, &Password::empty(), data).expect("a signature");
    DetachedSignature::new(signature)
}

fn armour(signatures: &Vec<DetachedSignature>) -> String {
    let mut armoured = Vec::new();
    armor::write(signatures, BlockType::Signature, &mut armoured, None, true).expect("armour");
    String::from_utf8(armoured).expect("armour is text")
}

/// A clear-signed text, as `InRelease` is.
pub fn clear_signed(text: &str, keys: &[(&Key, SigningPlan)]) -> String {
    let body = text.strip_suffix('\n').unwrap_or(text);
    let hashed = body.replace('\n', "\r\n");
    let sign = |(key, plan): &(&Key, SigningPlan)| key.sign(SignatureType::Text, hashed.as_bytes(), *plan);
    let armour = armour(&keys.iter().map(sign).collect());
    let escaped: Vec<String> = body.lines().map(escaped).collect();
    format!("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{}\n{armour}", escaped.join("\n"))
}

fn escaped(line: &str) -> String {
    if line.starts_with('-') { format!("- {line}") } else { line.to_owned() }
}

/// A signature apart from its text, as `Release.gpg` is.
pub fn detached(text: &str, keys: &[(&Key, SigningPlan)]) -> String {
    let sign = |(key, plan): &(&Key, SigningPlan)| key.sign(SignatureType::Binary, text.as_bytes(), *plan);
    armour(&keys.iter().map(sign).collect())
}

/// How a list lies on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// As text.
    Plain,
    /// `.lz4`.
    Lz4,
    /// `.gz`.
    Gzip,
}

impl Stored {
    /// The ending of its name.
    pub fn ending(self) -> &'static str {
        match self {
            Stored::Plain => "",
            Stored::Lz4 => ".lz4",
            Stored::Gzip => ".gz",
        }
    }

    /// The bytes of a text stored so.
    pub fn bytes(self, text: &[u8]) -> Vec<u8> {
        match self {
            Stored::Plain => text.to_vec(),
            Stored::Lz4 => {
                let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
                encoder.write_all(text).expect("memory");
                encoder.finish().expect("memory")
            }
            Stored::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(text).expect("memory");
                encoder.finish().expect("memory")
            }
        }
    }
}

/// One suite of an archive.
#[derive(Clone, Debug)]
pub struct Suite {
    /// Its address without the scheme.
    pub site: String,
    /// The folder below `dists/`.
    pub folder: String,
    /// Fields of its Release file, but for dates and hashes.
    pub fields: Vec<(String, String)>,
    /// `Date`, seconds since 1970.
    pub date: i64,
    /// `Valid-Until`.
    pub valid_until: Option<i64>,
    /// Index names and their texts.
    pub indexes: Vec<(String, String)>,
    /// How its lists are stored.
    pub stored: Stored,
}

impl Suite {
    /// A suite with these fields and one index of `main` for amd64.
    pub fn new(site: &str, folder: &str, fields: &[(&str, &str)], date: i64, packages: &str) -> Suite {
        Suite {
            site: site.to_owned(),
            folder: folder.to_owned(),
            fields: fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            date,
            valid_until: None,
            indexes: vec![("main/binary-amd64/Packages".to_owned(), packages.to_owned())],
            stored: Stored::Plain,
        }
    }

    /// Debian 12.
    pub fn debian(date: i64, packages: &str) -> Suite {
        let fields = [
            ("Origin", "Debian"),
            ("Label", "Debian"),
            ("Suite", "oldstable"),
            ("Codename", "bookworm"),
            ("Architectures", "amd64"),
            ("Components", "main"),
        ];
        Suite::new("deb.example/debian", "bookworm", &fields, date, packages)
    }

    /// The security archive of Debian 12.
    pub fn debian_security(date: i64, packages: &str) -> Suite {
        let fields = [
            ("Origin", "Debian"),
            ("Label", "Debian-Security"),
            ("Suite", "oldstable-security"),
            ("Codename", "bookworm-security"),
            ("Architectures", "amd64"),
            ("Components", "main"),
        ];
        Suite::new("security.example/debian-security", "bookworm-security", &fields, date, packages)
    }

    /// The same with another value of a field.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Suite {
        self.fields.retain(|(known, _)| known != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A line for `sources.list`.
    pub fn source(&self, options: &str) -> String {
        let space = if options.is_empty() { "" } else { " " };
        format!("deb {options}{space}http://{} {} main\n", self.site, self.folder)
    }

    /// The path of one of its files among the lists of a device.
    pub fn path(&self, file: &str) -> String {
        let name = format!("{}/dists/{}/{file}", self.site, self.folder).replace('/', "_");
        format!("/var/lib/apt/lists/{name}")
    }

    /// The path of one of its lists.
    pub fn list(&self, index: &str) -> String {
        format!("{}{}", self.path(index), self.stored.ending())
    }

    /// Its Release file.
    pub fn release(&self) -> String {
        let mut text = String::new();
        let mut field = |name: &str, value: &str| writeln!(text, "{name}: {value}").expect("memory");
        self.fields.iter().for_each(|(name, value)| field(name, value));
        field("Date", &release_date(self.date));
        if let Some(end) = self.valid_until {
            field("Valid-Until", &release_date(end));
        }
        text.push_str("SHA256:\n");
        for (name, index) in &self.indexes {
            let digest = ring::digest::digest(&ring::digest::SHA256, index.as_bytes());
            let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
            writeln!(text, " {hex} {} {name}", index.len()).expect("memory");
        }
        text
    }

    /// Lays it down, signed by one key.
    pub fn write(&self, system: &Sysroot, key: &Key) {
        system.write(&self.path("InRelease"), clear_signed(&self.release(), &[(key, SigningPlan::default())]));
        self.write_lists(system);
    }

    /// Lays its lists down.
    pub fn write_lists(&self, system: &Sysroot) {
        for (name, text) in &self.indexes {
            system.write(&self.list(name), self.stored.bytes(text.as_bytes()));
        }
    }
}

fn release_date(seconds: i64) -> String {
    let at = jiff::Timestamp::from_second(seconds).expect("a date");
    at.strftime("%a, %d %b %Y %H:%M:%S UTC").to_string()
}

/// A stanza of an index.
pub fn offered(package: &str, version: &str) -> String {
    format!(
        "Package: {package}\nVersion: {version}\nArchitecture: amd64\nMaintainer: a\nSize: 1\nFilename: pool/{package}\n\n"
    )
}

/// A stanza of dpkg's status.
pub fn installed(package: &str, version: &str) -> String {
    format!(
        "Package: {package}\nStatus: install ok installed\nMaintainer: a\nArchitecture: amd64\nVersion: {version}\n\
         Description: a\n\n"
    )
}

/// Debian 12 with some packages, apt's and dpkg's folders, and no sources.
pub fn debian_system(packages: &[(&str, &str)]) -> Sysroot {
    let system = Sysroot::new()
        .file("/etc/os-release", "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n")
        .file("/var/lib/dpkg/arch", "amd64\n")
        .file("/etc/machine-id", "0123456789abcdef0123456789abcdef\n")
        .folder("/var/lib/dpkg/updates")
        .folder("/var/lib/dpkg/info")
        .folder("/var/lib/apt/lists/partial")
        .folder("/etc/apt/sources.list.d")
        .folder("/etc/apt/trusted.gpg.d");
    let status = packages.iter().map(|(package, version)| installed(package, version));
    system.write("/var/lib/dpkg/status", status.collect::<String>());
    system
}
