//! SQLite: one file, in write-ahead mode, every commit synced to the disk before it is answered.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, OpenFlags, ToSql, params_from_iter};
use rustix::fs::{FlockOperation, flock};

use super::{Access, Backend, Connection, Fault, Row, Value};

/// The file that a server locks for as long as it runs.
const LOCK: &str = "seaworthy.lock";
/// How long a statement waits for a backup or another reader of the file.
const BUSY: Duration = Duration::from_secs(5);
/// Statements that a connection keeps prepared.
const STATEMENTS: usize = 256;
/// Pages that a connection keeps, in KiB: one writer and a few readers stay well within the server's 512 MiB.
const WRITER_CACHE: u32 = 64 << 10;
const READER_CACHE: u32 = 16 << 10;

/// Held while a server has the data folder. The system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Makes the folder if there is none, for its owner alone, and locks it.
    pub fn take(folder: &Path) -> Result<FolderLock, Fault> {
        let wrong = |error: std::io::Error| Fault::Unavailable(format!("{}: {error}", folder.display()));
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(wrong)?;
        let options = || OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).to_owned();
        let file = options().open(folder.join(LOCK)).map_err(wrong)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(FolderLock { _file: file }),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(Fault::InUse(folder.display().to_string())),
            Err(error) => Err(wrong(error.into())),
        }
    }
}

/// A connection to the file.
pub(crate) struct SqliteConnection {
    inner: rusqlite::Connection,
    /// The first fault of the transaction: it is not committed then.
    failed: Option<Fault>,
}

impl SqliteConnection {
    /// Opens the file, and makes it if there is none, readable by its owner alone.
    pub fn writer(path: &Path) -> Result<SqliteConnection, Fault> {
        if !fs::exists(path).unwrap_or(false) {
            let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
            made.map_err(|error| Fault::Unavailable(format!("{}: {error}", path.display())))?;
        }
        SqliteConnection::open(path, WRITER_CACHE)
    }

    /// Opens the file that a writer has made.
    pub fn reader(path: &Path) -> Result<SqliteConnection, Fault> {
        let reader = SqliteConnection::open(path, READER_CACHE)?;
        reader.inner.execute_batch("PRAGMA query_only = ON")?;
        Ok(reader)
    }

    fn open(path: &Path, cache: u32) -> Result<SqliteConnection, Fault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let inner = rusqlite::Connection::open_with_flags(path, flags)?;
        inner.busy_timeout(BUSY)?;
        inner.set_prepared_statement_cache_capacity(STATEMENTS);
        // Deleted rows are overwritten: what a holder erased is gone from the file too.
        inner.execute_batch(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF; PRAGMA mmap_size = 0; \
             PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON; PRAGMA cache_size = -{cache}; \
             PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864"
        ))?;
        Ok(SqliteConnection { inner, failed: None })
    }

    fn noted<T>(&mut self, result: Result<T, Fault>) -> Result<T, Fault> {
        if let Err(fault) = &result
            && !self.inner.is_autocommit()
        {
            self.failed.get_or_insert_with(|| fault.clone());
        }
        result
    }
}

impl Connection for SqliteConnection {
    fn backend(&self) -> Backend {
        Backend::Sqlite
    }

    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, Fault> {
        let done = fit(values).and_then(|()| {
            let changed = self.inner.prepare_cached(sql)?.execute(params_from_iter(values))?;
            Ok(changed as u64)
        });
        self.noted(done)
    }

    fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, Fault> {
        let read = fit(values).and_then(|()| read(self.inner.prepare_cached(sql)?, values));
        self.noted(read)
    }

    fn begin(&mut self, access: Access) -> Result<(), Fault> {
        self.rollback()?;
        let begin = if access == Access::Write { "BEGIN IMMEDIATE" } else { "BEGIN" };
        self.inner.prepare_cached(begin)?.execute([])?;
        Ok(())
    }

    fn commit(&mut self) -> Result<(), Fault> {
        if let Some(fault) = self.failed.take() {
            self.rollback()?;
            return Err(fault);
        }
        self.inner.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }

    fn rollback(&mut self) -> Result<(), Fault> {
        self.failed = None;
        if !self.inner.is_autocommit() {
            self.inner.prepare_cached("ROLLBACK")?.execute([])?;
        }
        Ok(())
    }
}

fn fit(values: &[Value]) -> Result<(), Fault> {
    if values.iter().any(Value::is_unfit) { Err(Fault::Other("text with a NUL".to_owned())) } else { Ok(()) }
}

fn read(mut statement: CachedStatement<'_>, values: &[Value]) -> Result<Vec<Row>, Fault> {
    let mut rows = statement.query(params_from_iter(values))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        // Counted now: a statement that has grown stale was prepared anew by the first step.
        let columns = row.as_ref().column_count();
        let values = (0..columns).map(|column| value(row.get_ref(column)?)).collect::<Result<_, Fault>>()?;
        found.push(Row::new(values));
    }
    Ok(found)
}

fn value(read: ValueRef<'_>) -> Result<Value, Fault> {
    match read {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(number) => Ok(Value::Integer(number)),
        ValueRef::Text(text) => String::from_utf8(text.to_vec())
            .map(Value::Text)
            .map_err(|_| Fault::Corrupt("text that is not UTF-8".to_owned())),
        ValueRef::Blob(bytes) => Ok(Value::Blob(bytes.to_vec())),
        ValueRef::Real(_) => Err(Fault::Other("a column of type REAL; cast it".to_owned())),
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Integer(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Blob(bytes) => ValueRef::Blob(bytes),
            Value::List(_) => return Err(rusqlite::Error::ToSqlConversionFailure("a list".into())),
        }))
    }
}
