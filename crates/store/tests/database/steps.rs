//! The tables' versions.

use std::thread;

use seaworthy_model::Timestamp;
use seaworthy_protocol::Digest;
use seaworthy_service::Id;
use seaworthy_service::ports::{StampRecord, read};
use seaworthy_store::driver::{Fault, Value};
use seaworthy_store::migrations::{MIGRATIONS, Migrated, Migration, migrate, version};
use seaworthy_store::{Database, Settings, SqlStore};

use crate::on_both;
use seaworthy_testkit::postgres::Postgres;

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

/// A row of each table that the log's step changes, as the steps before it left them.
fn old_rows() -> Vec<(&'static str, &'static str, Vec<Value>)> {
    let id = || Value::from([1; 16]);
    let digest = || Value::from([2; 32]);
    let five = || Value::from(5_i64);
    let none = || Value::from([0x80]);
    let who: Value = b"\xA3\x62id\x60\x64name\x60\x64role\x60".into();
    let stamp = |issued: i64| vec![id(), digest(), issued.into(), id(), digest(), 9_i64.into()];
    let stamps = "organisation, device, issued_at, id, policy, expires_at";
    let policy = vec![id(), five(), digest(), digest(), "baseline".into(), five(), none()];
    let read = vec![id(), five(), five(), who, "because".into(), none(), "all".into(), id()];
    let reading = vec![id(), digest(), five(), digest(), five(), five(), five(), true.into(), digest(), none()];
    vec![
        (
            "organisation_keys",
            "organisation, place, id, key, successor, since",
            vec![id(), five(), digest(), digest(), none(), five()],
        ),
        ("policies", "organisation, sequence, digest, policy, name, issued_at, sealed", policy),
        ("assignments", "organisation, place, unit, since, sequence", vec![id(), five(), id(), five(), five()]),
        ("catalogs", "organisation, since, digest, bytes", vec![id(), five(), digest(), none()]),
        ("set_reads", "organisation, number, at, who, why, fields, query, units", read),
        ("entries", "organisation, device, sequence, entry", vec![id(), digest(), five(), none()]),
        (
            "readings",
            "organisation, device, counter, message, received_at, device_time, inspected_at, live, body, envelope",
            reading,
        ),
        ("stamps", stamps, stamp(5)),
        ("stamps", stamps, stamp(6)),
    ]
}

fn execute(database: &Database, sql: &str, values: &[Value]) -> Result<u64, Fault> {
    database.write(|connection| connection.execute(sql, values))
}

fn a_database_of_the_step_before_the_log(database: Database) {
    migrate(&database, &MIGRATIONS[..7]).unwrap();
    let old = old_rows();
    for (table, columns, values) in &old {
        let places: Vec<String> = (1..=values.len()).map(|place| format!("?{place}")).collect();
        let sql = format!("INSERT INTO {table} ({columns}) VALUES ({})", places.join(","));
        assert_eq!(execute(&database, &sql, values), Ok(1));
    }
    assert_eq!(migrate(&database, &MIGRATIONS[..8]), Ok(Migrated { from: 7, to: 8 }));
    for (table, ..) in old {
        let sql = format!("SELECT COUNT(*) FROM {table} WHERE leaf IS NULL");
        let rows = database.read(|connection| connection.first(&sql, &[])?.unwrap().integer(0));
        assert_eq!(rows, Ok(1 + i64::from(table == "stamps")), "{table}");
    }
    migrate(&database, MIGRATIONS).unwrap();
    let store = SqlStore::new(database);
    let organisation = Id::from_bytes([1; 16]);
    let device = Digest::from_bytes([2; 32]);
    let found: Result<_, seaworthy_service::ports::Fault> = read(&store, |records| {
        assert_eq!(records.keys()?[0].leaf, None);
        assert_eq!(records.policies(organisation)?[0].leaf, None);
        assert_eq!(records.assignments(organisation)?[0].leaf, None);
        assert_eq!(records.catalogs(organisation)?[0].leaf, None);
        assert_eq!(records.set_reads(organisation, 0, 9)?[0].leaf, None);
        records.stamps_in_force(organisation, &device, Timestamp::MIN)
    });
    let stamp = |issued_at| StampRecord {
        organisation,
        id: organisation,
        device,
        policy: device,
        issued_at: Timestamp::from_seconds(issued_at),
        expires_at: Timestamp::from_seconds(9),
        signed: Vec::new(),
        status: None,
        leaf: None,
    };
    assert_eq!(found, Ok(vec![stamp(5), stamp(6)]));
}

#[test]
fn what_is_older_than_the_log_has_no_leaf() {
    let folder = tempfile::tempdir().unwrap();
    a_database_of_the_step_before_the_log(Database::sqlite(folder.path(), Settings::default()).unwrap());
    if let Some(server) = Postgres::shared() {
        a_database_of_the_step_before_the_log(Database::postgres(&server.database(), Settings::default()).unwrap());
    }
}
