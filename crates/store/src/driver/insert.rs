//! `INSERT` of many rows in few statements.
//!
//! Rows go in groups whose size is a power of two, so that the statements for one table are a dozen texts, each
//! prepared once: 100 rows are 64 + 32 + 4.

use super::{Connection, Fault, Value};

/// Most placeholders of one statement: what SQLite takes (32,766), which is less than PostgreSQL's 65,535.
pub const MAX_PARAMETERS: usize = 32_766;
/// Most rows of one statement: beyond it nothing gets faster.
const MAX_ROWS: usize = 512;

/// An `INSERT` into one table.
#[derive(Clone, Debug)]
pub struct Insert {
    head: &'static str,
    columns: usize,
    /// The statement for 2^n rows.
    statements: Vec<String>,
}

impl Insert {
    /// From what stands before `VALUES` (`INSERT INTO reports (device, counter)`), how many columns it names, and what
    /// follows the rows (`ON CONFLICT DO NOTHING`, or nothing).
    pub fn new(head: &'static str, columns: usize, tail: &'static str) -> Insert {
        let columns = columns.max(1);
        let most = (MAX_PARAMETERS / columns).clamp(1, MAX_ROWS).ilog2();
        let statements = (0..=most).map(|power| statement(head, columns, 1 << power, tail)).collect();
        Insert { head, columns, statements }
    }

    /// Inserts rows, whose values follow one another. Answers how many went in.
    pub fn rows(&self, connection: &mut dyn Connection, values: &[Value]) -> Result<u64, Fault> {
        if !values.len().is_multiple_of(self.columns) {
            return Err(Fault::Other(format!("{}: {} values for {} columns", self.head, values.len(), self.columns)));
        }
        let mut inserted = 0;
        let mut rest = values;
        while let Some((statement, rows)) = self.largest(rest.len() / self.columns) {
            let (group, after) = rest.split_at_checked(rows * self.columns).unwrap_or((rest, &[]));
            inserted += connection.execute(statement, group)?;
            rest = after;
        }
        Ok(inserted)
    }

    /// The statement for the most rows that are still there.
    fn largest(&self, rows: usize) -> Option<(&str, usize)> {
        let power = usize::try_from(rows.checked_ilog2()?).ok()?.min(self.statements.len() - 1);
        self.statements.get(power).map(|statement| (statement.as_str(), 1 << power))
    }
}

fn statement(head: &str, columns: usize, rows: usize, tail: &str) -> String {
    let mut number = 0;
    let mut row = || {
        let places: Vec<String> = (0..columns)
            .map(|_| {
                number += 1;
                format!("?{number}")
            })
            .collect();
        format!("({})", places.join(","))
    };
    let rows: Vec<String> = (0..rows).map(|_| row()).collect();
    format!("{head} VALUES {} {tail}", rows.join(",")).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_powers_of_two_below_the_limit() {
        let insert = Insert::new("INSERT INTO t (a, b)", 2, "ON CONFLICT DO NOTHING");
        assert_eq!(insert.statements[1], "INSERT INTO t (a, b) VALUES (?1,?2),(?3,?4) ON CONFLICT DO NOTHING");
        let mut left = 1_124;
        let mut groups = Vec::new();
        while let Some((_, rows)) = insert.largest(left) {
            groups.push(rows);
            left -= rows;
        }
        assert_eq!(groups, [512, 512, 64, 32, 4]);
        let wide = Insert::new("INSERT INTO t", 1_000, "");
        assert_eq!(wide.largest(100).map(|(_, rows)| rows), Some(32));
    }
}
