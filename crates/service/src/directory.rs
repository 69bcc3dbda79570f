//! The directory: organisations, keys, units, policies and catalogs, held in memory. Few and seldom changed, they are
//! loaded whole. The store counts their changes, by which a server finds out that another one made some
//! ([`Directory::must_be_current`]).

use std::collections::BTreeMap;
use std::sync::Arc;

use seaworthy_appraise::Reference;
use seaworthy_model::{Code, PolicyId, Timestamp};
use seaworthy_protocol::{Digest, LogDocument, PolicyDocument, open};
use seaworthy_stamp::PublicKey;

use crate::error::Error;
use crate::events::Listener;
use crate::id::Id;
use crate::ports::{Assignment, CatalogRecord, KeyRecord, LogRecord, Organisation, PolicyRecord, Records};
use crate::tree::Tree;

/// A policy document that was read and whose signature was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// How it is kept.
    pub record: PolicyRecord,
    /// What it says.
    pub content: PolicyDocument,
}

impl Document {
    /// The policy's name and digest, as stamps carry them.
    pub fn policy_id(&self) -> PolicyId {
        PolicyId { name: self.record.name.clone(), digest: self.record.policy.to_string() }
    }
}

/// The server's catalog in force.
#[derive(Clone, Debug)]
pub struct Catalog {
    /// SHA-256 of its deterministic CBOR.
    pub digest: Digest,
    /// What it says.
    pub reference: Reference,
}

/// One organisation.
#[derive(Clone, Debug)]
pub struct View {
    /// The organisation.
    pub organisation: Organisation,
    /// Its keys, oldest first.
    pub keys: Vec<KeyRecord>,
    /// Its units.
    pub tree: Tree,
    /// Its policy documents, oldest first.
    pub documents: Vec<Arc<Document>>,
    /// Which of them are and were in force where, oldest first.
    pub assignments: Vec<Assignment>,
    /// The versions of its catalog, oldest first, without their bytes.
    pub catalogs: Vec<CatalogRecord>,
    /// Its catalog.
    pub catalog: Arc<Catalog>,
    /// Its webhooks that are switched on.
    pub listeners: Vec<Listener>,
    /// Its log.
    pub log: Option<LogRecord>,
}

impl View {
    fn load(records: &mut dyn Records, organisation: Organisation, keys: Vec<KeyRecord>) -> Result<View, Error> {
        let id = organisation.id;
        let tree = Tree::new(id, records.units(id)?).ok_or_else(|| Error::damaged("the units are no tree"))?;
        let documents = records.policies(id)?.into_iter().map(|record| document(record, &keys));
        let documents = documents.collect::<Result<_, _>>()?;
        let catalogs = records.catalogs(id)?;
        let catalog = match catalogs.last() {
            None => Reference::default(),
            Some(newest) => {
                let bytes = records.catalog(id, &newest.digest)?.ok_or_else(|| Error::damaged("no such catalog"))?;
                Reference::decode(&bytes).map_err(|error| Error::damaged(error.to_string()))?
            }
        };
        let bytes = catalog.canonical_bytes().map_err(|error| Error::damaged(error.to_string()))?;
        let catalog = Arc::new(Catalog { digest: Digest::of(&bytes), reference: catalog });
        let assignments = records.assignments(id)?;
        let listeners = records.webhooks(id)?.iter().filter_map(Listener::of).collect();
        let log = records.log(id)?.map(|log| believed(log, &keys)).transpose()?;
        Ok(View { organisation, keys, tree, documents, assignments, catalogs, catalog, listeners, log })
    }

    /// The first key: what links and devices pin.
    pub fn root_key(&self) -> Digest {
        self.keys.first().map_or(Digest::ZERO, |key| key.id)
    }

    /// The key that signs now: the newest that is not revoked.
    pub fn signing_key(&self) -> Option<&KeyRecord> {
        self.keys.last().filter(|key| key.revoked_at.is_none())
    }

    /// A policy document by its number.
    pub fn document(&self, sequence: u64) -> Option<&Arc<Document>> {
        self.documents.iter().find(|document| document.record.sequence == sequence)
    }

    /// The unit whose assignment decides for a unit: the nearest at or above it that has any; else the root.
    pub fn area(&self, unit: Id) -> Id {
        let assigned = |unit: &Id| self.assignments.iter().any(|assignment| assignment.unit == *unit);
        self.tree.path(unit).into_iter().find(assigned).unwrap_or(self.tree.root())
    }

    /// What puts a document in force for a unit at an instant.
    pub fn assigned(&self, unit: Id, at: Timestamp) -> Option<&Assignment> {
        let newest = |unit: &Id| {
            let mut of_unit = self.assignments.iter().rev().filter(|assignment| assignment.unit == *unit);
            of_unit.find(|assignment| assignment.since <= at)
        };
        self.tree.path(unit).iter().find_map(newest)
    }

    /// The document in force for a unit at an instant.
    pub fn in_force(&self, unit: Id, at: Timestamp) -> Option<&Arc<Document>> {
        self.document(self.assigned(unit, at)?.sequence)
    }

    /// The digest of the catalog in force at an instant.
    pub fn catalog_at(&self, at: Timestamp) -> Option<Digest> {
        self.catalogs.iter().rev().find(|catalog| catalog.since <= at).map(|catalog| catalog.digest)
    }
}

/// Believes a stored document only if a key of the organisation signed it.
fn document(record: PolicyRecord, keys: &[KeyRecord]) -> Result<Arc<Document>, Error> {
    let mut keys = keys.iter().rev().filter_map(|key| PublicKey::from_bytes(key.key).ok());
    let content = keys.find_map(|key| open::<PolicyDocument>(&record.sealed, &key).ok());
    let content = content.ok_or_else(|| Error::damaged(format!("policy {}: no key signed it", record.sequence)))?;
    Ok(Arc::new(Document { record, content }))
}

/// Believes a stored log only if a key of the organisation signed that it is its own.
fn believed(log: LogRecord, keys: &[KeyRecord]) -> Result<LogRecord, Error> {
    let keys: Vec<PublicKey> = keys.iter().filter_map(|key| PublicKey::from_bytes(key.key).ok()).collect();
    let document = LogDocument::read(&log.sealed, &keys).ok();
    let is_own = |document: LogDocument| {
        document.origin == log.origin && document.key.0 == log.key && document.statuses.0 == log.statuses
    };
    if document.is_some_and(is_own) { Ok(log) } else { Err(Error::damaged("the log: no key signed it")) }
}

/// All organisations.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    version: u64,
    views: BTreeMap<Id, Arc<View>>,
    by_key: BTreeMap<Digest, Id>,
}

impl Directory {
    /// Loads everything.
    pub fn load(records: &mut dyn Records) -> Result<Directory, Error> {
        let version = records.directory_version()?;
        let keys = records.keys()?;
        let by_key = keys.iter().map(|key| (key.id, key.organisation)).collect();
        let mut views = BTreeMap::new();
        for organisation in records.organisations()? {
            let id = organisation.id;
            let own = keys.iter().filter(|key| key.organisation == id).cloned().collect();
            views.insert(id, Arc::new(View::load(records, organisation, own)?));
        }
        Ok(Directory { version, views, by_key })
    }

    /// Says [`Error::Stale`] where something was changed since this was loaded.
    ///
    /// A transaction that writes asks last, when it holds its locks, and not only first. Then what it counted and changed
    /// is right: whoever moves a unit waits for the tallies that it holds, whoever changes the directory for the
    /// organisation, and so comes after it.
    pub fn must_be_current(&self, records: &mut dyn Records) -> Result<(), Error> {
        if records.directory_version()? == self.version { Ok(()) } else { Err(Error::Stale) }
    }

    /// An organisation.
    pub fn view(&self, organisation: Id) -> Result<&Arc<View>, Error> {
        self.views.get(&organisation).ok_or_else(|| Error::refused(Code::NotFound))
    }

    /// The organisation that has or had this key.
    pub fn of_key(&self, key: &Digest) -> Result<&Arc<View>, Error> {
        let id = self.by_key.get(key).ok_or_else(|| Error::refused(Code::OrganisationUnknown))?;
        self.view(*id)
    }

    /// The organisation that public addresses name by these digits ([`crate::log::digits`]).
    pub fn of_digits(&self, digits: &str) -> Result<&Arc<View>, Error> {
        let mut views = self.views();
        let found = views.find(|view| crate::log::digits(&view.root_key()) == digits);
        found.ok_or_else(|| Error::refused(Code::OrganisationUnknown))
    }

    /// Every organisation.
    pub fn views(&self) -> impl Iterator<Item = &Arc<View>> {
        self.views.values()
    }
}
