//! The tables' versions.

use std::thread;

use seaworthy_store::Database;
use seaworthy_store::driver::Fault;
use seaworthy_store::migrations::{MIGRATIONS, Migrated, Migration, migrate, version};

use crate::on_both;

const FIRST: Migration = Migration {
    number: 1,
    name: "ships",
    statements: &["CREATE TABLE ships (id INTEGER PRIMARY KEY) STRICT", "INSERT INTO ships (id) VALUES (1)"],
};
const SECOND: Migration =
    Migration { number: 2, name: "their names", statements: &["ALTER TABLE ships ADD COLUMN name TEXT"] };
const BROKEN: Migration = Migration {
    number: 3,
    name: "broken",
    statements: &["INSERT INTO ships (id) VALUES (2)", "INSERT INTO nowhere (id) VALUES (1)"],
};

fn ships(database: &Database) -> i64 {
    database.read(|connection| connection.first("SELECT COUNT(*) FROM ships", &[])?.unwrap().integer(0)).unwrap()
}

#[test]
fn steps_run_once_and_a_newer_database_is_refused() {
    on_both(|database| {
        assert_eq!(version(database), Ok(0));
        assert_eq!(migrate(database, &[FIRST]), Ok(Migrated { from: 0, to: 1 }));
        assert_eq!(migrate(database, &[FIRST, SECOND]), Ok(Migrated { from: 1, to: 2 }));
        assert_eq!(migrate(database, &[FIRST, SECOND]), Ok(Migrated { from: 2, to: 2 }));
        assert_eq!(migrate(database, &[FIRST]), Err(Fault::TooNew { found: 2, known: 1 }));
        assert_eq!((version(database), ships(database)), (Ok(2), 1));
    });
}

#[test]
fn a_step_that_fails_leaves_nothing() {
    on_both(|database| {
        assert!(matches!(migrate(database, &[FIRST, SECOND, BROKEN]), Err(Fault::Other(_))));
        assert_eq!(version(database), Ok(0));
        migrate(database, &[FIRST, SECOND]).unwrap();
        assert!(migrate(database, &[FIRST, SECOND, BROKEN]).is_err());
        assert_eq!((version(database), ships(database)), (Ok(2), 1));
    });
}

#[test]
fn servers_that_start_at_once_go_one_after_the_other() {
    on_both(|database| {
        thread::scope(|scope| {
            let servers: Vec<_> = (0..4).map(|_| scope.spawn(|| migrate(database, &[FIRST, SECOND]))).collect();
            let from: Vec<u32> = servers.into_iter().map(|server| server.join().unwrap().unwrap().from).collect();
            assert_eq!(from.iter().filter(|from| **from == 0).count(), 1, "{from:?}");
        });
        assert_eq!(ships(database), 1);
    });
}

#[test]
fn the_shipped_steps_run_on_both() {
    on_both(|database| {
        migrate(database, MIGRATIONS).unwrap();
    });
}
