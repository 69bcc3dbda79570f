//! The data folder of the embedded database: one server, private files, backups.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::thread;

use seaworthy_store::driver::{Connection, Fault, Value};
use seaworthy_store::{Database, FILE, Settings, backup, restore};

fn open(folder: &Path) -> Result<Database, Fault> {
    Database::sqlite(folder, Settings::default())
}

fn put(connection: &mut dyn Connection, id: i64) -> Result<u64, Fault> {
    connection.execute("INSERT INTO t (id, filler) VALUES (?1, ?2)", &[id.into(), vec![7_u8; 1000].into()])
}

fn rows(database: &Database) -> i64 {
    database.read(|connection| connection.first("SELECT COUNT(*) FROM t", &[])?.unwrap().integer(0)).unwrap()
}

fn filled(folder: &Path) -> Database {
    let database = open(folder).unwrap();
    let made = database.write(|connection| {
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, filler BLOB) STRICT", &[])?;
        (0..2_000).try_for_each(|id| put(connection, id).map(drop))
    });
    made.unwrap();
    database
}

#[test]
fn a_folder_has_one_server_and_private_files() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("deep/data");
    let first = filled(&data);
    let refused = open(&data).err().unwrap();
    assert_eq!(refused, Fault::InUse(data.display().to_string()));
    assert!(refused.to_string().starts_with("another server uses the folder"));
    for file in fs::read_dir(&data).unwrap() {
        assert_eq!(file.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    drop(first);
    assert_eq!(rows(&open(&data).unwrap()), 2_000);
}

#[test]
fn a_backup_is_taken_under_load_and_restored() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let copy = folder.path().join("copy.db");
    let database = filled(&data);
    thread::scope(|scope| {
        let writer = scope
            .spawn(|| (2_000..2_200).try_for_each(|id| database.write(|connection| put(connection, id)).map(drop)));
        backup(&data, &copy).unwrap();
        writer.join().unwrap().unwrap();
    });
    assert!(matches!(backup(&data, &copy), Err(Fault::Other(_))), "it was overwritten");
    assert!(matches!(restore(&copy, &data), Err(Fault::InUse(_))), "under a running server");
    assert_eq!(rows(&database), 2_200);
    drop(database);
    restore(&copy, &data).unwrap();
    let restored = rows(&open(&data).unwrap());
    assert!((2_000..=2_200).contains(&restored), "{restored}");
    assert!(data.join(format!("{FILE}.before")).exists());
}

#[test]
fn a_damaged_file_is_told_and_a_damaged_backup_is_not_restored() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    drop(filled(&data));
    let mut bytes = fs::read(data.join(FILE)).unwrap();
    for page in bytes.chunks_mut(4096).skip(3).step_by(5) {
        page.fill(0x5A);
    }
    let damaged = folder.path().join("damaged.db");
    fs::write(&damaged, &bytes).unwrap();
    assert!(matches!(restore(&damaged, &data), Err(Fault::Corrupt(_))));
    assert_eq!(rows(&open(&data).unwrap()), 2_000);
    fs::write(data.join(FILE), "not a database, and long enough to have a header of a hundred bytes ".repeat(99))
        .unwrap();
    assert!(matches!(open(&data).err(), Some(Fault::Corrupt(_))));
}

#[test]
fn a_full_disk_is_told_and_passes() {
    let folder = tempfile::tempdir().unwrap();
    let database = filled(folder.path());
    let limit = |pages: i64| {
        let sql = format!("PRAGMA max_page_count = {pages}");
        database.write(|connection| connection.query(&sql, &[])).unwrap()[0].integer(0).unwrap()
    };
    let pages = limit(1);
    assert!(pages > 100, "{pages}");
    let full =
        database.write(|connection| connection.execute("UPDATE t SET filler = ?1", &[Value::Blob(vec![1; 5000])]));
    assert!(matches!(full, Err(Fault::Full(_))), "{full:?}");
    limit(1 << 20);
    assert_eq!(database.write(|connection| put(connection, 9_999)), Ok(1));
    assert_eq!(rows(&database), 2_001);
}
