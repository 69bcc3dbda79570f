//! The same tests on SQLite and on a real PostgreSQL.

#[cfg(test)]
mod driver;
#[cfg(test)]
mod folder;
#[cfg(test)]
mod outage;
#[cfg(test)]
mod steps;

#[cfg(test)]
use seaworthy_store::{Database, Settings};
#[cfg(test)]
use seaworthy_testkit::postgres::Postgres;

/// Runs a test on an empty database of each kind.
#[cfg(test)]
fn on_both(test: impl Fn(&Database)) {
    let folder = tempfile::tempdir().unwrap();
    test(&Database::sqlite(folder.path(), Settings::default()).unwrap());
    if let Some(server) = Postgres::shared() {
        test(&Database::postgres(&server.database(), Settings::default()).unwrap());
    }
}
