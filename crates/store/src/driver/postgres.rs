//! PostgreSQL: a connection that opens itself when it is needed, and again after a restart or a failover.
//!
//! Not for threads that drive an asynchronous runtime: the client waits in place.

use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;

use postgres::types::private::BytesMut;
use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use postgres::{Client, Statement};

use super::fault::REPLANNED;
use super::{Access, Address, Backend, Connection, Fault, Row, Value, dialect};

/// Statements that a connection keeps prepared.
const STATEMENTS: usize = 256;

/// Every statement of ours looks rows up by a key, in its order. A server that has not counted a table since it grew would
/// read and sort all of it instead.
const PLANS: &str = "SET enable_mergejoin = off; SET enable_bitmapscan = off";

/// A connection to a server.
pub(crate) struct PostgresConnection {
    address: Arc<Address>,
    client: Option<Client>,
    statements: Statements,
    transaction: Option<Access>,
    /// The first fault of the transaction. The server would answer its `COMMIT` by undoing it, and call that done.
    failed: Option<Fault>,
}

impl PostgresConnection {
    /// Names the server; the first statement connects.
    pub fn new(address: Arc<Address>) -> PostgresConnection {
        let statements = Statements::default();
        PostgresConnection { address, client: None, statements, transaction: None, failed: None }
    }

    /// Connects where there is no connection. Never within a transaction, whose first half would be lost.
    fn open(&mut self) -> Result<&mut Client, Fault> {
        let is_lost = self.client.as_ref().is_none_or(Client::is_closed);
        if is_lost && self.transaction.is_some() {
            return Err(Fault::Unavailable("the connection was lost within a transaction".to_owned()));
        }
        if is_lost {
            self.close();
            let mut client = self.address.connect()?;
            client.batch_execute(PLANS)?;
            self.client = Some(client);
        }
        self.client.as_mut().ok_or_else(|| Fault::Unavailable("not connected".to_owned()))
    }

    fn close(&mut self) {
        self.client = None;
        self.statements = Statements::default();
    }

    fn batch(&mut self, sql: &str) -> Result<(), Fault> {
        let done = self.open().and_then(|client| Ok(client.batch_execute(sql)?));
        self.noted(done)
    }

    fn prepared(&mut self, sql: &str) -> Result<Statement, Fault> {
        self.open()?;
        if let Some(statement) = self.statements.recall(sql) {
            return Ok(statement);
        }
        let statement = self.open()?.prepare(&dialect::postgres(sql)?)?;
        self.statements.keep(sql, statement.clone());
        Ok(statement)
    }

    /// Remembers a fault for the commit, and lets go of a connection that is of no more use.
    fn noted<T>(&mut self, result: Result<T, Fault>) -> Result<T, Fault> {
        result.map_err(|fault| {
            let fault = match fault {
                // A server that became a standby; the next connection finds the one that takes writes.
                Fault::ReadOnly(text) if self.transaction == Some(Access::Write) => Fault::Unavailable(text),
                other => other,
            };
            if self.transaction.is_some() {
                self.failed.get_or_insert_with(|| fault.clone());
            }
            match &fault {
                Fault::Unavailable(_) => self.close(),
                Fault::Conflict(text) if text.starts_with(REPLANNED) => self.statements = Statements::default(),
                _ => {}
            }
            fault
        })
    }
}

impl Connection for PostgresConnection {
    fn backend(&self) -> Backend {
        Backend::Postgres
    }

    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, Fault> {
        let done =
            self.prepared(sql).and_then(|statement| Ok(self.open()?.execute(&statement, &parameters(values))?));
        self.noted(done)
    }

    fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, Fault> {
        let read = self.prepared(sql).and_then(|statement| {
            let rows = self.open()?.query(&statement, &parameters(values))?;
            rows.iter().map(row).collect()
        });
        self.noted(read)
    }

    fn begin(&mut self, access: Access) -> Result<(), Fault> {
        if self.transaction.is_some() {
            self.rollback()?;
        }
        let begin = match access {
            Access::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Access::Write => "BEGIN ISOLATION LEVEL READ COMMITTED",
        };
        // A connection that idled while the server restarted learns it here; the second attempt is a new connection.
        match self.batch(begin) {
            Err(Fault::Unavailable(_)) => self.batch(begin)?,
            other => other?,
        }
        self.transaction = Some(access);
        Ok(())
    }

    fn commit(&mut self) -> Result<(), Fault> {
        if let Some(fault) = self.failed.take() {
            self.rollback()?;
            return Err(fault);
        }
        let done = self.batch("COMMIT");
        self.transaction = None;
        self.failed = None;
        done
    }

    fn rollback(&mut self) -> Result<(), Fault> {
        let transaction = self.transaction.take();
        self.failed = None;
        // A connection that was lost has undone it already.
        if transaction.is_some() && self.client.is_some() && self.batch("ROLLBACK").is_err() {
            self.close();
        }
        Ok(())
    }
}

/// Prepared statements by what was written for them; the one that was longest not used makes room.
#[derive(Default)]
struct Statements {
    kept: HashMap<String, (Statement, u64)>,
    uses: u64,
}

impl Statements {
    fn recall(&mut self, sql: &str) -> Option<Statement> {
        self.uses += 1;
        let (statement, used) = self.kept.get_mut(sql)?;
        *used = self.uses;
        Some(statement.clone())
    }

    fn keep(&mut self, sql: &str, statement: Statement) {
        if self.kept.len() >= STATEMENTS {
            let oldest = self.kept.iter().min_by_key(|(_, (_, used))| *used).map(|(sql, _)| sql.clone());
            oldest.and_then(|sql| self.kept.remove(&sql));
        }
        self.kept.insert(sql.to_owned(), (statement, self.uses));
    }
}

fn parameters(values: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

fn row(row: &postgres::Row) -> Result<Row, Fault> {
    let values = (0..row.len()).map(|column| Ok(row.try_get::<_, Value>(column)?));
    values.collect::<Result<_, Fault>>().map(Row::new)
}

type Unfit = Box<dyn Error + Sync + Send>;

impl ToSql for Value {
    fn to_sql(&self, wanted: &Type, out: &mut BytesMut) -> Result<IsNull, Unfit> {
        match (self, wanted) {
            (Value::Null, _) => Ok(IsNull::Yes),
            (Value::Integer(number), &Type::INT8) => number.to_sql(wanted, out),
            // The server takes `?1 + 1` for its narrower type.
            (Value::Integer(number), &Type::INT4) => i32::try_from(*number)?.to_sql(wanted, out),
            (Value::Integer(number), &Type::BOOL) => (*number != 0).to_sql(wanted, out),
            (Value::Text(_), &Type::TEXT | &Type::VARCHAR | &Type::NAME) if self.is_unfit() => {
                Err("text with a NUL".into())
            }
            (Value::Text(text), &Type::TEXT | &Type::VARCHAR | &Type::NAME) => text.to_sql(wanted, out),
            (Value::Blob(bytes), &Type::BYTEA) => bytes.to_sql(wanted, out),
            (list @ Value::List(_), &Type::BYTEA_ARRAY | &Type::TEXT_ARRAY | &Type::INT8_ARRAY) if list.is_unfit() => {
                Err("text with a NUL".into())
            }
            (Value::List(values), &Type::BYTEA_ARRAY | &Type::TEXT_ARRAY | &Type::INT8_ARRAY) => {
                values.to_sql(wanted, out)
            }
            (other, wanted) => Err(format!("{} where {wanted} belongs; cast it", other.kind()).into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(found: &Type, raw: &'a [u8]) -> Result<Value, Unfit> {
        match *found {
            Type::INT8 => i64::from_sql(found, raw).map(Value::Integer),
            Type::INT4 => i32::from_sql(found, raw).map(|number| Value::Integer(number.into())),
            Type::INT2 => i16::from_sql(found, raw).map(|number| Value::Integer(number.into())),
            Type::BOOL => bool::from_sql(found, raw).map(Value::from),
            Type::TEXT | Type::VARCHAR | Type::NAME => String::from_sql(found, raw).map(Value::Text),
            Type::BYTEA => Ok(Value::Blob(raw.to_vec())),
            _ => Err(format!("a column of type {found}; cast it").into()),
        }
    }

    fn from_sql_null(_: &Type) -> Result<Value, Unfit> {
        Ok(Value::Null)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}
