//! The contracts of the service's ports, each a test that runs on SQLite and on a real PostgreSQL.

#[cfg(test)]
mod devices;
#[cfg(test)]
mod directory;
#[cfg(test)]
mod evidence;
#[cfg(test)]
mod exchange;
#[cfg(test)]
mod fleet;
#[cfg(test)]
mod leaves;
#[cfg(test)]
mod ledgers;
#[cfg(test)]
mod log;
#[cfg(test)]
mod outbox;
#[cfg(test)]
mod people;
#[cfg(test)]
mod revoking;
#[cfg(test)]
mod statuses;
#[cfg(test)]
mod tallies;
#[cfg(test)]
mod transactions;

#[cfg(test)]
use seaworthy_service::ports::{Fault, Records, Store, read, write};
#[cfg(test)]
use seaworthy_store::migrations::{MIGRATIONS, migrate};
#[cfg(test)]
use seaworthy_store::{Database, Settings, SqlStore};
#[cfg(test)]
use seaworthy_testkit::postgres::Postgres;

/// Runs a test on an empty store of each kind.
#[cfg(test)]
fn for_each_store(test: impl Fn(&SqlStore)) {
    let folder = tempfile::tempdir().unwrap();
    test(&opened(Database::sqlite(folder.path(), Settings::default()).unwrap()));
    if let Some(server) = Postgres::shared() {
        test(&opened(Database::postgres(&server.database(), Settings::default()).unwrap()));
    }
}

#[cfg(test)]
fn opened(database: Database) -> SqlStore {
    migrate(&database, MIGRATIONS).unwrap();
    SqlStore::new(database)
}

/// Writes in a transaction of its own.
#[cfg(test)]
fn put<T>(store: &dyn Store, work: impl FnMut(&mut dyn Records) -> Result<T, Fault>) -> T {
    write(store, work).unwrap()
}

/// Reads in a transaction of its own.
#[cfg(test)]
fn get<T>(store: &dyn Store, work: impl FnMut(&mut dyn Records) -> Result<T, Fault>) -> T {
    read(store, work).unwrap()
}
