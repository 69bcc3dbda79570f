//! A PostgreSQL that restarts, crashes, and fails over to its standby while writers are at work.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread;
use std::time::Duration;

use seaworthy_store::driver::{Fault, Value};
use seaworthy_store::{Database, Settings};
use seaworthy_testkit::postgres::{PASSWORD, Postgres};

const SETTINGS: Settings = Settings { connections: 4, patience: Duration::from_secs(40) };

fn put(database: &Database, id: i64) -> Result<u64, Fault> {
    let sql = "INSERT INTO acknowledged (id) VALUES (?1) ON CONFLICT DO NOTHING";
    database.write(|connection| connection.execute(sql, &[Value::from(id)]))
}

fn make(database: &Database) {
    database.write(|connection| connection.execute("CREATE TABLE acknowledged (id INTEGER PRIMARY KEY)", &[])).unwrap();
}

fn kept(database: &Database) -> i64 {
    let sql = "SELECT COUNT(*) FROM acknowledged";
    database.read(|connection| connection.first(sql, &[])?.unwrap().integer(0)).unwrap()
}

/// Writes from several threads while something happens; answers how many were acknowledged. None may be refused.
fn under_load(database: &Database, happens: impl FnOnce()) -> i64 {
    let (next, ends) = (AtomicI64::new(0), AtomicBool::new(false));
    let writer = || {
        while !ends.load(Ordering::Relaxed) {
            put(database, next.fetch_add(1, Ordering::Relaxed)).unwrap();
        }
    };
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(writer);
        }
        thread::sleep(Duration::from_millis(300));
        happens();
        thread::sleep(Duration::from_millis(300));
        ends.store(true, Ordering::Relaxed);
    });
    next.load(Ordering::Relaxed)
}

#[test]
fn writers_ride_out_a_restart_and_a_crash() {
    let Some(server) = Postgres::start() else { return };
    let database = Database::postgres(&server.database(), SETTINGS).unwrap();
    make(&database);
    let acknowledged = under_load(&database, || {
        server.restart();
        thread::sleep(Duration::from_millis(200));
        server.kill();
        server.resume();
    });
    assert_eq!(kept(&database), acknowledged);
}

#[test]
fn a_standby_that_is_promoted_has_all_that_was_acknowledged() {
    let Some(primary) = Postgres::start() else { return };
    let standby = primary.standby();
    let made = primary.database();
    let hosts = format!("127.0.0.1:{},127.0.0.1:{}", primary.port(), standby.port());
    let both = made.replace(&format!("127.0.0.1:{}", primary.port()), &hosts);
    let database = Database::postgres(&both, SETTINGS).unwrap();
    make(&database);
    let acknowledged = under_load(&database, || {
        primary.kill();
        standby.promote();
    });
    assert_eq!(kept(&database), acknowledged);
}

#[test]
fn a_server_that_is_not_there_is_told_in_time_and_without_its_password() {
    let settings = Settings { patience: Duration::from_millis(50), ..SETTINGS };
    let database = Database::postgres(&format!("postgres://u:{PASSWORD}@127.0.0.1:1/f"), settings).unwrap();
    let fault = database.read(|connection| connection.query("SELECT 1", &[])).unwrap_err();
    assert!(matches!(fault, Fault::Unavailable(_)), "{fault:?}");
    assert!(!format!("{fault} {fault:?} {}", database.name()).contains(PASSWORD));
}

#[test]
fn a_wrong_password_is_refused_at_once() {
    let Some(server) = Postgres::shared() else { return };
    let address = server.database().replace(PASSWORD, "wrong-horse");
    let database = Database::postgres(&address, SETTINGS).unwrap();
    let fault = database.read(|connection| connection.query("SELECT 1", &[])).unwrap_err();
    assert!(matches!(fault, Fault::Other(_)), "{fault:?}");
    assert!(!fault.to_string().contains("wrong-horse"));
}

#[test]
fn a_line_is_encrypted_and_its_certificate_proved() {
    let Some((server, authority)) = Postgres::start_with_tls() else { return };
    let address = server.database();
    let named = address.replace("127.0.0.1", "localhost");
    let proved = format!("sslmode=verify-full&sslrootcert={}", authority.display());
    let encrypted = |address: String| {
        let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        let database = Database::postgres(&address, SETTINGS)?;
        database.read(|connection| connection.first(sql, &[])?.unwrap().boolean(0))
    };
    assert_eq!(encrypted(address.clone()), Ok(false));
    assert_eq!(encrypted(format!("{named}?{proved}")), Ok(true));
    assert_eq!(encrypted(format!("{named}?{}", proved.replace("verify-full", "require"))), Ok(true));
    for refused in [format!("{address}?{proved}"), format!("{named}?sslmode=verify-full")] {
        let fault = encrypted(refused).unwrap_err();
        assert!(matches!(&fault, Fault::Other(text) if text.contains("certificate")), "{fault:?}");
    }
}
