//! The tables, step by step. A step that was released is never changed; the next one mends it.

use crate::database::Database;
use crate::driver::{Backend, Connection, Fault};
use crate::schema;

/// One step.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// From 1, without gaps.
    pub number: u32,
    /// What it brings.
    pub name: &'static str,
    /// Its statements, in SQLite's words (see [`crate::driver::dialect`]).
    pub statements: &'static [&'static str],
}

/// All steps of this program.
pub const MIGRATIONS: &[Migration] = &[
    Migration { number: 1, name: "directory", statements: schema::DIRECTORY },
    Migration { number: 2, name: "people", statements: schema::PEOPLE },
    Migration { number: 3, name: "devices", statements: schema::DEVICES },
    Migration { number: 4, name: "evidence", statements: schema::EVIDENCE },
    Migration { number: 5, name: "tallies", statements: schema::TALLIES },
    Migration { number: 6, name: "outbox", statements: schema::OUTBOX },
    Migration { number: 7, name: "replicas", statements: schema::REPLICAS },
    Migration { number: 8, name: "log", statements: schema::LOG },
];

const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_version (number INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT";

/// From which version to which a database was brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// Before; 0 is an empty database.
    pub from: u32,
    /// After.
    pub to: u32,
}

/// The version of the tables; 0 where there are none.
pub fn version(database: &Database) -> Result<u32, Fault> {
    database.read(|connection| {
        let known = match connection.backend() {
            Backend::Sqlite => "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'schema_version'",
            Backend::Postgres => "SELECT COUNT(to_regclass('schema_version'))",
        };
        let is_there = connection.first(known, &[])?.is_some_and(|row| row.integer(0) == Ok(1));
        if is_there { newest(connection) } else { Ok(0) }
    })
}

/// Brings a database up to date, in one transaction: all steps or none. One that a newer program has made is refused.
pub fn migrate(database: &Database, migrations: &[Migration]) -> Result<Migrated, Fault> {
    match database.write(|connection| connection.execute(TABLE, &[])) {
        // Another server has just made it.
        Ok(_) | Err(Fault::Duplicate(_)) => {}
        Err(fault) => return Err(fault),
    }
    database.write(|connection| {
        if connection.backend() == Backend::Postgres {
            // Servers that start at once go one after the other.
            connection.execute("LOCK TABLE schema_version IN ACCESS EXCLUSIVE MODE", &[])?;
        }
        let from = newest(connection)?;
        let known = migrations.last().map_or(0, |last| last.number);
        if from > known {
            return Err(Fault::TooNew { found: from, known });
        }
        for migration in migrations.iter().filter(|migration| migration.number > from) {
            step(connection, migration)?;
        }
        Ok(Migrated { from, to: known })
    })
}

fn newest(connection: &mut dyn Connection) -> Result<u32, Fault> {
    let row = connection.first("SELECT COALESCE(MAX(number), 0) FROM schema_version", &[])?;
    row.map_or(Ok(0), |row| row.number(0))
}

fn step(connection: &mut dyn Connection, migration: &Migration) -> Result<(), Fault> {
    for statement in migration.statements {
        connection.execute(statement, &[])?;
    }
    let values = [migration.number.into(), migration.name.into()];
    connection.execute("INSERT INTO schema_version (number, name) VALUES (?1, ?2)", &values)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_numbered_without_gaps() {
        let numbers: Vec<u32> = MIGRATIONS.iter().map(|migration| migration.number).collect();
        let expected: Vec<u32> = (1..).take(MIGRATIONS.len()).collect();
        assert_eq!(numbers, expected);
    }
}
