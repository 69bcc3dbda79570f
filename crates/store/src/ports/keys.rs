//! Rows by many keys, bytes, texts or numbers. PostgreSQL takes them as one array, and joins with it. SQLite takes
//! `… IN (?2,?3,…)`, in groups whose size is a power of two, the last key repeated, so that there are few statements to
//! prepare.

use seaworthy_service::ports::Fault;

use super::SqlRecords;
use crate::driver::{self, Backend, Row, Value};

/// Most keys of one statement.
const MOST: usize = 512;

impl SqlRecords<'_> {
    /// Reads by many keys. `sql` has `IN (*)` where they belong; `values` are the other placeholders, from `?1` on.
    pub(super) fn of_keys<T>(
        &mut self,
        sql: &str,
        values: &[Value],
        keys: &[Value],
        read: impl Fn(&Row) -> Result<T, driver::Fault>,
    ) -> Result<Vec<T>, Fault> {
        let mut found = Vec::with_capacity(keys.len());
        for group in keys.chunks(MOST) {
            let (sql, values) = listed(self.connection.backend(), sql, values, group);
            found.extend(self.all(&sql, &values, &read)?);
        }
        Ok(found)
    }

    /// Changes by many keys, and answers how many rows it changed.
    pub(super) fn change_keys(&mut self, sql: &str, values: &[Value], keys: &[Value]) -> Result<u64, Fault> {
        let mut changed = 0;
        for group in keys.chunks(MOST) {
            let (sql, values) = listed(self.connection.backend(), sql, values, group);
            changed += self.execute(&sql, &values)?;
        }
        Ok(changed)
    }
}

fn listed(backend: Backend, sql: &str, values: &[Value], keys: &[Value]) -> (String, Vec<Value>) {
    let mut all = values.to_vec();
    if backend == Backend::Postgres {
        let kind = match keys.first() {
            Some(Value::Text(_)) => "TEXT",
            Some(Value::Integer(_)) => "INTEGER",
            _ => "BLOB",
        };
        all.push(Value::List(keys.to_vec()));
        let array = format!("IN (SELECT UNNEST(CAST(?{} AS {kind}[])))", all.len());
        return (sql.replacen("IN (*)", &array, 1), all);
    }
    let wanted = keys.len().next_power_of_two();
    let places: Vec<String> = (0..wanted).map(|place| format!("?{}", values.len() + 1 + place)).collect();
    all.extend(keys.iter().chain(keys.last().into_iter().cycle()).take(wanted).cloned());
    (sql.replacen("(*)", &format!("({})", places.join(",")), 1), all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_one_array_or_a_power_of_two() {
        let keys: Vec<Value> = [7_i64, 8, 9].map(Value::from).to_vec();
        let sql = "SELECT a FROM t WHERE b = ?1 AND c IN (*) AND d";
        let (array, values) = listed(Backend::Postgres, sql, &["x".into()], &keys);
        assert_eq!(array, "SELECT a FROM t WHERE b = ?1 AND c IN (SELECT UNNEST(CAST(?2 AS INTEGER[]))) AND d");
        assert_eq!(values, ["x".into(), Value::List(keys.clone())]);
        let (sql, values) = listed(Backend::Sqlite, sql, &["x".into()], &keys);
        assert_eq!(sql, "SELECT a FROM t WHERE b = ?1 AND c IN (?2,?3,?4,?5) AND d");
        assert_eq!(values, ["x".into(), Value::from(7_i64), 8_i64.into(), 9_i64.into(), 9_i64.into()]);
    }
}
