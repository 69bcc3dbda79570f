//! A database with transactions that are tried again.

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::driver::{
    Access, Address, Backend, Connection, Fault, FolderLock, Pool, PostgresConnection, SqliteConnection,
};

/// The file of the embedded database in the data folder.
pub const FILE: &str = "seaworthy.db";
/// Most attempts that other writers may spoil.
const CONFLICTS: u32 = 16;
/// The longest pause between two attempts.
const PAUSE: Duration = Duration::from_millis(500);

/// How many connections, and how long to wait for a database that is not there.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Connections to PostgreSQL, and connections that read from SQLite.
    pub connections: usize,
    /// How long a transaction is tried again while the database cannot be reached.
    pub patience: Duration,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { connections: 8, patience: Duration::from_secs(8) }
    }
}

/// Where the organisation's data is kept.
pub struct Database {
    place: Place,
    settings: Settings,
}

enum Place {
    Sqlite { writer: Pool<SqliteConnection>, readers: Pool<SqliteConnection>, name: String, _lock: Option<FolderLock> },
    Postgres { pool: Pool<PostgresConnection>, address: Arc<Address> },
}

impl Database {
    /// The embedded database of a data folder, made if there is none. A second server on the folder is refused.
    pub fn sqlite(folder: &Path, settings: Settings) -> Result<Database, Fault> {
        let lock = FolderLock::take(folder)?;
        Database::file(folder, Some(lock), settings)
    }

    /// The embedded database of a folder in which a server may be at work: for what its operator does beside it.
    pub fn beside(folder: &Path, settings: Settings) -> Result<Database, Fault> {
        Database::file(folder, None, settings)
    }

    fn file(folder: &Path, lock: Option<FolderLock>, settings: Settings) -> Result<Database, Fault> {
        let path = folder.join(FILE);
        let writer = Pool::new(vec![SqliteConnection::writer(&path)?]);
        let readers = (0..settings.connections.max(1)).map(|_| SqliteConnection::reader(&path));
        let readers = Pool::new(readers.collect::<Result<_, Fault>>()?);
        let name = path.display().to_string();
        Ok(Database { place: Place::Sqlite { writer, readers, name, _lock: lock }, settings })
    }

    /// A PostgreSQL by its address (see `docs/`); it is reached when it is first needed.
    pub fn postgres(address: &str, settings: Settings) -> Result<Database, Fault> {
        let address = Arc::new(Address::parse(address)?);
        let connection = || PostgresConnection::new(Arc::clone(&address));
        let pool = Pool::new((0..settings.connections.max(1)).map(|_| connection()).collect());
        Ok(Database { place: Place::Postgres { pool, address }, settings })
    }

    /// Which database it is.
    pub fn backend(&self) -> Backend {
        match self.place {
            Place::Sqlite { .. } => Backend::Sqlite,
            Place::Postgres { .. } => Backend::Postgres,
        }
    }

    /// Where it is, without user and password.
    pub fn name(&self) -> String {
        match &self.place {
            Place::Sqlite { name, .. } => name.clone(),
            Place::Postgres { address, .. } => address.to_string(),
        }
    }

    /// Works in a transaction that writes (see [`Access::Write`]), and makes it durable before this returns.
    ///
    /// `work` may run several times: it begins anew when another writer came first or the connection was lost. It MUST
    /// be a function of what it reads and of what it was given, and its writes MUST be idempotent: a connection that is
    /// lost during the commit leaves it unknown whether the commit happened, and then `work` meets its own writes.
    /// When it errs, or one of its statements did, nothing of it is kept. What it answers with `Ok` is committed.
    pub fn write<T>(&self, work: impl FnMut(&mut dyn Connection) -> Result<T, Fault>) -> Result<T, Fault> {
        self.patiently(Access::Write, work)
    }

    /// Works on one snapshot. Writing is refused.
    pub fn read<T>(&self, work: impl FnMut(&mut dyn Connection) -> Result<T, Fault>) -> Result<T, Fault> {
        self.patiently(Access::Read, work)
    }

    /// Works as [`Database::write`] does, but once: whoever asks whether it can be written to wants to know it now.
    pub fn write_once<T>(&self, mut work: impl FnMut(&mut dyn Connection) -> Result<T, Fault>) -> Result<T, Fault> {
        self.once(Access::Write, &mut work)
    }

    fn patiently<T>(
        &self,
        access: Access,
        mut work: impl FnMut(&mut dyn Connection) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let began = Instant::now();
        let mut attempt = 0;
        loop {
            let fault = match self.once(access, &mut work) {
                Ok(answer) => return Ok(answer),
                Err(fault) => fault,
            };
            attempt += 1;
            if !self.is_worth_another(&fault, attempt, began.elapsed()) {
                return Err(fault);
            }
            thread::sleep(pause(attempt));
        }
    }

    fn once<T>(
        &self,
        access: Access,
        work: &mut dyn FnMut(&mut dyn Connection) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let done = match &self.place {
            Place::Sqlite { writer, readers, .. } => {
                let pool = if access == Access::Write { writer } else { readers };
                pool.with(|connection| transaction(connection, access, work))
            }
            Place::Postgres { pool, .. } => pool.with(|connection| transaction(connection, access, work)),
        };
        done.unwrap_or_else(|| Err(Fault::Other("a pool without connections".to_owned())))
    }

    /// A key that is taken is taken for good where nobody else can have taken it meanwhile.
    fn is_worth_another(&self, fault: &Fault, attempts: u32, waited: Duration) -> bool {
        let most = match fault {
            Fault::Unavailable(_) => u32::MAX,
            Fault::Conflict(_) => CONFLICTS,
            Fault::Duplicate(_) if self.backend() == Backend::Postgres => 2,
            _ => 0,
        };
        attempts < most && waited < self.settings.patience
    }
}

fn transaction<T>(
    connection: &mut dyn Connection,
    access: Access,
    work: &mut dyn FnMut(&mut dyn Connection) -> Result<T, Fault>,
) -> Result<T, Fault> {
    connection.begin(access)?;
    let done = work(connection).and_then(|answer| connection.commit().map(|()| answer));
    if done.is_err() {
        // The fault that matters is the one above; a connection that cannot undo begins with undoing.
        let _ = connection.rollback();
    }
    done
}

/// Doubles from 2 ms, and differs between servers so that they do not meet again.
fn pause(attempt: u32) -> Duration {
    let doubled = Duration::from_millis(1 << attempt.min(9)).min(PAUSE);
    let spread = std::process::id().wrapping_add(attempt).wrapping_mul(0x9E37_79B9) >> 24;
    doubled + doubled * spread / 256
}
