//! The store of the service over a database.

use seaworthy_service::ports::{Fault, Store, Work};

use super::{SqlRecords, told};
use crate::database::Database;
use crate::driver::{self, Access, Connection};

/// A store in SQL.
pub struct SqlStore {
    database: Database,
}

impl SqlStore {
    /// The store of a database whose tables are up to date.
    pub fn new(database: Database) -> SqlStore {
        SqlStore { database }
    }

    /// The database.
    pub fn database(&self) -> &Database {
        &self.database
    }
}

impl Store for SqlStore {
    fn write(&self, work: &mut Work<'_>) -> Result<(), Fault> {
        self.database.write(|connection| run(connection, Access::Write, work)).map_err(told)
    }

    fn read(&self, work: &mut Work<'_>) -> Result<(), Fault> {
        self.database.read(|connection| run(connection, Access::Read, work)).map_err(told)
    }

    fn is_ready(&self) -> bool {
        let sql = "INSERT INTO ready (place, checks) VALUES (1, 1) ON CONFLICT (place) DO UPDATE \
                   SET checks = ready.checks + 1";
        self.database.write_once(|connection| connection.execute(sql, &[])).is_ok()
    }
}

/// Runs the service's work. Where the database failed, its fault says whether another try is worth it; where the work
/// itself said no, it is not.
fn run(connection: &mut dyn Connection, access: Access, work: &mut Work<'_>) -> Result<(), driver::Fault> {
    let mut records = SqlRecords::new(connection, access);
    let done = work(&mut records);
    match (done, records.failed) {
        (_, Some(fault)) => Err(fault),
        (Err(refusal), None) => Err(driver::Fault::Other(refusal.to_string())),
        (Ok(()), None) => Ok(()),
    }
}
