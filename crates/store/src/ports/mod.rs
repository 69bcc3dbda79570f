//! The ports of the service in SQL, one file for each. The contracts stand there (`seaworthy_service::ports`).
//!
//! On PostgreSQL a transaction that writes sees what others committed meanwhile (READ COMMITTED), so what it reads to
//! decide by is locked first: a device by its standing, an enrolment token by its row, everything that administrators
//! decide by their organisation. Rows are locked in the order of their keys, and tallies last, because all replicas meet
//! there. SQLite has one writer, and needs none of this.

mod audit;
mod columns;
mod devices;
mod erasure;
mod evidence;
mod keys;
mod ledgers;
mod log;
mod organisations;
mod outbox;
mod pages;
mod people;
mod policies;
mod recount;
mod statuses;
mod store;
mod tallies;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};

use seaworthy_protocol::Digest;
use seaworthy_service::Id;
use seaworthy_service::ports::{DeviceState, Fault};

use crate::driver::{self, Access, Backend, Connection, Insert, Row, Value};

pub use store::SqlStore;

/// What a transaction of the service reads and writes.
pub struct SqlRecords<'a> {
    connection: &'a mut dyn Connection,
    access: Access,
    /// The first fault of the database: it decides whether the transaction is tried again.
    failed: Option<driver::Fault>,
    /// Unit and state of the devices that were read: where they stay, no index is written.
    met: BTreeMap<(Id, Digest), (Id, DeviceState)>,
    /// The organisation whose administrators wait for this transaction.
    held: Option<Id>,
    /// The organisations of whose directory this transaction changed something.
    renewed: BTreeSet<Id>,
}

impl<'a> SqlRecords<'a> {
    /// The records behind a connection within a transaction.
    pub fn new(connection: &'a mut dyn Connection, access: Access) -> SqlRecords<'a> {
        SqlRecords { connection, access, failed: None, met: BTreeMap::new(), held: None, renewed: BTreeSet::new() }
    }

    /// Remembers a fault of the database, and says it in the service's words.
    fn noted<T>(&mut self, done: Result<T, driver::Fault>) -> Result<T, Fault> {
        done.map_err(|fault| {
            let told = told(fault.clone());
            self.failed.get_or_insert(fault);
            told
        })
    }

    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, Fault> {
        let done = self.connection.execute(sql, values);
        self.noted(done)
    }

    /// Reads all rows, each by `read`.
    fn all<T>(
        &mut self,
        sql: &str,
        values: &[Value],
        read: impl Fn(&Row) -> Result<T, driver::Fault>,
    ) -> Result<Vec<T>, Fault> {
        let rows = self.connection.query(sql, values);
        let found = rows.and_then(|rows| rows.iter().map(read).collect());
        self.noted(found)
    }

    /// Reads the first row, if there is one.
    fn first<T>(
        &mut self,
        sql: &str,
        values: &[Value],
        read: impl Fn(&Row) -> Result<T, driver::Fault>,
    ) -> Result<Option<T>, Fault> {
        let row = self.connection.first(sql, values);
        let found = row.and_then(|row| row.as_ref().map(read).transpose());
        self.noted(found)
    }

    fn insert(&mut self, insert: &Insert, values: &[Value]) -> Result<u64, Fault> {
        let done = insert.rows(self.connection, values);
        self.noted(done)
    }

    /// Whether rows must be locked before they are decided by.
    fn locks(&self) -> bool {
        self.access == Access::Write && self.connection.backend() == Backend::Postgres
    }

    /// What locks the rows of a `SELECT`.
    fn lock(&self) -> &'static str {
        if self.locks() { " FOR UPDATE" } else { "" }
    }

    /// Lets the administrators' transactions of an organisation go one after the other. Intake does not wait for it.
    fn hold(&mut self, organisation: Id) -> Result<(), Fault> {
        if self.locks() && self.held != Some(organisation) {
            let sql = "SELECT 1 FROM organisations WHERE id = ?1 FOR NO KEY UPDATE";
            self.all(sql, &[organisation.into()], |_| Ok(()))?;
            self.held = Some(organisation);
        }
        Ok(())
    }

    /// Before a change of what the directory holds of an organisation: counts its version up, once in a transaction.
    fn renew(&mut self, organisation: Id) -> Result<(), Fault> {
        self.hold(organisation)?;
        if self.renewed.insert(organisation) {
            let sql = "INSERT INTO directory_versions (organisation, version) VALUES (?1, 1) \
                       ON CONFLICT (organisation) DO UPDATE SET version = directory_versions.version + 1";
            self.execute(sql, &[organisation.into()])?;
        }
        Ok(())
    }
}

/// A fault of the database in the service's words.
fn told(fault: driver::Fault) -> Fault {
    let text = fault.to_string();
    match fault {
        driver::Fault::Unavailable(_) | driver::Fault::Conflict(_) => Fault::Unavailable(text),
        driver::Fault::Duplicate(_) => Fault::Conflict(text),
        driver::Fault::Full(_) => Fault::Full(text),
        driver::Fault::Corrupt(_) => Fault::Damaged(text),
        driver::Fault::ReadOnly(_) | driver::Fault::TooNew { .. } | driver::Fault::InUse(_) => Fault::Other(text),
        driver::Fault::Other(_) => Fault::Other(text),
    }
}
