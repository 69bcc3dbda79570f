//! Rows by many keys: `… IN (?2,?3,…)`, in groups whose size is a power of two, the last key repeated, so that there are
//! few statements to prepare.

use seaworthy_service::ports::Fault;

use super::SqlRecords;
use crate::driver::{self, Row, Value};

/// Most keys of one statement.
const MOST: usize = 512;

impl SqlRecords<'_> {
    /// Reads by many keys. `sql` has `(*)` where the keys belong; `values` are the other placeholders, from `?1` on.
    pub(super) fn of_keys<T>(
        &mut self,
        sql: &str,
        values: &[Value],
        keys: &[Value],
        read: impl Fn(&Row) -> Result<T, driver::Fault>,
    ) -> Result<Vec<T>, Fault> {
        let mut found = Vec::with_capacity(keys.len());
        for group in keys.chunks(MOST) {
            let (sql, values) = listed(sql, values, group);
            found.extend(self.all(&sql, &values, &read)?);
        }
        Ok(found)
    }

    /// Changes by many keys, and answers how many rows it changed.
    pub(super) fn change_keys(&mut self, sql: &str, values: &[Value], keys: &[Value]) -> Result<u64, Fault> {
        let mut changed = 0;
        for group in keys.chunks(MOST) {
            let (sql, values) = listed(sql, values, group);
            changed += self.execute(&sql, &values)?;
        }
        Ok(changed)
    }
}

fn listed(sql: &str, values: &[Value], keys: &[Value]) -> (String, Vec<Value>) {
    let wanted = keys.len().next_power_of_two();
    let places: Vec<String> = (0..wanted).map(|place| format!("?{}", values.len() + 1 + place)).collect();
    let repeated = keys.last().into_iter().cycle().take(wanted - keys.len());
    let values = values.iter().chain(keys).chain(repeated).cloned().collect();
    (sql.replacen("(*)", &format!("({})", places.join(",")), 1), values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_key_is_repeated() {
        let keys: Vec<Value> = [7_i64, 8, 9].map(Value::from).to_vec();
        let (sql, values) = listed("SELECT a FROM t WHERE b = ?1 AND c IN (*) AND d", &["x".into()], &keys);
        assert_eq!(sql, "SELECT a FROM t WHERE b = ?1 AND c IN (?2,?3,?4,?5) AND d");
        assert_eq!(values, ["x".into(), Value::from(7_i64), 8_i64.into(), 9_i64.into(), 9_i64.into()]);
    }
}
