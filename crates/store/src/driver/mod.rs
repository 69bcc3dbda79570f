//! The narrow door to a database: statements with values in, rows out, the same on SQLite and PostgreSQL.
//!
//! What both agree on: integers of 64 bits, text without U+0000, bytes, NULL. Text sorts by its bytes. A condition
//! (`EXISTS`, `a = b`) reads as 0 or 1; a sum is written `CAST(SUM(x) AS INTEGER)`. Placeholders are `?1`, `?2`, …;
//! see [`dialect`] for what becomes of a statement on PostgreSQL.

mod address;
pub mod dialect;
mod fault;
mod insert;
mod pool;
mod postgres;
mod row;
mod sqlite;
mod tls;
mod value;

pub use fault::Fault;
pub use insert::{Insert, MAX_PARAMETERS};
pub use row::Row;
pub use value::Value;

pub(crate) use address::Address;
pub(crate) use pool::Pool;
pub(crate) use postgres::PostgresConnection;
pub(crate) use sqlite::{FolderLock, SqliteConnection};

/// Which database answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// The embedded one: a file in the data folder, one server.
    Sqlite,
    /// A PostgreSQL that several servers may share.
    Postgres,
}

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// One snapshot; a statement that would write is refused.
    Read,
    /// On SQLite no other write runs meanwhile. On PostgreSQL each statement sees what others committed before it began:
    /// whoever decides by what they read locks it (`FOR UPDATE`) in the same statement. Serializable transactions would
    /// do without, but those of several servers all meet in the same tallies, and all but one begin anew.
    Write,
}

/// A connection. Statements are prepared once and kept.
///
/// After [`Fault::Unavailable`] the transaction is gone; whoever began it begins again.
pub trait Connection: Send {
    /// Which database this is.
    fn backend(&self) -> Backend;
    /// Runs a statement that returns no rows, and answers how many it changed.
    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, Fault>;
    /// Runs a statement and reads all its rows into memory; bound them with `LIMIT`.
    fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, Fault>;
    /// Begins a transaction.
    fn begin(&mut self, access: Access) -> Result<(), Fault>;
    /// Makes it durable. A connection lost in here leaves it unknown whether it is.
    fn commit(&mut self) -> Result<(), Fault>;
    /// Undoes it. Without one it does nothing.
    fn rollback(&mut self) -> Result<(), Fault>;

    /// The first row, if there is one.
    fn first(&mut self, sql: &str, values: &[Value]) -> Result<Option<Row>, Fault> {
        Ok(self.query(sql, values)?.into_iter().next())
    }
}
