//! Package sources on their way. The distribution's own are named; of somebody else's archive neither a name nor an
//! instant by which it could be recognised leaves the device.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::MAX_SOURCES;
use super::word::{Fingerprint, Identifier, Sha256Hex};
use crate::claim::Reason;
use crate::time::Timestamp;
use crate::updates::{Catalog, CatalogSource, Proof, SourceRole};

/// The catalogs by which updates were judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SentCatalog {
    /// The live sources, in ascending order.
    pub sources: Vec<SentSource>,
}

/// One live source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct SentSource {
    /// What it is to the installed release.
    pub role: SourceRole,
    /// `Suite`, of the distribution's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suite: Option<Identifier>,
    /// `Codename`, of the distribution's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codename: Option<Identifier>,
    /// `Date`; of somebody else's archive its first second in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Timestamp>,
    /// `Valid-Until`; of somebody else's archive the first second of its day in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// The first second of the day in UTC on which this device last fetched it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetched_at: Option<Timestamp>,
    /// Whether it is what its vendor signed.
    pub proof: SentProof,
}

/// Whether a source's catalog is what its vendor signed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum SentProof {
    /// Signature and the hash of every list were checked.
    Proved {
        /// Fingerprint of the signing key, of the distribution's own sources.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<Fingerprint>,
        /// SHA-256 of the signed file, of the distribution's own sources.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        release: Option<Sha256Hex>,
    },
    /// Not proved, and why.
    Failed {
        /// Why.
        reason: Reason,
    },
}

/// Where the sources of a catalog went when they were put in order: by their old index the new one.
pub(super) struct Order(Vec<u32>);

impl Order {
    /// There is no catalog to point into.
    pub(super) fn none() -> Order {
        Order(Vec::new())
    }

    /// The new index of a source, if there is such a source.
    pub(super) fn of(&self, old: u32) -> Option<u32> {
        self.0.get(usize::try_from(old).ok()?).copied()
    }
}

impl SentCatalog {
    /// The sources in order, and where each went. Sources that look alike count as the first of them.
    pub(super) fn of(catalog: &Catalog) -> Result<(SentCatalog, Order), Reason> {
        if catalog.sources.len() > MAX_SOURCES {
            return Err(Reason::TooLarge);
        }
        let sent: Vec<SentSource> = catalog.sources.iter().map(SentSource::of).collect();
        let mut sources = sent.clone();
        sources.sort();
        let index = |source: &SentSource| sources.partition_point(|other| other < source);
        let order = sent.iter().map(|source| u32::try_from(index(source)).unwrap_or(u32::MAX)).collect();
        Ok((SentCatalog { sources }, Order(order)))
    }

    pub(super) fn home(&self) -> Catalog {
        Catalog { sources: self.sources.iter().map(SentSource::home).collect() }
    }
}

impl SentSource {
    fn of(source: &CatalogSource) -> SentSource {
        let own = source.role != SourceRole::ThirdParty;
        let date = |at: Option<Timestamp>| if own { at } else { at.map(Timestamp::start_of_day) };
        let name = |text: &str| Identifier::new(text).filter(|_| own);
        SentSource {
            role: source.role,
            suite: name(&source.suite),
            codename: name(&source.codename),
            date: date(source.date),
            valid_until: date(source.valid_until),
            fetched_at: source.fetched_at.map(Timestamp::start_of_day),
            proof: SentProof::of(&source.proof, own),
        }
    }

    fn home(&self) -> CatalogSource {
        let text = |name: &Option<Identifier>| name.as_ref().map(|name| name.as_str().to_owned()).unwrap_or_default();
        CatalogSource {
            origin: String::new(),
            label: String::new(),
            suite: text(&self.suite),
            codename: text(&self.codename),
            role: self.role,
            date: self.date,
            valid_until: self.valid_until,
            fetched_at: self.fetched_at,
            proof: self.proof.home(),
        }
    }
}

impl SentProof {
    fn of(proof: &Proof, own: bool) -> SentProof {
        match proof {
            Proof::Proved { key, release } => SentProof::Proved {
                key: Fingerprint::new(key).filter(|_| own),
                release: Sha256Hex::new(release).filter(|_| own),
            },
            Proof::Failed { reason } => SentProof::Failed { reason: *reason },
        }
    }

    fn home(&self) -> Proof {
        match self {
            SentProof::Proved { key, release } => Proof::Proved {
                key: key.clone().map(String::from).unwrap_or_default(),
                release: release.clone().map(String::from).unwrap_or_default(),
            },
            SentProof::Failed { reason } => Proof::Failed { reason: *reason },
        }
    }
}
