//! What can go wrong in a database, by what is to be done about it.
//!
//! No text here holds a password, an address with one, or the values of a row: PostgreSQL's `DETAIL` is left out.

use std::error::Error;
use std::io::ErrorKind;

use postgres::error::SqlState;
use rusqlite::ErrorCode;

/// How PostgreSQL says that a prepared statement has grown stale.
pub(crate) const REPLANNED: &str = "cached plan must not change result type";

/// Why the database did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Connection lost, restart, failover, too busy: the same may work in a moment.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// Another transaction came first: the same, from its beginning, may work at once.
    #[error("another writer came first: {0}")]
    Conflict(String),
    /// The key is taken.
    #[error("the key is taken: {0}")]
    Duplicate(String),
    /// The disk is full; nothing was written.
    #[error("the disk of the database is full: {0}")]
    Full(String),
    /// What is on the disk is not what was written there.
    #[error("the database is damaged: {0}; restore a backup")]
    Corrupt(String),
    /// It may be read but not written.
    #[error("the database cannot be written: {0}")]
    ReadOnly(String),
    /// A newer program has made the tables.
    #[error("the tables are of version {found}, and this program knows version {known}; run the newer program")]
    TooNew {
        /// The version of the tables.
        found: u32,
        /// The newest that this program knows.
        known: u32,
    },
    /// Another server has the data folder.
    #[error("another server uses the folder {0}; only one can")]
    InUse(String),
    /// Anything else: a statement that is wrong, a value that does not fit.
    #[error("{0}")]
    Other(String),
}

impl Fault {
    /// Whether the same transaction, from its beginning, may end better.
    pub fn is_passing(&self) -> bool {
        matches!(self, Fault::Unavailable(_) | Fault::Conflict(_) | Fault::Duplicate(_))
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Fault {
        let text = error.to_string();
        let Some(code) = error.sqlite_error() else { return Fault::Other(text) };
        match code.code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Fault::Conflict(text),
            ErrorCode::ConstraintViolation if is_taken(code.extended_code) => Fault::Duplicate(text),
            ErrorCode::DiskFull => Fault::Full(text),
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Fault::Corrupt(text),
            ErrorCode::ReadOnly => Fault::ReadOnly(text),
            ErrorCode::CannotOpen => Fault::Unavailable(text),
            _ => Fault::Other(text),
        }
    }
}

fn is_taken(extended: i32) -> bool {
    use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID, SQLITE_CONSTRAINT_UNIQUE};
    matches!(extended, SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_UNIQUE | SQLITE_CONSTRAINT_ROWID)
}

impl From<postgres::Error> for Fault {
    fn from(error: postgres::Error) -> Fault {
        if let Some(told) = error.as_db_error() {
            return Fault::told(told.code(), format!("{} ({})", told.message(), told.code().code()));
        }
        let cause = error.source().map_or_else(String::new, |cause| format!(": {cause}"));
        let text = format!("{error}{cause}");
        let is_lost = error.is_closed() || error.source().is_some_and(is_lost);
        // The client's own words for an attempt that took too long and for a server that closed too soon.
        let is_late = matches!(error.to_string().as_str(), "timeout waiting for server" | "error connecting to server");
        if is_lost || is_late { Fault::Unavailable(text) } else { Fault::Other(text) }
    }
}

/// A line that broke; not a certificate that is refused, which the client reports as bad data.
fn is_lost(cause: &(dyn Error + 'static)) -> bool {
    let error = cause.downcast_ref::<std::io::Error>();
    error.is_some_and(|error| !matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::InvalidInput))
}

impl Fault {
    /// A fault that PostgreSQL told, by its code
    /// (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
    fn told(code: &SqlState, text: String) -> Fault {
        match code.code() {
            "40001" | "40P01" | "55P03" => Fault::Conflict(text),
            "23505" => Fault::Duplicate(text),
            "53100" => Fault::Full(text),
            // Another server has changed a table since the statement was prepared; the connection prepares it anew.
            "0A000" if text.starts_with(REPLANNED) => Fault::Conflict(text),
            "XX001" | "XX002" => Fault::Corrupt(text),
            "25006" => Fault::ReadOnly(text),
            "40003" | "57P01" | "57P02" | "57P03" | "57P05" => Fault::Unavailable(text),
            other if other.starts_with("08") || other.starts_with("53") => Fault::Unavailable(text),
            _ => Fault::Other(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    fn of_sqlite(code: i32) -> Fault {
        rusqlite::Error::SqliteFailure(ffi::Error::new(code), Some("text".to_owned())).into()
    }

    #[test]
    fn faults_of_sqlite_are_told_apart() {
        let text = || "text".to_owned();
        for (code, fault) in [
            (ffi::SQLITE_BUSY, Fault::Conflict(text())),
            (ffi::SQLITE_BUSY_SNAPSHOT, Fault::Conflict(text())),
            (ffi::SQLITE_CONSTRAINT_PRIMARYKEY, Fault::Duplicate(text())),
            (ffi::SQLITE_CONSTRAINT_UNIQUE, Fault::Duplicate(text())),
            (ffi::SQLITE_CONSTRAINT_NOTNULL, Fault::Other(text())),
            (ffi::SQLITE_FULL, Fault::Full(text())),
            (ffi::SQLITE_CORRUPT, Fault::Corrupt(text())),
            (ffi::SQLITE_NOTADB, Fault::Corrupt(text())),
            (ffi::SQLITE_READONLY, Fault::ReadOnly(text())),
            (ffi::SQLITE_CANTOPEN, Fault::Unavailable(text())),
            (ffi::SQLITE_ERROR, Fault::Other(text())),
        ] {
            assert_eq!(of_sqlite(code), fault, "{code}");
        }
    }

    #[test]
    fn faults_of_postgresql_are_told_apart() {
        let kind = |code: &str| {
            let fault = Fault::told(&SqlState::from_code(code), String::new());
            format!("{fault:?}").split('(').next().unwrap_or_default().to_owned()
        };
        for (code, expected) in [
            ("40001", "Conflict"),
            ("40P01", "Conflict"),
            ("55P03", "Conflict"),
            ("23505", "Duplicate"),
            ("23502", "Other"),
            ("53100", "Full"),
            ("53300", "Unavailable"),
            ("57P01", "Unavailable"),
            ("57P03", "Unavailable"),
            ("08006", "Unavailable"),
            ("25006", "ReadOnly"),
            ("XX001", "Corrupt"),
            ("42601", "Other"),
            ("28P01", "Other"),
        ] {
            assert_eq!(kind(code), expected, "{code}");
        }
    }
}
